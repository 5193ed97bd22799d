import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventsOf, startGateway, type TestGateway } from '../../helpers/gateway.ts';
import { chunkOf, resets, streams } from '../../helpers/upstream.ts';
import { wallAnswer } from '../../helpers/wall-answer.ts';

const { text, half } = wallAnswer;

let setup: TestGateway;
beforeAll(async () => {
	setup = await startGateway({
		providers: { b: { protocol: 'anthropic' } },
		policy: { breaker: { failureThreshold: 1000 } },
	});
});
afterAll(() => setup.close());
afterEach(() => expect(setup.crashes).toEqual([]));

const begins = {
	type: 'message_start',
	message: {
		id: 'msg_1',
		type: 'message',
		role: 'assistant',
		model: 'model-b',
		content: [],
		stop_reason: null,
		stop_sequence: null,
		usage: { input_tokens: 9, cache_read_input_tokens: 4, output_tokens: 1 },
	},
};

/** A message of Anthropic's API, block by block. */
function message(blocks: readonly { block: object; deltas: readonly object[] }[], reason: string): object[] {
	return [
		begins,
		...blocks.flatMap(({ block, deltas }, index) => [
			{ type: 'content_block_start', index, content_block: block },
			...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
			{ type: 'content_block_stop', index },
		]),
		{ type: 'message_delta', delta: { stop_reason: reason, stop_sequence: null }, usage: { output_tokens: 7 } },
		{ type: 'message_stop' },
	];
}

const textBlock = (...said: string[]) => ({
	block: { type: 'text', text: '' },
	deltas: said.map((one) => ({ type: 'text_delta', text: one })),
});
const named = (event: object) =>
	Buffer.from(`event: ${(event as { type: string }).type}\ndata: ${JSON.stringify(event)}\n\n`);
const answersWith = (events: readonly object[]) => streams(events.map(named), { end: 'close' });

async function chunksOf(body: object) {
	const response = await setup.post({ stream: true, stream_options: { include_usage: true }, ...body });
	const events = eventsOf(await response.text());
	expect(events.at(-1)).toBe('[DONE]');
	return events.slice(0, -1).map((event) => JSON.parse(event));
}

const deltasOf = (chunks: { choices: { delta: Record<string, unknown> }[] }[]) =>
	chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta));

describe('a chat that a provider of Messages answers', () => {
	it('has its calls of tools, one finish, and its usage', async () => {
		setup.upstream('a').next(resets());
		const call = {
			block: { type: 'tool_use', id: 'toolu_1', name: 'look', input: {} },
			deltas: ['{"at":', '1}'].map((json) => ({ type: 'input_json_delta', partial_json: json })),
		};
		setup.upstream('b').next(answersWith(message([textBlock('I look.'), call], 'tool_use')));
		const tools = [{ type: 'function', function: { name: 'look', parameters: { type: 'object' } } }];
		const chunks = await chunksOf({ tools, max_tokens: 20 });
		expect(deltasOf(chunks)[0]).toMatchObject({ role: 'assistant', content: 'I look.' });
		const calls = deltasOf(chunks).flatMap(
			({ tool_calls: all }) => (all ?? []) as { function: { arguments: string } }[],
		);
		expect(calls[0]).toMatchObject({ index: 0, id: 'toolu_1', function: { name: 'look' } });
		expect(calls.map((one) => one.function.arguments).join('')).toBe('{"at":1}');
		expect(chunks.at(-2).choices[0].finish_reason).toBe('tool_calls');
		expect(chunks.at(-1)).toMatchObject({
			choices: [],
			usage: { prompt_tokens: 13, completion_tokens: 7, prompt_tokens_details: { cached_tokens: 4 } },
		});
		expect(setup.upstream('b').requests.at(-1)?.json).toMatchObject({
			model: 'model-b',
			max_tokens: 20,
			tools: [{ name: 'look', input_schema: { type: 'object' } }],
		});
	});

	it('goes on where a provider of chats broke off', async () => {
		setup.upstream('a').next(streams([chunkOf({ role: 'assistant', content: half })], { end: 'cut' }));
		setup.upstream('b').next(answersWith(message([textBlock(text.slice(text.indexOf('1862')))], 'end_turn')));
		const chunks = await chunksOf({});
		expect(
			deltasOf(chunks)
				.map(({ content }) => content ?? '')
				.join(''),
		).toBe(text);
		expect(new Set(chunks.map(({ id }) => id))).toEqual(new Set(['chatcmpl-test']));
		expect(deltasOf(chunks).filter(({ role }) => role !== undefined)).toHaveLength(1);
		expect(chunks.at(-1)).toMatchObject({
			choices: [],
			failover: { usage: [{ usage: null }, { target: 'b/model-b' }] },
		});
	});

	it('is a completion for a client that does not stream', async () => {
		setup.upstream('a').next(resets());
		setup.upstream('b').next(answersWith(message([textBlock('Hello', ' there')], 'max_tokens')));
		expect(await (await setup.post()).json()).toMatchObject({
			object: 'chat.completion',
			choices: [{ message: { role: 'assistant', content: 'Hello there' }, finish_reason: 'length' }],
		});
	});
});
