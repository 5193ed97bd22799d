import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnswerEvent } from '../../../src/contract/answer-parts.ts';
import type { ReaderOptions, StreamState } from '../../../src/contract/dialect.ts';
import { ChatStreamReader } from '../../../src/dialects/openai-chat/stream-reader.ts';
import { chunkOf, chunksOf } from '../../helpers/openai-shapes.ts';
import { contentOf, parseEvents } from '../../helpers/sse.ts';

interface Reading {
	events: string;
	state: StreamState;
	hasContent: boolean;
	isFinished: boolean;
	skippedEvents: number;
}

/** Feeds the pieces to a new answer, then ends the body. */
const textOf = (events: readonly AnswerEvent[]) => events.map(({ raw }) => `data: ${raw.data}\n\n`).join('');
const options: ReaderOptions = { model: 'asked-model', maxEventLength: 1000, choices: 1 };

function read(pieces: readonly Uint8Array[], maxEventLength = 100_000): Reading {
	const answer = new ChatStreamReader({ ...options, maxEventLength });
	const events = pieces.map((piece) => textOf(answer.feed(Buffer.from(piece)))).join('') + textOf(answer.finish());
	const { state, hasContent, isFinished, skippedEvents } = answer;
	return { events, state, hasContent, isFinished, skippedEvents };
}

function readText(text: string, maxEventLength?: number): Reading {
	return read([Buffer.from(text)], maxEventLength);
}

