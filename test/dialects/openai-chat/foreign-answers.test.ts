import { describe, expect, it } from 'vitest';
import type { AnswerEvent, AnswerPart, Usage } from '../../../src/contract/answer-parts.ts';
import { readChunk } from '../../../src/dialects/openai-chat/chunk.ts';
import { ChatDocumentWriter } from '../../../src/dialects/openai-chat/document-writer.ts';
import { ChatStreamWriter } from '../../../src/dialects/openai-chat/stream-writer.ts';
import { readUsage } from '../../../src/dialects/openai-chat/usage.ts';
import { parseEvents } from '../../helpers/sse.ts';

const raw = { dialect: 'other', data: 'x', value: {} };
const says = (...parts: AnswerPart[]): AnswerEvent => ({ parts, model: 'claude', raw });
const text = (said: string, choice = 0): AnswerPart => ({ is: 'text', choice, text: said });
const ends = (reason: string): AnswerPart => ({ is: 'finish', choice: 0, reason });
const call = (index: number, members: object): AnswerPart => ({
	is: 'tool-call',
	choice: 0,
	index,
	arguments: '',
	...members,
});
const used = (usage: Partial<Usage>): AnswerPart => ({
	is: 'usage',
	usage: { input: 10, output: 20, raw: {}, dialect: 'other', ...usage },
});

const done = 'data: [DONE]\n\n';

interface Chunk {
	id: string;
	choices: { index: number; delta: Record<string, unknown>; finish_reason: string | null }[];
	usage?: unknown;
}

/** The chunks of a streamed answer, without `[DONE]`, which stands behind them. */
function streamed(events: readonly AnswerEvent[], includeUsage = true): Chunk[] {
	const writer = new ChatStreamWriter({ includeUsage }, 'req');
	const written = writer.write(events) + writer.end();
	expect(written.endsWith(done)).toBe(true);
	return parseEvents(written.slice(0, -done.length)) as unknown as Chunk[];
}

function document(events: readonly AnswerEvent[]) {
	const writer = new ChatDocumentWriter('req');
	for (const event of events) writer.add(event);
	return JSON.parse(writer.whole());
}

const answer = [
	says(used({ output: 1 })),
	says({ is: 'reasoning', choice: 0, text: 'Hm.' }),
	says(text('I look.')),
	says(call(2, { id: 'toolu_1', name: 'look' })),
	says(call(2, { arguments: '{"at":1}' })),
	says(call(5, { id: 'toolu_2', name: 'run' })),
	says(call(5, { arguments: '{}' })),
	says(ends('tool_use'), used({ cached: 4, reasoning: 3 })),
];

