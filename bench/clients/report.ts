import type { Client } from './clients.ts';
import type { Visit } from './provider/provider.ts';
import { type Outcome, profileOf, type Setting, scenarios, type Trial } from './trials.ts';

/** How one trial ended. */
export interface Result {
	readonly client: Client;
	readonly trial: Trial;
	readonly outcome: Outcome;
	readonly visits: readonly Visit[];
	/** What is wrong; undefined where all is right. */
	readonly fault: string | undefined;
	readonly tookMs: number;
}

/** One line of the table: a client before one kind of providers. */
export interface Row {
	readonly client: Client;
	readonly setting: Setting;
	/** One for each scenario: ✓, ✗, or — where it does not apply. */
	readonly cells: readonly string[];
}

export function rowsOf(results: readonly Result[]): Row[] {
	const groups = Map.groupBy(results, ({ client, trial }) => `${client.name} ${nameOf(trial.setting)}`);
	return [...groups.values()].flatMap((group) => {
		const [first] = group;
		if (first === undefined) return [];
		const cells = scenarios.map((scenario) => {
			const result = group.find(({ trial }) => trial.scenario === scenario);
			if (result === undefined) return '—';
			return result.fault === undefined ? '✓' : '✗';
		});
		return [{ client: first.client, setting: first.trial.setting, cells }];
	});
}

/** What stands behind Breakwater, for a reader. */
export function nameOf({ first, second }: Setting): string {
	return first === second ? names[first] : `${names[first]}, then ${names[second]}`;
}

const names: Readonly<Record<Setting['first'], string>> = {
	openai: 'OpenAI',
	chat: 'chat only',
	responses: 'Responses only',
	anthropic: 'Anthropic',
};

/** @returns the table for a terminal */
export function tableText(results: readonly Result[]): string {
	const head = ['client', 'providers', ...scenarios.map(({ title }) => title), 's'];
	const lines = rowsOf(results).map(({ client, setting, cells }) => {
		const own = results.filter((result) => result.client === client && result.trial.setting === setting);
		const tookMs = own.reduce((sum, result) => sum + result.tookMs, 0);
		return [client.name, nameOf(setting), ...cells, (tookMs / 1000).toFixed(1)];
	});
	const widths = head.map((_, column) => Math.max(...[head, ...lines].map((line) => line[column]?.length ?? 0)));
	return [head, ...lines]
		.map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
		.join('\n');
}

/** @returns everything that is known of a trial that went wrong */
export function faultText({ client, trial, outcome, visits, fault }: Result): string {
	const came = outcome.is === 'answer' ? outcome.answer : outcome.error;
	const asked = visits.map(({ provider, path, deed }) => `${provider}${path} (${deed})`).join(', ');
	const lines = [`asked: ${asked === '' ? 'nobody' : asked}`, `${outcome.is}: ${came.slice(0, 1500)}`];
	return `\n${client.name}, ${profileOf(trial)}: ${fault}\n${lines.join('\n').replace(/^/gm, '    ')}`;
}
