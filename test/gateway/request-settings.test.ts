import { afterEach, expect, test } from 'vitest';
import {
	contentOf,
	eventsOf,
	type GatewaySetup,
	messages,
	startGateway,
	type TestGateway,
} from '../helpers/gateway.ts';
import { answers, chunkOf, chunksOf, completes, completionOf, delayed, status, streams } from '../helpers/upstream.ts';

let breakwater: TestGateway;

async function start(setup: GatewaySetup): Promise<void> {
	breakwater = await startGateway(setup);
}

afterEach(() => breakwater.close());

const received = (name: string) =>
	breakwater.upstream(name).requests.map(({ json }) => json as Record<string, unknown>);
const text =
	'A whole answer, with “quotes”,\n\nblank lines and 日本語 🎉, that is long enough for more than one piece of a stream.';

async function streamedText(body: object = {}) {
	const stream = breakwater.openai.chat.completions.stream({ model: 'default', messages, ...body });
	const completion = await stream.finalChatCompletion();
	return completion;
}

test('a provider gets what provider, model and target set, and the rest as it came', async () => {
	await start({
		providers: {
			a: {
				request: { defaults: { temperature: 0.2 }, force: { max_tokens: 10 } },
				models: { 'model-a': { request: { defaults: { seed: 1 } } } },
				headers: { 'X-Title': 'provider', 'X-Other': 'kept' },
			},
		},
		profiles: {
			special: {
				chain: [
					{
						target: 'a/model-a',
						request: { defaults: { temperature: 0.1 }, force: { provider: { order: ['x'] }, user: null } },
						headers: { 'X-Title': 'target' },
					},
				],
			},
		},
	});
	await (await breakwater.post({ max_tokens: 5, user: 'me' })).text();
	await (await breakwater.post({ model: 'special', seed: 7, user: 'me' })).text();
	await (await breakwater.post({ model: 'a/model-a' })).text();

	const model = 'model-a';
	expect(received('a')).toEqual([
		{ messages, max_tokens: 10, user: 'me', model, temperature: 0.2, seed: 1 },
		{ messages, max_tokens: 10, model, temperature: 0.1, seed: 7, provider: { order: ['x'] } },
		{ messages, max_tokens: 10, model, temperature: 0.2, seed: 1 },
	]);
	const headers = breakwater.upstream('a').requests.map((request) => request.headers);
	expect(headers.map((sent) => sent['x-title'])).toEqual(['provider', 'target', 'provider']);
	expect(headers.map((sent) => sent['x-other'])).toEqual(['kept', 'kept', 'kept']);
});

test('a target has its own time', async () => {
	await start({
		policy: { timeouts: { response: '5s' } },
		profiles: {
			default: {
				chain: [{ target: 'a/model-a', policy: { timeouts: { response: '80ms' } } }, 'b/model-b'],
				policy: { timeouts: { response: '4s' } },
			},
		},
	});
	breakwater.upstream('a').always(delayed(2000, answers('late')));
	const response = await breakwater.post();
	expect(response.headers.get('x-breakwater-target')).toBe('b/model-b');
	await response.text();
	expect(breakwater.records[0]?.trace[0]).toMatchObject({ failure: { category: 'TIMEOUT', reason: 'response' } });
});

