import type { z } from 'zod';
import { breaker, continuation, onError, retry, timeouts, whenAllDenied } from '../config/policy-options.ts';
import { yamlFlow, yamlText } from '../values/yaml-text.ts';

/**
 * Every option of `policy` with its default, as lines of YAML; from the schema itself, so that they cannot differ from
 * it. They are to be written as comments.
 */
export function policyLines(): string[] {
	return [
		'policy:',
		...sectionLines('timeouts', timeouts),
		...sectionLines('retry', retry),
		...sectionLines('breaker', breaker),
		'  onError: # retries on the same target, and then: next, larger-context, credential or fail',
		...entryLines(defaultOf(onError.schema), '    '),
		...sectionLines('continuation', continuation),
		`  whenAllDenied: ${optionText(whenAllDenied.schema)}`,
	];
}

type Options = Readonly<Record<string, { schema: z.ZodType }>>;

function sectionLines(name: string, options: Options): string[] {
	return [
		`  ${name}:`,
		...Object.entries(options).flatMap(([option, { schema }]) => {
			const preset = defaultOf(schema);
			const isTable = typeof preset === 'object' && preset !== null && !Array.isArray(preset);
			if (!isTable) return [`    ${option}: ${optionText(schema)}`];
			return [`    ${option}: # ${sentenceOf(schema)}`, ...entryLines(preset, '      ')];
		}),
	];
}

function entryLines(table: unknown, indent: string): string[] {
	if (typeof table !== 'object' || table === null) return [];
	return Object.entries(table).map(([key, value]) => `${indent}${yamlText(key)}: ${yamlFlow(value)}`);
}

function optionText(schema: z.ZodType): string {
	return `${yamlFlow(defaultOf(schema))} # ${sentenceOf(schema)}`;
}

function defaultOf(schema: z.ZodType): unknown {
	return schema.meta()?.default;
}

/** Without its default, which stands beside it. */
function sentenceOf(schema: z.ZodType): string {
	return (schema.meta()?.description ?? '').replace(/ Default: .*$/, '');
}
