import { describe, expect, it } from 'vitest';
import { contentOf, failureOf } from '../../helpers/gateway.ts';
import { chat, checkedResponse, native, responsesPerTest } from '../../helpers/responses-per-test.ts';
import {
	callOf,
	messageOf,
	readFrames,
	responds,
	responseEvents,
	responseOf,
	streamsResponse,
	textIn,
	thoughtOf,
} from '../../helpers/responses-shapes.ts';
import { answers, chunkOf, chunksOf, completes, completionOf, status, streams } from '../../helpers/upstream.ts';
import { wallAnswer } from '../../helpers/wall-answer.ts';

const { text, half, rest } = wallAnswer;

const { startFor } = responsesPerTest();

describe('a caller of Responses behind a provider of chat', () => {
	it('gets its answer as a response, streamed or not, which nobody keeps', async () => {
		const { respond, upstream } = await startFor({ a: chat, b: native });
		upstream('a').always(answers(text));
		const { events, response } = await checkedResponse(await respond({ stream: true, temperature: 0.5 }));
		expect(textIn(events)).toBe(text);
		expect(response).toMatchObject({
			object: 'response',
			status: 'completed',
			model: 'model-a',
			store: false,
			temperature: 0.5,
			usage: { input_tokens: 5, output_tokens: 19, total_tokens: 24, input_tokens_details: { cached_tokens: 0 } },
		});
		expect(upstream('a').requests[0]).toMatchObject({
			path: '/v1/chat/completions',
			json: { messages: [{ role: 'user', content: 'How old is it?' }], stream: true, temperature: 0.5 },
		});
		const document = (await (await respond()).json()) as Record<string, unknown>;
		expect(document).toMatchObject({ status: 'completed', usage: response.usage });
		expect(document.output).toMatchObject([{ type: 'message', content: [{ type: 'output_text', text }] }]);
	});

	it('sees calls of its tools under their own names: of a namespace, and of a kind that takes a text', async () => {
		const { respond, upstream } = await startFor({ a: chat, b: native });
		const tools = [
			{ type: 'function', name: 'look', parameters: { type: 'object', properties: {} } },
			{ type: 'namespace', name: 'mcp', description: 'More', tools: [{ type: 'function', name: 'look' }] },
			{ type: 'custom', name: 'patch', description: 'Changes files' },
			{ type: 'web_search' },
		];
		const input = '*** Begin "patch"\n';
		const calls = [
			{ index: 0, id: 'c0', type: 'function', function: { name: 'mcp__look', arguments: '{"at":' } },
			{ index: 0, function: { arguments: '"it"}' } },
			{ index: 1, id: 'c1', type: 'function', function: { name: 'patch', arguments: JSON.stringify({ input }) } },
		];
		const chunks = [...calls.map((call) => chunkOf({ tool_calls: [call] })), chunkOf({}, 'tool_calls')];
		upstream('a').next(streams(chunks));
		const answer = await respond({ stream: true, tools });
		expect(answer.headers.get('x-breakwater-dropped')).toBe('the tool type web_search');
		const { response } = await checkedResponse(answer);
		expect(response.output).toMatchObject([
			{ type: 'function_call', call_id: 'c0', name: 'look', namespace: 'mcp', arguments: '{"at":"it"}' },
			{ type: 'custom_tool_call', call_id: 'c1', name: 'patch', input },
		]);
		const asked = upstream('a').requests[0]?.json as { tools: { function: { name: string } }[] };
		expect(asked.tools.map((tool) => tool.function.name)).toEqual(['look', 'mcp__look', 'patch']);
	});

	it('sees thoughts, and why an answer ended early', async () => {
		const { respond, upstream } = await startFor({ a: chat, b: native });
		const chunks = [
			chunkOf({ reasoning_content: 'Old ' }),
			chunkOf({ reasoning_content: 'walls.' }),
			chunkOf({ content: 'It' }),
		];
		upstream('a').next(streams([...chunks, chunkOf({}, 'length')]));
		const { response } = await checkedResponse(await respond({ stream: true }));
		expect(response).toMatchObject({
			status: 'incomplete',
			incomplete_details: { reason: 'max_output_tokens' },
			output: [
				{ type: 'reasoning', summary: [{ type: 'summary_text', text: 'Old walls.' }] },
				{ type: 'message', status: 'incomplete', content: [{ text: 'It' }] },
			],
		});
	});

	it.each([
		['chat carries on what Responses began', native, chat],
		['Responses carries on what chat began', chat, native],
	])('%s', async (_, a, b) => {
		const { respond, upstream } = await startFor({ a, b });
		const begins =
			a === native
				? streamsResponse(responseEvents(responseOf(half)).slice(0, -4), { end: 'cut' })
				: streams(chunksOf(half).slice(0, -1), { end: 'cut' });
		upstream('a').next(begins);
		upstream('b').next(b === native ? responds(rest) : answers(rest));
		const { events, response } = await checkedResponse(await respond({ stream: true }));
		expect(textIn(events)).toBe(text);
		expect(response.output).toMatchObject([{ type: 'message', content: [{ text }] }]);
		expect(response.failover).toMatchObject({ usage: [{ target: 'a/model-a' }, { target: 'b/model-b' }] });
	});

	it('what only its provider knows, or can do, is not asked of another', async () => {
		const { respond, upstream } = await startFor({ a: chat, b: chat });
		const kept = await respond({ previous_response_id: 'resp_1' });
		expect((await failureOf(kept)).error.code).toBe('unknown_state');
		const forced = await respond({ tools: [{ type: 'web_search' }], tool_choice: { type: 'web_search' } });
		expect((await failureOf(forced)).error).toMatchObject({
			code: 'not_carried',
			message: expect.stringContaining(
				'a/model-a cannot take the tool type web_search, the forced tool type web_search',
			),
		});
		const lost = await respond({ input: [{ type: 'function_call_output', call_id: 'c', output: '1' }] });
		expect((await failureOf(lost)).error).toMatchObject({ code: 'invalid_request', param: 'input' });
		expect(upstream('a').requests).toEqual([]);
	});

	it('an error in the middle that nobody can make good is the last word', async () => {
		const { respond, upstream } = await startFor({ a: chat, b: chat });
		for (const name of ['a', 'b']) upstream(name).always(streams(chunksOf(half).slice(0, -1), { end: 'cut' }));
		const events = readFrames(await (await respond({ stream: true })).text());
		expect(events.at(-1)).toMatchObject({
			type: 'error',
			code: 'stream_interrupted',
			sequence_number: events.length - 1,
		});
	});
});

