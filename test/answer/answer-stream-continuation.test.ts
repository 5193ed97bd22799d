import { describe, expect, it } from 'vitest';
import {
	azureHead,
	ChatAnswer,
	carriedOn,
	defaults,
	delta,
	ends,
	finishes,
	says,
	second,
	sent,
	sentSoFar,
	tells,
	textOf,
} from './chat-answer.ts';

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
