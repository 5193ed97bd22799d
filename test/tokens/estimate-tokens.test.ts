import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { anthropicParts, noParts, openAiParts } from '../../src/dialects/part-tokens.ts';
import { estimateTokens } from '../../src/tokens/estimate-tokens.ts';

interface KnownText {
	name: string;
	/**
	 * What tokenizers count: o200k and cl100k of OpenAI (gpt-tokenizer 4.0.0), and the one that Anthropic published
	 * (@anthropic-ai/tokenizer 0.0.4, of Claude 2). Counted once, in November 2026.
	 */
	counts: Record<'o200k' | 'cl100k' | 'claude', number>;
	text: string;
}

const knownTexts: readonly KnownText[] = JSON.parse(
	readFileSync(join(import.meta.dirname, 'known-texts.json'), 'utf8'),
);

function textOf(name: string): string {
	return knownTexts.find((known) => known.name === name)?.text ?? '';
}

const inText = (text: string) => estimateTokens(JSON.stringify(text), noParts);

/** By how much of the true count the estimate is off, in percent. */
const off = (text: string, count: number) => Math.round((inText(text) / count - 1) * 100);

describe('the estimate beside real counts', () => {
	test('is off by so much, percent', () => {
		const errors = knownTexts.map(({ name, counts, text }) => [
			name,
			...[counts.o200k, counts.cl100k, counts.claude].map((count) => off(text, count)),
		]);
		expect(errors).toEqual([
			['english', -1, -1, -1],
			['german', -6, -28, -36],
			['chinese', 11, -27, -20],
			['code', 8, 8, -7],
			['json', 4, 2, 9],
		]);
	});

	test('is nearer to them than a token for four characters, in every kind of text together', () => {
		const errorOf = (estimate: (text: string) => number) =>
			knownTexts.flatMap(({ text, counts }) =>
				Object.values(counts).map((count) => Math.abs(Math.log(estimate(text) / count))),
			);
		const sum = (errors: readonly number[]) => errors.reduce((total, error) => total + error, 0);
		const byLength = errorOf((text) => text.length / 4);
		expect(sum(errorOf(inText))).toBeLessThan(sum(byLength) / 2);
		expect(Math.max(...errorOf(inText))).toBeLessThan(Math.max(...byLength) / 2);
	});

	test('is the same however a client escapes its text', () => {
		const chinese = textOf('chinese');
		const escaped = JSON.stringify(chinese).replace(
			/[\u0080-\uffff]/g,
			(unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
		);
		expect(JSON.parse(escaped)).toBe(chinese);
		expect(estimateTokens(escaped, noParts)).toBe(inText(chinese));
	});
});

describe('what is counted of a request', () => {
	const chat = (content: unknown, more: object = {}) =>
		JSON.stringify({ model: 'm', messages: [{ role: 'user', content }], ...more });

	test('tools and their schemas', () => {
		const parameters = { type: 'object', properties: { city: { type: 'string', description: 'Name of the city' } } };
		const tools = [
			{ type: 'function', function: { name: 'weather', description: 'The weather of today', parameters } },
		];
		const without = estimateTokens(chat('Hi'), openAiParts);
		const more = estimateTokens(chat('Hi', { tools }), openAiParts) - without;
		expect(more).toBeGreaterThan(15);
		expect(more).toBeLessThan(40);
	});

	const base64 = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 7919) % 251)).toString('base64');
	const hello = { type: 'text', text: 'What is this?' };

	test.each([
		[
			'a picture in a chat',
			chat([hello, { type: 'image_url', image_url: { url: `data:image/png;base64,${base64}` } }]),
			openAiParts,
			765,
		],
		[
			'one by its address',
			chat([hello, { type: 'image_url', image_url: { url: 'https://example.com/a.png' } }]),
			openAiParts,
			765,
		],
		[
			'two',
			chat([hello, ...Array(2).fill({ type: 'image_url', image_url: { url: `data:image/png;base64,${base64}` } })]),
			openAiParts,
			1530,
		],
		['sound', chat([hello, { type: 'input_audio', input_audio: { data: base64, format: 'wav' } }]), openAiParts, 1000],
		[
			'a picture in Messages',
			chat([hello, { type: 'image', source: { type: 'base64', media_type: 'image/png', data: base64 } }]),
			anthropicParts,
			1600,
		],
		[
			'one with spaces in its JSON',
			'{"content": [{"type" : "input_image", "image_url": "https://x/y.png"}]}',
			openAiParts,
			765,
		],
	])('%s counts as a part, not as its letters', (_name, body, parts, tokens) => {
		const rest = estimateTokens(body, parts) - tokens;
		expect(rest).toBeGreaterThan(0);
		expect(rest).toBeLessThan(45);
	});

	test('a word that is the name of a part counts as a word', () => {
		expect(estimateTokens(chat('image_url'), openAiParts)).toBeLessThan(20);
		expect(estimateTokens('{"enum":["image","document"],"format":"image"}', anthropicParts)).toBeLessThan(10);
	});

	test('each number of a list of tokens is one', () => {
		const tokens = Array.from({ length: 500 }, (_, at) => 1000 + at);
		const estimated = estimateTokens(JSON.stringify({ input: tokens }), noParts);
		expect(estimated).toBeGreaterThanOrEqual(500);
		expect(estimated).toBeLessThan(505);
	});

	test('a text of letters without spaces is a text', () => {
		expect(inText('x'.repeat(4000))).toBeGreaterThan(900);
	});

	test.each(['', '"', '{"a', '{"a\\', '{"a\\u', '{"a\\u12', '"data:', '\\\\\\', '\ud83d'])(
		'half a JSON (%j) is counted to its end',
		(body) => {
			const estimated = estimateTokens(body, openAiParts);
			expect(estimated).toBeGreaterThanOrEqual(0);
			expect(estimated).toBeLessThan(10);
		},
	);
});

describe('the time that it takes', () => {
	test('of a very long text a part is looked at, and the rest taken to be like it', () => {
		const english = textOf('english');
		const long = `{"messages":[{"role":"user","content":${JSON.stringify(english.repeat(2000))}}]}`;
		const expected = inText(english) * 2000;
		expect(Math.abs(estimateTokens(long, openAiParts) / expected - 1)).toBeLessThan(0.05);
	});

	test('a picture before the text takes nothing from what is looked at', () => {
		const url = `data:image/png;base64,${'iVBORw0KGgo'.repeat(50_000)}`;
		const text = textOf('english').repeat(20);
		const body = JSON.stringify({
			content: [
				{ type: 'image_url', image_url: { url } },
				{ type: 'text', text },
			],
		});
		expect(Math.abs((estimateTokens(body, openAiParts) - 765) / inText(text) - 1)).toBeLessThan(0.05);
	});

	test('does not grow with the length of a body beyond what is looked at', () => {
		const long = JSON.stringify(textOf('english').repeat(100));
		const longer = JSON.stringify(textOf('english').repeat(10_000));
		const quickest = (body: string) => {
			const times = Array.from({ length: 20 }, () => {
				const before = process.hrtime.bigint();
				estimateTokens(body, noParts);
				return Number(process.hrtime.bigint() - before);
			});
			return Math.min(...times);
		};
		// A hundred times as long; were all of it looked at, it would take a hundred times as long, too.
		expect(quickest(longer)).toBeLessThan(quickest(long) * 10);
	});
});
