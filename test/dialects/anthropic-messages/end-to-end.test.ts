import { afterEach, describe, expect, it } from 'vitest';
import { MessagesGrammar } from '../../../src/dialects/anthropic-messages/grammar.ts';
import { unsignedMark } from '../../../src/dialects/anthropic-messages/unsigned.ts';
import {
	answersMessage,
	assembled,
	failsAsAnthropic,
	type MessagesObject,
	messageEvents,
	messageOf,
	readWire,
	streamsMessage,
	wireOf,
} from '../../helpers/anthropic-shapes.ts';
import { eventsOf, type GatewaySetup, startGateway, type TestGateway } from '../../helpers/gateway.ts';
import { answers, chunksOf, completes, streams } from '../../helpers/upstream.ts';

const text = 'The harbour wall was built in 1862, and it has kept the storms out of the town ever since.';
const half = text.slice(0, 46);
const rest = text.slice(text.indexOf('1862'));

let gateway: TestGateway | undefined;
afterEach(async () => {
	await gateway?.close();
	gateway = undefined;
});

const anthropic = { protocol: 'anthropic' };

/** Each provider of the test, and the protocol that it speaks: `a` is asked first. */
async function start(providers: GatewaySetup['providers'], more: Omit<GatewaySetup, 'providers'> = {}) {
	gateway = await startGateway({ providers: providers ?? {}, ...more });
	return gateway;
}

const request = { model: 'default', max_tokens: 100, messages: [{ role: 'user', content: 'How old is it?' }] };

function post({ origin }: TestGateway, body: object | string, path = '/v1/messages', headers: object = {}) {
	return fetch(`${origin}${path}`, {
		method: 'POST',
		headers: { 'content-type': 'application/json', ...headers },
		body: typeof body === 'string' ? body : JSON.stringify(body),
	});
}

/** What a provider was asked first. */
function sentTo(running: TestGateway, name: string): Record<string, unknown> {
	return running.upstream(name).requests[0]?.json as Record<string, unknown>;
}

/** The stream follows the grammar, to its end. */
function checked(events: readonly MessagesObject[]): readonly MessagesObject[] {
	const grammar = new MessagesGrammar();
	expect(events.map((event) => grammar.next(event))).toEqual(events.map(() => undefined));
	expect(grammar.isComplete).toBe(true);
	return events;
}

describe('a client and a provider of Messages', () => {
	it('have nothing changed between them but the model', async () => {
		const running = await start({ a: anthropic, b: anthropic });
		const events = [
			...messageEvents({ thinking: 'How old?', text }).slice(0, 2),
			{ type: 'ping' },
			{ type: 'news', nobody: ['knows', 1] },
			...messageEvents({ thinking: 'How old?', text }).slice(2),
		];
		running.upstream('a').next(streamsMessage(events));
		const body =
			'{"max_tokens" : 100,"model":"default",  "stream":true, "big":12345678901234567890, "messages":[{"role":"user","content":"Hello"}]}';
		const response = await post(running, body, '/v1/messages?beta=true');
		expect(await response.text()).toBe(wireOf(events));
		expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
		const [sent] = running.upstream('a').requests;
		expect(sent?.path).toBe('/v1/messages');
		expect(sent?.text).toBe(body.replace('"default"', '"model-a"'));
		expect(running.records[0]).toMatchObject({ outcome: 'done', tokens: [{ input: 5, output: 7 }] });
	});

	it('a document goes through byte for byte', async () => {
		const running = await start({ a: anthropic, b: anthropic });
		const message = `{ "unknown": 1.50,${JSON.stringify(messageOf({ text })).slice(1)}`;
		running.upstream('a').next(async ({ response, end }) => {
			response.setHeader('content-type', 'application/json');
			await end(message);
		});
		expect(await (await post(running, request)).text()).toBe(message);
	});

	it('fail over before the first word', async () => {
		const running = await start({ a: anthropic, b: anthropic });
		running.upstream('a').next(failsAsAnthropic(529, 'overloaded_error', 'Overloaded'));
		running.upstream('b').next(answersMessage({ text }));
		const response = await post(running, { ...request, stream: true });
		expect(assembled(checked(readWire(await response.text()))).text).toBe(text);
		expect(running.records[0]?.trace).toMatchObject([
			{ failure: { category: 'SERVER_ERROR', reason: 'overloaded', status: 529 } },
			{ outcome: 'succeeded' },
		]);
	});

	it('fail over from an error in the stream, before the first word', async () => {
		const running = await start({ a: anthropic, b: anthropic });
		const overloaded = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
		running.upstream('a').next(streamsMessage([...messageEvents({}).slice(0, 1), overloaded]));
		running.upstream('b').next(answersMessage({ text }));
		const response = await post(running, { ...request, stream: true });
		expect(assembled(checked(readWire(await response.text()))).text).toBe(text);
		expect(running.records[0]?.trace).toMatchObject([
			{ failure: { category: 'SERVER_ERROR', reason: 'overloaded' } },
			{ outcome: 'succeeded' },
		]);
	});

	it('a broken stream goes on in the same block, with one usage', async () => {
		const running = await start({ a: anthropic, b: anthropic });
		const broken = messageEvents({ thinking: 'How old?', text: [half.slice(0, 20), half.slice(20)] });
		running.upstream('a').next(streamsMessage(broken.slice(0, -3), { end: 'cut' }));
		running
			.upstream('b')
			.next(answersMessage({ text: rest, thinking: 'Go on', usage: { input_tokens: 11, output_tokens: 13 } }));
		const events = checked(readWire(await (await post(running, { ...request, stream: true })).text()));
		const { blocks, text: said, ended } = assembled(events);
		expect(said).toBe(text);
		expect(blocks.map(({ type }) => type)).toEqual(['thinking', 'text']);
		expect(ended).toMatchObject({
			delta: { stop_reason: 'end_turn' },
			usage: { input_tokens: 16, output_tokens: 14 },
			failover: { usage: [{ target: 'a/model-a' }, { target: 'b/model-b' }] },
		});
		const messages = sentTo(running, 'b').messages;
		expect(messages).toMatchObject([{ role: 'user' }, { role: 'assistant', content: half }, { role: 'user' }]);
	});
});

