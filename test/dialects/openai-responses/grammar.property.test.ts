import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AnswerStream } from '../../../src/answer/answer-stream.ts';
import type { AnswerEvent, AnswerPart } from '../../../src/contract/answer-parts.ts';
import type { FailureReport } from '../../../src/contract/failure-report.ts';
import { ResponseGrammar } from '../../../src/dialects/openai-responses/grammar.ts';
import { openaiResponsesClient } from '../../../src/dialects/openai-responses/openai-responses.ts';
import { readRequest } from '../../../src/dialects/openai-responses/read-request.ts';
import { ResponsesStreamReader } from '../../../src/dialects/openai-responses/stream-reader.ts';
import {
	callOf,
	messageOf,
	readFrames,
	responseEvents,
	responseFrame,
	responseOf,
	textIn,
	thoughtOf,
} from '../../helpers/responses-shapes.ts';

type Json = Record<string, unknown>;

const words = Array.from({ length: 60 }, (_, at) => `word${at * 7}${at % 5 === 0 ? '.' : ''} `);
const text = words.join('').trimEnd();

const report: FailureReport = {
	status: 502,
	headers: {},
	body: { error: { message: 'It broke.', type: 'server_error', param: null, code: 'stream_interrupted' } },
};

const { request } = readRequest(
	JSON.stringify({ input: 'Hi', stream: true, tools: [{ type: 'custom', name: 'patch' }] }),
);

/** Holds a stream against the grammar, and what its last event says against what came before. */
function check(written: string): readonly Json[] {
	const events = readFrames(written);
	const grammar = new ResponseGrammar();
	for (const event of events) expect(grammar.next(event)).toBeUndefined();
	const last = events.at(-1) as Json;
	expect(grammar.isComplete).toBe(last.type !== 'error');
	if (last.type === 'error') return events;
	const { response } = last as { response: { id: string; output: Json[] } };
	const done = events.filter(({ type }) => type === 'response.output_item.done').map(({ item }) => item);
	expect(response.output).toEqual(done);
	const contents = response.output.flatMap(({ content }) => (content ?? []) as Json[]);
	expect(contents.map((part) => part.text ?? '').join('')).toBe(textIn(events));
	const ids = events.flatMap(({ response: one }) => (one === undefined ? [] : [(one as Json).id]));
	expect(new Set(ids).size).toBe(1);
	return events;
}

interface Attempt {
	isOwn: boolean;
	hasThoughts: boolean;
	hasCall: boolean;
	/** Where in its bytes it breaks, of 1; 1: not at all. */
	until: number;
	/** How many words further back it begins than the answer has come. */
	back: number;
}

const attempt: fc.Arbitrary<Attempt> = fc.record({
	isOwn: fc.boolean(),
	hasThoughts: fc.boolean(),
	hasCall: fc.boolean(),
	until: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constant(1)),
	back: fc.integer({ min: 6, max: 12 }),
});

function ownEvents(
	{ hasThoughts, hasCall, until }: Attempt,
	said: string,
): { events: AnswerEvent[]; isWhole: boolean } {
	const output = [
		...(hasThoughts ? [thoughtOf('Let me see. Yes.', 'c2VjcmV0')] : []),
		messageOf(said),
		...(hasCall ? [callOf('look', { at: 'it' })] : []),
	];
	const bytes = Buffer.from(responseEvents(responseOf(output)).map(responseFrame).join(''));
	const reader = new ResponsesStreamReader({ model: 'm', maxEventLength: 1e6, choices: 1 });
	const events = [...reader.feed(bytes.subarray(0, Math.floor(bytes.length * until)))];
	events.push(...reader.finish());
	return { events, isWhole: reader.state.is === 'whole' };
}

function foreignEvents(
	{ hasThoughts, hasCall, until }: Attempt,
	said: string,
): { events: AnswerEvent[]; isWhole: boolean } {
	const parts: AnswerPart[] = [
		...(hasThoughts ? [{ is: 'reasoning', choice: 0, text: 'Well. ' } as const] : []),
		...(said.match(/\s*\S+\s*/g) ?? []).map((piece) => ({ is: 'text', choice: 0, text: piece }) as const),
		...(hasCall
			? ([
					{ is: 'tool-call', choice: 0, index: 0, id: 'c', name: 'patch', arguments: '{"input":' },
					{ is: 'tool-call', choice: 0, index: 0, arguments: '"text"}' },
				] as const)
			: []),
		{ is: 'finish', choice: 0, reason: hasCall ? 'tool_calls' : 'stop' },
		{ is: 'usage', usage: { input: 3, output: 4, raw: {}, dialect: 'openai-chat' } },
	];
	const count = Math.floor(parts.length * until);
	const events = parts.slice(0, count).map((part) => ({
		parts: [part],
		model: 'chat',
		raw: { dialect: 'openai-chat', data: '{}', value: {} },
	}));
	return { events, isWhole: count === parts.length };
}