test('a stream that is forced comes to the client as the document that it asked for', async () => {
	await start({ providers: { a: { request: { force: { stream: true } } } } });
	breakwater.upstream('a').always(answers(text));
	const completion = await breakwater.openai.chat.completions.create({ model: 'default', messages });
	expect(completion).toMatchObject({
		object: 'chat.completion',
		model: 'model-a',
		choices: [{ message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
		usage: { prompt_tokens: 5 },
	});
	expect(received('a')).toMatchObject([{ stream: true, stream_options: { include_usage: true } }]);
});

test('a document that is forced comes to the client as the stream that it asked for', async () => {
	await start({ providers: { a: { request: { force: { stream: false } } } } });
	breakwater.upstream('a').always(answers(text));
	const completion = await streamedText({ stream_options: { include_usage: true } });
	expect(completion.choices[0]).toMatchObject({ message: { role: 'assistant', content: text }, finish_reason: 'stop' });
	expect(completion.usage).toMatchObject({ prompt_tokens: 5 });
	expect(received('a')[0]?.stream).toBe(false);
	expect(received('a')[0]).not.toHaveProperty('stream_options');

	const raw = await (await breakwater.post({ stream: true })).text();
	const events = eventsOf(raw);
	expect(events.at(-1)).toBe('[DONE]');
	expect(raw).not.toContain('"usage"');
	expect(breakwater.records.map(({ tokens }) => tokens[0]?.input)).toEqual([5, 5]);
	expect(breakwater.records[1]?.firstTokenMs).toBeGreaterThan(0);
});

const weather = {
	role: 'assistant',
	content: null,
	tool_calls: [
		{ id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Paris"}' } },
		{ id: 'call_2', type: 'function', function: { name: 'time', arguments: '{}' } },
	],
};

test.each([{ commit: 'first-token' }, { commit: 'complete' }])('calls of tools, with %j', async ({ commit }) => {
	await start({
		providers: { a: { request: { force: { stream: false } } } },
		profiles: { default: { chain: ['a/model-a'], commit } },
	});
	const choices = [{ index: 0, message: weather, logprobs: null, finish_reason: 'tool_calls' }];
	breakwater.upstream('a').always(completes(completionOf('', { choices })));
	const completion = await streamedText();
	expect(completion.choices[0]?.message.tool_calls).toMatchObject(weather.tool_calls);
	expect(completion.choices[0]?.finish_reason).toBe('tool_calls');
});

test('several answers, reasoning and a refusal', async () => {
	await start({ providers: { a: { request: { force: { stream: false } } } } });
	const choices = [
		{ index: 0, message: { role: 'assistant', content: 'one', reasoning_content: 'because' }, finish_reason: 'stop' },
		{ index: 1, message: { role: 'assistant', content: null, refusal: 'no' }, finish_reason: 'content_filter' },
	];
	breakwater.upstream('a').always(completes(completionOf('', { choices })));
	const events = eventsOf(await (await breakwater.post({ stream: true, n: 2 })).text());
	const parts = events.slice(0, -1).flatMap((event) => JSON.parse(event).choices);
	const said = (index: number, name: string) =>
		parts
			.filter((part) => part.index === index)
			.map(({ delta }) => delta[name] ?? '')
			.join('');
	expect([said(0, 'reasoning_content'), said(0, 'content'), said(1, 'refusal')]).toEqual(['because', 'one', 'no']);
	expect(parts.flatMap((part) => part.finish_reason ?? [])).toEqual(['stop', 'content_filter']);
});

test.each([
	['a document for a stream', true, completes(completionOf(text))],
	['a document for a stream, without a type', true, status(200, JSON.stringify(completionOf(text)))],
	['a whole completion as the only event', true, streams([completionOf(text)])],
	['a stream for a document', false, streams(chunksOf(text))],
	[
		'a stream that says it is a document',
		false,
		status(
			200,
			`${chunksOf(text)
				.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`)
				.join('')}data: [DONE]\n\n`,
			{ 'content-type': 'application/json' },
		),
	],
])('a provider that sends %s is read all the same', async (_name, stream, behaviour) => {
	await start({ names: ['a'] });
	breakwater.upstream('a').always(behaviour);
	expect(await contentOf(await breakwater.post({ stream }))).toBe(text);
	expect(breakwater.upstream('a').requests).toHaveLength(1);
});

test.each([
	['an error', 'RATE_LIMIT', { error: { code: 'rate_limit_exceeded', message: 'slow down' } }],
	['no answer', 'SERVER_ERROR', { ...completionOf('x'), choices: [] }],
])('a document with %s fails over, where a stream was asked for', async (_name, category, body) => {
	await start({});
	breakwater.upstream('a').always(completes(body));
	breakwater.upstream('b').always(answers(text));
	expect(await contentOf(await breakwater.post({ stream: true }))).toBe(text);
	expect(breakwater.records[0]?.trace[0]).toMatchObject({ failure: { category } });
});

test('a broken stream is carried on by a target that does not stream, with its settings', async () => {
	await start({
		providers: { b: { request: { force: { stream: false, temperature: 0 } } } },
	});
	const beginning = 'The harbour wall was built ';
	breakwater
		.upstream('a')
		.always(streams([chunkOf({ role: 'assistant', content: '' }), chunkOf({ content: beginning })], { end: 'cut' }));
	breakwater.upstream('b').always(answers('The harbour wall was built by hand, stone by stone.'));
	const response = await breakwater.post({ stream: true, stream_options: { include_usage: true } });
	const raw = await response.text();
	expect(await contentOf(new Response(raw))).toBe(`${beginning}by hand, stone by stone.`);
	const events = eventsOf(raw)
		.slice(0, -1)
		.map((event) => JSON.parse(event));
	expect(new Set(events.map(({ id }) => id)).size).toBe(1);
	expect(events.filter(({ choices }) => choices[0]?.finish_reason).length).toBe(1);
	expect(events.filter(({ usage }) => usage).length).toBe(1);
	expect(received('b')[0]).toMatchObject({ stream: false, temperature: 0 });
	expect(received('b')[0]?.messages).toHaveLength(3);
});

test('a document that began as a stream is carried on by a target that does not stream', async () => {
	await start({ providers: { a: { streamUpstream: true }, b: { request: { force: { stream: false } } } } });
	breakwater
		.upstream('a')
		.always(streams([chunkOf({ role: 'assistant', content: 'The harbour wall ' })], { end: 'cut' }));
	breakwater.upstream('b').always(answers('The harbour wall was built by hand.'));
	const completion = await breakwater.openai.chat.completions.create({ model: 'default', messages });
	expect(completion.choices[0]?.message.content).toBe('The harbour wall was built by hand.');
	expect(breakwater.records[0]?.tokens).toMatchObject([{ target: 'b/model-b', input: 5 }]);
});

test('an answer that a target is set to give as JSON is not carried on', async () => {
	await start({ providers: { b: { request: { force: { response_format: { type: 'json_object' } } } } } });
	breakwater.upstream('a').always(streams([chunkOf({ content: 'The wall ' })], { end: 'cut' }));
	const raw = await (await breakwater.post({ stream: true })).text();
	expect(raw).toContain('stream_interrupted');
	expect(breakwater.upstream('b').requests).toHaveLength(0);
});

test('a header of a target that is a secret is in no error', async () => {
	const secret = 'the-word-of-this-target';
	await start({
		names: ['a'],
		profiles: { default: { chain: [{ target: 'a/model-a', headers: { 'X-Api-Key': secret } }] } },
	});
	breakwater.upstream('a').always(status(500, { error: { message: `the key ${secret} broke me` } }));
	const raw = await (await breakwater.post()).text();
	expect(raw).toContain('broke me');
	expect(raw).not.toContain(secret);
});

const limits = ['max_tokens', 'max_completion_tokens', 'max_output_tokens'];
const lengthOf = (sent: Record<string, unknown>) => Object.entries(sent).filter(([name]) => limits.includes(name));
const hello = { role: 'user', content: 'Hello' };

test.each([
	['openai', 'gpt-5.4', '/v1/chat/completions', { max_completion_tokens: 9 }, { max_completion_tokens: 9 }],
	['openai', 'gpt-5.4', '/v1/chat/completions', {}, { max_completion_tokens: 500 }],
	['openai', 'model-a', '/v1/chat/completions', { max_completion_tokens: 9 }, { max_completion_tokens: 9 }],
	['openai', 'model-a', '/v1/chat/completions', {}, { max_tokens: 500 }],
	['openai', 'gpt-5.4', '/v1/messages', { max_tokens: 900 }, { max_completion_tokens: 900 }],
	['openai', 'gpt-5.4', '/v1/responses', { max_output_tokens: 90 }, { max_completion_tokens: 90 }],
	['anthropic', 'claude-x', '/v1/chat/completions', { max_completion_tokens: 900 }, { max_tokens: 900 }],
	['anthropic', 'claude-x', '/v1/chat/completions', {}, { max_tokens: 500 }],
	['anthropic', 'claude-x', '/v1/messages', { max_tokens: 900 }, { max_tokens: 900 }],
	['responses', 'gpt-5.4', '/v1/responses', { max_output_tokens: 90 }, { max_output_tokens: 90 }],
	['responses', 'gpt-5.4', '/v1/responses', {}, { max_output_tokens: 500 }],
])('the longest answer is one setting: of %s %s at %s with %j it is %j', async (kind, model, path, given, sent) => {
	const provider = kind === 'responses' ? { endpoints: ['responses'] } : { protocol: kind };
	await start({
		names: ['a'],
		providers: { a: { ...provider, request: { defaults: { max_tokens: 500 } } } },
		profiles: { default: { chain: [`a/${model}`] } },
		policy: { onError: { BAD_REQUEST: { retries: 0 } } },
	});
	breakwater.upstream('a').always(status(400));
	const content = path.endsWith('responses') ? { input: 'Hello' } : { messages: [hello] };
	await fetch(`${breakwater.origin}${path}`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ model: 'default', ...content, ...given }),
	});
	expect(received('a').map(lengthOf)).toEqual([Object.entries(sent)]);
});

test('a forced longest answer takes the place of the caller’s, whatever either is called', async () => {
	await start({
		names: ['a'],
		providers: { a: { request: { force: { max_tokens: 500 } } } },
		profiles: { newer: { chain: ['a/gpt-5.4'] } },
	});
	await (await breakwater.post({ max_completion_tokens: 9 })).text();
	await (await breakwater.post({ model: 'newer', max_tokens: 9 })).text();
	expect(received('a').map(lengthOf)).toEqual([[['max_tokens', 500]], [['max_completion_tokens', 500]]]);
});
