import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Way } from '../../machines/request/progress.ts';
import { AnswerStream, type AnswerStreamOptions } from '../../src/answer/answer-stream.ts';
import type { AnswerEvent } from '../../src/contract/answer-parts.ts';
import { readChunk } from '../../src/dialects/openai-chat/chunk.ts';
import { ChunkWriter } from '../../src/dialects/openai-chat/chunk-writer.ts';

/** What a client gets: a chunk of a chat completion, as an object and as its JSON text. */
interface ClientChunk {
	value: Record<string, unknown>;
	data: string;
}

interface Taken {
	chunks: readonly ClientChunk[];
	problem?: 'ambiguous' | 'diverged';
}

interface ChatOptions extends AnswerStreamOptions {
	choices: number;
}

const defaults: ChatOptions = { retainedText: 100_000, isContinuable: true, choices: 1 };

/** An answer in events, read from chat completions and written as one. */
class ChatAnswer {
	readonly #answer: AnswerStream;
	#writer = new ChunkWriter(true, 'req');
	readonly #choices: number;

	constructor({ choices, ...options }: ChatOptions) {
		this.#answer = new AnswerStream(options);
		this.#choices = choices;
	}
	get isContinuable() {
		return this.#answer.isContinuable;
	}
	get heldLength() {
		return this.#answer.heldBytes;
	}
	get isAnswering() {
		return this.#answer.isAnswering;
	}
	get seam() {
		return this.#answer.seam;
	}
	get silence() {
		return this.#answer.silence.length;
	}
	/** What comes behind all of it: the usage. */
	get last(): Record<string, unknown> | undefined {
		return this.#writer.last();
	}
	beginAttempt(target: string, way: Way, mayLeaveSilence?: () => boolean): string {
		// What had come out of an answer that is started over was never sent.
		if (way === 'fresh') this.#writer = new ChunkWriter(true, 'req');
		const shown = this.#answer.shownFor(way);
		const start = { target, way, shown, choices: this.#choices };
		this.#answer.beginAttempt(mayLeaveSilence === undefined ? start : { ...start, mayLeaveSilence });
		return shown;
	}
	take(events: readonly AnswerEvent[]): Taken {
		return this.#written(this.#answer.take(events));
	}
	end(): Taken {
		return this.#written(this.#answer.end());
	}
	#written({ events, problem }: ReturnType<AnswerStream['take']>): Taken {
		const chunks = events.flatMap((event) => {
			const data = this.#writer.dataOf(event);
			return data === undefined ? [] : { data, value: JSON.parse(data) };
		});
		return { chunks, ...(problem === undefined ? {} : { problem }) };
	}
}

interface Fields {
	id?: string;
	model?: string;
	finish?: string | null;
	usage?: object | null;
	/** Members of the choice. */
	choice?: object;
}

function chunkFrom(value: object): AnswerEvent & { data: string } {
	const data = JSON.stringify(value);
	const read = readChunk(data, 'asked-model');
	if (read.is !== 'event') throw new Error(`this is no chunk: ${data}`);
	return { ...read.event, data };
}

/** A chunk of one choice with this delta. */
function says(delta: object | null, { id = 'one', model = 'm1', finish = null, usage, choice = {} }: Fields = {}) {
	const choices = [{ index: 0, delta, finish_reason: finish, ...choice }];
	return chunkFrom({ id, object: 'chat.completion.chunk', created: 7, model, choices, ...(usage && { usage }) });
}

function ends(fields: Fields = {}, reason = 'stop') {
	return says({}, { ...fields, finish: reason });
}

function tells(usage: object | null, id = 'one') {
	return chunkFrom({ id, object: 'chat.completion.chunk', created: 7, model: 'm1', choices: [], usage: usage ?? {} });
}

/** Azure's first chunk, which has no choice and no id. */
const azureHead = chunkFrom({ id: '', object: '', created: 0, model: 'm1', choices: [], prompt_filter_results: [{}] });

const second: Fields = { id: 'two', model: 'm2' };

/** What a client reads. */
function textOf(chunks: readonly ClientChunk[]): string {
	return chunks.map(({ value }) => delta(value).content ?? '').join('');
}

function delta(value: ClientChunk['value']): { content?: string; role?: string; tool_calls?: unknown } {
	const [choice] = value.choices as [{ delta: object }?];
	return choice?.delta ?? {};
}

