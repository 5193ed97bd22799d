import { describe, expect, it } from 'vitest';
import type { AnswerEvent } from '../../../src/contract/answer-parts.ts';
import { MessagesGrammar } from '../../../src/dialects/anthropic-messages/grammar.ts';
import { MessagesStreamReader } from '../../../src/dialects/anthropic-messages/stream-reader.ts';
import { type MessagesObject, messageEvents, wireOf } from '../../helpers/anthropic-shapes.ts';

function read(wire: string | readonly MessagesObject[]) {
	const reader = new MessagesStreamReader({ model: 'asked-model', maxEventLength: 100_000, choices: 1 });
	const text = typeof wire === 'string' ? wire : wireOf(wire);
	const events = [...reader.feed(Buffer.from(text)), ...reader.finish()];
	return { events, reader, state: reader.state };
}

function partsOf(events: readonly AnswerEvent[]) {
	return events.flatMap(({ parts }) => parts);
}

const whole = messageEvents({ text: 'Hello there' });
const [begun = {}, blockBegun = {}, delta = {}] = whole;
const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };

describe('a stream of Messages', () => {
	it('is read into parts, with the usage of its beginning and its end together', () => {
		const calls = [{ id: 'toolu_1', name: 'age', json: '{"a":1}' }];
		const usage = { input_tokens: 5, cache_read_input_tokens: 20, cache_creation_input_tokens: 300, output_tokens: 9 };
		const { events, state } = read(
			messageEvents({ thinking: 'Hm.', text: 'Hello', calls, usage, stopReason: 'tool_use' }),
		);
		expect(state).toEqual({ is: 'whole' });
		const used = { input: 325, cached: 20, cacheWritten: 300 };
		expect(partsOf(events)).toMatchObject([
			{ is: 'usage', usage: { ...used, output: 1 } },
			{ is: 'reasoning', text: 'Hm.' },
			{ is: 'text', text: 'Hello' },
			{ is: 'tool-call', index: 2, id: 'toolu_1', name: 'age', arguments: '' },
			{ is: 'tool-call', index: 2, arguments: '{"a"' },
			{ is: 'tool-call', index: 2, arguments: ':1}' },
			{ is: 'finish', reason: 'tool_use' },
			{ is: 'usage', usage: { ...used, output: 9 } },
		]);
		expect(events.map(({ model }) => model)).toEqual(events.map(() => 'claude-test'));
	});

	it('a call without any input is one with an empty object', () => {
		const { events } = read(messageEvents({ calls: [{ id: 'toolu_1', name: 'now', json: '' }] }));
		const pieces = partsOf(events).map((part) => (part.is === 'tool-call' ? part.arguments : ''));
		expect(pieces.join('')).toBe('{}');
	});

	it('what only Anthropic has, has no words: nobody can carry it on', () => {
		const hosted = { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: {} };
		const { events } = read([
			begun,
			{ type: 'content_block_start', index: 0, content_block: hosted },
			{ type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: '{"q":"x"}' } },
			{ type: 'content_block_stop', index: 0 },
			{ type: 'content_block_start', index: 1, content_block: { type: 'redacted_thinking', data: 'abc' } },
			{ type: 'content_block_stop', index: 1 },
		]);
		expect(partsOf(events)).toMatchObject([
			{ is: 'usage' },
			{ is: 'other', stands: 'beside' },
			{ is: 'reasoning', text: '' },
		]);
	});

	it('remembers the files and the container that are named in it', () => {
		const output = { type: 'code_execution_output', file_id: 'file_1' };
		const block = { type: 'code_execution_tool_result', tool_use_id: 's', content: { content: [output] } };
		const { reader } = read([
			begun,
			{ type: 'content_block_start', index: 0, content_block: block },
			{ type: 'content_block_stop', index: 0 },
			{ type: 'message_delta', delta: { stop_reason: 'end_turn', container: { id: 'container_1' } }, usage: {} },
		]);
		expect(reader.made).toEqual(['file_1', 'container_1']);
		expect(read(whole).reader.made).toBeUndefined();
	});

	it('events that nobody knows go along, and pings', () => {
		const news = { type: 'news', it: 'is' };
		const { events } = read([begun, { type: 'ping' }, news, ...whole.slice(1)]);
		expect(events.slice(1, 3).map(({ raw, parts }) => [raw.value, parts])).toEqual([
			[{ type: 'ping' }, []],
			[news, []],
		]);
	});

	it('names the model that was asked where it names none', () => {
		const { events } = read([{ type: 'message_start', message: { id: 'm', content: [] } }, ...whole.slice(1)]);
		expect(JSON.parse(events[0]?.raw.data ?? '')).toMatchObject({ message: { id: 'm', model: 'asked-model' } });
		expect(events[1]?.model).toBe('asked-model');
	});
});

