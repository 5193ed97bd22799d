import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnswerStream } from '../../../src/answer/answer-stream.ts';
import type { AnswerEvent, AnswerPart } from '../../../src/contract/answer-parts.ts';
import { MessagesDocumentWriter } from '../../../src/dialects/anthropic-messages/document-writer.ts';
import { MessagesGrammar } from '../../../src/dialects/anthropic-messages/grammar.ts';
import { MessagesStreamReader } from '../../../src/dialects/anthropic-messages/stream-reader.ts';
import { MessagesStreamWriter } from '../../../src/dialects/anthropic-messages/stream-writer.ts';
import { assembled, type MessageShape, messageEvents, readWire, wireOf } from '../../helpers/anthropic-shapes.ts';

const options = { model: 'claude-test', maxEventLength: 100_000, choices: 1 };
const report = {
	status: 502,
	headers: {},
	body: { error: { message: 'It broke.', type: 'server_error', param: null, code: 'stream_interrupted' } },
};

const word = fc.constantFrom('one ', 'Straße ', '"two" ', 'a\nb ', '😀 ', '\\ ', 'three ');
/** No word twice, and each with its end: else nobody knows where a continuation joins. */
const words = fc.array(word, { minLength: 1, maxLength: 8 }).map((all) => all.map((one, at) => `${at}${one}`));

/** An answer, and how far its first attempt comes: in bytes, from its beginning. */
const broken = fc.record({
	text: words,
	thinking: fc.option(words, { nil: undefined }),
	isCalling: fc.boolean(),
	cut: fc.nat({ max: 10_000 }),
	pieces: fc.integer({ min: 1, max: 200 }),
	goesOn: fc.constantFrom('own', 'foreign', 'never'),
	hasUsage: fc.boolean(),
	comments: fc.boolean(),
});

/** The same answer as another dialect tells it, from a place of its text on. */
function foreignEvents(text: string, isCalling: boolean, hasUsage: boolean): AnswerEvent[] {
	const parts: AnswerPart[] = [
		{ is: 'reasoning', choice: 0, text: 'to go on' },
		...(text.match(/\S+\s*|\s+/g) ?? []).map((piece) => ({ is: 'text', choice: 0, text: piece }) as const),
		...(isCalling
			? [
					// Two at once, piece by piece in turns.
					{ is: 'tool-call', choice: 0, index: 0, id: 'call:1', name: 'age', arguments: '{"a"' } as const,
					{ is: 'tool-call', choice: 0, index: 3, id: 'call:1', name: 'size', arguments: '' } as const,
					{ is: 'tool-call', choice: 0, index: 0, arguments: ':1}' } as const,
				]
			: []),
		{ is: 'finish', choice: 0, reason: 'stop' },
	];
	const usage = { input: 10, output: 20, cached: 4, raw: {}, dialect: 'other' };
	const all = hasUsage ? [...parts, { is: 'usage', usage } as const] : parts;
	return all.map((part) => ({ parts: [part], model: 'other-model', raw: { dialect: 'other', data: '{}', value: {} } }));
}

function ownEvents(bytes: Buffer, size: number): AnswerEvent[] {
	const reader = new MessagesStreamReader(options);
	const events: AnswerEvent[] = [];
	for (let at = 0; at < bytes.length; at += size) events.push(...reader.feed(bytes.subarray(at, at + size)));
	expect(reader.state.is === 'open' || reader.state.is === 'whole').toBe(true);
	return events;
}

const calls = [{ id: 'toolu_1', name: 'age', json: '{"a":1}' }];