function finishes(chunks: readonly ClientChunk[]): unknown[] {
	return chunks.flatMap(({ value }) =>
		(value.choices as { finish_reason?: unknown }[]).flatMap(({ finish_reason: reason }) => reason ?? []),
	);
}

/** An answer of which this much has been sent. */
function sentSoFar(text: string, options: Partial<ChatOptions> = {}): ChatAnswer {
	const answer = new ChatAnswer({ ...defaults, ...options });
	answer.beginAttempt('a/m1', 'fresh');
	answer.take([says({ role: 'assistant', content: '' }), says({ content: text })]);
	return answer;
}

/** The same, carried on by a second attempt with these chunks, to its end. */
function carriedOn(text: string, chunks: AnswerEvent[], way: Way = 'prefill'): Taken & { answer: ChatAnswer } {
	const answer = sentSoFar(text);
	answer.beginAttempt('b/m2', way);
	const taken = answer.take(chunks);
	const ended = taken.problem === undefined ? answer.end() : taken;
	const out = taken.problem === undefined ? [...taken.chunks, ...ended.chunks] : taken.chunks;
	return { answer, chunks: out, ...(ended.problem && { problem: ended.problem }) };
}

const sent = 'The harbour wall was built in 1862, stone by stone,';

describe('a fresh attempt', () => {
	it('goes out untouched and in order', () => {
		const chunks = [says({ role: 'assistant' }), says({ content: 'a' }), says({ content: 'b' }), ends(), tells({})];
		const answer = new ChatAnswer(defaults);
		answer.beginAttempt('a/m1', 'fresh');
		const out = chunks.flatMap((chunk) => answer.take([chunk]).chunks);
		expect(out.map(({ data }) => data)).toEqual(chunks.map(({ data }) => data));
		expect(answer.end()).toEqual({ chunks: [] });
	});

	it('holds back what comes before its first content', () => {
		const answer = new ChatAnswer(defaults);
		answer.beginAttempt('a/m1', 'fresh');
		expect(answer.take([azureHead, says({ role: 'assistant', content: '' })]).chunks).toEqual([]);
		expect(answer.isAnswering).toBe(false);
		expect(answer.heldLength).toBeGreaterThan(0);
		expect(answer.take([says({ content: 'a' })]).chunks).toHaveLength(3);
		expect([answer.isAnswering, answer.heldLength]).toEqual([true, 0]);
	});

	it('that finishes without a word goes out too', () => {
		const answer = new ChatAnswer(defaults);
		answer.beginAttempt('a/m1', 'fresh');
		expect(answer.take([says({ role: 'assistant' }), ends()]).chunks).toHaveLength(2);
	});

	it('after one that failed unseen forgets everything of it', () => {
		const answer = new ChatAnswer({ ...defaults, retainedText: 3 });
		answer.beginAttempt('a/m1', 'fresh');
		answer.take([says({ refusal: 'No.' }, { usage: { total_tokens: 5 } }), says({ content: 'too long' }), ends()]);
		expect(answer.isContinuable).toBe(false);
		answer.beginAttempt('b/m2', 'fresh');
		expect([answer.isAnswering, answer.isContinuable, answer.heldLength]).toEqual([false, true, 0]);
		expect(answer.take([says({ role: 'assistant' }, second)]).chunks).toEqual([]);
		answer.take([says({ content: 'a,' }, second)]);
		expect(answer.beginAttempt('c/m3', 'prefill')).toBe('a,');
		const { chunks } = answer.take([says({ content: 'c' }), ends({ usage: { total_tokens: 1 } })]);
		expect(chunks.map(({ value }) => value.id)).toEqual(['two', 'two']);
		expect(answer.last?.failover).toEqual({
			usage: [
				{ target: 'b/m2', usage: null },
				{ target: 'c/m3', usage: { total_tokens: 1 } },
			],
		});
	});

	it('of several answers holds nothing, and cannot be carried on', () => {
		const answer = new ChatAnswer({ ...defaults, choices: 2 });
		answer.beginAttempt('a/m1', 'fresh');
		expect(answer.take([says({ tool_calls: [{ index: 0 }] }, { choice: { index: 1 } })]).chunks).toHaveLength(1);
		expect(answer.isContinuable).toBe(false);
	});
});

