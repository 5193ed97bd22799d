import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnswerStream } from '../../../src/answer/answer-stream.ts';
import type { AnswerEvent, AnswerPart } from '../../../src/contract/answer-parts.ts';
import { CompletionDocumentWriter } from '../../../src/dialects/openai-completions/document-writer.ts';
import { type CompletionEvent, CompletionGrammar } from '../../../src/dialects/openai-completions/grammar.ts';
import { readDocument } from '../../../src/dialects/openai-completions/read-document.ts';
import { readRequest } from '../../../src/dialects/openai-completions/read-request.ts';
import { CompletionStreamReader } from '../../../src/dialects/openai-completions/stream-reader.ts';
import { CompletionStreamWriter } from '../../../src/dialects/openai-completions/stream-writer.ts';

const head = { id: 'cmpl-test', object: 'text_completion', created: 7, model: 'base' };
const options = { model: 'asked-model', maxEventLength: 10_000, choices: 1 };
const usage = { prompt_tokens: 5, completion_tokens: 6, total_tokens: 11 };

const chunk = (text: string, finish: string | null = null, choice: object = {}, fields: object = {}) => ({
	...head,
	choices: [{ text, index: 0, logprobs: null, finish_reason: finish, ...choice }],
	...fields,
});

const sse = (...events: (string | object)[]) =>
	events.map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`).join('');

function read(text: string, choices = 1) {
	const reader = new CompletionStreamReader({ ...options, choices });
	const events = [...reader.feed(Buffer.from(text)), ...reader.finish()];
	return { events, state: reader.state, skippedEvents: reader.skippedEvents, isFinished: reader.isFinished };
}

function document(events: readonly AnswerEvent[]) {
	const writer = new CompletionDocumentWriter('req');
	for (const event of events) writer.add(event);
	return JSON.parse(writer.whole());
}

describe('a streamed completion', () => {
	it('is read to its end mark, each event as it came', () => {
		const chunks = [chunk('The '), chunk('wall', 'length'), { ...head, choices: [], usage }];
		const { events, state } = read(sse(...chunks, '[DONE]'));
		expect(state).toEqual({ is: 'whole' });
		expect(events.map(({ raw }) => raw.data)).toEqual(chunks.map((one) => JSON.stringify(one)));
		expect(events.flatMap(({ parts }) => parts)).toEqual([
			{ is: 'text', choice: 0, text: 'The ' },
			{ is: 'text', choice: 0, text: 'wall' },
			{ is: 'finish', choice: 0, reason: 'length' },
			{ is: 'usage', usage: { input: 5, output: 6, raw: usage, dialect: 'openai-completions' } },
		]);
	});

	it('has the name of a model, also where its provider gives none', () => {
		const { events } = read(sse({ ...chunk('a', 'stop'), model: undefined }));
		expect([events[0]?.model, JSON.parse(events[0]?.raw.data ?? '').model]).toEqual(['asked-model', 'asked-model']);
	});

	it.each([
		['an error', sse(chunk('a'), { error: { message: 'Broken', type: 'server_error' } }), 'error'],
		['an error event', `${sse(chunk('a'))}event: error\ndata: {"message":"Broken"}\n\n`, 'error'],
		['a choice that failed', sse(chunk('a'), chunk('', 'error')), 'error'],
		['a piece of text in broken JSON', sse(chunk('a'), '{"choices":[{"text":"b'), 'faulty'],
		['an end without a finish', sse(chunk('a'), '[DONE]'), 'faulty'],
		['nothing', sse('[DONE]'), 'faulty'],
	])('with %s is no whole answer', (_name, text, is) => {
		expect(read(text).state.is).toBe(is);
	});

	it('is whole in spite of what comes behind its finish, and of what is no chunk', () => {
		const late = [chunk('', 'stop'), chunk('more'), { error: { message: 'Broken' } }];
		const { events, state, skippedEvents } = read(sse({ ping: 1 }, chunk('a', 'stop'), ...late));
		expect([state.is, events.length, skippedEvents]).toEqual(['whole', 1, 3]);
	});

	it('of several choices is finished when all are', () => {
		const other = { index: 1 };
		expect(read(sse(chunk('a', 'stop'), chunk('b', null, other)), 2).isFinished).toBe(false);
		expect(read(sse(chunk('a', 'stop'), chunk('b', 'stop', other)), 2).isFinished).toBe(true);
	});
});

describe('a whole completion', () => {
	it('is put together from its stream, with probabilities and several choices', () => {
		const logprobs = (token: string) => ({ logprobs: { tokens: [token], token_logprobs: [-1], top_logprobs: null } });
		const { events } = read(
			sse(
				chunk('a', null, logprobs('a')),
				chunk('c', 'length', { index: 1, content_filter_results: {} }),
				chunk('b', 'stop', logprobs('b')),
				{ ...head, choices: [], usage },
			),
			2,
		);
		expect(document(events)).toEqual({
			...head,
			choices: [
				{
					text: 'ab',
					index: 0,
					logprobs: { tokens: ['a', 'b'], token_logprobs: [-1, -1], top_logprobs: null },
					finish_reason: 'stop',
				},
				{ text: 'c', index: 1, logprobs: null, content_filter_results: {}, finish_reason: 'length' },
			],
			usage,
		});
	});

	it('becomes a stream', () => {
		const whole = { ...head, choices: chunk('a', 'stop').choices, usage };
		const found = readDocument(JSON.stringify(whole), { model: 'm' });
		if (found.is !== 'answer') throw new Error('it is whole');
		expect(found.answer.hasContent()).toBe(true);
		expect(found.answer.finishes).toEqual([{ reason: 'stop' }]);
		expect(document(found.answer.events({ withUsage: true, inPieces: true }))).toEqual(whole);
		expect(document(found.answer.events({ withUsage: false, inPieces: true }))).not.toHaveProperty('usage');
	});

	it.each([
		'',
		'[]',
		'{"choices":[]}',
		'{"choices":[{"text":null}]}',
		'{"error":{"message":"No"},"choices":[{"text":"a"}]}',
	])('is not what is none: %s', (text) => {
		expect(readDocument(text, { model: 'm' }).is).toBe('failure');
	});

	it('of another dialect has its refusal as text', () => {
		const raw = { dialect: 'other', data: 'x', value: {} };
		const parts: AnswerPart[] = [
			{ is: 'reasoning', choice: 0, text: 'Hm' },
			{ is: 'other', choice: 0, stands: 'beside', refusal: 'I cannot.' },
			{ is: 'finish', choice: 0, reason: 'refusal' },
		];
		expect(document([{ parts, model: 'm', raw }]).choices).toEqual([
			{ text: 'I cannot.', index: 0, logprobs: null, finish_reason: 'content_filter' },
		]);
	});
});

describe('a request for a completion', () => {
	const requestOf = (body: object) => readRequest(JSON.stringify({ prompt: 'Hello', ...body })).request;

	it('asks for an answer to each of its prompts', () => {
		expect(requestOf({ prompt: ['a', 'b'], n: 3 }).choices).toBe(6);
		expect(requestOf({ prompt: [1, 2, 3] }).choices).toBe(1);
	});

	it.each([
		[true, {}],
		[true, { prompt: ['a'], suffix: '', echo: false, logprobs: null, best_of: 1, n: 1 }],
		[false, { suffix: 'x' }],
		[false, { echo: true }],
		[false, { logprobs: 0 }],
		[false, { best_of: 2 }],
		[false, { n: 2 }],
		[false, { prompt: [1] }],
		[false, { prompt: ['a', 'b'] }],
	])('can be carried on: %s %j', (isContinuable, body) => {
		expect(requestOf(body).isContinuable).toBe(isContinuable);
	});

	it('has hints for a model that chats, and what that cannot be told', () => {
		expect(requestOf({ max_tokens: 3, top_k: 2, user: 'u', mirostat: 2 }).conversation?.()).toMatchObject({
			messages: [{ role: 'user', parts: [{ is: 'text', text: 'Hello' }] }],
			maxTokens: 3,
			sampling: { topK: 2 },
			user: 'u',
			losses: [{ what: 'mirostat', isNeeded: false }],
		});
	});
});

const whole = 'The harbour wall was built in 1862, and it has kept the storms out of the town ever since.';

describe('the stream of a completion', () => {
	const attempts = fc.array(
		fc.record({
			isOwn: fc.boolean(),
			size: fc.integer({ min: 1, max: 40 }),
			reports: fc.boolean(),
			breaksAt: fc.integer({ min: 0, max: 30 }),
		}),
		{ minLength: 1, maxLength: 5 },
	);

	const eventsOf = (said: readonly string[], isOwn: boolean, reports: boolean): AnswerEvent[] => {
		if (isOwn) {
			const chunks = [...said.map((text) => chunk(text)), chunk('', 'stop')];
			return read(sse(...chunks, ...(reports ? [{ ...head, choices: [], usage }] : []))).events;
		}
		const used: AnswerPart = { is: 'usage', usage: { input: 1, output: 1, raw: {}, dialect: 'other' } };
		const parts: AnswerPart[][] = [
			...(reports ? [[used]] : []),
			...said.map((text): AnswerPart[] => [{ is: 'text', choice: 0, text }]),
			[{ is: 'finish', choice: 0, reason: 'end_turn' }],
		];
		return parts.map((one) => ({ parts: one, model: 'm', raw: { dialect: 'other', data: 'x', value: {} } }));
	};

	it('keeps its grammar whatever attempts of whatever dialects write it, and wherever they break', () => {
		let wholeOnes = 0;
		fc.assert(
			fc.property(attempts, (plan) => {
				const answer = new AnswerStream({ retainedText: 10_000, isContinuable: true });
				const writer = new CompletionStreamWriter({ includeUsage: true }, 'req');
				let written = '';
				let isWhole = false;
				for (const [at, { isOwn, size, reports, breaksAt }] of plan.entries()) {
					const way = answer.shownFor('prefill') === '' ? 'fresh' : 'prefill';
					const shown = answer.shownFor(way);
					answer.beginAttempt({ target: `p/${at}`, way, shown, choices: 1 });
					const said = whole.slice(shown.length).match(new RegExp(`.{1,${size}}`, 'gs')) ?? [];
					const events = eventsOf(said, isOwn, reports);
					let problem: string | undefined;
					for (const event of events.slice(0, breaksAt)) {
						const taken = answer.take([event]);
						written += writer.write(taken.events);
						problem ??= taken.problem;
						if (problem !== undefined) break;
					}
					if (problem === undefined && breaksAt >= events.length) {
						const ended = answer.end();
						written += writer.write(ended.events);
						isWhole = ended.problem === undefined;
					}
					if (isWhole || !answer.isContinuable) break;
				}
				const error = { message: 'Broken', type: 'server_error', param: null, code: 'stream_interrupted' };
				written += isWhole ? writer.end() : writer.breakOff({ status: 502, headers: {}, body: { error } });
				const grammar = new CompletionGrammar();
				const events = written.split('\n\n').slice(0, -1).map(eventIn);
				for (const event of events) expect(grammar.next(event)).toBeUndefined();
				expect(grammar.isComplete).toBe(isWhole);
				const values = events.flatMap((event) => (event.is === 'chunk' ? [event.value] : []));
				expect(new Set(values.map(({ id }) => id)).size).toBeLessThan(2);
				const text = values.flatMap(({ choices }) => (choices as { text: string }[]).map((one) => one.text)).join('');
				expect(text).toBe(isWhole ? whole : whole.slice(0, text.length));
				if (isWhole) wholeOnes++;
			}),
			{ numRuns: 300 },
		);
		expect(wholeOnes).toBeGreaterThan(30);
	});
});

function eventIn(text: string): CompletionEvent {
	const data = text.slice('data: '.length);
	if (data === '[DONE]') return { is: 'done' };
	const value = JSON.parse(data);
	return 'error' in value ? { is: 'error' } : { is: 'chunk', value };
}