describe('a client of Messages in front of a provider of chat', () => {
	it('gets a stream of Messages', async () => {
		const running = await start({});
		running.upstream('a').next(answers(text));
		const response = await post(running, { ...request, system: 'Be brief.', stream: true });
		const { text: said, ended, blocks } = assembled(checked(readWire(await response.text())));
		expect([said, blocks.length]).toEqual([text, 1]);
		expect(ended).toMatchObject({ delta: { stop_reason: 'end_turn', stop_sequence: null } });
		expect(ended.usage).toMatchObject({ input_tokens: expect.any(Number), output_tokens: expect.any(Number) });
		expect(sentTo(running, 'a')).toMatchObject({
			stream: true,
			stream_options: { include_usage: true },
			max_tokens: 100,
			messages: [
				{ role: 'system', content: 'Be brief.' },
				{ role: 'user', content: 'How old is it?' },
			],
		});
	});

	it('gets a document of Messages, with its calls of tools', async () => {
		const running = await start({});
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
		const answer = await (await post(running, { ...request, tools })).json();
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
			usage: { input_tokens: expect.any(Number), output_tokens: 4 },
		});
	});

	it('gets thoughts with a mark of ours, which never reach Anthropic again', async () => {
		const running = await start({ b: anthropic });
		running
			.upstream('a')
			.next(
				streams([
					...['Hm', '.'].map((piece) => ({ model: 'm', choices: [{ index: 0, delta: { reasoning_content: piece } }] })),
					...chunksOf(text),
				]),
			);
		const response = await post(running, { ...request, stream: true });
		const { blocks } = assembled(checked(readWire(await response.text())));
		expect(blocks).toMatchObject([
			{ type: 'thinking', thinking: 'Hm.', signature: unsignedMark },
			{ type: 'text', text },
		]);
		running.upstream('b').next(answersMessage({ text }));
		const messages = [...request.messages, { role: 'assistant', content: blocks }, { role: 'user', content: 'Sure?' }];
		await (await post(running, { ...request, model: 'b/model-b', messages })).text();
		expect(sentTo(running, 'b').messages).toEqual([
			request.messages[0],
			{ role: 'assistant', content: [{ type: 'text', text }] },
			{ role: 'user', content: 'Sure?' },
		]);
	});
});