describe('calls of tools', () => {
	const call = (index: number, text: string, fields: object = {}) =>
		says({ tool_calls: [{ index, ...fields, function: { arguments: text } }] });

	it.each([
		['parallel calls', [call(0, '{', { id: 'x' }), call(1, '{}', { id: 'y' }), call(0, '}')]],
		[
			'a legacy call',
			[says({ function_call: { name: 'f', arguments: '' } }), says({ function_call: { arguments: '{}' } })],
		],
		['usage and text in between', [call(0, '{'), tells({ total_tokens: 1 }), says({ content: 'so' }), call(0, '}')]],
	])('%s are held until they are whole, then go out once and in order', (_name, chunks) => {
		const answer = new ChatAnswer(defaults);
		answer.beginAttempt('a/m1', 'fresh');
		const head = [says({ role: 'assistant' }), says({ content: 'Let me look.' })];
		expect(answer.take(head).chunks).toHaveLength(2);
		for (const chunk of chunks) expect(answer.take([chunk]).chunks).toEqual([]);
		expect(answer.heldLength).toBe(chunks.reduce((sum, { data }) => sum + data.length, 0));
		const finish = ends({}, 'tool_calls');
		const { chunks: out } = answer.take([finish]);
		expect(out.map(({ data }) => data)).toEqual([...chunks, finish].map(({ data }) => data));
		expect(answer.end().chunks).toEqual([]);
	});

	it('come out at the end of a stream that gave no finish reason', () => {
		const answer = new ChatAnswer(defaults);
		answer.beginAttempt('a/m1', 'fresh');
		answer.take([call(0, '{}')]);
		expect(answer.end().chunks).toHaveLength(1);
	});

	it('that broke while they were held are written again by the next attempt, with the text among them', () => {
		const answer = sentSoFar(sent);
		answer.take([call(0, '{'), says({ content: ' held' }), says({ content: ' too', tool_calls: [{ index: 0 }] })]);
		expect(answer.beginAttempt('b/m2', 'prefill')).toBe(sent);
		const { chunks } = answer.take([says({ content: ' held' }, second), call(0, '{}', { id: 'z' }), ends()]);
		expect(textOf(chunks)).toBe(' held');
		expect(chunks.filter(({ value }) => delta(value).tool_calls)).toHaveLength(1);
	});

	it('of a continuation are held and counted, and settle the seam before them', () => {
		const answer = sentSoFar(sent);
		answer.beginAttempt('b/m2', 'rewind');
		expect(answer.take([says({ content: sent.slice(-24) })]).chunks).toEqual([]);
		expect(answer.take([call(0, '{'), tells({ total_tokens: 1 })]).chunks).toEqual([]);
		expect(answer.heldLength).toBeGreaterThan(100);
		const { chunks } = answer.take([call(0, '}'), ends({}, 'tool_calls')]);
		expect(chunks).toHaveLength(3);
		expect(answer.last).toMatchObject({ usage: { total_tokens: 1 } });
		expect([textOf(chunks), finishes(chunks)]).toEqual(['', ['tool_calls']]);
		expect(answer.seam).toEqual({ sent: sent.length, trimmed: 24 });
	});

	it('of a continuation do not hold back the text before them', () => {
		const answer = sentSoFar(sent);
		answer.beginAttempt('b/m2', 'prefill');
		expect(answer.take([says({ content: 'stone' })]).chunks).toEqual([]);
		expect(textOf(answer.take([call(0, '{')]).chunks)).toBe('stone');
	});

	it('of a continuation that breaks too are no part of what was sent', () => {
		const answer = sentSoFar(sent);
		answer.beginAttempt('b/m2', 'prefill');
		answer.take([says({ content: ' as' }), call(0, '{'), says({ content: ' held' })]);
		expect(answer.beginAttempt('c/m3', 'prefill')).toBe(`${sent} as`);
	});

	it('may be as many chunks as they like', () => {
		const answer = new ChatAnswer(defaults);
		answer.beginAttempt('a/m1', 'fresh');
		const piece = call(0, 'x');
		answer.take(Array.from({ length: 200_000 }, () => piece));
		expect(answer.take([ends()]).chunks).toHaveLength(200_001);
	});
});

