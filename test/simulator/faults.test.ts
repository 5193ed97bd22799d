import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import OpenAI from 'openai';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { failureName } from '../../machines/failure.ts';
import type { Simulation, SimulationStep } from '../../src/contract/simulation.ts';
import { ChatDocumentWriter } from '../../src/dialects/openai-chat/document-writer.ts';
import { ChatStreamReader } from '../../src/dialects/openai-chat/stream-reader.ts';
import { readErrorBody } from '../../src/dialects/read-error-body.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { createClassifier } from '../../src/upstream/classify/apply-error-rules.ts';
import { loadErrorRules } from '../../src/upstream/classify/load-error-rules.ts';
import { bodyOf, requestRaw } from '../helpers/raw-client.ts';

const classify = createClassifier(loadErrorRules('config/error-rules.yaml'));
const messages = [{ role: 'user' as const, content: 'hello' }];
const ask = { model: 'm', messages };
const askStream = { ...ask, stream: true as const };
const simulation: Simulation = { firstToken: 0, tokenInterval: 0, tokens: 4, reply: 'one two three four', script: [] };

let simulator: Simulator;

afterEach(() => simulator.close());

async function start(step: SimulationStep, pace: Partial<Simulation> = {}) {
	simulator = await startSimulator('alpha', { ...simulation, ...pace, script: [step] });
	return new OpenAI({ baseURL: simulator.baseUrl, apiKey: 'none', maxRetries: 0 });
}

/** The answer that arrives before a stream breaks, and how it breaks. */
async function readUntilBroken(client: OpenAI) {
	let text = '';
	try {
		for await (const chunk of await client.chat.completions.create(askStream)) text += chunk.choices[0]?.delta.content;
		return { text, error: undefined };
	} catch (error) {
		return { text, error };
	}
}

/** Whether a connection says nothing and stays for a while. */
async function staysSilent(client: ReturnType<typeof requestRaw>) {
	const sizeBefore = client.received.byteLength;
	const quiet = new Promise<'quiet'>((resolve) => setTimeout(resolve, 30, 'quiet'));
	return (await Promise.race([client.ended, quiet])) === 'quiet' && client.received.byteLength === sizeBefore;
}

describe('what is not what its status says', () => {
	test.each([
		['block', 403, 'UNKNOWN_TRANSIENT.intermediary'],
		['no-model', 400, 'MODEL_UNAVAILABLE'],
		['too-large', 429, 'BAD_REQUEST.too_large'],
		['cannot-afford', 402, 'BAD_REQUEST.too_large'],
	] as const)('%s is a %i that the rules read as %s', async (deed, status, is) => {
		await start({ do: deed });
		const body = JSON.stringify(ask);
		const response = await fetch(`${simulator.baseUrl}/chat/completions`, { method: 'POST', body });
		expect(response.status).toBe(status);
		const error = readErrorBody(status, await response.text());
		const headers = Object.fromEntries(response.headers);
		const { failure } = classify({ status, headers, error, provider: 'alpha', now: 0 });
		expect(failureName(failure)).toBe(is);
	});
});

describe('reject-field', () => {
	test('refuses a request that has the field, in its body or in a message, and answers every other one', async () => {
		const client = await start({ do: 'reject-field', field: 'seed' });
		const seeded = [{ role: 'user', content: 'hello', seed: 1 }] as unknown as typeof messages;
		const refusal = { status: 422, param: 'seed' };
		await expect(client.chat.completions.create({ ...ask, seed: 1 })).rejects.toMatchObject(refusal);
		await expect(client.chat.completions.create({ ...ask, messages: seeded })).rejects.toMatchObject(refusal);
		const answer = await client.chat.completions.create(ask);
		expect(answer.choices[0]?.message.content).toBe('one two three four');
	});
});