test('whatever attempts write an answer, and wherever they break, the stream is one response or ends in an error', () => {
	fc.assert(
		fc.property(fc.array(attempt, { minLength: 1, maxLength: 4 }), (attempts) => {
			const writer = openaiResponsesClient.newStream(request, 'r1');
			const answer = new AnswerStream({ retainedText: 100_000, isContinuable: true });
			let written = '';
			let isWhole = false;
			for (const one of attempts) {
				const said = textIn(readFrames(written));
				const way = written === '' ? 'fresh' : 'instruct';
				if (way !== 'fresh' && !answer.isContinuable) break;
				const come = said.trim() === '' ? 0 : said.trim().split(/\s+/).length;
				const begun = words
					.slice(Math.max(0, come - one.back))
					.join('')
					.trimEnd();
				answer.beginAttempt({ target: 'a/m', way, shown: answer.shownFor(way), choices: 1 });
				const made = one.isOwn ? ownEvents(one, begun) : foreignEvents(one, begun);
				const taken = answer.take(made.events);
				written += writer.write(taken.events);
				if (taken.problem !== undefined || !made.isWhole) continue;
				const end = answer.end();
				written += writer.write(end.events);
				isWhole = end.problem === undefined;
				if (isWhole) break;
			}
			written += isWhole ? writer.end() : writer.breakOff(report);
			const events = check(written);
			if (isWhole) expect(textIn(events)).toBe(text);
			else expect(text.startsWith(textIn(events).trimEnd())).toBe(true);
		}),
		{ numRuns: 300 },
	);
});

const part: fc.Arbitrary<AnswerPart> = fc.oneof(
	fc.record({ is: fc.constant('text' as const), choice: fc.constant(0), text: fc.string({ unit: 'grapheme' }) }),
	fc.record({ is: fc.constant('reasoning' as const), choice: fc.constant(0), text: fc.string() }),
	fc.record({
		is: fc.constant('other' as const),
		choice: fc.constant(0),
		stands: fc.constant('beside' as const),
		refusal: fc.string(),
	}),
	fc.record({
		is: fc.constant('tool-call' as const),
		choice: fc.constant(0),
		index: fc.integer({ min: 0, max: 2 }),
		name: fc.constantFrom('look', 'patch'),
		arguments: fc.string(),
	}),
	fc.record({
		is: fc.constant('finish' as const),
		choice: fc.constant(0),
		reason: fc.constantFrom('stop', 'length', 'end_turn', 'content_filter', 'tool_use'),
	}),
);

test('whatever parts come behind events of its own, the writer leaves no event out of its place', () => {
	const own = responseEvents(responseOf([thoughtOf('Let me see.'), messageOf('It is old.')]));
	const foreign = fc.record({ parts: fc.array(part, { maxLength: 3 }), form: fc.constantFrom('trimmed', 'joined') });
	fc.assert(
		fc.property(fc.nat(own.length - 2), fc.array(foreign, { maxLength: 12 }), (count, events) => {
			const writer = openaiResponsesClient.newStream(request, 'r1');
			const raw = (value: object) => ({ dialect: 'openai-responses', data: JSON.stringify(value), value });
			const begun = own.slice(0, count).map((value) => ({ parts: [], model: 'm', raw: raw(value) }));
			const written = writer.write([
				...begun,
				...events.map(({ parts, form }) => ({ parts, model: 'n', raw: raw({}), form: form as 'trimmed' | 'joined' })),
			]);
			check(written + writer.end());
		}),
		{ numRuns: 300 },
	);
});

test('a provider that leaves events out, or numbers them as it likes, can be carried on all the same', () => {
	const own = responseEvents(responseOf([thoughtOf('Let me see.'), messageOf('It is old.')])).slice(0, -1);
	const omission = fc.record({
		isLeftOut: fc.boolean(),
		isAway: fc.boolean(),
		change: fc.constantFrom({}, { sequence_number: undefined }, { output_index: undefined }, { output_index: 7 }),
	});
	const omissions = fc.array(omission, { minLength: own.length, maxLength: own.length });
	fc.assert(
		fc.property(omissions, fc.array(part, { maxLength: 6 }), (changes, parts) => {
			const given = own.flatMap((event, at): Json[] => {
				const { isLeftOut, isAway, change } = changes[at] as (typeof changes)[number];
				return isLeftOut && isAway ? [] : [{ ...event, ...(isAway ? change : {}) }];
			});
			const reader = new ResponsesStreamReader({ model: 'm', maxEventLength: 1e6, choices: 1 });
			const events = reader.feed(Buffer.from(given.map(responseFrame).join('')));
			const writer = openaiResponsesClient.newStream(request, 'r1');
			const raw = { dialect: 'openai-chat', data: '{}', value: {} };
			const rest = { parts: [...parts, { is: 'text', choice: 0, text: ' Yes.' } as const], model: 'n', raw };
			const written = readFrames(writer.write([...events, { ...rest, form: 'trimmed' }]) + writer.end());
			expect(written.at(-1)?.type).toBeOneOf(['response.completed', 'response.incomplete']);
			expect(textIn(written).endsWith(' Yes.')).toBe(true);
		}),
		{ numRuns: 300 },
	);
});
