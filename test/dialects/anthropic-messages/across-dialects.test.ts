import { describe, expect, it } from 'vitest';
import { unsignedMark } from '../../../src/dialects/anthropic-messages/unsigned.ts';
import { answersMessage, assembled } from '../../helpers/anthropic-shapes.ts';
import { eventsOf } from '../../helpers/gateway.ts';
import {
	anthropic,
	checkedAnswer,
	checkedEvents,
	messagesPerTest,
	messagesRequest,
} from '../../helpers/messages-per-test.ts';
import { answers, chunksOf, completes, completionOf, streams } from '../../helpers/upstream.ts';
import { wallAnswer } from '../../helpers/wall-answer.ts';

const { text, half, rest } = wallAnswer;

const { startFor } = messagesPerTest();

describe('a client of Messages in front of a provider of chat', () => {
	it('gets a stream of Messages', async () => {
		const running = await startFor({});
		running.upstream('a').next(answers(text));
		const response = await running.ask({ ...messagesRequest, system: 'Be brief.', stream: true });
		const { text: said, ended, blocks } = await checkedAnswer(response);
		expect([said, blocks.length]).toEqual([text, 1]);
		expect(ended).toMatchObject({ delta: { stop_reason: 'end_turn', stop_sequence: null } });
		expect(ended.usage).toMatchObject({ input_tokens: expect.any(Number), output_tokens: expect.any(Number) });
		expect(running.sentTo('a')).toMatchObject({
			stream: true,
			stream_options: { include_usage: true },
			max_tokens: 100,
			messages: [
				{ role: 'system', content: 'Be brief.' },
				{ role: 'user', content: 'How old is it?' },
			],
		});
	});

	it('gets a document as a stream that grows', async () => {
		const running = await startFor({});
		const long = 'It was built by the Romans. '.repeat(5);
		running.upstream('a').next(completes(completionOf(long)));
		const response = await running.ask({ ...messagesRequest, stream: true });
		const events = await checkedEvents(response);
		expect(assembled(events).text).toBe(long);
		expect(events.filter(({ type }) => type === 'content_block_delta').length).toBeGreaterThan(4);
	});

	it('gets a document of Messages, with its calls of tools', async () => {
		const running = await startFor({});
		const called = { id: 'call:1', type: 'function', function: { name: 'age', arguments: '{"of":"wall"}' } };
		const choice = { index: 0, message: { role: 'assistant', content: 'Let me see.', tool_calls: [called] } };
		running.upstream('a').next(
			completes({
				id: 'chatcmpl-1',
				object: 'chat.completion',
				model: 'gpt-test',
				choices: [{ ...choice, finish_reason: 'tool_calls' }],
				usage: { prompt_tokens: 9, completion_tokens: 4, prompt_tokens_details: { cached_tokens: 6 } },
			}),
		);
		const tools = [{ name: 'age', input_schema: { type: 'object' } }];
		const answer = await (await running.ask({ ...messagesRequest, tools })).json();
		expect(answer).toMatchObject({
			id: expect.stringMatching(/^msg_/),
			type: 'message',
			role: 'assistant',
			model: 'gpt-test',
			content: [
				{ type: 'text', text: 'Let me see.' },
				{ type: 'tool_use', id: 'call_1', name: 'age', input: { of: 'wall' } },
			],
			stop_reason: 'tool_use',
			stop_sequence: null,
			usage: { input_tokens: 3, cache_read_input_tokens: 6, output_tokens: 4 },
		});
	});

	it('calls its tools by its own names, whatever pieces the call comes in', async () => {
		const running = await startFor({});
		const name = 'mcp__plugin_chrome-devtools-mcp_chrome-devtools__performance_analyze_insight';
		const system = [
			{ type: 'text', text: 'x-anthropic-billing-header: cc_version=2.1; cch=36ee5;' },
			{ type: 'text', text: 'Be brief.' },
		];
		const tools = [{ name, input_schema: { type: 'object' } }];
		running.upstream('a').next((exchange) => {
			const { tools: given } = exchange.request.json as { tools: { function: { name: string } }[] };
			const told = given[0]?.function.name;
			const pieces = [
				{ id: 'c1', function: { name: told, arguments: '' } },
				{ id: '', function: { name: '', arguments: '{"of":"wa' } },
				{ id: '', function: { name: null, arguments: 'll"}' } },
			];
			const chunks = pieces.map((piece) => ({
				model: 'm',
				choices: [{ index: 0, delta: { tool_calls: [{ index: 0, ...piece }] }, finish_reason: null }],
			}));
			const end = { model: 'm', choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] };
			return streams([...chunks, end])(exchange);
		});
		const response = await running.ask({ ...messagesRequest, system, tools, stream: true });
		const { blocks, ended } = await checkedAnswer(response);
		expect(blocks).toMatchObject([{ type: 'tool_use', id: 'c1', name, json: '{"of":"wall"}' }]);
		expect(ended).toMatchObject({ delta: { stop_reason: 'tool_use' } });
		const sent = running.sentTo('a') as { messages: object[]; tools: { function: { name: string } }[] };
		expect(sent.messages[0]).toEqual({ role: 'system', content: 'Be brief.' });
		expect(sent.tools[0]?.function.name.length).toBeLessThanOrEqual(64);
	});

	it('gets thoughts with a mark of ours, which never reach Anthropic again', async () => {
		const running = await startFor({ b: anthropic });
		running
			.upstream('a')
			.next(
				streams([
					...['Hm', '.'].map((piece) => ({ model: 'm', choices: [{ index: 0, delta: { reasoning_content: piece } }] })),
					...chunksOf(text),
				]),
			);
		const response = await running.ask({ ...messagesRequest, stream: true });
		const { blocks } = await checkedAnswer(response);
		expect(blocks).toMatchObject([
			{ type: 'thinking', thinking: 'Hm.', signature: unsignedMark },
			{ type: 'text', text },
		]);
		running.upstream('b').next(answersMessage({ text }));
		const messages = [
			...messagesRequest.messages,
			{ role: 'assistant', content: blocks },
			{ role: 'user', content: 'Sure?' },
		];
		await (await running.ask({ ...messagesRequest, model: 'b/model-b', messages })).text();
		expect(running.sentTo('b').messages).toEqual([
			messagesRequest.messages[0],
			{ role: 'assistant', content: [{ type: 'text', text }] },
			{ role: 'user', content: 'Sure?' },
		]);
	});
});