test('silent is a whole answer with nothing in it, streamed or not', async () => {
	const client = await start({ do: 'silent' });
	const { choices, usage } = await client.chat.completions.create(ask);
	expect(choices).toMatchObject([{ message: { content: '' }, finish_reason: 'stop' }]);
	expect(usage?.completion_tokens).toBe(0);
	const chunks = [];
	for await (const chunk of await client.chat.completions.create(askStream)) chunks.push(chunk.choices[0]);
	expect(chunks.map((choice) => choice?.delta.content ?? '').join('')).toBe('');
	expect(chunks.at(-1)?.finish_reason).toBe('stop');
});

describe('status', () => {
	test.each([
		[401, 'invalid_api_key', 'invalid_request_error'],
		[402, 'insufficient_quota', 'insufficient_quota'],
		[418, null, 'invalid_request_error'],
		[429, 'rate_limit_exceeded', 'requests'],
		[500, null, 'server_error'],
		[502, null, 'server_error'],
		[503, 'server_is_overloaded', 'server_error'],
		[529, null, 'overloaded_error'],
	])('%i comes with an OpenAI error object', async (status, code, type) => {
		const client = await start({ do: 'status', status });
		const error = await client.chat.completions.create(ask).catch((error) => error);
		expect(error).toBeInstanceOf(OpenAI.APIError);
		expect(error).toMatchObject({ status, code, type, error: { message: expect.stringContaining('Simulated: ') } });
		expect(error.headers.has('retry-after')).toBe(false);
	});

	test('is 503 unless the step says otherwise', async () => {
		const client = await start({ do: 'status' });
		await expect(client.chat.completions.create(ask)).rejects.toMatchObject({ status: 503 });
	});

	test('mixes no typical words into a code of the script', async () => {
		const client = await start({ do: 'status', status: 429, code: 'insufficient_quota' });
		await expect(client.chat.completions.create(ask)).rejects.toMatchObject({
			error: {
				code: 'insufficient_quota',
				type: 'insufficient_quota',
				message: 'Simulated: HTTP 429 insufficient_quota.',
			},
		});
	});

	test('says what the script says, and when to come back', async () => {
		const words = { code: 'slow_down', type: 'tokens', message: 'Too much.' };
		const client = await start({ do: 'status', status: 429, ...words, retryAfter: 1200 });
		const error = await client.chat.completions.create(askStream).catch((error) => error);
		expect(error.error).toEqual({ ...words, param: null });
		expect([error.headers.get('retry-after'), error.headers.get('retry-after-ms')]).toEqual(['2', '1200']);
	});
});

test.each([ask, askStream])('hang takes the request and says nothing (%o)', async (body) => {
	await start({ do: 'hang' });
	const client = requestRaw(simulator.baseUrl, body);
	await vi.waitFor(() => expect(simulator.requestCount).toBe(1), { interval: 5, timeout: 30_000 });
	expect(await staysSilent(client)).toBe(true);
	expect(client.received.byteLength).toBe(0);
});

test('reset is an RST before any byte', async () => {
	await start({ do: 'reset' });
	const client = requestRaw(simulator.baseUrl, ask);
	expect(await client.ended).toBe('rst');
	expect(client.received.byteLength).toBe(0);
});

test.each([
	[ask, 'application/json'],
	[askStream, 'text/event-stream'],
])('empty is a 200 with nothing in it (%o)', async (body, type) => {
	await start({ do: 'empty' });
	const reply = await fetch(`${simulator.baseUrl}/chat/completions`, { method: 'POST', body: JSON.stringify(body) });
	expect([reply.status, reply.headers.get('content-type'), await reply.text()]).toEqual([200, type, '']);
});