describe('an end', () => {
	it('without a finish is none', () => {
		expect(read(whole.slice(0, 4)).state).toEqual({ is: 'open' });
		expect(read([...whole.slice(0, 4), { type: 'message_stop' }]).state).toEqual({
			is: 'faulty',
			fault: 'answer_unfinished',
		});
		expect(read([begun]).state).toMatchObject({ is: 'faulty', fault: 'answer_empty' });
	});

	it('may lack its mark, and come before an error', () => {
		expect(read(whole.slice(0, -1)).state).toEqual({ is: 'whole' });
		expect(read([...whole.slice(0, -1), error]).state).toEqual({ is: 'whole' });
	});

	it('is an error where the provider says so', () => {
		expect(read([begun, error]).state).toMatchObject({
			is: 'error',
			error: { identifiers: expect.arrayContaining(['overloaded_error']), texts: ['Overloaded'] },
		});
		expect(read('event: error\ndata: {"message":"no"}\n\n').state.is).toBe('error');
		expect(read('data: {"error":{"message":"no","type":"x"}}\n\n').state.is).toBe('error');
	});
});

describe('what leaves the grammar', () => {
	it('is damage where a piece of the answer is missing', () => {
		const damaged = { is: 'faulty', fault: 'answer_damaged' };
		expect(read([begun, delta]).state).toEqual(damaged);
		expect(read(whole.slice(1)).state).toEqual(damaged);
		expect(read([begun, { ...blockBegun, index: 1 }]).state).toEqual(damaged);
		expect(read([begun, blockBegun, { ...delta, delta: { type: 'thinking_delta', thinking: 'x' } }]).state).toEqual(
			damaged,
		);
		expect(read(`${wireOf(whole.slice(0, 2))}data: {"type":"content_block_delta","index":0,"del\n\n`).state).toEqual(
			damaged,
		);
	});

	it('is put right where nothing is', () => {
		const [, , , , , stopped = {}, ended = {}] = [...whole.slice(0, 3), {}, {}, ...whole.slice(4)];
		const second = { ...blockBegun, index: 1 };
		const { events, state, reader } = read([
			{ type: 'ping' },
			begun,
			begun,
			blockBegun,
			delta,
			second,
			{ ...delta, index: 1 },
			ended,
			stopped,
			delta,
			ended,
		]);
		expect(state).toEqual({ is: 'whole' });
		const grammar = new MessagesGrammar();
		expect(events.flatMap(({ raw }) => grammar.next(raw.value as MessagesObject) ?? [])).toEqual([]);
		expect([grammar.isFinished, reader.skippedEvents]).toEqual([true, 5]);
	});

	it.each([[[0, 2]], [[0, 0]], [[0, 1, 4]]])('blocks that are counted as %j are counted anew', (numbers) => {
		const blocks = numbers.flatMap((index) => [
			{ ...blockBegun, index },
			{ ...delta, index },
			{ type: 'content_block_stop', index },
		]);
		const [stopped = {}, ended = {}] = whole.slice(-2);
		const { events, state, reader } = read([begun, ...blocks, stopped, ended]);
		expect([state, reader.skippedEvents]).toEqual([{ is: 'whole' }, 0]);
		const counted = events.flatMap(({ raw }) => {
			expect(JSON.parse(raw.data)).toEqual(raw.value);
			return (raw.value as MessagesObject).index ?? [];
		});
		expect(counted).toEqual(numbers.flatMap((_, index) => [index, index, index]));
	});
});