describe('a client of chat in front of Anthropic', () => {
	it('gets chunks, and the request is one of Messages', async () => {
		const running = await startFor({ a: anthropic });
		running.upstream('a').next(answersMessage({ thinking: 'Hm.', text }));
		const messages = [
			{ role: 'system', content: 'Be brief.' },
			{ role: 'user', content: 'How old is it?' },
		];
		const response = await running.ask(
			{ messages, stream: true, temperature: 1.7, stop: ['END'], stream_options: { include_usage: true } },
			'/v1/chat/completions',
		);
		const body = await response.text();
		const chunks = eventsOf(body);
		expect(chunks.at(-1)).toBe('[DONE]');
		const said = chunks.slice(0, -1).map((chunk) => JSON.parse(chunk));
		expect(said.map(({ choices }) => choices[0]?.delta?.content ?? '').join('')).toBe(text);
		expect(said.map(({ choices }) => choices[0]?.delta?.reasoning_content ?? '').join('')).toBe('Hm.');
		expect(running.upstream('a').requests[0]?.path).toBe('/v1/messages');
		expect(running.sentTo('a')).toEqual({
			model: 'model-a',
			max_tokens: 8192,
			system: [{ type: 'text', text: 'Be brief.' }],
			messages: [{ role: 'user', content: [{ type: 'text', text: 'How old is it?' }] }],
			stop_sequences: ['END'],
			temperature: 1,
			stream: true,
		});
	});

	it('a broken stream of chat goes on from Anthropic', async () => {
		const running = await startFor({ b: anthropic });
		running.upstream('a').next(streams(chunksOf(half).slice(0, -1), { end: 'cut' }));
		running.upstream('b').next(answersMessage({ thinking: 'Go on', text: rest }));
		const response = await running.ask({ messages: messagesRequest.messages, stream: true }, '/v1/chat/completions');
		const chunks = eventsOf(await response.text());
		expect(chunks.at(-1)).toBe('[DONE]');
		const said = chunks.slice(0, -1).map((chunk) => JSON.parse(chunk).choices[0]?.delta?.content ?? '');
		expect(said.join('')).toBe(text);
	});

	it('an image that Anthropic does not take passes it over', async () => {
		const running = await startFor({ a: anthropic });
		const url = 'data:image/bmp;base64,aaaa';
		const messages = [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }];
		const response = await running.ask({ messages }, '/v1/chat/completions');
		expect(response.headers.get('x-breakwater-passed-over')).toBe('a/model-a (images of the type image/bmp)');
		expect(running.upstream('a').requests).toEqual([]);
	});
});