describe('a continuation', () => {
	it('is under the id of the answer, says no role again, finishes once, and names its own model', () => {
		const { chunks } = carriedOn(sent, [
			says({ role: 'assistant', content: '' }, second),
			says({ role: 'assistant', content: ' by hand' }, { ...second, finish: null }),
			says({ role: 'assistant', content: '.' }, { ...second, finish: 'stop' }),
		]);
		expect(textOf(chunks)).toBe(' by hand.');
		expect(finishes(chunks)).toEqual(['stop']);
		for (const { value } of chunks) {
			expect(value).toMatchObject({ id: 'one', created: 7, model: 'm2', object: 'chat.completion.chunk' });
			expect(delta(value)).not.toHaveProperty('role');
		}
		for (const { value, data } of chunks) expect(JSON.parse(data)).toEqual(value);
	});

	it('is under the id of the first chunk that has one', () => {
		const answer = new ChatAnswer(defaults);
		answer.beginAttempt('a/m1', 'fresh');
		answer.take([azureHead, says({ content: sent })]);
		answer.beginAttempt('b/m2', 'prefill');
		const { chunks } = answer.take([says({ content: ' by hand' }, second)]);
		expect(chunks.map(({ value }) => [value.id, value.created])).toEqual([['one', 7]]);
	});

	it('keeps its thoughts to itself', () => {
		const thoughts = {
			reasoning: 'Hmm.',
			reasoning_content: 'Hmm.',
			reasoning_details: [{ text: 'Hmm.' }],
			thinking: 'Hmm.',
		};
		const { chunks } = carriedOn(sent, [says(thoughts), says({ ...thoughts, content: ' by hand' }), ends()]);
		expect(JSON.stringify(chunks)).not.toContain('Hmm.');
		expect(textOf(chunks)).toBe(' by hand');
	});

	// OpenAI's own first chunk has `refusal: null`, Azure's has no choice: neither may come out before the seam.
	it.each([
		['a head with null members', says({ role: 'assistant', content: '', refusal: null }, second)],
		['a head without a choice', azureHead],
		['usage without content', says({ content: null }, { ...second, usage: { total_tokens: 3 } })],
		['an annotation', says({ content: '', annotations: [{}] }, second)],
	])('says nothing before its place is known: %s', (_name, head) => {
		const answer = sentSoFar('bana');
		answer.beginAttempt('b/m2', 'prefill');
		expect(answer.take([head])).toEqual({ chunks: [] });
		expect(answer.take([says({ content: 'na' })])).toEqual({ chunks: [] });
		expect(answer.take([ends()])).toEqual({ chunks: [], problem: 'ambiguous' });
	});

	it('brings what was held before the seam in its order', () => {
		const { chunks } = carriedOn(sent, [azureHead, says({ content: ' by' }), ends()]);
		expect(chunks.map(({ value }) => delta(value).content ?? value.prompt_filter_results ?? 'end')).toEqual([
			[{}],
			' by',
			'end',
		]);
	});

	it('is trimmed by what it repeats, and says where it joined', () => {
		const { chunks, answer } = carriedOn(
			sent,
			[says({ content: sent.slice(0, 9) }), says({ content: sent.slice(9) }), says({ content: ' by hand' }), ends()],
			'rewind',
		);
		expect(textOf(chunks)).toBe(' by hand');
		expect(answer.seam).toEqual({ sent: sent.length, trimmed: sent.length });
	});

	it('that has nothing to add finishes the answer only after it wrote the known end again', () => {
		expect(carriedOn(sent, [says({ content: null }), ends()]).problem).toBe('ambiguous');
		const again = says({ content: sent.slice(-24) });
		const { chunks, problem, answer } = carriedOn(sent, [again, ends()], 'rewind');
		expect(problem).toBe(undefined);
		expect([textOf(chunks), finishes(chunks)]).toEqual(['', ['stop']]);
		expect(answer.seam).toMatchObject({ sent: sent.length });
	});

	it.each([
		['only thinks', [says({ reasoning: 'Hm.' })]],
		['only tells its usage', [tells({ total_tokens: 1 })]],
	])('that %s and ends without a finish reason makes nothing whole', (_name, chunks) => {
		expect(carriedOn(sent, chunks).problem).toBe('ambiguous');
	});

	it('that only repeats and ends without a finish reason makes nothing whole', () => {
		const repetition = says({ content: sent.slice(-24) });
		expect(carriedOn(sent, [repetition], 'rewind').problem).toBe('diverged');
		expect(carriedOn(sent, [repetition, ends()], 'rewind').problem).toBe(undefined);
	});

	it('that ends with its text still held back lets it out as a chunk of its own', () => {
		const text = sent.slice(-20);
		const { chunks } = carriedOn(`${text} and ${text}`, [says({ content: ' and' }, second)]);
		expect(chunks).toHaveLength(1);
		expect(chunks[0]?.value).toMatchObject({ id: 'one', model: 'm2', object: 'chat.completion.chunk' });
		expect(textOf(chunks)).toBe(' and');
	});

	it('written as a list of parts loses no text', () => {
		const parts = [
			{ type: 'thinking', thinking: [] },
			{ type: 'text', text: ' by' },
			{ type: 'text', text: ' hand' },
		];
		expect(textOf(carriedOn(sent, [says({ content: parts }), ends()]).chunks)).toBe(' by hand');
	});

	it.each([
		['a picture among its text', says({ content: [{ type: 'image' }] })],
		['a second answer', says({ content: 'x' }, { choice: { index: 1 } })],
	])('with %s is refused', (_name, odd) => {
		const { chunks, problem } = carriedOn(sent, [says({ content: ' by hand' }), odd]);
		expect([textOf(chunks), problem]).toEqual([' by hand', 'diverged']);
	});

	it('that starts over and then says something else is refused without a word', () => {
		const { chunks, problem } = carriedOn(sent, [says({ content: `${sent.slice(0, 30)} no, that is wrong` })]);
		expect([chunks, problem]).toEqual([[], 'diverged']);
	});

	it('that writes the last line again may mean it, so that its place is not known', () => {
		const line = 'for (const ship of ships) {\n';
		expect(carriedOn(`ashore;\n${line}`, [says({ content: line }), says({ content: 'log' })]).problem).toBe(
			'ambiguous',
		);
		const again = [says({ content: line.slice(-24) }), says({ content: line }), says({ content: 'log' })];
		expect(textOf(carriedOn(`ashore;\n${line}`, again, 'rewind').chunks)).toBe(`${line}log`);
	});

	it('by prefill is not shown white space at the end, and may write it again', () => {
		const answer = sentSoFar('Once upon \n');
		expect(answer.beginAttempt('b/m2', 'prefill')).toBe('Once upon');
		const { chunks } = answer.take([says({ content: ' ' }), says({ content: '\na time' }), ends()]);
		expect(textOf(chunks)).toBe('a time');
	});

	it('by rewind is shown less, and has to write the rest of it first', () => {
		const answer = sentSoFar(sent);
		const shown = answer.beginAttempt('b/m2', 'rewind');
		expect(shown).toBe(sent.slice(0, -24));
		const { chunks } = answer.take([says({ content: `${sent.slice(-24)} by hand` }), ends()]);
		expect(textOf(chunks)).toBe(' by hand');
		expect(sentSoFar('short').beginAttempt('b/m2', 'rewind')).toBe('');
	});

	it('by rewind is shown no two of a run of equal lines, of which any could be the last', () => {
		const line = '    await pump.wait(50);\n';
		const begun = `Open the gate:\n${line.repeat(4)}`;
		const answer = sentSoFar(begun);
		const shown = answer.beginAttempt('b/m2', 'rewind');
		expect(shown).toBe('Open the gate:\n    await ');
		const { chunks } = answer.take([says({ content: `${begun.slice(shown.length)}${line}}` }), ends()]);
		expect(textOf(chunks)).toBe(`${line}}`);
	});

	it('is never shown half a character', () => {
		const half = 'wave \ud83c';
		expect(sentSoFar(half).beginAttempt('b/m2', 'instruct')).toBe('wave ');
		expect(sentSoFar(half).beginAttempt('b/m2', 'prefill')).toBe('wave ');
		expect(sentSoFar(`🌊${'.'.repeat(23)}`).beginAttempt('b/m2', 'rewind')).toBe('');
		const { chunks } = carriedOn(half, [says({ content: '🌊!' }), ends()]);
		expect(half + textOf(chunks)).toBe('wave 🌊!');
	});
});

