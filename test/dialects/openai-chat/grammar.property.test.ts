import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnswerStream } from '../../../src/answer/answer-stream.ts';
import type { AnswerEvent, AnswerPart } from '../../../src/contract/answer-parts.ts';
import { type ChatEvent, ChatGrammar } from '../../../src/dialects/openai-chat/grammar.ts';
import { ChatStreamReader } from '../../../src/dialects/openai-chat/stream-reader.ts';
import { ChatStreamWriter } from '../../../src/dialects/openai-chat/stream-writer.ts';
import { chunkOf } from '../../helpers/openai-shapes.ts';

const whole = 'The harbour wall was built in 1862, and it has kept the storms out of the town ever since.';

/** One attempt at the answer: in which dialect, in how large pieces, and after how many bytes or events it breaks. */
interface Attempted {
	isOwn: boolean;
	size: number;
	endsWithCalls: boolean;
	reports: boolean;
	breaksAt: number;
}

const attempts: fc.Arbitrary<Attempted[]> = fc.array(
	fc.record({
		isOwn: fc.boolean(),
		size: fc.integer({ min: 1, max: 40 }),
		endsWithCalls: fc.boolean(),
		reports: fc.boolean(),
		breaksAt: fc.integer({ min: 0, max: 30 }),
	}),
	{ minLength: 1, maxLength: 5 },
);

function pieces(text: string, size: number): string[] {
	return Array.from({ length: Math.ceil(text.length / size) }, (_, at) => text.slice(at * size, (at + 1) * size));
}

/** As a provider of this dialect streams it, read from its bytes. */
function ownEvents(said: readonly string[], { endsWithCalls, reports }: Attempted, at: number): AnswerEvent[] {
	const head = { id: `chatcmpl-${at}`, created: at, model: `model-${at}` };
	const calls = [7, 9].map((index) => ({ index, id: `call_${index}`, function: { name: 'look', arguments: '{}' } }));
	const usage = { prompt_tokens: 5, completion_tokens: 6, total_tokens: 11 };
	const chunks = [
		chunkOf({ role: 'assistant', content: '' }, null, head),
		...said.map((content) => chunkOf({ content }, null, head)),
		...(endsWithCalls ? calls.map((call) => chunkOf({ tool_calls: [call] }, null, head)) : []),
		chunkOf({}, endsWithCalls ? 'tool_calls' : 'stop', head),
		...(reports ? [{ ...chunkOf({}, null, head), choices: [], usage }] : []),
	];
	const reader = new ChatStreamReader({ model: 'm', maxEventLength: 10_000, choices: 1 });
	return chunks.flatMap((chunk) => [...reader.feed(Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`))]);
}

/** As another dialect says it, whose calls are counted with its texts, and whose usage comes early and late. */
function foreignEvents(said: readonly string[], { endsWithCalls, reports }: Attempted): AnswerEvent[] {
	const usage = (output: number): AnswerPart => ({
		is: 'usage',
		usage: { input: 5, output, cached: 2, reasoning: 1, raw: {}, dialect: 'other' },
	});
	const call = (index: number): AnswerPart[] => [
		{ is: 'tool-call', choice: 0, index, id: `toolu_${index}`, name: 'look', arguments: '' },
		{ is: 'tool-call', choice: 0, index, arguments: '{}' },
	];
	const parts: AnswerPart[][] = [
		...(reports ? [[usage(1)]] : []),
		[{ is: 'other', choice: 0, stands: 'about' }],
		...said.map((text): AnswerPart[] => [{ is: 'text', choice: 0, text }]),
		...(endsWithCalls ? [...call(1), ...call(2)].map((part) => [part]) : []),
		[{ is: 'finish', choice: 0, reason: 'end_turn' }, ...(reports ? [usage(6)] : [])],
	];
	return parts.map((one) => ({
		parts: one,
		model: 'other-model',
		raw: { dialect: 'other', data: 'x', value: {} },
	}));
}

interface Streamed {
	text: string;
	isWhole: boolean;
}

/** What a client gets of these attempts, each of which goes on where the one before it broke. */
function streamed(plan: readonly Attempted[]): Streamed {
	const answer = new AnswerStream({ retainedText: 10_000, isContinuable: true });
	const writer = new ChatStreamWriter({ includeUsage: true }, 'req');
	let text = '';
	for (const [at, attempt] of plan.entries()) {
		const way = answer.shownFor('prefill') === '' ? 'fresh' : 'prefill';
		const shown = answer.shownFor(way);
		answer.beginAttempt({ target: `p/${at}`, way, shown, choices: 1 });
		const said = pieces(whole.slice(shown.length), attempt.size);
		const events = attempt.isOwn ? ownEvents(said, attempt, at) : foreignEvents(said, attempt);
		const come = events.slice(0, attempt.breaksAt);
		const isWhole = come.length === events.length;
		const taken = [...come.map((event) => () => answer.take([event])), ...(isWhole ? [() => answer.end()] : [])];
		let isJoined = true;
		for (const next of taken) {
			const { events: out, problem } = next();
			text += writer.write(out);
			if (problem !== undefined) {
				isJoined = false;
				break;
			}
		}
		if (isWhole && isJoined) return { text: text + writer.end(), isWhole: true };
		if (!answer.isContinuable) break;
	}
	const error = { message: 'Broken', type: 'server_error', param: null, code: 'stream_interrupted' };
	return { text: text + writer.breakOff({ status: 502, headers: {}, body: { error } }), isWhole: false };
}

function eventsOf(text: string): ChatEvent[] {
	return text
		.split('\n\n')
		.filter((event) => event !== '')
		.map((event): ChatEvent => {
			const data = event.slice('data: '.length);
			if (data === '[DONE]') return { is: 'done' };
			const value = JSON.parse(data);
			return 'error' in value ? { is: 'error' } : { is: 'chunk', value };
		});
}

describe('the stream of a chat', () => {
	it('keeps its grammar whatever attempts of whatever dialects write it, and wherever they break', () => {
		let wholeOnes = 0;
		fc.assert(
			fc.property(attempts, (plan) => {
				const { text, isWhole } = streamed(plan);
				const grammar = new ChatGrammar();
				const events = eventsOf(text);
				for (const event of events) expect(grammar.next(event)).toBeUndefined();
				expect(grammar.isComplete).toBe(isWhole);
				expect(events.at(-1)?.is).toBe(isWhole ? 'done' : 'error');
				const values = events.flatMap((event) => (event.is === 'chunk' ? [event.value] : []));
				const choices = values.flatMap(({ choices: all }) => all as Record<string, unknown>[]);
				const said = choices.map(({ delta }) => (delta as { content?: string }).content ?? '').join('');
				expect(isWhole ? said : whole.slice(0, said.length)).toBe(isWhole ? whole : said);
				if (!isWhole) return;
				wholeOnes++;
				expect(choices.filter(({ finish_reason: reason }) => (reason ?? null) !== null)).toHaveLength(1);
				const calls = choices.flatMap(({ delta }) => (delta as { tool_calls?: { index: number }[] }).tool_calls ?? []);
				const finish = choices.find(({ finish_reason: reason }) => (reason ?? null) !== null)?.finish_reason;
				expect(finish).toBe(calls.length > 0 ? 'tool_calls' : 'stop');
			}),
			{ numRuns: 400 },
		);
		expect(wholeOnes).toBeGreaterThan(50);
	});
});
