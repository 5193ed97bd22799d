import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { globs, linearPattern, patternMistake } from '../../src/values/linear-pattern.ts';
import { pageText } from '../../src/values/plain-text.ts';

/** Each makes a backtracking engine try more ways than there are atoms, so a test that has gone back to one does not end. */
describe('no text and no pattern take longer than the text is long', () => {
	it.each([
		['(a+)+$', 'a'.repeat(4000)],
		['^(a|a)*$', 'a'.repeat(4000)],
		['(.*)*x', 'a'.repeat(4000)],
		['^(\\w+\\s?)*$', 'a'.repeat(4000)],
	])('%s', (source, text) => {
		expect(linearPattern(source).test(`${text}!!`)).toBe(false);
	});

	it('a glob with many stars', () => {
		const isMatch = globs([`${'a*'.repeat(100)}b`]);
		expect(isMatch('a'.repeat(200))).toBe(false);
		expect(isMatch(`${'a'.repeat(200)}b`)).toBe(true);
	});

	it('a web page of tags that never end', () => {
		const page = `<html>${'<script '.repeat(8000)}`;
		expect(pageText(page)?.length).toBeLessThanOrEqual(4000);
		expect(pageText('<html><script>a<style></script>b<STYLE x>c</style >d')).toBe('b d');
	});
});

describe('patterns', () => {
	it('are looked for anywhere, without regard to case, in the syntax of JavaScript', () => {
		expect(linearPattern('QUOTA (?:exceeded|used up)').test('your quota Used Up!')).toBe(true);
		expect(linearPattern('\\u00e9t\\u00e9').test('l’été')).toBe(true);
		expect(linearPattern('\\/v1\\/').test('at /v1/x')).toBe(true);
		expect(linearPattern('(?<!no )model').test('no model')).toBe(false);
		expect(linearPattern('^a$').test('ab')).toBe(false);
	});

	it('agree with JavaScript’s own where both can be used', () => {
		const sources = [
			'a+b',
			'(?:a|bc)*d',
			'[^ab]{1,3}$',
			'\\bab\\b',
			'a.{0,3}b',
			'^(?:a?b?){1,4}c',
			'(?<!a)b',
			'(?<=ab)c',
		];
		const texts = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd', ' ', 'A'), maxLength: 12 });
		fc.assert(
			fc.property(fc.constantFrom(...sources), texts, (source, text) => {
				expect(linearPattern(source).test(text)).toBe(new RegExp(source, 'i').test(text));
			}),
		);
	});

	it.each([
		['(?=a)b', 'cannot be matched in linear time'],
		['(a)\\1', 'cannot be matched in linear time'],
		['(?<!(a))b', 'cannot be matched in linear time'],
		['a{5000}', 'cannot be matched in linear time'],
		['sk-(', 'is not a regular expression (Unterminated group); correct it'],
		['.{0,900}a.{0,900}b', 'is too large a regular expression (3'],
		['a'.repeat(2001), 'is too long a regular expression'],
	])('%s is refused, in one sentence that does not repeat it', (source, words) => {
		const mistake = patternMistake(source);
		expect(mistake).toContain(words);
		expect(mistake).not.toContain('\n');
		expect(mistake).not.toContain('sk-');
	});
});

test('globs match as their regular expressions would', () => {
	const unit = fc.constantFrom('a', 'b', '*', '.');
	const pattern = fc.string({ unit, maxLength: 8 });
	const name = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 10 });
	fc.assert(
		fc.property(pattern, name, (glob, text) => {
			const source = glob.replaceAll('.', '\\.').replace(/\*+/g, '.*');
			expect(globs([glob])(text)).toBe(new RegExp(`^${source}$`).test(text));
		}),
		{ numRuns: 500 },
	);
});
