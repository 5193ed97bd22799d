import { describe, expect, it } from 'vitest';
import type { AnswerPart } from '../../../src/contract/answer-parts.ts';
import { ResponsesStreamReader } from '../../../src/dialects/openai-responses/stream-reader.ts';
import { proofId } from '../../../src/dialects/proofs.ts';
import {
	callOf,
	messageOf,
	responseEvents,
	responseFrame,
	responseOf,
	thoughtOf,
} from '../../helpers/responses-shapes.ts';

type Json = Record<string, unknown>;

function read(frames: readonly (Json | string)[]) {
	const reader = new ResponsesStreamReader({ model: 'asked', maxEventLength: 1e6, choices: 1 });
	const text = frames.map((frame) => (typeof frame === 'string' ? frame : responseFrame(frame))).join('');
	const events = [...reader.feed(Buffer.from(text)), ...reader.finish()];
	return { reader, events, parts: events.flatMap(({ parts }) => parts) };
}

/** The parts with the pieces of each kind joined. */
function joined(parts: readonly AnswerPart[]): unknown[] {
	const all: { is: string; said: string }[] = [];
	for (const part of parts) {
		const said =
			part.is === 'text' || part.is === 'reasoning' ? part.text : part.is === 'tool-call' ? part.arguments : '';
		const last = all.at(-1);
		if (last?.is === part.is && said !== '') last.said += said;
		else all.push({ is: part.is, said });
	}
	return all;
}

const output = [thoughtOf('Old walls.', 'secret'), messageOf('It is old.'), callOf('look', { at: 'it' })];

describe('a right stream', () => {
	it('says what it says, and how it ended', () => {
		const { reader, parts } = read(responseEvents(responseOf(output)));
		expect(reader.state).toEqual({ is: 'whole' });
		expect(joined(parts)).toEqual([
			{ is: 'reasoning', said: 'Old walls.' },
			{ is: 'text', said: 'It is old.' },
			{ is: 'tool-call', said: '{"at":"it"}' },
			{ is: 'finish', said: '' },
			{ is: 'usage', said: '' },
		]);
		expect(parts.find(({ is }) => is === 'tool-call')).toEqual({
			is: 'tool-call',
			choice: 0,
			index: 2,
			id: 'call_test',
			name: 'look',
			arguments: '',
		});
		expect(parts.at(-2)).toMatchObject({ reason: 'tool_calls' });
		expect(parts.at(-1)).toMatchObject({ usage: { input: 5, output: 3, cached: 2, reasoning: 0 } });
	});

	it('thoughts that nobody can read are no content yet', () => {
		const { reader } = read(responseEvents(responseOf([thoughtOf('', 'secret')])).slice(0, -1));
		expect(reader.hasContent).toBe(false);
	});

	it('tells which ids and proofs its provider made', () => {
		expect(read(responseEvents(responseOf(output))).reader.made).toEqual([proofId('secret')]);
		expect(read(responseEvents(responseOf(output, { store: true }))).reader.made).toEqual([
			'resp_test',
			'rs_test',
			proofId('secret'),
			'msg_test',
			'fc_call_test',
		]);
	});

	it.each([
		[{ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }, 'max_output_tokens'],
		[{ status: 'incomplete', incomplete_details: { reason: 'content_filter' } }, 'content_filter'],
		[{}, 'completed'],
	])('%j ends with %s', (fields, reason) => {
		const { reader, parts } = read(responseEvents(responseOf('It', fields)));
		expect(reader.state.is).toBe('whole');
		expect(parts.find(({ is }) => is === 'finish')).toMatchObject({ reason });
	});

	it('events that nobody knows go on with nothing to say, and tools of the provider are something beside the text', () => {
		const search = { id: 'ws_1', type: 'web_search_call', status: 'completed' };
		const events = responseEvents(responseOf([search, messageOf('It is old.')]));
		const {
			events: got,
			parts,
			reader,
		} = read([...events.slice(0, 3), { type: 'response.novelty' }, ...events.slice(3)]);
		expect(reader.state.is).toBe('whole');
		expect(got).toHaveLength(events.length + 1);
		expect(parts[0]).toEqual({ is: 'other', choice: 0, stands: 'beside' });
	});
});