describe('a stream of Anthropic that breaks', () => {
	const broken = messageEvents({ thinking: 'How old?', text: [half.slice(0, 20), half.slice(20)] });

	it('goes on from a provider of chat: blocks counted on, one usage at the end', async () => {
		const running = await start({ a: anthropic });
		running.upstream('a').next(streamsMessage(broken.slice(0, -3), { end: 'cut' }));
		running.upstream('b').next(answers(rest));
		const response = await post(running, { ...request, stream: true });
		const { blocks, text: said, ended } = assembled(checked(readWire(await response.text())));
		expect(said).toBe(text);
		expect(blocks).toMatchObject([{ type: 'thinking', signature: 'c2lnbmVk' }, { type: 'text' }]);
		expect(ended).toMatchObject({
			delta: { stop_reason: 'end_turn' },
			failover: { usage: [{ target: 'a/model-a' }, { target: 'b/model-b' }] },
		});
		expect(sentTo(running, 'b').messages).toMatchObject([
			{ role: 'user' },
			{ role: 'assistant', content: half },
			{ role: 'user' },
		]);
	});

	it('within a thought: that is closed, and the answer begins behind it', async () => {
		const running = await start({ a: anthropic });
		running.upstream('a').next(streamsMessage(broken.slice(0, 3), { end: 'cut' }));
		running.upstream('b').next(answers(text));
		const response = await post(running, { ...request, stream: true });
		const { blocks } = assembled(checked(readWire(await response.text())));
		expect(blocks).toMatchObject([
			{ type: 'thinking', thinking: 'How ', signature: unsignedMark },
			{ type: 'text', text },
		]);
	});

	it('within a call of a tool, which nobody has seen: another makes it', async () => {
		const running = await start({ a: anthropic });
		const calls = [{ id: 'toolu_1', name: 'age', json: '{"of":"wall"}' }];
		running
			.upstream('a')
			.next(streamsMessage(messageEvents({ text: 'Let me see.', calls }).slice(0, -4), { end: 'cut' }));
		const called = { index: 0, id: 'call_2', type: 'function', function: { name: 'age', arguments: '{"of":"wall"}' } };
		const chunk = { id: 'c', model: 'm', object: 'chat.completion.chunk' };
		running.upstream('b').next(
			streams([
				{ ...chunk, choices: [{ index: 0, delta: { role: 'assistant', tool_calls: [called] }, finish_reason: null }] },
				{ ...chunk, choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] },
			]),
		);
		const tools = [{ name: 'age', input_schema: { type: 'object' } }];
		const response = await post(running, { ...request, tools, stream: true });
		const { blocks, ended } = assembled(checked(readWire(await response.text())));
		expect(blocks).toMatchObject([
			{ type: 'text', text: 'Let me see.' },
			{ type: 'tool_use', id: 'call_2', name: 'age', json: '{"of":"wall"}' },
		]);
		expect(ended).toMatchObject({ delta: { stop_reason: 'tool_use' } });
	});

	it('and that nobody can finish ends in an error event of Messages', async () => {
		const running = await start({ a: anthropic, b: anthropic });
		running.upstream('a').always(streamsMessage(broken.slice(0, -3), { end: 'cut' }));
		running.upstream('b').always(failsAsAnthropic(500, 'api_error', 'Internal'));
		const response = await post(running, { ...request, stream: true });
		const events = readWire(await response.text());
		expect(events.at(-1)).toMatchObject({
			type: 'error',
			error: { type: 'api_error', code: 'stream_interrupted', message: expect.any(String) },
			request_id: response.headers.get('x-breakwater-request-id'),
		});
		expect(events.filter(({ type }) => type === 'message_stop' || type === 'message_delta')).toEqual([]);
	});
});

