import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isContent } from '../../../src/contract/answer-parts.ts';
import { isError } from '../../../src/dialects/error-object.ts';
import { readChunk as readNamedChunk } from '../../../src/dialects/openai-chat/chunk.ts';
import type { JsonObject } from '../../../src/values/json.ts';
import { chunkOf } from '../../helpers/openai-shapes.ts';

/** What a chunk says, in short. */
function readChunk(data: string) {
	const chunk = readNamedChunk(data, 'asked-model');
	if (chunk.is !== 'event') return { kind: chunk.is };
	const { parts, model, raw } = chunk.event;
	const { choices: given } = raw.value as JsonObject;
	const indices = (given as { index?: number }[] | undefined)?.map(({ index = 0 }) => index) ?? [];
	const choices = indices.map((index) => {
		const own = parts.filter((part) => part.is !== 'usage' && part.choice === index);
		return { index, hasContent: own.some(isContent), isFinished: own.some(({ is }) => is === 'finish') };
	});
	return { kind: 'chunk', choices, hasModel: model !== 'asked-model' };
}

function readDelta(delta: unknown) {
	return readChunk(JSON.stringify({ model: 'm', choices: [{ index: 0, delta, finish_reason: null }] }));
}

function chunk(hasContent: boolean, isFinished = false, index = 0) {
	return { kind: 'chunk', choices: [{ index, hasContent, isFinished }], hasModel: true };
}

describe('a delta', () => {
	it.each([
		['text', { content: 'Hi' }],
		['white space', { content: '\n' }],
		['text in parts', { content: [{ type: 'text', text: 'Hi' }] }],
		['reasoning (DeepSeek, vLLM)', { content: null, reasoning_content: 'Hm' }],
		['reasoning (OpenRouter, Groq)', { content: '', reasoning: 'Hm' }],
		['reasoning details', { reasoning_details: [{ type: 'reasoning.text', text: 'Hm' }] }],
		['thinking', { thinking: 'Hm' }],
		['a part of a tool call', { tool_calls: [{ index: 0, id: 'call_1', function: { name: 'f', arguments: '' } }] }],
		['a part of a function call', { function_call: { name: 'f' } }],
		['a refusal', { refusal: 'I cannot' }],
		['audio', { audio: { id: 'audio_1' } }],
		['images', { images: [{ type: 'image_url' }] }],
		['a role with text', { role: 'assistant', content: 'Hi' }],
	])('with %s is content', (_name, delta) => {
		expect(readDelta(delta)).toMatchObject(chunk(true));
	});

	it.each([
		['nothing', {}],
		['a role', { role: 'assistant' }],
		['a role and empty text', { role: 'assistant', content: '' }],
		['null for everything', { content: null, refusal: null, tool_calls: null, reasoning: null, audio: null }],
		['empty lists', { content: [], tool_calls: [], reasoning_details: [] }],
		['an empty object', { function_call: {} }],
		['what a provider adds', { provider_specific_fields: { a: 1 }, annotations: ['x'] }],
	])('with %s is no content', (_name, delta) => {
		expect(readDelta(delta)).toMatchObject(chunk(false));
	});

	it.each([[null], [undefined], ['text'], [['x']]])('that is %j is no content', (delta) => {
		expect(readDelta(delta)).toMatchObject(chunk(false));
	});
});

describe('a choice', () => {
	it.each(['stop', 'length', 'tool_calls', 'content_filter', 'eos'])('is finished with the reason %s', (reason) => {
		expect(readChunk(JSON.stringify(chunkOf({}, reason)))).toMatchObject(chunk(false, true));
	});

	it.each([null, '', false, 0])('is not finished with the reason %j', (reason) => {
		const data = JSON.stringify({ model: 'm', choices: [{ index: 3, delta: {}, finish_reason: reason }] });
		expect(readChunk(data)).toMatchObject(chunk(false, false, 3));
	});

	it('without an index is the first', () => {
		expect(readChunk('{"model":"m","choices":[{"delta":{}}]}')).toMatchObject(chunk(false));
	});

	it('is one of several', () => {
		const data = '{"choices":[{"index":1,"delta":{"content":"x"}},{"index":0,"finish_reason":"stop"}]}';
		expect(readChunk(data)).toMatchObject({
			kind: 'chunk',
			choices: [
				{ index: 1, hasContent: true, isFinished: false },
				{ index: 0, hasContent: false, isFinished: true },
			],
			hasModel: false,
		});
	});
});

describe('an event', () => {
	it.each([
		['{"error":{"message":"overloaded"}}'],
		['{"error":{}}'],
		['{"error":"overloaded"}'],
		['{"type":"error","error":{"type":"overloaded_error"}}'],
		['{"error":{"code":502},"choices":[{"delta":{"content":"x"}}]}'],
		['{"choices":[{"delta":{"content":""},"finish_reason":"error"}]}'],
	])('is an error: %s', (data) => {
		expect(readChunk(data)).toMatchObject({ kind: 'error' });
	});

	it.each([['null'], ['false'], ['""'], ['0']])('with the error %s is none', (error) => {
		expect(readChunk(`{"model":"m","error":${error},"choices":[{"delta":{"content":"x"}}]}`)).toMatchObject(
			chunk(true),
		);
	});

	it.each([
		[''],
		['hello'],
		['{'],
		["{'python': None}"],
		['null'],
		['7'],
		['"text"'],
		['[{"choices":[]}]'],
		['{}'],
		['{"choices":{}}'],
		['{"choices":[null]}'],
		['{"choices":["x"]}'],
		['{"usage":null}'],
	])('is malformed: %j', (data) => {
		expect(readChunk(data)).toMatchObject({ kind: 'malformed' });
	});

	it.each([['{"choices":['], ['{"id"\u0000'], [' { "id":"1","object":"chat.comple'], ['x"content":"Hello"']])(
		'is what is left of a chunk: %j',
		(data) => {
			expect(readChunk(data)).toMatchObject({ kind: 'damaged' });
		},
	);

	it.each([
		['with no choices', '{"model":"m","choices":[]}'],
		['with usage alone', '{"model":"m","usage":{"total_tokens":1}}'],
	])('is a chunk %s', (_name, data) => {
		expect(readChunk(data)).toMatchObject({ kind: 'chunk', choices: [], hasModel: true });
	});

	it.each([['{"choices":[]}'], ['{"model":"","choices":[]}'], ['{"model":null,"choices":[]}']])(
		'names no model: %s',
		(data) => {
			expect(readChunk(data)).toMatchObject({ hasModel: false });
		},
	);

	it('never makes it throw', () => {
		const choice = fc.record({ index: fc.anything(), delta: fc.jsonValue(), finish_reason: fc.jsonValue() });
		const value = fc.oneof(fc.jsonValue(), fc.record({ error: fc.jsonValue(), choices: fc.array(choice) }));
		const data = fc.oneof(
			fc.string(),
			value.map((any) => JSON.stringify(any) ?? ''),
		);
		fc.assert(
			fc.property(data, (text) => {
				expect(['chunk', 'error', 'malformed']).toContain(readChunk(text).kind);
			}),
		);
	});
});

it('isError takes objects and texts that say something', () => {
	expect([{}, { code: 1 }, 'x'].map(isError)).toMatchObject([true, true, true]);
	expect([undefined, null, false, '', 0, []].map(isError)).toMatchObject(Array(6).fill(false));
});
