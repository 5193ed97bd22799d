import { readFileSync } from 'node:fs';
import { isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { compileRule, type ErrorRule } from './error-matching.ts';

export type { ErrorRule } from './error-matching.ts';

const fields = ['status', 'code', 'type', 'message', 'header', 'provider', 'zone', 'as'] as const;

/**
 * The rules of a YAML file: a list, first match wins. A single value may stand for a list of one.
 * @throws Error naming the file, the line and the rule, when the file cannot be read or is not such a list
 */
export function loadErrorRules(file: string): ErrorRule[] {
	const lines = new LineCounter();
	const document = parseDocument(read(file), { lineCounter: lines });
	const syntaxError = document.errors[0];
	if (syntaxError !== undefined) {
		throw new Error(`${file}: ${syntaxError.message.split('\n')[0]?.replace(/:$/, '.')}`);
	}
	if (!isSeq(document.contents)) throw new Error(`${file}: the error rules must be a list; write each as "- { … }".`);
	return document.contents.items.map((item, index) => {
		const offset = isMap(item) || isScalar(item) || isSeq(item) ? item.range?.[0] : undefined;
		const where = `${file}:${offset === undefined ? 1 : lines.linePos(offset).line}: error rule ${index + 1}`;
		const rule = readRule(isMap(item) ? item.toJS(document) : undefined, where);
		compileRule(rule, where);
		return rule;
	});
}

function read(file: string): string {
	try {
		return readFileSync(file, 'utf8');
	} catch (error) {
		throw new Error(`${file}: the error rules cannot be read: ${(error as Error).message.split(',')[0]}.`);
	}
}

function readRule(value: unknown, where: string): ErrorRule {
	if (typeof value !== 'object' || value === null) {
		throw new Error(`${where} is not a map; write it as "{ status: 429, as: RATE_LIMIT }".`);
	}
	const rule = Object.fromEntries(Object.entries(value));
	const unknownField = Object.keys(rule).find((field) => !fields.some((known) => known === field));
	if (unknownField !== undefined) {
		throw new Error(`${where} has the unknown field "${unknownField}"; a rule may have ${fields.join(', ')}.`);
	}
	if (typeof rule.as !== 'string') throw new Error(`${where} has no "as"; say which CATEGORY.reason it stands for.`);
	return {
		...(rule.status === undefined ? {} : { status: list(rule.status, where, 'status', isNumberOrText) }),
		...(rule.code === undefined ? {} : { code: list(rule.code, where, 'code', isNumberOrText).map(String) }),
		...(rule.type === undefined ? {} : { type: list(rule.type, where, 'type', isNumberOrText).map(String) }),
		...(rule.message === undefined ? {} : { message: text(rule.message, where, 'message') }),
		...(rule.header === undefined ? {} : { header: texts(rule.header, where) }),
		...(rule.provider === undefined ? {} : { provider: list(rule.provider, where, 'provider', isText) }),
		...(rule.zone === undefined ? {} : { zone: text(rule.zone, where, 'zone') }),
		as: rule.as,
	};
}

function list<T>(value: unknown, where: string, field: string, isItem: (item: unknown) => item is T): T[] {
	const items: unknown[] = Array.isArray(value) ? value : [value];
	if (items.length > 0 && items.every(isItem)) return items;
	throw new Error(`${where} has an unusable "${field}"; give one value or a list of them.`);
}

function text(value: unknown, where: string, field: string): string {
	if (isText(value)) return value;
	throw new Error(`${where} has an unusable "${field}"; give a text.`);
}

function texts(value: unknown, where: string): Record<string, string> {
	if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
		const entries = Object.entries(value);
		if (entries.length > 0)
			return Object.fromEntries(entries.map(([name, regex]) => [name, text(regex, where, 'header')]));
	}
	throw new Error(`${where} has an unusable "header"; give header names, each with a regular expression.`);
}

function isText(value: unknown): value is string {
	return typeof value === 'string' && value !== '';
}

function isNumberOrText(value: unknown): value is number | string {
	return typeof value === 'number' || isText(value);
}