function sse(...events: (string | object)[]): string {
	return events.map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`).join('');
}

/** The bytes in pieces that end at these positions, which may be any numbers. */
function split(bytes: Buffer, positions: readonly number[]): Buffer[] {
	const cuts = positions.map((position) => position % (bytes.length + 1)).sort((a, b) => a - b);
	return [0, ...cuts].map((from, index) => bytes.subarray(from, cuts[index]));
}

const role = chunkOf({ role: 'assistant', content: '' });
const hello = chunkOf({ content: 'Hello' });
const stop = chunkOf({}, 'stop');

interface Written {
	events: readonly { content: string; before: readonly string[]; isPretty: boolean; space: string }[];
	lineEnd: string;
	bom: string;
	ending: string;
}

const written: fc.Arbitrary<Written> = fc.record({
	events: fc.array(
		fc.record({
			content: fc.string({ unit: fc.oneof(fc.constantFrom('é', '漢', '👩‍👧', '\u2028', '\ufeff'), fc.string()) }),
			before: fc.array(
				fc.constantFrom(': comment é', ':', 'id: 7', 'retry: 10', 'retry: x', 'other', 'event: message'),
			),
			isPretty: fc.boolean(),
			space: fc.constantFrom('', ' '),
		}),
		{ minLength: 1, maxLength: 6 },
	),
	lineEnd: fc.constantFrom('\n', '\r\n', '\r'),
	bom: fc.constantFrom('', '\ufeff'),
	ending: fc.constantFrom('[DONE]', JSON.stringify(stop)),
});

/** One valid stream, the same events written in one of many ways. */
function write({ events, lineEnd, bom, ending }: Written): Buffer {
	const blocks = events.map(({ content, before, isPretty, space }) => {
		const json = JSON.stringify(chunkOf({ content }), null, isPretty ? 1 : undefined);
		return [...before, ...json.split('\n').map((line) => `data:${space}${line}`), '', ''].join(lineEnd);
	});
	return Buffer.from(`${bom}${blocks.join('')}data: ${ending}${lineEnd}${lineEnd}`);
}

describe('a valid stream', () => {
	it('says the same however it is written and wherever it is cut', () => {
		fc.assert(
			fc.property(written, fc.array(fc.nat(), { maxLength: 12 }), (stream, positions) => {
				const reading = read(split(write(stream), positions));
				expect(contentOf(reading.events)).toBe(stream.events.map(({ content }) => content).join(''));
				const plain = { ...stream, lineEnd: '\n', bom: '' };
				const expected = readText(sse(...plain.events.map(({ content }) => chunkOf({ content })), plain.ending));
				expect(parseEvents(reading.events)).toEqual(parseEvents(expected.events));
				expect({ ...reading, events: '' }).toEqual({ ...expected, events: '' });
			}),
			{ numRuns: 300 },
		);
	});

	it.each(['\n', '\r\n', '\r'])('says the same cut at each byte, lines ending in %j', (lineEnd) => {
		const event = { content: 'né漢👩‍👧', before: [': c', 'id: 1'], isPretty: true, space: ' ' };
		const bytes = write({ events: [event, event], lineEnd, bom: '\ufeff', ending: '[DONE]' });
		const whole = read([bytes]);
		expect(contentOf(whole.events)).toBe(event.content.repeat(2));
		for (let at = 0; at <= bytes.length; at += 1) expect(read(split(bytes, [at]))).toEqual(whole);
		expect(read([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(whole);
	});

	it('hands an event on as soon as it is complete', () => {
		const answer = new ChatStreamReader(options);
		const text = sse(hello);
		expect(textOf(answer.feed(Buffer.from(text.slice(0, -1))))).toBe('');
		expect(textOf(answer.feed(Buffer.from(text.slice(-1))))).toBe(text);
	});

	it('is passed on unchanged, usage included, without [DONE]', () => {
		const chunks = chunksOf('Hello there', { includeUsage: true });
		const { events, state } = readText(sse(...chunks, '[DONE]'));
		expect(events).toBe(sse(...chunks));
		expect(state).toEqual({ is: 'whole' });
	});

	it('keeps usage that comes without choices', () => {
		const usage = { id: 'x', model: 'm', usage: { total_tokens: 3 } };
		expect(readText(sse(hello, stop, usage)).events).toBe(sse(hello, stop, usage));
	});

	it('keeps numbers that a parse would round', () => {
		const data = '{"model":"m","choices":[{"delta":{"content":"x"}}],"n":12345678901234567890,"f":1.0}';
		expect(readText(sse(data)).events).toBe(sse(data));
	});

	it.each([
		['missing', { model: undefined }],
		['null', { model: null }],
		['empty', { model: '' }],
	])('gets the model filled in where it is %s', (_name, fields) => {
		const [chunk] = parseEvents(readText(sse(chunkOf({ content: 'x' }, null, fields))).events);
		expect(chunk).toMatchObject({ model: 'asked-model', choices: [{ delta: { content: 'x' } }] });
	});

	it('keeps the model that it names', () => {
		expect(readText(sse(hello)).events).toBe(sse(hello));
	});
});

describe('any bytes at all', () => {
	const fragment = fc.constantFrom(
		...['data:', 'data: ', 'event: error', '\n', '\r', '\r\n', '\n\n', ':', '[DONE]', '{', '}', '"error":', '\ufeff'],
		...[JSON.stringify(hello), JSON.stringify(stop), '{"choices":[null]}', '{"error":{}}', 'data: {}\n\n', 'null'],
	);
	const bytes = fc.oneof(
		fc.uint8Array({ maxLength: 200 }),
		fc.array(fragment, { maxLength: 40 }).map((fragments) => Buffer.from(fragments.join(''))),
	);

	it('are read without a throw, the same wherever they are cut, and only clean events come out', () => {
		fc.assert(
			fc.property(bytes, fc.array(fc.nat(), { maxLength: 5 }), (input, positions) => {
				const reading = read(split(Buffer.from(input), positions));
				expect(reading).toEqual(read([input]));
				for (const chunk of parseEvents(reading.events)) expect(chunk).toHaveProperty('model');
			}),
			{ numRuns: 500 },
		);
	});

	it('are read without a throw when events may not be that large', () => {
		fc.assert(
			fc.property(bytes, fc.array(fc.nat(), { maxLength: 5 }), (input, positions) => {
				const { state, events } = read(split(Buffer.from(input), positions), 20);
				expect(state.is).toMatch(/^(?:open|whole|error|faulty)$/);
				expect(() => parseEvents(events)).not.toThrow();
			}),
			{ numRuns: 300 },
		);
	});
});

describe('content', () => {
	it.each([
		['nothing', ''],
		['a comment', ': keep-alive\n\n'],
		['a role', sse(role)],
		['an empty delta', sse(chunkOf({}))],
		['a chunk without choices', sse({ id: 'x', choices: [], prompt_filter_results: [] })],
		['garbage', sse('garbage')],
	])('is not %s', (_name, text) => {
		const { hasContent, state } = readText(text);
		expect({ hasContent, state }).toMatchObject({ hasContent: false, state: { is: 'faulty', fault: 'answer_empty' } });
	});

	it.each([
		['text', chunkOf({ content: ' ' })],
		['a finish without any text', stop],
	])('is %s', (_name, chunk) => {
		expect(readText(sse(role, chunk)).hasContent).toBe(true);
	});
});

describe('the end', () => {
	it.each([
		['[DONE] after content that is not finished', sse(hello, '[DONE]'), 'answer_unfinished'],
		['[DONE] after content and its finish', sse(hello, stop, '[DONE]'), 'whole'],
		['[DONE] after a finish', sse(stop, '[DONE]'), 'whole'],
		['[DONE] with white space', sse(hello, stop, ' [DONE] '), 'whole'],
		['a finish and no [DONE]', sse(hello, stop), 'whole'],
		['a finish and the beginning of something', `${sse(hello, stop)}data: {"cho`, 'whole'],
		['a finish without its blank line', sse(hello, stop).trimEnd(), 'whole'],
		['an error event after the finish', sse(hello, stop, '{"error":{"message":"x"}}'), 'whole'],
		['a finish whose verdict comes late', sse(hello, stop, chunkOf({}, null)), 'whole'],
		['[DONE] at once', sse('[DONE]'), 'answer_empty'],
		['[DONE] after a role', sse(role, '[DONE]'), 'answer_empty'],
		['content and nothing more', sse(role, hello), 'open'],
		['content and an event cut off', `${sse(hello)}data: ${JSON.stringify(stop).slice(0, 30)}`, 'answer_damaged'],
	])('%s', (_name, text, is) => {
		const { state } = readText(text);
		expect(state.is === 'faulty' ? state.fault : state.is).toBe(is);
	});

	it('waits for every choice that began', () => {
		const second = { index: 1, delta: { content: 'x' }, finish_reason: null };
		const both = { ...hello, choices: [...hello.choices, second] };
		expect(readText(sse(both, stop)).state).toEqual({ is: 'open' });
		const finished = { ...stop, choices: [{ index: 1, delta: {}, finish_reason: 'length' }] };
		expect(readText(sse(both, stop, finished)).state).toEqual({ is: 'whole' });
	});

	it('leaves out what comes after [DONE]', () => {
		const answer = new ChatStreamReader(options);
		expect(textOf(answer.feed(Buffer.from(sse(hello, stop, '[DONE]', hello))))).toBe(sse(hello, stop));
		expect(textOf(answer.feed(Buffer.from(sse(hello))))).toBe('');
		expect(textOf(answer.finish())).toBe('');
		expect(answer.state).toEqual({ is: 'whole' });
	});

	it('stands, even when something too large follows in the same piece', () => {
		expect(readText(`${sse(hello, stop, '[DONE]')}data: ${'x'.repeat(2000)}`, 1000).state).toEqual({ is: 'whole' });
	});
});

