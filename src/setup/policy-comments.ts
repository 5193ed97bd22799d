import type { z } from 'zod';
import type { Option } from '../config/fields.ts';
import {
	breaker,
	clientRetryWithin,
	continuation,
	emptyAnswer,
	onError,
	retry,
	timeouts,
	whenAllDenied,
} from '../config/policy-defaults.ts';
import { isObject } from '../values/json.ts';
import { yamlFlow, yamlText } from '../values/yaml-text.ts';

/**
 * The `policy` of a file: every option with its default and its sentence as a comment, and what is set as it is.
 * @param set entries of `onError` that are set, each with a remark
 */
export function policyLines(set: Readonly<Record<string, { entry: object; remark: string }>>): string[] {
	const preset = Object.entries(onError.preset).filter(([key]) => !Object.hasOwn(set, key));
	return [
		'policy:',
		...commented(sectionLines('timeouts', timeouts)),
		...commented(sectionLines('retry', retry)),
		...commented(sectionLines('breaker', breaker)),
		'  onError: # retries on the same target, and then: next, larger-context, other-provider, credential or fail',
		...Object.entries(set).map(([key, { entry, remark }]) => `    ${yamlText(key)}: ${yamlFlow(entry)} # ${remark}`),
		...commented(entryLines(Object.fromEntries(preset), '    ')),
		...commented(sectionLines('continuation', continuation)),
		...commented([`  whenAllDenied: ${optionText(whenAllDenied)}`]),
		...commented([`  emptyAnswer: ${optionText(emptyAnswer)}`]),
		...commented([`  clientRetryWithin: ${optionText(clientRetryWithin)}`]),
	];
}

function commented(lines: readonly string[]): string[] {
	return lines.map((line) => `# ${line}`);
}

function sectionLines(name: string, options: Readonly<Record<string, Option<z.ZodType>>>): string[] {
	return [
		`  ${name}:`,
		...Object.entries(options).flatMap(([key, option]) => {
			if (!isObject(option.written)) return [`    ${dependsOnModel(option) ? '# ' : ''}${key}: ${optionText(option)}`];
			return [`    ${key}: # ${option.sentence}`, ...entryLines(option.written, '      ')];
		}),
	];
}

/** One line for all models would take the other default from some: the line stays a comment where its neighbours do not. */
function dependsOnModel(option: Option<z.ZodType>): boolean {
	return option === timeouts.firstToken;
}

function entryLines(table: Readonly<Record<string, unknown>>, indent: string): string[] {
	return Object.entries(table).map(([key, value]) => `${indent}${yamlText(key)}: ${yamlFlow(value)}`);
}

function optionText({ written, sentence }: Option<z.ZodType>): string {
	return `${yamlFlow(written)} # ${sentence}`;
}
