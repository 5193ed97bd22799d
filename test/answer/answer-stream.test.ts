import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Way } from '../../machines/request/progress.ts';
import type { AnswerEvent } from '../../src/contract/answer-parts.ts';
import {
	azureHead,
	ChatAnswer,
	type ChatOptions,
	type ClientChunk,
	defaults,
	delta,
	ends,
	finishes,
	says,
	second,
	sent,
	sentSoFar,
	type Taken,
	tells,
	textOf,
} from './chat-answer.ts';

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
