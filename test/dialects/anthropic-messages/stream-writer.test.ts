import { describe, expect, it } from 'vitest';
import type { AnswerEvent, AnswerPart } from '../../../src/contract/answer-parts.ts';
import { MessagesStreamReader } from '../../../src/dialects/anthropic-messages/stream-reader.ts';
import { MessagesStreamWriter } from '../../../src/dialects/anthropic-messages/stream-writer.ts';
import { assembled, messageEvents, readWire, wireOf } from '../../helpers/anthropic-shapes.ts';

const foreign = (...parts: AnswerPart[]): AnswerEvent => ({
	parts,
	model: 'other-model',
	raw: { dialect: 'other', data: '{}', value: {} },
});
const said = (text: string) => foreign({ is: 'text', choice: 0, text });
const finished = (reason: string) => foreign({ is: 'finish', choice: 0, reason });

function own(wire: string): readonly AnswerEvent[] {
	return new MessagesStreamReader({ model: 'm', maxEventLength: 10_000, choices: 1 }).feed(Buffer.from(wire));
}

function written(events: readonly AnswerEvent[]) {
	const writer = new MessagesStreamWriter('request');
	return assembled(readWire(writer.write(events) + writer.end()));
}

describe('the end of a translated answer', () => {
	it.each([
		['stop', 'end_turn'],
		['length', 'max_tokens'],
		['max_output_tokens', 'max_tokens'],
		['tool_calls', 'tool_use'],
		['content_filter', 'refusal'],
		['eos', 'end_turn'],
	])('%s is %s', (reason, expected) => {
		expect(written([said('a'), finished(reason)]).ended.delta).toEqual({ stop_reason: expected, stop_sequence: null });
	});

	it('is a refusal where the model refused in words', () => {
		const refused = foreign({ is: 'other', choice: 0, stands: 'beside', refusal: 'I will not.' });
		const { text, ended } = written([refused, finished('stop')]);
		expect([text, ended.delta]).toEqual(['I will not.', { stop_reason: 'refusal', stop_sequence: null }]);
	});

	it('is there for an answer that says nothing, and has nothing of a second choice', () => {
		const second = foreign({ is: 'text', choice: 1, text: 'b' }, { is: 'usage', usage: usageOf(3) });
		const { blocks, ended } = written([second, finished('stop')]);
		expect(blocks).toEqual([]);
		expect(ended).toMatchObject({ delta: { stop_reason: 'end_turn' }, usage: { input_tokens: 1, output_tokens: 3 } });
	});

	it('of a continuation of its own dialect is as its provider says it', () => {
		const [ended] = own(wireOf(messageEvents({ text: 'b' }))).slice(-1);
		const value = { type: 'message_delta', delta: { stop_reason: 'stop_sequence', stop_sequence: 'END' }, usage: {} };
		if (ended === undefined) throw new Error('it has no end');
		const trimmed: AnswerEvent = { ...ended, raw: { ...ended.raw, value }, form: 'trimmed' };
		expect(written([said('a'), trimmed]).ended.delta).toEqual(value.delta);
	});
});

function usageOf(output: number) {
	return { input: 1, output, raw: {}, dialect: 'other' };
}

describe('the usage', () => {
	it('of several attempts is their sum, breakdowns too, with the parts beside it', () => {
		const cached = { input_tokens: 2, cache_read_input_tokens: 5, output_tokens: 3, server_tool_use: { web: 1 } };
		const attempt = { input: 7, output: 3, cached: 5, raw: cached, dialect: 'anthropic-messages' };
		const all = [
			{ target: 'a/m', usage: attempt },
			{ target: 'b/m', usage: undefined },
			{ target: 'c/m', usage: attempt },
			{ target: 'd/m', usage: usageOf(4) },
		];
		const { ended } = written([said('a'), finished('stop'), foreign({ is: 'usage', usage: usageOf(4), all })]);
		expect(ended).toMatchObject({
			usage: { input_tokens: 5, cache_read_input_tokens: 10, output_tokens: 10, server_tool_use: { web: 2 } },
			failover: {
				usage: [
					{ target: 'a/m', usage: cached },
					{ target: 'b/m', usage: null },
					{ target: 'c/m', usage: cached },
					{ target: 'd/m', usage: { input_tokens: 1, output_tokens: 4 } },
				],
			},
		});
	});
});

describe('a stream', () => {
	it('has a comment as a sign of life before it begins, and a ping behind that', () => {
		const writer = new MessagesStreamWriter('request');
		expect(writer.comment('still waiting')).toBe(': still waiting\n\n');
		writer.write([said('a')]);
		expect(writer.comment('still waiting')).toBe('event: ping\ndata: {"type":"ping"}\n\n');
	});

	it('takes no event that may not stand where it stands: that is a fault of ours', () => {
		const events = own(wireOf(messageEvents({ text: 'a' })));
		const writer = new MessagesStreamWriter('request');
		expect(() => writer.write(events.slice(1))).toThrow(/content_block_start may not stand here/);
	});
});
