import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { documentEvents } from '../../../src/dialects/openai-chat/document-events.ts';
import { ChatDocumentWriter } from '../../../src/dialects/openai-chat/document-writer.ts';
import { ChatStreamReader } from '../../../src/dialects/openai-chat/stream-reader.ts';
import type { JsonObject } from '../../../src/values/json.ts';
import { completionOf } from '../../helpers/upstream.ts';

const chunksOf = (completion: object, withUsage = true, inPieces = true) =>
	documentEvents(completion as JsonObject, { model: 'asked-model', withUsage, inPieces }).map(({ raw, ...event }) => ({
		...event,
		raw,
		data: raw.data,
		value: raw.value as JsonObject,
	}));

function assembled(completion: object): JsonObject {
	const answer = new ChatDocumentWriter('req');
	for (const chunk of chunksOf(completion)) answer.add(chunk);
	return JSON.parse(answer.whole());
}

const deltasOf = (completion: object) =>
	chunksOf(completion).flatMap(({ value }) => (value.choices as { delta: JsonObject }[]).map(({ delta }) => delta));

const text = fc.oneof(
	fc.string({ unit: 'binary', maxLength: 40 }),
	fc.string({ unit: fc.constantFrom('a', ' ', '\n', '🎉', '日'), minLength: 60, maxLength: 700 }),
);
const some = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

const toolCall = fc.record({
	id: fc.string({ minLength: 1 }),
	type: fc.constant('function'),
	function: fc.record({ name: fc.string({ minLength: 1 }), arguments: text }),
});

const message = fc
	.record({
		content: fc.option(text, { nil: null }),
		refusal: fc.option(text, { nil: null }),
		reasoning_content: some(text.filter((value) => value !== '')),
		tool_calls: some(fc.array(toolCall, { minLength: 1, maxLength: 3 })),
		annotations: some(fc.array(fc.record({ type: fc.constant('url_citation'), url: fc.webUrl() }), { minLength: 1 })),
	})
	.map(({ refusal, ...said }) => ({
		role: 'assistant',
		...JSON.parse(JSON.stringify(said)),
		refusal: refusal === '' ? null : refusal,
	}));

const logprobs = fc.record({
	content: fc.array(fc.record({ token: fc.string(), logprob: fc.integer({ min: -9, max: 0 }) }), { minLength: 1 }),
	refusal: fc.constant(null),
});

const completion = fc
	.record({
		head: fc.record({
			system_fingerprint: some(fc.string({ minLength: 1 })),
			citations: some(fc.array(fc.webUrl(), { minLength: 1 })),
		}),
		choices: fc.array(
			fc.record({
				message,
				finish_reason: fc.constantFrom('stop', 'length', 'tool_calls', 'content_filter'),
				logprobs: fc.option(logprobs, { nil: null }),
			}),
			{ minLength: 1, maxLength: 3 },
		),
	})
	.map(({ head, choices }) => ({
		...completionOf('x', JSON.parse(JSON.stringify(head))),
		choices: choices.map((choice, index) => ({ index, ...choice })),
	}));

describe('a document as chunks', () => {
	it('says what the document says', () => {
		fc.assert(
			fc.property(completion, (whole) => {
				const { choices, ...head } = assembled(whole) as { choices: { logprobs: unknown }[] };
				const { choices: wanted, ...wantedHead } = whole;
				expect(head).toEqual(wantedHead);
				expect(choices.map(withoutNullLogprobs)).toEqual(wanted.map(withoutNullLogprobs));
			}),
		);
	});

	it('is a stream that a reader finds whole', () => {
		fc.assert(
			fc.property(completion, (whole) => {
				const chunks = chunksOf(whole);
				const reader = new ChatStreamReader({
					model: 'm',
					maxEventLength: 10_000_000,
					choices: whole.choices.length,
				});
				for (const { data } of chunks) reader.feed(Buffer.from(`data: ${data}\n\n`));
				reader.feed(Buffer.from('data: [DONE]\n\n'));
				expect(reader.state).toEqual({ is: 'whole' });
				for (const { data } of chunks) expect(data).toBe(JSON.stringify(JSON.parse(Buffer.from(data).toString())));
			}),
		);
	});

	it('begins with the role, and ends with the finish reason and the usage', () => {
		const chunks = chunksOf(completionOf('Two words'));
		const { choices, usage: _, ...head } = completionOf('Two words');
		expect(choices).toHaveLength(1);
		const own = { ...head, object: 'chat.completion.chunk' };
		expect(chunks.map(({ value }) => value)).toEqual([
			{ ...own, choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }] },
			{ ...own, choices: [{ index: 0, delta: { content: 'Two words' }, finish_reason: null }] },
			{ ...own, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
			{ ...own, choices: [], usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 } },
		]);
	});

	it('has no usage when none is wanted, or none is told', () => {
		expect(chunksOf(completionOf('x'), false).some(({ value }) => 'usage' in value)).toBe(false);
		expect(chunksOf(completionOf('x', { usage: null })).some(({ value }) => 'usage' in value)).toBe(false);
	});

	it('names the model that was asked where the document names none', () => {
		for (const { value } of chunksOf(completionOf('x', { model: '' }))) expect(value.model).toBe('asked-model');
	});

	it('comes in pieces at white space, however long it is', () => {
		const long = 'wonderful '.repeat(20_000);
		const pieces = deltasOf(completionOf(long)).flatMap(({ content }) => (content ? [String(content)] : []));
		expect(pieces.join('')).toBe(long);
		expect(pieces.length).toBeGreaterThan(100);
		expect(pieces.length).toBeLessThan(410);
		expect(pieces.every((piece) => piece.endsWith(' '))).toBe(true);
	});

	it('comes in one piece where no client shows how it grows', () => {
		const long = 'wonderful '.repeat(20);
		const parts = chunksOf(completionOf(long), false, false).flatMap((chunk) => chunk.parts);
		expect(parts.filter(({ is }) => is === 'text')).toEqual([{ is: 'text', choice: 0, text: long }]);
	});

	it('comes in pieces that are whole characters', () => {
		for (const text of ['🎉'.repeat(500), `x${'🎉'.repeat(500)}`]) {
			const pieces = deltasOf(completionOf(text)).flatMap(({ content }) => (content ? [String(content)] : []));
			expect(pieces.join('')).toBe(text);
			expect(pieces.length).toBeGreaterThan(5);
			expect(pieces.every((piece) => piece.isWellFormed())).toBe(true);
		}
	});

	it('tells several calls of tools apart, whatever they call themselves', () => {
		const call = (name: string) => ({ index: 0, id: name, type: 'function', function: { name, arguments: '{}' } });
		const choices = [{ index: 0, message: { role: 'assistant', content: null, tool_calls: [call('a'), call('b')] } }];
		const [choice] = assembled(completionOf('', { choices })).choices as {
			message: JsonObject;
			finish_reason: string;
		}[];
		expect(choice?.message.tool_calls).toMatchObject([{ id: 'a' }, { id: 'b' }]);
		expect(choice?.finish_reason).toBe('tool_calls');
	});
});

function withoutNullLogprobs({ logprobs, ...choice }: { logprobs: unknown }) {
	return logprobs === null
		? choice
		: {
				...choice,
				logprobs: JSON.parse(JSON.stringify(logprobs, (key, value) => (key === 'refusal' ? undefined : value))),
			};
}