describe('the usage of an answer in two parts', () => {
	const total = (usage: unknown) => (usage as { total_tokens: number }).total_tokens;
	const one = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
	const two = { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 };

	it.each([
		['a last chunk without a choice', [says({ content: ' by hand' }), ends(), tells(two)]],
		['the finish', [says({ content: ' by hand' }), ends({ usage: two })]],
		[
			'a last chunk with an empty delta',
			[says({ content: ' by hand' }), ends(), says({ role: 'assistant', content: '' }, { usage: two })],
		],
		['the only chunk', [says({ content: ' by hand' }, { finish: 'stop', usage: two })]],
		[
			'every chunk, growing',
			[says({ content: ' by' }, { usage: one }), says({ content: ' hand' }, { usage: one }), ends({ usage: two })],
		],
	])('is told in %s', (_name, chunks) => {
		const answer = new ChatAnswer(defaults);
		answer.beginAttempt('a/m1', 'fresh');
		answer.take([says({ content: sent }, { usage: one })]);
		answer.beginAttempt('b/m2', 'prefill');
		const written = answer.take(chunks).chunks;
		expect(written.filter(({ value }) => value.usage)).toEqual([]);
		const { last } = answer;
		expect(last?.choices).toEqual([]);
		expect(total(last?.usage)).toBe(33);
		expect(last?.failover).toEqual({
			usage: [
				{ target: 'a/m1', usage: one },
				{ target: 'b/m2', usage: two },
			],
		});
	});

	it('is not forgotten when a later chunk says nothing of it', () => {
		const answer = sentSoFar(sent);
		answer.beginAttempt('b/m2', 'prefill');
		answer.take([says({ content: ' by hand' }, { usage: one }), azureHead]);
		answer.beginAttempt('c/m3', 'prefill');
		answer.take([says({ content: ', stone by stone' }), ends({ usage: two })]);
		expect(total(answer.last?.usage)).toBe(33);
	});

	it('is not told when nobody told it', () => {
		expect(carriedOn(sent, [says({ content: ' by hand' }), ends()]).answer.last).toBeUndefined();
	});
});

