import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { emptyErrorBody } from '../../../src/contract/error-body.ts';
import { createClassifier } from '../../../src/upstream/classify/apply-error-rules.ts';
import { loadErrorRules } from '../../../src/upstream/classify/load-error-rules.ts';
import { patternMistake } from '../../../src/values/linear-pattern.ts';

const folder = mkdtempSync(join(tmpdir(), 'error-rules-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(yaml: string): string {
	const file = join(folder, 'rules.yaml');
	writeFileSync(file, yaml);
	return file;
}

describe('the rules in a file', () => {
	it('are read in order, a single value as a list of one', () => {
		const yaml = [
			'# a comment',
			'- { status: 5xx, code: 1302, type: a, message: b, header: { X-C: d }, provider: e, zone: "+08:00", as: TIMEOUT }',
			'- status: [429, "5xx"]',
			'  code: [f, "1"]',
			'  as: BAD_REQUEST.too_large',
		].join('\n');
		expect(loadErrorRules(fileWith(yaml))).toEqual([
			{
				status: ['5xx'],
				code: ['1302'],
				type: ['a'],
				message: 'b',
				header: { 'X-C': 'd' },
				provider: ['e'],
				zone: '+08:00',
				as: 'TIMEOUT',
			},
			{ status: [429, '5xx'], code: ['f', '1'], as: 'BAD_REQUEST.too_large' },
		]);
	});

	it.each([
		['an unknown field', '{ mesage: a, as: TIMEOUT }', 'the unknown field "mesage"; a rule may have status, code,'],
		['no category', '{ status: 429 }', 'has no "as"'],
		['an unknown category', '{ status: 429, as: TIME_OUT }', 'stands for "TIME_OUT"; it must be one of AUTH_ERROR,'],
		['an odd reason', '{ status: 429, as: TIMEOUT.First }', 'snake_case ".reason"'],
		['no condition', '{ as: TIMEOUT }', 'has no condition'],
		['a status that is none', '{ status: 4x, as: TIMEOUT }', 'the status "4x"; give an HTTP status such as 429'],
		['a status out of range', '{ status: [429, 4290], as: TIMEOUT }', 'the status "4290"'],
		['an empty list', '{ code: [], as: TIMEOUT }', 'an unusable "code"'],
		['an empty value', '{ code: , as: TIMEOUT }', 'an unusable "code"'],
		['a broken message', '{ message: "(", as: TIMEOUT }', 'a "message" that is not a regular expression'],
		['a message that is no text', '{ message: 5, as: TIMEOUT }', 'an unusable "message"'],
		['a broken header', '{ header: { x-a: "[" }, as: TIMEOUT }', 'a "header x-a" that is not a regular expression'],
		['a header without a name', '{ header: x-a, as: TIMEOUT }', 'an unusable "header"; give header names'],
		['an odd zone', '{ status: 429, zone: Beijing, as: TIMEOUT }', 'the zone "Beijing"'],
		['a text for a rule', 'TIMEOUT', 'is not a map'],
		['a list for a rule', '[429, TIMEOUT]', 'is not a map'],
	])('with %s are refused, with file, line and rule', (_name, rule, complaint) => {
		const file = fileWith(`# first\n- { status: 429, as: RATE_LIMIT }\n\n- ${rule}\n`);
		expect(() => loadErrorRules(file)).toThrow(`${file}:4: error rule 2`);
		expect(() => loadErrorRules(file)).toThrow(complaint);
	});

	it.each([
		['is not there', () => join(folder, 'none.yaml'), 'cannot be read: ENOENT'],
		['is no list', () => fileWith('status: 429'), 'must be a list'],
		['is empty', () => fileWith(''), 'must be a list'],
		['is no YAML', () => fileWith('- { status: 429'), 'at line'],
		['says a thing twice', () => fileWith('- { status: 1xx, status: 2xx, as: TIMEOUT }'), 'unique at line 1'],
	])('cannot come from one that %s', (_name, make, complaint) => {
		const file = make();
		expect(() => loadErrorRules(file)).toThrow(file);
		expect(() => loadErrorRules(file)).toThrow(complaint);
	});
});

describe('rules given to the classifier', () => {
	it('are refused by their position', () => {
		const good = { status: [429], as: 'RATE_LIMIT' };
		expect(() => createClassifier([good, { message: '(', as: 'TIMEOUT' }])).toThrow('error rule 2 (as TIMEOUT)');
		expect(() => createClassifier([{ status: [429], as: 'LATE' }])).toThrow('error rule 1 (as LATE)');
	});
});

describe('the shipped table', () => {
	const rules = loadErrorRules('config/error-rules.yaml');

	it('is complete: every HTTP status is decided without a last resort', () => {
		const classify = createClassifier([
			...rules,
			{ status: ['1xx', '2xx', '3xx', '4xx', '5xx'], as: 'TIMEOUT.undecided' },
		]);
		for (let status = 100; status < 600; status += 1) {
			const { failure } = classify({ status, headers: {}, error: emptyErrorBody, provider: 'some', now: 0 });
			expect(failure.reason, String(status)).not.toBe('undecided');
		}
	});

	it('has patterns of a size that a user’s own might have', () => {
		const patterns = rules.flatMap(({ message, header = {} }) => [message ?? 'x', ...Object.values(header)]);
		expect(patterns.map(patternMistake).filter((mistake) => mistake !== undefined)).toEqual([]);
	});

	it('has no rule that an earlier one with fewer conditions hides', () => {
		const plainCodes = rules.map((rule) =>
			Object.keys(rule).every((key) => key === 'code' || key === 'as') ? rule.code : [],
		);
		const repeated = rules.flatMap((rule, index) =>
			(rule.code ?? []).filter((code) => plainCodes.slice(0, index).some((earlier) => earlier?.includes(code))),
		);
		expect(repeated).toEqual([]);
	});
});
