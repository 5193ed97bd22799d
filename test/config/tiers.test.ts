import { expect, it } from 'vitest';
import { problemsOf, read, smallest } from './read.ts';

const tiers = (text: string) => `${smallest}tiers: ${text}\n`;

it('are kept in the order of the file', () => {
	expect(read(tiers('{ small: [a/m], large: [a/n, a/o] }')).tiers).toEqual([
		{ name: 'small', targets: ['a/m'] },
		{ name: 'large', targets: ['a/n', 'a/o'] },
	]);
});

it.each([
	['{ small: [] }', '5:17: `tiers.small` is empty; write for example `[openai/gpt-5.4-mini, local/qwen]`'],
	[
		'{ small: [b/m] }',
		'5:18: `tiers.small[0]` names the provider `b`, which is not defined under `providers`; choose from `a`',
	],
	['{ small: [m] }', '5:18: `tiers.small[0]` is not a target; write `provider/model`, such as `openai/gpt-5.4`'],
	['{ small: [a/m], large: [a/m] }', '5:32: `tiers.large[0]` is in the tier `small` already; leave it in one'],
	['{ small: [a/m, a/m] }', '5:23: `tiers.small[1]` is in the tier `small` already; leave it in one'],
	[
		'{ 1: [a/m] }',
		'5:10: `tiers.1` is not the name of a tier; begin it with a letter, and go on with letters, digits, `-`, `_` and `.`',
	],
])('%s is told in one sentence', (text, problem) => {
	expect(problemsOf(tiers(text))).toEqual([problem]);
});

it.each([
	['maxCostPerRequest: 0', 'is not a number from 0.000001 to 1000000; write one'],
	['skipBelow: 2', 'is not a number from 0 to 1; write one'],
	['order: fastest', /is not a value that fits; (did you mean|choose from) /],
	['affinity: {}', 'is missing; add `for: …`'],
	['affinity: { for: 10 }', /unit/],
	['healthWindow: soon', /is not a duration/],
])('a profile with %s is told in one sentence', (option, sentence) => {
	const text = `providers: { a: { baseUrl: http://127.0.0.1:1 } }\nprofiles: { default: { chain: [a/m], ${option} } }\n`;
	const problems = problemsOf(text);
	expect(problems).toHaveLength(1);
	expect(problems[0]).toMatch(sentence);
});
