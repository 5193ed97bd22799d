import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { providerMachine } from '../../machines/provider/machine.ts';
import { requestMachine } from '../../machines/request/machine.ts';
import { jsonSchema } from '../config/json-schema.ts';
import { refusals } from '../contract/refusal.ts';
import { endings } from '../gateway/report-failure.ts';
import { mermaidDiagram } from '../values/machine-diagram.ts';
import { packageRoot } from '../values/package-paths.ts';
import { checkExample, explainExample, lintTable, propertyTable } from './examples.ts';

/** The files that are written by `npm run generate`, each with the text that it should have. */
export function generatedFiles(): { file: string; text: string }[] {
	const readme = join(packageRoot, 'README.md');
	const page = readFileSync(readme, 'utf8');
	const configuration = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
	const checking = join(packageRoot, 'docs', 'checking.md');
	return [
		{ file: join(packageRoot, 'config', 'breakwater.schema.json'), text: `${JSON.stringify(jsonSchema(), null, 2)}\n` },
		{ file: readme, text: withParts(readme, page, readmeParts(configuration)) },
		{ file: checking, text: withParts(checking, readFileSync(checking, 'utf8'), checkingParts(configuration)) },
	];
}

/** @param configuration the first one of the README, which its examples use */
function readmeParts(configuration: string): Record<string, string> {
	return {
		'provider-machine': fenced('mermaid', mermaidDiagram(providerMachine)),
		'request-machine': fenced('mermaid', mermaidDiagram(requestMachine)),
		errors: errorTable(),
		check: fenced('text', checkExample(configuration)),
		explain: fenced('text', explainExample(configuration)),
	};
}

function checkingParts(configuration: string): Record<string, string> {
	return { properties: propertyTable(configuration), 'lint-rules': lintTable() };
}

function errorTable(): string {
	const kinds = Object.values(endings).map(({ status, code }): [number, string] => [status, code]);
	const early = Object.entries(refusals).map(([code, status]): [number, string] => [status, code]);
	const codesByStatus = Map.groupBy([...kinds, ...early], ([status]) => status);
	const rows = [...codesByStatus]
		.sort(([a], [b]) => a - b)
		.map(([status, codes]) => `| ${status} | ${[...new Set(codes.map(([, code]) => `\`${code}\``))].join(', ')} |`);
	return ['| status | `error.code` |', '| --- | --- |', ...rows].join('\n');
}

function fenced(language: string, text: string): string {
	return `\`\`\`${language}\n${text}\n\`\`\``;
}

/** Puts each part between its pair of comments, `<!-- name -->` and `<!-- /name -->`. */
function withParts(file: string, page: string, parts: Readonly<Record<string, string>>): string {
	return Object.entries(parts).reduce((text, [name, part]) => {
		const pair = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`);
		if (!pair.test(text)) throw new Error(`${file} has no place for the generated part ${name}`);
		return text.replace(pair, (_all, open: string, close: string) => `${open}${part}\n${close}`);
	}, page);
}

if (import.meta.main) {
	for (const { file, text } of generatedFiles()) writeFileSync(file, text);
}