describe('an error event', () => {
	const data = '{"error":{"message":"overloaded","code":503}}';

	it.each([
		['an error object', sse(data)],
		['the event name', `event: error\n${sse(data)}`],
	])('is told by %s, and ends the reading', (_name, text) => {
		const reading = readText(sse(role, hello) + text + sse(stop, '[DONE]'));
		expect(reading.state).toMatchObject({ is: 'error', error: { json: JSON.parse(data), texts: ['overloaded'] } });
		expect(reading.events).toBe(sse(role, hello));
	});

	it('is told by its name though its data is no JSON', () => {
		expect(readText('event: error\ndata: upstream died\n\n').state).toMatchObject({
			is: 'error',
			error: { texts: [] },
		});
	});

	it('is told by the finish reason "error"', () => {
		const failing = { ...chunkOf({ content: '' }, 'error'), error: null };
		expect(readText(sse(hello, failing)).state).toMatchObject({ is: 'error', error: { json: failing } });
	});
});

describe('malformed events', () => {
	it('are left out and counted', () => {
		const reading = readText(sse(hello, 'garbage', '{', '[]', '7', '{}', '{"choices":[null]}', stop));
		expect(reading.events).toBe(sse(hello, stop));
		expect(reading.skippedEvents).toBe(6);
		expect(reading.state).toEqual({ is: 'whole' });
	});
});

describe('a chunk whose JSON is broken around its text', () => {
	const broken = JSON.stringify(hello).slice(0, -40);

	it('ends the reading: left out, it would leave a hole in the answer', () => {
		const reading = readText(sse(role, hello, broken, hello, stop, '[DONE]'));
		expect(reading.state).toEqual({ is: 'faulty', fault: 'answer_damaged' });
		expect(reading.events).toBe(sse(role, hello));
	});

	it.each(['da\u0000', 'da\ufffd\n\nta: ', ''])(
		'is known though it is no event, as the name of its field is damaged: %j',
		(field) => {
			const whole = sse(role, hello, hello, stop, '[DONE]');
			const damaged = whole.replace(sse(hello), sse(hello).replace('data: ', field));
			expect(readText(damaged).state).toEqual({ is: 'faulty', fault: 'answer_damaged' });
		},
	);

	it('is known wherever bytes that end an event come between', () => {
		const whole = Buffer.from(sse(role, hello, chunkOf({ content: ' there' }), stop, '[DONE]'));
		for (let at = 0; at <= whole.length; at += 1) {
			const reading = readText(`${whole.subarray(0, at)}\u0001\ufffd\n\n${whole.subarray(at)}`);
			if (reading.state.is === 'whole') expect(contentOf(reading.events)).toBe('Hello there');
			else expect(reading.state).toMatchObject({ is: 'faulty' });
		}
	});

	it('is nothing to an answer that is finished', () => {
		expect(readText(sse(hello, stop, broken)).state).toEqual({ is: 'whole' });
	});
});

describe('an event that is too large', () => {
	const large = sse(chunkOf({ content: 'x'.repeat(2000) }));

	it.each([
		['in one line', large.match(/.{1,100}|\n/g) ?? []],
		['in many lines', [`data: {\n${`data: "${'x'.repeat(50)}":1,\n`.repeat(40)}`]],
	])('%s ends the reading, what came before it stands', (_name, pieces) => {
		const reading = read(
			[sse(hello), ...pieces, sse(stop)].map((piece) => Buffer.from(piece)),
			1000,
		);
		expect(reading.state).toEqual({ is: 'faulty', fault: 'answer_too_large' });
		expect(reading.events).toBe(sse(hello));
	});

	it('is not one of many small ones', () => {
		const reading = readText(sse(hello).repeat(100) + sse(stop), 1000);
		expect(reading.state).toEqual({ is: 'whole' });
	});
});