describe('an answer of another dialect', () => {
	it('is streamed as chunks: one role, thoughts, text, calls without gaps, one finish, the usage', () => {
		const chunks = streamed(answer);
		expect(new Set(chunks.map(({ id }) => id))).toEqual(new Set(['chatcmpl-req']));
		expect(chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta))).toEqual([
			{ role: 'assistant', reasoning_content: 'Hm.' },
			{ content: 'I look.' },
			{ tool_calls: [{ index: 0, id: 'toolu_1', type: 'function', function: { name: 'look', arguments: '' } }] },
			{ tool_calls: [{ index: 0, function: { arguments: '{"at":1}' } }] },
			{ tool_calls: [{ index: 1, id: 'toolu_2', type: 'function', function: { name: 'run', arguments: '' } }] },
			{ tool_calls: [{ index: 1, function: { arguments: '{}' } }] },
			{},
		]);
		expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('tool_calls');
		expect(chunks.at(-1)).toMatchObject({
			choices: [],
			model: 'claude',
			usage: {
				prompt_tokens: 10,
				completion_tokens: 20,
				total_tokens: 30,
				prompt_tokens_details: { cached_tokens: 4 },
				completion_tokens_details: { reasoning_tokens: 3 },
			},
		});
		expect(streamed(answer, false).filter(({ usage }) => usage !== undefined)).toEqual([]);
	});

	it('becomes a completion', () => {
		expect(document(answer)).toMatchObject({
			object: 'chat.completion',
			model: 'claude',
			choices: [
				{
					index: 0,
					message: {
						role: 'assistant',
						content: 'I look.',
						reasoning_content: 'Hm.',
						tool_calls: [
							{ id: 'toolu_1', type: 'function', function: { name: 'look', arguments: '{"at":1}' } },
							{ id: 'toolu_2', type: 'function', function: { name: 'run', arguments: '{}' } },
						],
					},
					finish_reason: 'tool_calls',
				},
			],
			usage: { total_tokens: 30 },
		});
	});

	it.each([
		['end_turn', 'stop'],
		['completed', 'stop'],
		['stop_sequence', 'stop'],
		['max_tokens', 'length'],
		['max_output_tokens', 'length'],
		['refusal', 'content_filter'],
		['pause_turn', 'stop'],
	])('that ends with %s ends with %s', (reason, finish) => {
		expect(streamed([says(text('a'), ends(reason))])[0]?.choices[0]?.finish_reason).toBe(finish);
	});

	it('that called tools ends with that, also where its dialect does not say so', () => {
		const chunks = streamed([says(call(0, { id: 'a', name: 'look' })), says(ends('completed'))]);
		expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('tool_calls');
	});

	it('that refuses says so in its refusal', () => {
		const refusal = (words: string): AnswerPart => ({ is: 'other', choice: 0, stands: 'beside', refusal: words });
		const events = [says(refusal('I ')), says(refusal('cannot.')), says(ends('refusal'))];
		expect(document(events).choices[0].message).toMatchObject({ content: null, refusal: 'I cannot.' });
	});

	it('has a call with an id where its provider gives none', () => {
		const [chunk] = streamed([says(call(0, { name: 'look' })), says(ends('tool_use'))]);
		expect(chunk?.choices[0]?.delta.tool_calls).toMatchObject([{ id: 'call_req_0', type: 'function' }]);
	});

	it('has no chunk for what has no words in a chat', () => {
		expect(streamed([says({ is: 'other', choice: 0, stands: 'about' }), says(used({}))], false)).toEqual([]);
	});

	it('has a role in each of its choices', () => {
		const chunks = streamed(
			[says(text('a', 0), text('b', 1)), says(text('c', 1)), says(ends('stop'))]
				.slice(0, 2)
				.concat(says({ is: 'finish', choice: 0, reason: 'stop' }, { is: 'finish', choice: 1, reason: 'length' })),
		);
		expect(chunks.flatMap(({ choices }) => choices.map(({ index, delta }) => [index, delta.role]))).toEqual([
			[0, 'assistant'],
			[1, 'assistant'],
			[1, undefined],
			[0, undefined],
			[1, undefined],
		]);
	});

	it('that leaves the grammar is a fault of ours', () => {
		const writer = new ChatStreamWriter({ includeUsage: true }, 'req');
		writer.write([says(text('a'), ends('stop'))]);
		expect(() => writer.write([says(text('b'))])).toThrow('the choice goes on behind its finish');
		const unfinished = new ChatStreamWriter({ includeUsage: true }, 'req');
		unfinished.write([says(text('a'))]);
		expect(() => unfinished.end()).toThrow('the answer is not finished');
	});
});

describe('an answer of this dialect', () => {
	it('tells what of its tokens was cached, and thought', () => {
		const usage = {
			prompt_tokens: 9,
			completion_tokens: 8,
			prompt_tokens_details: { cached_tokens: 5, cache_write_tokens: 2 },
			completion_tokens_details: { reasoning_tokens: 4 },
		};
		expect(readUsage(usage)).toMatchObject({ input: 9, output: 8, cached: 5, cacheWritten: 2, reasoning: 4 });
		expect(readUsage({ prompt_tokens: 9, prompt_cache_hit_tokens: 3 })).toMatchObject({ cached: 3 });
		expect(readUsage({ prompt_tokens: 9 })).not.toHaveProperty('cached');
	});

	it('that refuses has the words for other dialects', () => {
		const chunk = readChunk(JSON.stringify({ choices: [{ index: 0, delta: { refusal: 'No.' } }] }), 'm');
		expect(chunk).toMatchObject({ event: { parts: [{ is: 'other', stands: 'beside', refusal: 'No.' }] } });
	});
});