describe('a client of chat in front of Anthropic', () => {
	it('gets chunks, and the request is one of Messages', async () => {
		const running = await start({ a: anthropic });
		running.upstream('a').next(answersMessage({ thinking: 'Hm.', text }));
		const messages = [
			{ role: 'system', content: 'Be brief.' },
			{ role: 'user', content: 'How old is it?' },
		];
		const response = await post(
			running,
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
		expect(sentTo(running, 'a')).toEqual({
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
		const running = await start({ b: anthropic });
		running.upstream('a').next(streams(chunksOf(half).slice(0, -1), { end: 'cut' }));
		running.upstream('b').next(answersMessage({ thinking: 'Go on', text: rest }));
		const response = await post(running, { messages: request.messages, stream: true }, '/v1/chat/completions');
		const chunks = eventsOf(await response.text());
		expect(chunks.at(-1)).toBe('[DONE]');
		const said = chunks.slice(0, -1).map((chunk) => JSON.parse(chunk).choices[0]?.delta?.content ?? '');
		expect(said.join('')).toBe(text);
	});

	it('an image that is too large for Anthropic passes it over', async () => {
		const running = await start({ a: anthropic });
		const url = `data:image/png;base64,${'A'.repeat(7_000_000)}`;
		const messages = [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }];
		const response = await post(running, { messages }, '/v1/chat/completions');
		expect(response.headers.get('x-breakwater-passed-over')).toBe('a/model-a (images over 5 MB)');
		expect(running.upstream('a').requests).toEqual([]);
	});
});

describe('errors', () => {
	it('are those of Messages, by their status', async () => {
		const running = await start({ a: anthropic, b: anthropic });
		for (const name of ['a', 'b'])
			running.upstream(name).always(failsAsAnthropic(429, 'rate_limit_error', 'Slow down'));
		const limited = await post(running, request);
		expect(await limited.json()).toMatchObject({
			type: 'error',
			error: { type: 'rate_limit_error', code: expect.any(String), message: expect.stringContaining('Slow down') },
			request_id: limited.headers.get('x-breakwater-request-id'),
			failover: { attempts: [{ target: 'a/model-a' }, { target: 'b/model-b' }] },
		});
		expect([limited.status, limited.headers.has('retry-after')]).toEqual([429, true]);
	});

	it('of a request in the wrong dialect name the path where it belongs', async () => {
		const running = await start({ a: anthropic });
		const asked = async (body: object) => {
			const response = await post(running, body);
			return [response.status, ((await response.json()) as { error: object }).error];
		};
		const { max_tokens: _, ...without } = request;
		expect(await asked(without)).toEqual([
			400,
			{
				type: 'invalid_request_error',
				code: 'invalid_request',
				param: 'max_tokens',
				message: expect.stringContaining('/v1/chat/completions'),
			},
		]);
		const withTool = [...request.messages, { role: 'tool', tool_call_id: 'c', content: '' }];
		expect((await asked({ ...request, messages: withTool }))[1]).toMatchObject({
			param: 'messages[1].role',
			message: expect.stringContaining('POST /v1/chat/completions'),
		});
		expect(running.upstream('a').requests).toEqual([]);
	});
});

describe('headers of the caller', () => {
	const own = {
		'anthropic-version': '2026-10-21',
		'anthropic-beta': 'one,two',
		'openai-beta': 'three',
		traceparent: 't',
	};

	it('go to providers of their own API alone', async () => {
		const running = await start({ a: anthropic });
		running.upstream('a').next(failsAsAnthropic(500, 'api_error', 'Internal'));
		await (await post(running, request, '/v1/messages', own)).text();
		const [toAnthropic, toOther] = ['a', 'b'].map((name) => running.upstream(name).requests[0]?.headers ?? {});
		expect(toAnthropic).toMatchObject({
			'anthropic-version': '2026-10-21',
			'anthropic-beta': 'one,two',
			traceparent: 't',
		});
		expect(toAnthropic).not.toHaveProperty('openai-beta');
		expect(toOther).toMatchObject({ 'openai-beta': 'three', traceparent: 't' });
		expect(Object.keys(toOther ?? {}).filter((name) => name.startsWith('anthropic-'))).toEqual([]);
	});

	it('a version is named where the caller names none, and the configuration wins', async () => {
		const running = await start({ a: anthropic, b: { ...anthropic, headers: { 'anthropic-version': '2027-01-01' } } });
		running.upstream('a').always(failsAsAnthropic(500, 'api_error', 'Internal'));
		running.upstream('b').always(answersMessage({ text }));
		await (await post(running, request)).text();
		await (await post(running, request, '/v1/messages', own)).text();
		const versions = (name: string) =>
			running.upstream(name).requests.map(({ headers }) => headers['anthropic-version']);
		expect([versions('a'), versions('b')]).toEqual([
			['2023-06-01', '2026-10-21'],
			['2027-01-01', '2027-01-01'],
		]);
	});
});

describe('counting tokens', () => {
	const { max_tokens: _, ...counted } = request;
	const path = '/v1/messages/count_tokens';

	it('is asked of a provider that counts, and fails over', async () => {
		const running = await start({ b: anthropic, c: anthropic }, { names: ['a', 'b', 'c'] });
		running.upstream('b').next(failsAsAnthropic(529, 'overloaded_error', 'Overloaded'));
		running.upstream('c').next(completes({ input_tokens: 14 }));
		const response = await post(running, counted, path);
		expect([await response.text(), response.headers.get('x-breakwater-estimated')]).toEqual([
			'{"input_tokens":14}',
			null,
		]);
		expect(running.upstream('a').requests).toEqual([]);
		expect(running.upstream('c').requests[0]).toMatchObject({ path, json: { ...counted, model: 'model-c' } });
	});

	it('an answer that is no count is none', async () => {
		const running = await start({ a: anthropic, b: anthropic });
		running.upstream('a').next(completes({ tokens: 14 }));
		running.upstream('b').next(completes({ input_tokens: 15 }));
		expect(await (await post(running, counted, path)).json()).toEqual({ input_tokens: 15 });
	});

	it('is estimated where nobody counts', async () => {
		const running = await start({});
		const messages = [{ role: 'user', content: 'x'.repeat(4000) }];
		const response = await post(running, { ...counted, messages }, path);
		expect([await response.json(), response.headers.get('x-breakwater-estimated')]).toEqual([
			{ input_tokens: 1000 },
			'true',
		]);
		expect(running.upstream('a').requests).toEqual([]);
	});
});