describe('what cannot be carried on', () => {
	it.each([
		['a refusal', says({ refusal: 'No.' })],
		['sound', says({ audio: { data: 'x' } })],
		['pictures', says({ images: [{}] })],
		['probabilities', says({ content: 'a' }, { choice: { logprobs: { content: [{}] } } })],
		['a second answer', says({ content: 'a' }, { choice: { index: 1 } })],
		['content that is not text', says({ content: [{ type: 'image' }] })],
		['a finished answer', ends()],
	])('%s', (_name, chunk) => {
		const answer = sentSoFar(sent);
		expect(answer.isContinuable).toBe(true);
		answer.take([chunk]);
		expect(answer.isContinuable).toBe(false);
	});

	it.each([
		['empty members', says({ content: 'a', refusal: null, audio: null, images: [] }, { choice: { logprobs: null } })],
		['thoughts in a list of parts', says({ content: [{ type: 'thinking', thinking: [] }] })],
		['no delta', says(null)],
	])('but %s can', (_name, chunk) => {
		const answer = sentSoFar(sent);
		answer.take([chunk]);
		expect(answer.isContinuable).toBe(true);
	});

	it('what the call rules out', () => {
		expect(sentSoFar(sent, { isContinuable: false }).isContinuable).toBe(false);
	});

	it('more text than is kept, to the character, of a continuation too', () => {
		expect(sentSoFar('12345', { retainedText: 5 }).isContinuable).toBe(true);
		expect(sentSoFar('123456', { retainedText: 5 }).isContinuable).toBe(false);
		const answer = sentSoFar('12.', { retainedText: 5 });
		answer.beginAttempt('b/m2', 'prefill');
		answer.take([says({ content: '45' })]);
		expect(answer.isContinuable).toBe(true);
		answer.take([says({ content: '6' })]);
		expect(answer.isContinuable).toBe(false);
		answer.take([says({ content: '7' })]);
		expect(answer.isContinuable).toBe(false);
	});
});

