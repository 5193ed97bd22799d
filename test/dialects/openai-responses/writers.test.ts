import { describe, expect, it } from 'vitest';
import type { AnswerEvent, AnswerPart } from '../../../src/contract/answer-parts.ts';
import { openaiResponsesClient } from '../../../src/dialects/openai-responses/openai-responses.ts';
import { readRequest } from '../../../src/dialects/openai-responses/read-request.ts';
import { messageOf, readFrames, responseEvents, responseOf, textIn } from '../../helpers/responses-shapes.ts';

type Json = Record<string, unknown>;

const requestOf = (body: object = {}) => readRequest(JSON.stringify({ input: 'Hi', stream: true, ...body })).request;

function foreign(...parts: AnswerPart[]): AnswerEvent {
	return { parts, model: 'chat', raw: { dialect: 'openai-chat', data: '{}', value: {} } };
}

const text = (words: string): AnswerPart => ({ is: 'text', choice: 0, text: words });
const finish = (reason: string): AnswerPart => ({ is: 'finish', choice: 0, reason });

function streamOf(events: readonly AnswerEvent[], body: object = {}) {
	const writer = openaiResponsesClient.newStream(requestOf(body), 'r1');
	return readFrames(writer.write(events) + writer.end());
}

function documentOf(events: readonly AnswerEvent[], body: object = {}): Json {
	const writer = openaiResponsesClient.newDocument(requestOf(body), 'r1');
	for (const event of events) writer.add(event);
	return JSON.parse(writer.whole());
}

describe('an answer of another dialect', () => {
	it('is told in the order of the events that clients wait for', () => {
		const types = streamOf([foreign(text('It ')), foreign(text('is.'), finish('stop'))]).map(({ type }) => type);
		expect(types).toEqual([
			'response.created',
			'response.in_progress',
			'response.output_item.added',
			'response.content_part.added',
			'response.output_text.delta',
			'response.output_text.delta',
			'response.output_text.done',
			'response.content_part.done',
			'response.output_item.done',
			'response.completed',
		]);
	});

	it('repeats what was asked, and says that nobody keeps it', () => {
		const asked = { instructions: 'Be brief.', tools: [{ type: 'function', name: 'f' }], metadata: { a: 'b' } };
		expect(documentOf([foreign(text('It'), finish('stop'))], asked)).toMatchObject({
			...asked,
			id: 'resp_bw_r1',
			store: false,
			model: 'chat',
			tool_choice: 'auto',
			usage: { input_tokens: 0, output_tokens: 0, total_tokens: 0 },
		});
	});

	it('a refusal is a part of its own', () => {
		const refusal = (words: string): AnswerPart => ({ is: 'other', choice: 0, stands: 'beside', refusal: words });
		expect(
			documentOf([foreign(text('Well.')), foreign(refusal('I ')), foreign(refusal('cannot.'))]).output,
		).toMatchObject([
			{
				content: [
					{ type: 'output_text', text: 'Well.' },
					{ type: 'refusal', refusal: 'I cannot.' },
				],
			},
		]);
	});

	it.each([
		['length', 'incomplete', { reason: 'max_output_tokens' }],
		['max_tokens', 'incomplete', { reason: 'max_output_tokens' }],
		['content_filter', 'incomplete', { reason: 'content_filter' }],
		['end_turn', 'completed', null],
		['stop_sequence', 'completed', null],
	])('that ends with %s is %s', (reason, status, details) => {
		const events = streamOf([foreign(text('It'), finish(reason))]);
		expect(events.at(-1)).toMatchObject({
			type: `response.${status}`,
			response: { status, incomplete_details: details, output: [{ status }] },
		});
	});

	it('calls of a custom tool have the text that it takes, however they came', () => {
		const tools = [{ type: 'custom', name: 'patch' }];
		const call = (index: number, given: string, isCustom?: true): AnswerPart => ({
			is: 'tool-call',
			choice: 0,
			index,
			id: `c${index}`,
			name: 'patch',
			arguments: given,
			...(isCustom ? { isCustom } : {}),
		});
		const calls = [call(0, '{"input":"a\\nb"}'), call(1, '{"input":1}', true), call(2, 'no JSON')];
		const events = streamOf([foreign(...calls, finish('tool_calls'))], { tools });
		expect((events.at(-1) as { response: Json }).response.output).toMatchObject([
			{ type: 'custom_tool_call', call_id: 'c0', input: 'a\nb' },
			{ type: 'custom_tool_call', call_id: 'c1', input: '{"input":1}' },
			{ type: 'custom_tool_call', call_id: 'c2', input: 'no JSON' },
		]);
		expect(events.filter(({ type }) => type === 'response.custom_tool_call_input.done')).toHaveLength(3);
	});
});

describe('a stream that is carried on', () => {
	const own = (values: readonly Json[]): AnswerEvent[] =>
		values.map((value) => ({
			parts: [],
			model: 'm',
			raw: { dialect: 'openai-responses', data: JSON.stringify(value), value },
		}));
	const half = responseEvents(responseOf('The harbour wall', { store: true })).slice(0, -4);
	const rest = { ...foreign(text(' is old.')), form: 'trimmed' as const };

	it('stays in its message, its part and its numbers', () => {
		const events = streamOf([...own(half), rest]);
		expect(events.slice(0, half.length)).toEqual(half);
		expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, at) => at));
		expect(new Set(events.flatMap(({ item_id: id }) => id ?? []))).toEqual(new Set(['msg_test']));
		expect((events.at(-1) as { response: Json }).response).toMatchObject({
			id: 'resp_test',
			store: false,
			output: [messageOf('The harbour wall is old.')],
		});
	});

	it('goes on in a new part where the first was told to be whole, and in a new message behind one that is done', () => {
		const told = responseEvents(responseOf('The harbour wall'));
		const parts = streamOf([...own(told.slice(0, -3)), rest]);
		expect(textIn(parts)).toBe('The harbour wall is old.');
		expect((parts.at(-1) as { response: { output: Json[] } }).response.output[0]?.content).toHaveLength(2);
		const messages = streamOf([...own(told.slice(0, -1)), rest]);
		expect((messages.at(-1) as { response: { output: Json[] } }).response.output).toHaveLength(2);
	});

	it('a provider that told nothing of where its text begins leaves a whole message all the same', () => {
		const deltas = half.filter(({ type }) => String(type).endsWith('.delta'));
		const writer = openaiResponsesClient.newStream(requestOf(), 'r1');
		const events = readFrames(writer.write([...own(deltas), rest]) + writer.end());
		expect((events.at(-1) as { response: Json }).response.output).toMatchObject([
			{ content: [{ text: 'The harbour wall is old.' }] },
		]);
	});

	it('has the usage of all who wrote it', () => {
		const usage = { input: 5, output: 2, cached: 1, raw: {}, dialect: 'openai-chat' };
		const all = [
			{ target: 'a/m', usage: undefined },
			{ target: 'b/m', usage },
			{ target: 'c/m', usage: { ...usage, reasoning: 1 } },
		];
		const events = streamOf([...own(half), { ...foreign({ is: 'usage', usage, all }), form: 'trimmed' }]);
		expect((events.at(-1) as { response: Json }).response).toMatchObject({
			usage: {
				input_tokens: 10,
				input_tokens_details: { cached_tokens: 2 },
				output_tokens: 4,
				output_tokens_details: { reasoning_tokens: 1 },
				total_tokens: 14,
			},
			failover: { usage: [{ target: 'a/m', usage: null }, { target: 'b/m' }, { target: 'c/m' }] },
		});
	});
});
