import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { healthCheckMachine } from '../../machines/health-check/machine.ts';
import { providerMachine } from '../../machines/provider/machine.ts';
import { requestMachine } from '../../machines/request/machine.ts';
import { jsonSchema } from '../config/json-schema.ts';
import { refusals } from '../contract/refusal.ts';
import { endings } from '../gateway/ending-kind.ts';
import { mermaidDiagram } from '../values/machine-diagram.ts';
import { packageRoot } from '../values/package-paths.ts';
import { checkExample, explainExample, lintTable, propertyTable } from './examples.ts';

/** The files that are written by `npm run generate`, each with the text that it should have. */
export function generatedFiles(): { file: string; text: string }[] {
	const readme = readFileSync(join(packageRoot, 'README.md'), 'utf8');
	// The first one of the README, which the examples of the other pages use.
	const configuration = /```yaml\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
	return [
		{ file: join(packageRoot, 'config', 'breakwater.schema.json'), text: `${JSON.stringify(jsonSchema(), null, 2)}\n` },
		page('state-charts.md', {
			'provider-machine': fenced('mermaid', mermaidDiagram(providerMachine)),
			'request-machine': fenced('mermaid', mermaidDiagram(requestMachine)),
			'health-check-machine': fenced('mermaid', mermaidDiagram(healthCheckMachine)),
		}),
		page('errors.md', { errors: errorTable() }),
		page('checking.md', {
			check: fenced('text', checkExample(configuration)),
			explain: fenced('text', explainExample(configuration)),
			properties: propertyTable(configuration),
			'lint-rules': lintTable(),
		}),
	];
}

/** A page of `docs/` with its generated parts. */
function page(name: string, parts: Readonly<Record<string, string>>): { file: string; text: string } {
	const file = join(packageRoot, 'docs', name);
	return { file, text: withParts(file, readFileSync(file, 'utf8'), parts) };
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
export function withParts(file: string, text: string, parts: Readonly<Record<string, string>>): string {
	return Object.entries(parts).reduce((before, [name, part]) => {
		const pair = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`);
		if (!pair.test(before)) throw new Error(`${file} has no place for the generated part ${name}`);
		return before.replace(pair, (_all, open: string, close: string) => `${open}${part}\n${close}`);
	}, text);
}

if (import.meta.main) {
	for (const { file, text } of generatedFiles()) writeFileSync(file, text);
}
