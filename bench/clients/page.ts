import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withParts } from '../../src/generate/write-generated.ts';
import { type Client, nodeClients, pythonClients } from './clients.ts';
import { pythonVersionOf } from './python.ts';
import { nameOf, type Result, rowsOf } from './report.ts';
import { scenarios } from './trials.ts';

export const page = join(import.meta.dirname, '../../docs/clients.md');

/** Which table of the page is filled. */
export type Table = 'node-clients' | 'python-clients';

export function writePage(results: readonly Result[], table: Table): void {
	writeFileSync(page, pageWith(results, table));
}

export function isPageUpToDate(results: readonly Result[], table: Table): boolean {
	return readFileSync(page, 'utf8') === pageWith(results, table);
}

function pageWith(results: readonly Result[], table: Table): string {
	const parts = { 'client-lines': linesPart(), [table]: tablePart(results) };
	return withParts(page, readFileSync(page, 'utf8'), parts);
}

/** Clients that need the same lines share a heading. */
export function linesPart(): string {
	const groups = Map.groupBy([...nodeClients, ...pythonClients], ({ lines }) => JSON.stringify(lines));
	return [...groups.values()].map(groupText).join('\n\n');
}

function groupText(clients: readonly Client[]): string {
	const [first] = clients;
	if (first === undefined) return '';
	const { variables, file: settings, code, reason } = first.lines;
	const names = [...new Set(clients.map(({ package: name }) => `\`${name}\``))].join(', ');
	const shell = Object.entries(variables).map(([name, value]) => `export ${name}=${value}`);
	return [
		`### ${names}`,
		...(settings === undefined ? [] : [`\`~/${settings.path}\`:`, fenced('toml', settings.text.trimEnd())]),
		fenced('sh', shell.join('\n')),
		...(code === undefined ? [] : [fenced('js', code)]),
		...(reason === undefined ? [] : [reason]),
	].join('\n\n');
}

function tablePart(results: readonly Result[]): string {
	const head = ['client', 'version', 'asks for', 'providers', ...scenarios.map(({ title }) => title)];
	const rows = rowsOf(results).map(({ client, setting, cells }) => [
		client.name,
		versionOf(client),
		client.speaks,
		nameOf(setting),
		...cells,
	]);
	return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function versionOf(client: Client): string {
	if (pythonClients.includes(client)) return pythonVersionOf(client.package);
	const manifest = join(import.meta.dirname, 'node_modules', client.package, 'package.json');
	return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

function fenced(language: string, text: string): string {
	return `\`\`\`${language}\n${text}\n\`\`\``;
}
