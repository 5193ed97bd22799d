import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessagesDocumentWriter } from '../../../src/dialects/anthropic-messages/document-writer.ts';
import { MessagesGrammar } from '../../../src/dialects/anthropic-messages/grammar.ts';
import { readDocument } from '../../../src/dialects/anthropic-messages/read-document.ts';
import { MessagesStreamReader } from '../../../src/dialects/anthropic-messages/stream-reader.ts';
import type { JsonObject } from '../../../src/values/json.ts';
import { messageEvents, messageOf, wireOf } from '../../helpers/anthropic-shapes.ts';

function answerOf(value: unknown) {
	const read = readDocument(JSON.stringify(value), { model: 'asked-model' });
	if (read.is !== 'answer') throw new Error('it was taken for no answer');
	return read.answer;
}

const text = fc.string({ minLength: 1, maxLength: 80 });
const block = fc.oneof(
	fc.record({ type: fc.constant('text'), text }),
	fc.record({ type: fc.constant('text'), text, citations: fc.constant([{ type: 'char_location', cited_text: 'a' }]) }),
	fc.record({ type: fc.constant('thinking'), thinking: text, signature: fc.constant('c2ln') }),
	fc.record({ type: fc.constant('redacted_thinking'), data: text }),
	fc.record({ type: fc.constant('tool_use'), id: text, name: text, input: fc.dictionary(text, fc.integer()) }),
	fc.record({ type: fc.constant('web_search_tool_result'), tool_use_id: text, content: fc.constant([{ a: 1 }]) }),
);

describe('a whole message', () => {
	it('is the same again when its events are put together, and they follow the grammar', () => {
		fc.assert(
			fc.property(fc.array(block, { minLength: 1, maxLength: 4 }), fc.boolean(), (content, inPieces) => {
				const message = { ...messageOf(), content, container: { id: 'c' } };
				const grammar = new MessagesGrammar();
				const writer = new MessagesDocumentWriter('request');
				const events = answerOf(message).events({ withUsage: true, inPieces });
				expect(events.flatMap(({ raw }) => grammar.next(raw.value as JsonObject) ?? [])).toEqual([]);
				for (const event of events) writer.add(event);
				expect(JSON.parse(writer.whole())).toEqual(message);
			}),
			{ numRuns: 100 },
		);
	});

	it('comes in pieces only for a client that shows how it grows', () => {
		const text = 'A text that is longer than one piece. '.repeat(4);
		const content = [
			{ type: 'thinking', thinking: text, signature: 'c2ln' },
			{ type: 'text', text },
		];
		const saidIn = (inPieces: boolean) =>
			answerOf({ ...messageOf(), content })
				.events({ withUsage: false, inPieces })
				.flatMap(({ parts }) => parts.filter(({ is }) => is === 'text' || is === 'reasoning'));
		expect(saidIn(false)).toEqual([
			{ is: 'reasoning', choice: 0, text },
			{ is: 'text', choice: 0, text },
		]);
		expect(saidIn(true).length).toBeGreaterThan(6);
	});

	it('has what a stream says beside its content, and the usage of its beginning and its end', () => {
		const ended = { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 9 } };
		const told = { context_management: { applied_edits: [] } };
		const events = [...messageEvents({ text: 'Hello' }).slice(0, -2), { ...ended, ...told }];
		const reader = new MessagesStreamReader({ model: 'm', maxEventLength: 1000, choices: 1 });
		const writer = new MessagesDocumentWriter('request');
		for (const event of reader.feed(Buffer.from(wireOf(events)))) writer.add(event);
		expect(JSON.parse(writer.whole())).toEqual({
			...messageOf({ text: 'Hello' }),
			...told,
			usage: { input_tokens: 5, output_tokens: 9 },
		});
	});

	it('goes on as it came, with the model that was asked where it names none', () => {
		const bytes = Buffer.from('{"content":[{"type":"text","text":"a"}],"n":1.0}');
		const read = readDocument(bytes.toString(), { model: 'asked-model' });
		expect(read.is === 'answer' && String(read.answer.body(bytes))).toBe(
			'{"content":[{"type":"text","text":"a"}],"n":1.0,"model":"asked-model"}',
		);
		const named = Buffer.from(JSON.stringify(messageOf({ text: 'a' })));
		expect(answerOf(messageOf({ text: 'a' })).body(named)).toBe(named);
	});

	it('says whether it says anything', () => {
		expect(answerOf(messageOf({ text: 'a' })).hasContent()).toBe(true);
		expect(answerOf(messageOf({})).hasContent()).toBe(false);
		expect(answerOf({ ...messageOf({}), content: [{ type: 'text', text: '' }] }).hasContent()).toBe(false);
		expect(answerOf({ ...messageOf({}), content: [{ type: 'redacted_thinking', data: '' }] }).hasContent()).toBe(true);
	});

	it('is none where it is an error, or nothing', () => {
		const failures: unknown[] = [
			{ type: 'error', error: { type: 'api_error', message: 'no' } },
			{ error: { message: 'no' } },
			{ type: 'message', content: [] },
			{ type: 'message', content: ['text'], stop_reason: 'end_turn' },
			{ choices: [] },
			[],
		];
		for (const value of failures) expect(readDocument(JSON.stringify(value), { model: 'm' }).is).toBe('failure');
		expect(readDocument('<html>', { model: 'm' }).is).toBe('failure');
	});
});