describe('a stream of a provider that leaves things out', () => {
	const right = responseEvents(responseOf(output));
	const said = [
		{ is: 'text', said: 'It is old.' },
		{ is: 'tool-call', said: '{"at":"it"}' },
	];
	const saidIn = (events: readonly Json[]) =>
		joined(read(events).parts.filter(({ is }) => is === 'text' || is === 'tool-call'));
	const without = (pattern: RegExp) => right.filter(({ type }) => !pattern.test(String(type)));

	it.each([
		['deltas', /delta$/],
		['all but whole items and the end', /(?<!output_item\.done|completed)$/],
		['all but the end', /(?<!completed)$/],
		['parts, created, in_progress', /part|created|in_progress/],
	])('without %s it says the same', (_, pattern) => {
		const events = without(pattern);
		expect(read(events).reader.state).toEqual({ is: 'whole' });
		expect(saidIn(events)).toEqual(said);
	});

	it('with the whole response as its only event it is one', () => {
		const { reader, parts } = read([`data: ${JSON.stringify(responseOf(output))}\n\n`]);
		expect(reader.state).toEqual({ is: 'whole' });
		expect(joined(parts).slice(1, 3)).toEqual(said);
	});

	it('without names of events, with numbers of its own, and with [DONE]', () => {
		const frames = right.map(({ sequence_number: _, ...event }) => `data: ${JSON.stringify(event)}\n\n`);
		expect(read([...frames, 'data: [DONE]\n\n']).reader.state).toEqual({ is: 'whole' });
	});
});

describe('a stream that is no whole answer', () => {
	const right = responseEvents(responseOf(output));

	it.each([
		['an error event', { type: 'error', code: 'rate_limit_exceeded', message: 'Slow down' }],
		['one in an object', { type: 'error', error: { code: 'rate_limit_exceeded', message: 'Slow down' } }],
		['an error without a type', `data: {"error":{"code":"rate_limit_exceeded","message":"Slow down"}}\n\n`],
		[
			'a failed response',
			{
				type: 'response.failed',
				response: { status: 'failed', error: { code: 'rate_limit_exceeded', message: 'Slow down' } },
			},
		],
	])('%s says what went wrong', (_, event) => {
		const { reader } = read([...right.slice(0, 8), event as Json]);
		expect(reader.state).toMatchObject({
			is: 'error',
			error: { identifiers: ['rate_limit_exceeded'], texts: ['Slow down'] },
		});
	});

	it.each([
		[
			'a piece whose JSON is broken',
			[...right.slice(0, 9), 'data: {"type":"response.output_text.delta","delta":"x\n\n'],
		],
		['a call that nobody began', [...right.slice(0, 2), ...right.slice(-5)]],
		['text for an item that is done', [...right.slice(0, -2), right[11] as Json]],
		['text for a call', [...right.slice(0, -2), { ...right[11], output_index: 2 }]],
	])('%s is damage', (_, events) => {
		const rest = events.filter((event) => (event as Json).type !== 'response.completed');
		expect(read(rest as Json[]).reader.state).toEqual({ is: 'faulty', fault: 'answer_damaged' });
	});

	it.each([
		['ends', []],
		['ends with [DONE]', ['data: [DONE]\n\n']],
	])('one that %s before its end is unfinished', (_, rest) => {
		const { reader } = read([...right.slice(0, -1), ...rest]);
		expect(reader.state.is === 'whole').toBe(false);
		expect(reader.isFinished).toBe(false);
	});

	it('what is no event of a response is left out and counted', () => {
		const { reader } = read([right[0] as Json, 'data: {"hello":1}\n\n', 'data: hello\n\n', ...right.slice(1)]);
		expect([reader.state.is, reader.skippedEvents]).toEqual(['whole', 2]);
	});
});