describe('a caller of chat behind a provider of Responses', () => {
	it('gets text, thoughts and calls of tools', async () => {
		const { post, upstream } = await startFor({ a: native, b: native });
		upstream('a').always(responds([thoughtOf('Old walls.'), messageOf(text), callOf('look', { at: 'it' })]));
		const body = (await (await post({ stream: false })).json()) as { choices: { message: object }[] };
		expect(body.choices[0]?.message).toMatchObject({
			content: text,
			reasoning_content: 'Old walls.',
			tool_calls: [{ id: 'call_test', function: { name: 'look', arguments: '{"at":"it"}' } }],
		});
		const asked = upstream('a').requests[0];
		expect(asked).toMatchObject({ path: '/v1/responses', json: { store: false, model: 'model-a' } });
		upstream('b').always(responds(text));
		upstream('a').next(status(503));
		expect(await contentOf(await post({ stream: true }))).toBe(text);
	});

	it('gets calls of its custom tools as such', async () => {
		const { post, upstream } = await startFor({ a: native, b: native });
		const call = {
			id: 'ctc_1',
			type: 'custom_tool_call',
			status: 'completed',
			call_id: 'c1',
			name: 'patch',
			input: 'a b',
		};
		upstream('a').always(responds([call]));
		const asked = { tools: [{ type: 'custom', custom: { name: 'patch' } }] };
		const body = (await (await post(asked)).json()) as { choices: object[] };
		expect(body.choices[0]).toMatchObject({
			finish_reason: 'tool_calls',
			message: { tool_calls: [{ id: 'c1', type: 'custom', custom: { name: 'patch', input: 'a b' } }] },
		});
		expect(upstream('a').requests[0]?.json).toMatchObject({ tools: [{ type: 'custom', name: 'patch' }] });
	});

	it('a stream that breaks is carried on', async () => {
		const { post, upstream } = await startFor({ a: native, b: native });
		upstream('a').next(streamsResponse(responseEvents(responseOf(half)).slice(0, -4), { end: 'cut' }));
		upstream('b').next(responds(rest));
		expect(await contentOf(await post({ stream: true }))).toBe(text);
	});
});

it('a document of a chat provider is a response for its caller', async () => {
	const { respond, upstream } = await startFor({ a: chat, b: native });
	upstream('a').next(completes(completionOf(text)));
	expect(await (await respond()).json()).toMatchObject({ output: [{ content: [{ text }] }], store: false });
});