test('garbage is HTML, or events that are no JSON', async () => {
	await start({ do: 'garbage' });
	const post = (body: object) =>
		fetch(`${simulator.baseUrl}/chat/completions`, { method: 'POST', body: JSON.stringify(body) });
	const whole = await post(ask);
	expect([whole.status, whole.headers.get('content-type')]).toEqual([200, 'text/html']);
	expect(await whole.text()).toMatch(/^<html>/);
	const events = (await (await post(askStream)).text()).trim().split('\n\n');
	expect(events).toHaveLength(2);
	for (const event of events) {
		expect(event).toMatch(/^data: /);
		expect(() => JSON.parse(event.slice('data: '.length))).toThrow(SyntaxError);
	}
});

describe('cut', () => {
	test('drops a stream after so many tokens, which all arrive', async () => {
		const client = await start({ do: 'cut', afterTokens: 2 });
		const { text, error } = await readUntilBroken(client);
		expect(text).toBe('one two');
		expect(error).toBeDefined();
	});

	test('drops a stream before its first token by default, and before its finish reason at the latest', async () => {
		await start({ do: 'cut' });
		const early = requestRaw(simulator.baseUrl, askStream);
		expect(await early.ended).toBe('fin');
		expect(early.received.toString().match(/"delta":\{[^}]*\}/g)).toEqual([
			'"delta":{"role":"assistant","content":"","refusal":null}',
		]);
		await simulator.close();
		await start({ do: 'cut', afterTokens: 99 });
		const late = requestRaw(simulator.baseUrl, askStream);
		expect(await late.ended).toBe('fin');
		expect(late.received.toString()).toContain('"content":" four"');
		expect(late.received.toString()).not.toContain('"finish_reason":"');
		expect(late.received.toString()).not.toContain('\r\n0\r\n');
	});

	test('drops half of a whole answer under its full content-length', async () => {
		await start({ do: 'cut' });
		const client = requestRaw(simulator.baseUrl, ask);
		expect(await client.ended).toBe('fin');
		const promised = Number(/content-length: (\d+)/.exec(client.received.toString())?.[1]);
		expect(bodyOf(client.received).byteLength).toBe(Math.floor(promised / 2));
	});
});

describe('stall', () => {
	test('falls silent after so many tokens', async () => {
		await start({ do: 'stall', afterTokens: 3 });
		const client = requestRaw(simulator.baseUrl, askStream);
		await client.has('"content":" three"');
		expect(await staysSilent(client)).toBe(true);
		expect(client.received.toString()).not.toContain('four');
	});

	test('falls silent in the middle of a whole answer', async () => {
		await start({ do: 'stall' });
		const client = requestRaw(simulator.baseUrl, ask);
		await client.has('"choices"');
		expect(await staysSilent(client)).toBe(true);
	});
});

describe('stale', () => {
	test('resets a connection that has carried a request, and answers on a new one', async () => {
		await start({ do: 'stale' });
		const agent = new Agent({ keepAlive: true, maxSockets: 1 });
		const post = () =>
			new Promise<string>((done) => {
				const sent = request(`${simulator.baseUrl}/chat/completions`, { agent, method: 'POST' }, (response) =>
					text(response).then((body) => done(JSON.parse(body).choices[0].message.content)),
				);
				sent.on('error', ({ code }: NodeJS.ErrnoException) => done(String(code)));
				sent.end(JSON.stringify(ask));
			});
		expect([await post(), await post(), await post()]).toEqual([
			'one two three four',
			'ECONNRESET',
			'one two three four',
		]);
		agent.destroy();
	});
});

describe.each([
	['comments', { do: 'comments', pause: 60 }, / still working\n\n.*"content":"one"/s],
	['slow', { do: 'slow', pause: 20 }, /"content":"one"/],
	['quiet', { do: 'quiet', afterTokens: 2, pause: 60 }, /"content":" two"/],
] as const)('%s', (_, step, pattern) => {
	test.each([true, false])('answers in the end (streamed: %s), late', async (stream) => {
		await start(step);
		const begun = performance.now();
		const body = JSON.stringify({ ...ask, stream });
		const reply = await fetch(`${simulator.baseUrl}/chat/completions`, { method: 'POST', body });
		const answered = await reply.text();
		expect(answered).toMatch(stream ? pattern : /one two three four/);
		if (stream) expect(answered).toMatch(/\[DONE\]\n\n$/);
		if (stream || step.do !== 'slow') expect(performance.now() - begun).toBeGreaterThan(55);
	});
});

