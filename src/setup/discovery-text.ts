import type { FoundKey } from './keys.ts';
import type { LocalServer } from './local-servers.ts';
import type { Discovery } from './surroundings.ts';

type Paint = (color: 'bold' | 'green' | 'red' | 'yellow' | 'dim', text: string) => string;

const MOST_MODELS = 6;

/** What was found, for people. Keys are not in it. */
export function discoveryText(discovery: Discovery, paint: Paint): string {
	const { node, port, keys, localServers, configurations, problems, knownModelsAsOf } = discovery;
	const isGood = node.isNewEnough;
	const lines = [
		`${paint('bold', 'Node')}           ${node.version}, ${isGood ? paint('green', 'new enough') : paint('red', 'TOO OLD')} (${node.needed} or newer)`,
		`${paint('bold', 'Port')}           ${portText(port, paint)}`,
		'',
		...table(
			paint('bold', 'API keys'),
			'none in the environment or in .env',
			keys.map((key) => keyRow(key, paint)),
		),
		'',
		...table(
			paint('bold', 'Local servers'),
			'none',
			localServers.map((server) => serverRow(server, paint)),
		),
		'',
		...table(
			paint('bold', 'Configurations'),
			'none',
			configurations.map(({ kind, path, summary, problem }) => [kind, path, problem ? paint('red', problem) : summary]),
		),
		...problems.map((problem) => `\n${paint('red', problem)}`),
		'',
		paint('dim', `Keys are not shown, and were not tried. What is known of models is of ${knownModelsAsOf}.`),
	];
	return `${lines.join('\n')}\n`;
}

function portText({ host, port, owner, version, status, problem }: Discovery['port'], paint: Paint): string {
	if (owner === 'nobody') return `${port} on ${host} is ${paint('green', 'free')}`;
	if (owner === 'breakwater')
		return `${port} on ${host} is in use by a ${paint('green', `Breakwater ${version}`)}, ${status}`;
	return paint('red', problem ?? `${port} on ${host} cannot be used.`);
}

function keyRow({ provider, variable, source, shape, problem }: FoundKey, paint: Paint): string[] {
	if (shape === 'wrong') return [provider, variable, source, paint('red', problem ?? '')];
	const verdict = shape === 'unknown' ? 'is there' : paint('green', 'looks right');
	const rest = problem === undefined ? '' : `, but is not used: ${paint('yellow', problem)}`;
	return [provider, variable, source, `${verdict}${rest}`];
}

function serverRow({ name, baseUrl, state, models, problem }: LocalServer, paint: Paint): string[] {
	if (state === 'absent') return [name, baseUrl, paint('dim', 'nobody answers')];
	if (problem !== undefined) return [name, baseUrl, paint('yellow', problem)];
	const names = models.slice(0, MOST_MODELS).map((model) => model.name);
	const more = models.length > names.length ? ` and ${models.length - names.length} more` : '';
	return [name, baseUrl, `${paint('green', 'answers')}: ${names.join(', ')}${more}`];
}

/** Columns as wide as their widest cell; the last one is as it comes. */
function table(title: string, empty: string, rows: readonly string[][]): string[] {
	if (rows.length === 0) return [`${title}: ${empty}`];
	const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
	const line = (row: string[]) =>
		row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('  ');
	return [title, ...rows.map((row) => `  ${line(row)}`)];
}