describe('whatever the answer, its pieces, and where up to two attempts break', () => {
	const texts = fc.oneof(
		fc.lorem({ maxCount: 20 }),
		fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n'), maxLength: 40 }),
		fc.string({ unit: 'grapheme', maxLength: 60 }),
	);
	const share = fc.double({ min: 0, max: 1, noNaN: true });
	const attempt = fc.record({
		/** How much of what it is shown it repeats, and how much of what it writes arrives. */
		repeats: fc.constantFrom<number>(0, 0, 0.5, 1),
		arrives: share,
		way: fc.constantFrom<Way>('prefill', 'instruct', 'rewind'),
		pieceLength: fc.integer({ min: 1, max: 9 }),
		style: fc.constantFrom('plain', 'openai', 'azure'),
		batch: fc.integer({ min: 1, max: 4 }),
	});
	type Attempt = typeof attempt extends fc.Arbitrary<infer T> ? T : never;

	/** The chunks with which a model goes on from what it is shown. */
	function written(text: string, shown: string, plan: Attempt, isLast: boolean): AnswerEvent[] {
		const from = Math.floor(shown.length * (1 - plan.repeats));
		const rest = text.slice(from);
		const arriving = isLast ? rest : rest.slice(0, Math.floor(plan.arrives * rest.length));
		const chunks = plan.style === 'azure' ? [azureHead] : [];
		chunks.push(says({ role: 'assistant', content: '', ...(plan.style === 'openai' && { refusal: null }) }));
		for (let at = 0; at < arriving.length; at += plan.pieceLength)
			chunks.push(says({ content: arriving.slice(at, at + plan.pieceLength) }));
		return isLast ? [...chunks, ends()] : chunks;
	}

	it('no character is lost, repeated or moved, or the seam is refused', () => {
		let whole = 0;
		fc.assert(
			fc.property(texts, fc.array(attempt, { minLength: 1, maxLength: 3 }), (text, plans) => {
				const answer = new ChatAnswer(defaults);
				const out: ClientChunk[] = [];
				const take = ({ chunks, problem }: Taken) => {
					out.push(...chunks);
					return problem === undefined;
				};
				for (const [turn, plan] of plans.entries()) {
					const isLast = turn === plans.length - 1;
					// A model that is trusted with a prefill repeats nothing.
					const truePlan = plan.way === 'prefill' ? { ...plan, repeats: 0 } : plan;
					const shown = answer.beginAttempt(`p/${turn}`, out.length > 0 ? plan.way : 'fresh');
					const chunks = written(text, shown, truePlan, isLast);
					let isJoined = true;
					while (isJoined && chunks.length > 0) isJoined = take(answer.take(chunks.splice(0, plan.batch)));
					if (isJoined && isLast) isJoined = take(answer.end());
					expect(text.startsWith(textOf(out))).toBe(true);
					if (!isJoined) return;
				}
				expect(textOf(out)).toBe(text);
				expect(finishes(out)).toEqual(['stop']);
				whole++;
			}),
			{ numRuns: 2000 },
		);
		expect(whole).toBeGreaterThan(1000);
	});
});

describe('an answer without content', () => {
	const usage = { prompt_tokens: 1, completion_tokens: 0 };

	function silentAnswer(mayLeave?: () => boolean, options: Partial<ChatOptions> = {}) {
		const answer = new ChatAnswer({ ...defaults, ...options });
		answer.beginAttempt('a/m', 'fresh', mayLeave);
		return answer;
	}

	it('waits to its end where it may be left, and comes out whole where it is not', () => {
		const answer = silentAnswer(() => true);
		expect(answer.take([says({ role: 'assistant', content: '' }), ends(), tells(usage)]).chunks).toEqual([]);
		expect([answer.silence, answer.isAnswering]).toEqual([3, false]);
		expect(answer.end().chunks).toHaveLength(3);
		expect(answer.silence).toBe(0);
	});

	it('goes out with its finish where it may not be left', () => {
		for (const mayLeave of [undefined, () => false]) {
			const answer = silentAnswer(mayLeave);
			expect(answer.take([says({ role: 'assistant' }), ends()]).chunks).toHaveLength(2);
			expect(answer.silence).toBe(0);
		}
	});

	it('has content once one of its choices has', () => {
		const answer = silentAnswer(() => true, { choices: 2 });
		expect(answer.take([ends()]).chunks).toEqual([]);
		const late = { content: 'Late.' };
		expect(answer.take([says(late, { choice: { index: 1 } })]).chunks).toHaveLength(2);
		expect(answer.silence).toBe(0);
	});

	it('is not silent where all of it is held and there is content in it', () => {
		const answer = silentAnswer(() => true, { holdsUntilWhole: true });
		answer.take([says({ content: 'Word.' }), ends()]);
		expect(answer.silence).toBe(0);
	});

	it('is not asked about where there is content', () => {
		let asked = 0;
		const answer = silentAnswer(() => ++asked > 0);
		answer.take([says({ content: 'Word.' }), ends(), tells(usage)]);
		expect(asked).toBe(0);
	});
});
