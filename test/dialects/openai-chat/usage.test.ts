import { expect, it } from 'vitest';
import { readUsage, usageOfAll } from '../../../src/dialects/openai-chat/usage.ts';

const a = {
	prompt_tokens: 100,
	completion_tokens: 20,
	total_tokens: 120,
	prompt_tokens_details: { cached_tokens: 90, audio_tokens: 0 },
	queue_time: 0.5,
};
const b = {
	prompt_tokens: 10,
	completion_tokens: 2,
	total_tokens: 12,
	prompt_tokens_details: { cached_tokens: 5 },
	completion_tokens_details: { reasoning_tokens: 1, tier: 'fast' },
	queue_time: 0.1,
};

it('the usage of one attempt is what it told, whatever that is', () => {
	expect(usageOfAll([{ target: 'a/m', usage: readUsage(a) }])).toEqual({ usage: a });
});

it('the usage of several is the sum of the counts and of what breaks them down, and otherwise the last word', () => {
	const { usage, failover } = usageOfAll([
		{ target: 'a/m', usage: readUsage(a) },
		{ target: 'b/m', usage: readUsage(b) },
	]);
	expect(usage).toEqual({
		prompt_tokens: 110,
		completion_tokens: 22,
		total_tokens: 132,
		prompt_tokens_details: { cached_tokens: 95, audio_tokens: 0 },
		completion_tokens_details: { reasoning_tokens: 1, tier: 'fast' },
		queue_time: 0.1,
	});
	expect(failover).toEqual({
		usage: [
			{ target: 'a/m', usage: a },
			{ target: 'b/m', usage: b },
		],
	});
});

it.each([
	['broke before it told', undefined],
	['told null', null],
	['told nonsense', 'many'],
])('an attempt that %s is a part, of unknown size', (_name, unknown) => {
	const parts = [
		{ target: 'a/m', usage: readUsage(unknown) },
		{ target: 'b/m', usage: readUsage(b) },
	];
	expect(usageOfAll(parts)).toEqual({
		usage: b,
		failover: {
			usage: [
				{ target: 'a/m', usage: null },
				{ target: 'b/m', usage: b },
			],
		},
	});
});

it('no usage at all is none, and a count that nobody told is not zero', () => {
	expect(usageOfAll([])).toEqual({});
	expect(usageOfAll([{ target: 'a/m', usage: undefined }])).toEqual({});
	const parts = [
		{ target: 'a/m', usage: readUsage({ completion_tokens: 1 }) },
		{ target: 'b/m', usage: readUsage({ completion_tokens: 2, prompt_tokens_details: null }) },
	];
	expect(usageOfAll(parts).usage).toEqual({ completion_tokens: 3, prompt_tokens_details: null });
});

it('the usage of another dialect is counted in the words of this one', () => {
	const foreign = { input: 3, output: 4, raw: 'in 3 out 4', dialect: 'lines' };
	expect(usageOfAll([{ target: 'a/m', usage: foreign }])).toEqual({
		usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 },
	});
	const parts = [
		{ target: 'a/m', usage: foreign },
		{ target: 'b/m', usage: readUsage(b) },
	];
	expect(usageOfAll(parts).usage).toMatchObject({ prompt_tokens: 13, completion_tokens: 6, total_tokens: 19 });
});

it('sound is told apart, and is not there where there is none', () => {
	const usage = readUsage({
		...a,
		prompt_tokens_details: { cached_tokens: 10, audio_tokens: 60 },
		completion_tokens_details: { audio_tokens: 15 },
	});
	expect(usage).toMatchObject({ input: 100, cached: 10, audioInput: 60, output: 20, audioOutput: 15 });
	expect(readUsage(a)).not.toHaveProperty('audioInput');
});

it.each([
	['as xAI counts them', { reasoning_tokens: 94 }],
	['as Gemini does, which does not name them', undefined],
])('thoughts that only the total has are tokens of the answer: %s', (_, completion_tokens_details) => {
	const usage = { prompt_tokens: 32, completion_tokens: 9, total_tokens: 135, completion_tokens_details };
	expect(readUsage(usage)).toMatchObject({ input: 32, output: 103 });
});

it.each([undefined, 0, 41, -7, '999', Number.NaN])('a total of %s adds nothing to the answer', (total_tokens) => {
	expect(readUsage({ prompt_tokens: 32, completion_tokens: 9, total_tokens })).toMatchObject({ input: 32, output: 9 });
});

it('a total of embeddings has no thoughts in it', () => {
	expect(readUsage({ prompt_tokens: 8, total_tokens: 12 }, 'openai-embeddings')).toMatchObject({ input: 8, output: 0 });
});