describe('whatever breaks where, and whoever goes on', () => {
	it('the stream follows the grammar, to its end or to its error, and says the text once', () => {
		fc.assert(
			fc.property(broken, ({ text, thinking, isCalling, cut, pieces, goesOn, hasUsage, comments }) => {
				const said = text.join('');
				const shape: MessageShape = {
					text,
					...(thinking === undefined ? {} : { thinking: thinking.join('') }),
					...(isCalling ? { calls, stopReason: 'tool_use' } : {}),
				};
				const bytes = Buffer.from(wireOf(messageEvents(shape)));
				const answer = new AnswerStream({ retainedText: 100_000, isContinuable: true });
				const writer = new MessagesStreamWriter('request');
				let written = '';
				const take = (events: readonly AnswerEvent[]) => {
					for (const event of events) {
						if (comments) written += writer.comment('still waiting');
						const taken = answer.take([event]);
						expect(taken.problem).toBeUndefined();
						written += writer.write(taken.events);
					}
				};
				answer.beginAttempt({ target: 'a/m', way: 'fresh', shown: '', choices: 1 });
				take(ownEvents(bytes.subarray(0, cut), pieces));
				const isWhole = !answer.isContinuable || cut >= bytes.length;
				const way = answer.isAnswering ? 'prefill' : 'fresh';
				const shown = answer.shownFor(way);
				const rest = said.slice(shown.length);
				if (!isWhole && goesOn === 'never') {
					written += writer.breakOff(report);
				} else {
					if (!isWhole) {
						answer.beginAttempt({ target: 'b/m', way, shown, choices: 1 });
						const own = () => ownEvents(Buffer.from(wireOf(messageEvents({ ...shape, text: [rest] }))), pieces);
						take(goesOn === 'own' ? own() : foreignEvents(rest, isCalling, hasUsage));
					}
					const ended = answer.end();
					expect(ended.problem).toBeUndefined();
					written += writer.write(ended.events) + writer.end();
				}
				const events = readWire(written);
				const grammar = new MessagesGrammar();
				const withoutBegin = events[0]?.type === 'error' ? events.slice(1) : events;
				expect(withoutBegin.flatMap((event) => grammar.next(event) ?? [])).toEqual([]);
				const { text: shownText, blocks, ended } = assembled(events);
				if (events.at(-1)?.type === 'error') {
					expect(said.startsWith(shownText)).toBe(true);
					return;
				}
				expect(grammar.isComplete).toBe(true);
				expect(shownText).toBe(said);
				expect(events.filter(({ type }) => type === 'message_delta')).toHaveLength(1);
				expect(ended).toMatchObject({
					delta: { stop_reason: isCalling ? 'tool_use' : 'end_turn' },
					usage: { output_tokens: expect.any(Number) },
				});
				const ids = blocks.flatMap(({ id }) => (id === undefined ? [] : [id]));
				expect(ids.length > 0).toBe(isCalling);
				expect([new Set(ids).size, ids.every((id) => /^[\w-]+$/.test(String(id)))]).toEqual([ids.length, true]);
				expect(blocks.filter(({ type, signature }) => type === 'thinking' && signature === '')).toEqual([]);
			}),
			{ numRuns: 300 },
		);
	});

	it('a document is what a client would put together of the stream', () => {
		fc.assert(
			fc.property(words, fc.boolean(), fc.boolean(), (text, isCalling, hasUsage) => {
				const events = foreignEvents(text.join(''), isCalling, hasUsage);
				const document = new MessagesDocumentWriter('request');
				for (const event of events) document.add(event);
				const stream = new MessagesStreamWriter('request');
				const { blocks, ended } = assembled(readWire(stream.write(events) + stream.end()));
				const whole = JSON.parse(document.whole());
				expect(whole).toMatchObject({ id: 'msg_request', type: 'message', role: 'assistant', model: 'other-model' });
				expect(whole).toMatchObject({ ...(ended.delta as object), usage: ended.usage });
				expect(whole.content).toEqual(
					blocks.map(({ json, ...block }) =>
						block.type === 'tool_use' ? { ...block, input: JSON.parse(String(json ?? '{}')) } : block,
					),
				);
			}),
			{ numRuns: 100 },
		);
	});
});
