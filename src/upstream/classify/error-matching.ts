import { type Category, categories } from '../../../machines/failure.ts';
import type { ErrorRuleConfig } from '../../config/config.ts';
import type { ErrorBody } from '../../contract/error-body.ts';
import { globs, type LinearPattern, linearPattern } from '../../values/linear-pattern.ts';
import type { ErrorAnswer } from './error-answer.ts';
import { finishPrefix, isFinishPattern } from './finish-reasons.ts';

/** One row of the table that turns a provider's answer into a category. Every condition that is given must hold. */
export interface ErrorRule extends ErrorRuleConfig {
	/** The zone of a date in the error's text that names none, as `+08:00`. Default: UTC. */
	zone?: string;
}

/** A rule with its patterns compiled. */
export interface CompiledRule {
	category: Category;
	reason: string | undefined;
	zone: string | undefined;
	/** @param status the status that counts: the HTTP status, or the one that an error inside a 200 names */
	matches(answer: ErrorAnswer, body: ErrorBody, status: number): boolean;
	/** Whether it names one of these finish reasons as a `code`; only such a rule has a say about an answer's end. */
	namesFinish(codes: readonly string[]): boolean;
}

/**
 * @param rules in the order in which they are tried
 * @throws Error naming the rule by its position, when a pattern, a status or a category is not one
 */
export function compileRules(rules: readonly ErrorRule[]): CompiledRule[] {
	return rules.map((rule, index) => compileRule(rule, `error rule ${index + 1} (as ${rule.as})`));
}

type Condition = CompiledRule['matches'];

/**
 * @param where how the rule is named in an error: a position in a list, or in a file
 * @throws Error when a pattern, a status, a zone or a category is not one, or the rule has no condition
 */
export function compileRule(rule: ErrorRule, where: string): CompiledRule {
	const [category, reason] = readCategory(rule.as, where);
	const conditions = [
		...(rule.status === undefined ? [] : [statusCondition(rule.status, where)]),
		...(rule.code === undefined ? [] : [codeCondition(rule.code)]),
		...(rule.type === undefined ? [] : [typeCondition(rule.type)]),
		...(rule.message === undefined ? [] : [messageCondition(rule.message, where)]),
		...Object.entries(rule.header ?? {}).map(([name, source]) => headerCondition(name, source, where)),
		...(rule.provider === undefined ? [] : [providerCondition(rule.provider)]),
	];
	if (rule.zone !== undefined && !/^[+-]\d\d:\d\d$/.test(rule.zone)) {
		throw new Error(`${where} has the zone "${rule.zone}"; give the distance from UTC, such as +08:00.`);
	}
	if (conditions.length === 0) throw new Error(`${where} has no condition, so no rule after it could ever match.`);
	return {
		category,
		reason,
		zone: rule.zone,
		matches: (...facts) => conditions.every((holds) => holds(...facts)),
		namesFinish: finishCondition(rule.code ?? []),
	};
}

function finishCondition(patterns: readonly string[]): CompiledRule['namesFinish'] {
	const tests = patterns
		.filter((pattern) => pattern.toLowerCase().startsWith(finishPrefix))
		.map((pattern) => ({ pattern, isWanted: globs([pattern]) }));
	return (codes) =>
		codes.some((code) => tests.some(({ pattern, isWanted }) => isFinishPattern(pattern, code) && isWanted(code)));
}

function readCategory(as: string, where: string): [Category, string | undefined] {
	const [, name, reason] = /^([A-Z_]+)(?:\.([a-z][a-z0-9_]*))?$/.exec(as) ?? [];
	const category = categories.find((known) => known === name);
	if (category !== undefined) return [category, reason];
	throw new Error(
		`${where} stands for "${as}"; it must be one of ${categories.join(', ')}, perhaps with a snake_case ".reason".`,
	);
}

function statusCondition(statuses: readonly (number | string)[], where: string): Condition {
	for (const status of statuses) {
		if (/^[1-5](?:xx|\d\d)$/.test(String(status))) continue;
		throw new Error(`${where} has the status "${status}"; give an HTTP status such as 429, or a class such as 5xx.`);
	}
	const wanted = new Set(statuses.map(String));
	return (_answer, _body, status) => wanted.has(String(status)) || wanted.has(`${Math.trunc(status / 100)}xx`);
}

function codeCondition(patterns: readonly string[]): Condition {
	const isWanted = globs(patterns);
	return (_answer, body) => body.identifiers.some(isWanted);
}

function typeCondition(patterns: readonly string[]): Condition {
	const isWanted = globs(patterns);
	return (_answer, body) => isWanted(body.type);
}

function messageCondition(source: string, where: string): Condition {
	const regex = compileRegex(source, where, 'message');
	return (_answer, body) => body.texts.some((line) => regex.test(line));
}

function headerCondition(name: string, source: string, where: string): Condition {
	const regex = compileRegex(source, where, `header ${name}`);
	const key = name.toLowerCase();
	return (answer) => [answer.headers[key] ?? []].flat().some((value) => regex.test(value));
}

function providerCondition(names: readonly string[]): Condition {
	const wanted = new Set(names);
	return (answer) => wanted.has(answer.provider);
}

function compileRegex(source: string, where: string, field: string): LinearPattern {
	try {
		return linearPattern(source);
	} catch (error) {
		throw new Error(`${where} has a "${field}" that ${(error as Error).message}.`);
	}
}