describe('error-event', () => {
	test('comes in the stream after so many tokens, with no [DONE]', async () => {
		const client = await start({ do: 'error-event', afterTokens: 2, status: 529 });
		const { text, error } = await readUntilBroken(client);
		expect(text).toBe('one two');
		expect(error).toBeInstanceOf(OpenAI.APIError);
		expect(error).toMatchObject({ type: 'overloaded_error' });
		const reply = await fetch(`${simulator.baseUrl}/chat/completions`, {
			method: 'POST',
			body: JSON.stringify(askStream),
		});
		const events = (await reply.text()).trim().split('\n\n');
		expect(events.at(-1)).toMatch(/^data: \{"error":\{/);
	});

	test('is the whole body of a 200 that is not streamed', async () => {
		await start({ do: 'error-event', message: 'Upstream lost.' });
		const reply = await fetch(`${simulator.baseUrl}/chat/completions`, { method: 'POST', body: JSON.stringify(ask) });
		expect(reply.status).toBe(200);
		expect(await reply.json()).toEqual({
			error: { message: 'Upstream lost.', type: 'server_error', param: null, code: 'server_is_overloaded' },
		});
	});
});

/** What Breakwater makes of a streamed answer, put together. */
async function assembled() {
	const response = await fetch(`${simulator.baseUrl}/chat/completions`, {
		method: 'POST',
		body: JSON.stringify(askStream),
	});
	const text = await response.text();
	const reader = new ChatStreamReader({ model: 'm', maxEventLength: 100_000, choices: 1 });
	const writer = new ChatDocumentWriter('1');
	for (const event of [...reader.feed(Buffer.from(text)), ...reader.finish()]) writer.add(event);
	return { text, state: reader.state, choice: JSON.parse(writer.whole()).choices[0] };
}

describe('what the reader of streams makes right', () => {
	test('message-chunks', async () => {
		await start({ do: 'message-chunks' });
		const { text, state, choice } = await assembled();
		expect(text).toContain('"message":{"role":"assistant","content":"one two"}');
		expect(state).toEqual({ is: 'whole' });
		expect(choice).toMatchObject({ message: { content: 'one two three four' }, finish_reason: 'stop' });
	});

	test('mixed-calls', async () => {
		const client = await start({ do: 'mixed-calls' });
		const { choice } = await assembled();
		const calls = ['Delft', 'Gouda'].map((city) => ({
			function: { name: 'look_up', arguments: `{"city":"${city}"}` },
		}));
		expect(choice).toMatchObject({ message: { tool_calls: calls }, finish_reason: 'tool_calls' });
		const document = await client.chat.completions.create(ask);
		expect(document.choices[0]?.message.tool_calls).toHaveLength(2);
	});
});

describe('finish', () => {
	test('ends an answer with any reason, streamed or not', async () => {
		const client = await start({ do: 'finish', reason: 'network_error', afterTokens: 2 });
		const document = await client.chat.completions.create(ask);
		expect(document.choices[0]).toMatchObject({ message: { content: 'one two' }, finish_reason: 'network_error' });
		const { text, error } = await readUntilBroken(client);
		expect([text.replaceAll('undefined', ''), error]).toEqual(['one two', undefined]);
	});
});

test('stray-error is an error on a line of its own', async () => {
	await start({ do: 'stray-error', afterTokens: 1, code: 'context_length_exceeded' });
	const { text, state } = await assembled();
	expect(text).toMatch(/\nerror: \{"message"/);
	expect(state).toMatchObject({
		is: 'error',
		error: { identifiers: expect.arrayContaining(['context_length_exceeded']) },
	});
});
