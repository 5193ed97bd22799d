import type { z } from 'zod';
import type { Option } from '../config/fields.ts';
import {
	breaker,
	clientRetryWithin,
	continuation,
	onError,
	retry,
	timeouts,
	whenAllDenied,
} from '../config/policy-defaults.ts';
import { isObject } from '../values/json.ts';
import { yamlFlow, yamlText } from '../values/yaml-text.ts';

/** Every option of `policy` with its default and its sentence, as lines of YAML. They are to be written as comments. */
export function policyLines(): string[] {
	return [
		'policy:',
		...sectionLines('timeouts', timeouts),
		...sectionLines('retry', retry),
		...sectionLines('breaker', breaker),
		'  onError: # retries on the same target, and then: next, larger-context, credential or fail',
		...entryLines(onError.preset, '    '),
		...sectionLines('continuation', continuation),
		`  whenAllDenied: ${optionText(whenAllDenied)}`,
		`  clientRetryWithin: ${optionText(clientRetryWithin)}`,
	];
}

function sectionLines(name: string, options: Readonly<Record<string, Option<z.ZodType>>>): string[] {
	return [
		`  ${name}:`,
		...Object.entries(options).flatMap(([key, option]) => {
			if (!isObject(option.written)) return [`    ${key}: ${optionText(option)}`];
			return [`    ${key}: # ${option.sentence}`, ...entryLines(option.written, '      ')];
		}),
	];
}

function entryLines(table: Readonly<Record<string, unknown>>, indent: string): string[] {
	return Object.entries(table).map(([key, value]) => `${indent}${yamlText(key)}: ${yamlFlow(value)}`);
}

function optionText({ written, sentence }: Option<z.ZodType>): string {
	return `${yamlFlow(written)} # ${sentence}`;
}
