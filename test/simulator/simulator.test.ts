import { createHook } from 'node:async_hooks';
import OpenAI from 'openai';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Simulation } from '../../src/contract/simulation.ts';
import { continuationInstruction } from '../../src/dialects/openai-chat/continued-messages.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/simulator.ts';
import { soon } from '../helpers/gateway.ts';
import { requestRaw } from '../helpers/raw-client.ts';

const messages = [{ role: 'user' as const, content: 'say something kind' }];
const prompt = { model: 'gpt-x/large', messages };
const simulation: Simulation = { firstToken: 0, tokenInterval: 0, tokens: 20, script: [] };

let simulator: Simulator;

afterEach(() => simulator.close());

async function start(changes: Partial<Simulation> = {}, options: SimulatorOptions = {}) {
	simulator = await startSimulator('alpha', { ...simulation, ...changes }, options);
	return new OpenAI({ baseURL: simulator.baseUrl, apiKey: 'none', maxRetries: 0 });
}

function words(text: string | null | undefined) {
	return text?.split(' ') ?? [];
}

describe('an answer', () => {
	test('names the simulated provider and model, says that it is simulated, and is `tokens` words long', async () => {
		const client = await start();
		const reply = await client.chat.completions.create(prompt);
		expect(reply).toMatchObject({
			id: expect.stringMatching(/^chatcmpl-/),
			object: 'chat.completion',
			model: 'gpt-x/large',
			choices: [{ index: 0, message: { role: 'assistant', refusal: null }, finish_reason: 'stop' }],
			usage: { prompt_tokens: 3, completion_tokens: 20, total_tokens: 23 },
		});
		const text = reply.choices[0]?.message.content;
		expect(words(text)).toHaveLength(20);
		expect(text).toMatch(/simulated.*provider alpha.*model gpt-x\/large/);
	});

	test.each([0, 1, 5, 1000])('can be %i words long', async (tokens) => {
		const client = await start({ tokens });
		const reply = await client.chat.completions.create(prompt);
		expect(reply.choices[0]?.message.content?.match(/\S+/g) ?? []).toHaveLength(tokens);
		expect(reply.usage?.completion_tokens).toBe(tokens);
	});

	test('is the same each time, under an id of its own', async () => {
		const client = await start();
		const [first, second] = [
			await client.chat.completions.create(prompt),
			await client.chat.completions.create(prompt),
		];
		expect(first.choices).toEqual(second.choices);
		expect(first.id).not.toBe(second.id);
	});

	test('is the reply to the letter, white space and all', async () => {
		const reply = ' Zwei  Wörter\n\nund 🙂 ';
		const client = await start({ reply });
		const whole = await client.chat.completions.create(prompt);
		expect(whole.choices[0]?.message.content).toBe(reply);
		const stream = client.chat.completions.stream(prompt);
		expect(await stream.finalContent()).toBe(reply);
	});

	test.each(['max_tokens', 'max_completion_tokens'])('stops at %s', async (limit) => {
		const client = await start({ reply: 'one two three' });
		const reply = await client.chat.completions.create({ ...prompt, [limit]: 2 });
		expect(reply.choices[0]).toMatchObject({ message: { content: 'one two' }, finish_reason: 'length' });
		expect(reply.usage?.completion_tokens).toBe(2);
		const whole = await client.chat.completions.create({ ...prompt, [limit]: 3 });
		expect(whole.choices[0]?.finish_reason).toBe('stop');
	});
});

describe('a prefill', () => {
	test.each([
		['the same text', 'one tw', 'o three four'],
		['another text, by its length in words', 'uno due', ' three four'],
		['another text that ends in white space', 'uno due ', 'three four'],
		['the whole answer', 'one two three four', ''],
		['nothing', '', 'one two three four'],
	])('of %s is continued', async (_what, content, rest) => {
		const client = await start({ reply: 'one two three four' });
		const asked = { ...prompt, messages: [...messages, { role: 'assistant' as const, content }] };
		const reply = await client.chat.completions.create(asked);
		expect(reply.choices[0]?.message.content).toBe(rest);
	});

	test('may come in parts, and stand before an instruction to go on; another answer further up is none', async () => {
		const client = await start({ reply: 'one two three' });
		const parts = [
			{ type: 'text' as const, text: 'one ' },
			{ type: 'text' as const, text: 'two' },
		];
		const asked = [...messages, { role: 'assistant' as const, content: parts }];
		const continued = await client.chat.completions.create({ ...prompt, messages: asked });
		expect(continued.choices[0]?.message.content).toBe(' three');
		const turned = await client.chat.completions.create({ ...prompt, messages: [...asked, ...messages] });
		expect(turned.choices[0]?.message.content).toBe(' three');
		const instructed = [...asked, { role: 'user' as const, content: continuationInstruction }];
		const repeated = await client.chat.completions.create({ ...prompt, messages: instructed });
		expect(repeated.choices[0]?.message.content).toBe('one two three');
		const other = [...messages, { role: 'assistant' as const, content: 'another answer' }, ...messages];
		const again = await client.chat.completions.create({ ...prompt, messages: other });
		expect(again.choices[0]?.message.content).toBe('one two three');
	});
});

test.each([
	['exactly', 'one two three four'],
	['unasked', ' three four'],
	['trimmed', 'one two three four'],
	['capital', 'One two three four'],
	['paragraph', '\n\none two three four'],
	['code-block', '```text\none two three four'],
	['heading', '## The answer\n\none two three four'],
	['thinking', '<think>\nWhere did I stop?\n</think>\n\none two three four'],
] as const)('asked to go on, a model that does it like this: %s', async (continues, expected) => {
	const client = await start({ reply: 'one two three four', continues });
	const asked = (content: string) => [
		...messages,
		{ role: 'assistant' as const, content },
		{ role: 'user' as const, content: continuationInstruction },
	];
	const reply = await client.chat.completions.create({ ...prompt, messages: asked('one two') });
	expect(reply.choices[0]?.message.content).toBe(expected);
	// Another provider's text is taken for as many words of its own.
	const other = await client.chat.completions.create({ ...prompt, messages: asked('uno due') });
	expect(other.choices[0]?.message.content).toBe(
		expected.replace('one two', 'uno due').replace('One', 'Uno').replace('Uno two', 'Uno due'),
	);
});

describe('a stream', () => {
	test('is a role, a token per chunk, a finish reason and [DONE]', async () => {
		await start({ reply: 'one two' });
		const reply = await fetch(`${simulator.baseUrl}/chat/completions`, {
			method: 'POST',
			body: JSON.stringify({ ...prompt, stream: true }),
		});
		expect(reply.headers.get('content-type')).toMatch(/^text\/event-stream/);
		const events = (await reply.text()).trim().split('\n\n');
		expect(events.pop()).toBe('data: [DONE]');
		const chunks = events.map((event) => JSON.parse(event.replace(/^data: /, '')));
		expect(chunks.map(({ choices: [choice] }) => [choice.delta, choice.finish_reason])).toEqual([
			[{ role: 'assistant', content: '', refusal: null }, null],
			[{ content: 'one' }, null],
			[{ content: ' two' }, null],
			[{}, 'stop'],
		]);
		const heads = new Set(chunks.map(({ id, object, created, model }) => `${id} ${object} ${created} ${model}`));
		expect(heads.size).toBe(1);
		expect(chunks[0]).toMatchObject({ object: 'chat.completion.chunk', model: 'gpt-x/large' });
		expect(chunks.some((chunk) => 'usage' in chunk)).toBe(false);
	});

	test('ends with a usage chunk when asked for', async () => {
		const client = await start({ reply: 'one two' });
		const asked = { ...prompt, stream: true as const, stream_options: { include_usage: true } };
		const chunks = [];
		for await (const chunk of await client.chat.completions.create(asked)) chunks.push(chunk);
		expect(chunks.pop()).toMatchObject({
			choices: [],
			usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
		});
		expect(chunks.every((chunk) => chunk.usage === null)).toBe(true);
	});

	test('keeps its pace: the role at once, then the first token, then the interval', async () => {
		const [firstToken, tokenInterval] = [600, 15];
		const client = await start({ reply: 'one two three', firstToken, tokenInterval });
		const startedAt = performance.now();
		const arrivals: number[] = [];
		for await (const _ of await client.chat.completions.create({ ...prompt, stream: true })) {
			arrivals.push(performance.now() - startedAt);
		}
		const [role = 0, first = 0, second = 0, third = 0] = arrivals;
		// Timers are never early, but what has come may be read late.
		expect(role).toBeLessThan(firstToken);
		expect(first).toBeGreaterThan(firstToken - 2);
		expect(second).toBeGreaterThan(firstToken + tokenInterval - 2);
		expect(third).toBeGreaterThan(firstToken + 2 * tokenInterval - 2);
		expect(third).toBeLessThan(3 * firstToken);
	});

	test('that is not one waits for the first token only', async () => {
		const client = await start({ firstToken: 30, tokenInterval: 60_000 });
		const startedAt = performance.now();
		await client.chat.completions.create(prompt);
		expect(performance.now() - startedAt).toBeGreaterThanOrEqual(28);
	});
});

describe('refusals in the shape of OpenAI', () => {
	test.each([
		['{"model":', null],
		['[]', null],
		['{"messages":[{"role":"user"}]}', 'model'],
		['{"model":"secret-name"}', 'messages'],
		['{"model":"secret-name","messages":[]}', 'messages'],
		['{"model":"secret-name","messages":["secret-text"]}', 'messages'],
		['{"model":"secret-name","messages":[{}],"max_tokens":0}', 'max_tokens'],
		['{"model":"secret-name","messages":[{}],"max_completion_tokens":"9"}', 'max_completion_tokens'],
	])('400 for %s', async (body, param) => {
		await start({ script: [{ do: 'hang', requests: 1 }] });
		const reply = await fetch(`${simulator.baseUrl}/chat/completions`, { method: 'POST', body });
		expect(reply.status).toBe(400);
		const text = await reply.text();
		expect(JSON.parse(text)).toEqual({
			error: { message: expect.stringMatching(/\.$/), type: 'invalid_request_error', param, code: null },
		});
		expect(text).not.toContain('secret');
		expect([simulator.requestCount, simulator.step().do]).toEqual([0, 'hang']);
	});

	test('404 for what it does not know', async () => {
		const client = await start();
		await expect(client.embeddings.create({ model: 'm', input: 'x' })).rejects.toMatchObject({
			status: 404,
			type: 'invalid_request_error',
		});
	});
});

test('lists a model, in an outage too', async () => {
	const client = await start({ script: [{ do: 'status' }] });
	const list = await client.models.list();
	expect(list.data).toMatchObject([{ id: 'simulated', object: 'model', owned_by: 'alpha' }]);
	expect(simulator.requestCount).toBe(0);
});

describe('the script', () => {
	test('runs on the clock it is given', async () => {
		let now = 1_000_000;
		const script = [
			{ do: 'answer' as const, for: 60_000 },
			{ do: 'status' as const, for: 60_000 },
		];
		const client = await start({ script }, { now: () => now });
		const reply = await client.chat.completions.create(prompt);
		expect(reply.created).toBe(1000);
		now += 60_000;
		expect(simulator.step()).toBe(script[1]);
		await expect(client.chat.completions.create(prompt)).rejects.toMatchObject({ status: 503 });
		now += 60_000;
		await client.chat.completions.create(prompt);
		expect(simulator.requestCount).toBe(3);
	});

	test('runs on requests alone, and tells each step as it begins', async () => {
		const told: string[] = [];
		const client = await start(
			{
				script: [
					{ do: 'answer', requests: 1 },
					{ do: 'status', requests: 2 },
				],
			},
			{ onStep: (step) => told.push(step.do) },
		);
		const statuses = [];
		for (let i = 0; i < 4; i += 1) {
			const reply = await client.chat.completions
				.create(prompt)
				.asResponse()
				.catch((error) => error);
			statuses.push(reply.status);
		}
		expect(statuses).toEqual([200, 503, 503, 200]);
		expect(told).toEqual(['answer', 'status', 'answer', 'status']);
	});

	test('concerns one model alone where it names one, and counts its requests alone', async () => {
		const client = await start({
			script: [{ do: 'status', status: 500, model: 'broken', requests: 2 }, { do: 'answer' }],
		});
		const statusOf = async (model: string) => {
			const asked = client.chat.completions.create({ ...prompt, model }).asResponse();
			return (await asked.catch((error) => error)).status;
		};
		const statuses = [];
		for (const model of ['sound', 'broken', 'sound', 'broken', 'broken']) statuses.push(await statusOf(model));
		expect(statuses).toEqual([200, 500, 200, 500, 200]);
	});

	test('tells a step when its time comes, although nobody asks', async () => {
		const told: string[] = [];
		await start({ script: [{ do: 'answer', for: 300 }, { do: 'status' }] }, { onStep: (step) => told.push(step.do) });
		expect(told).toEqual(['answer']);
		await soon(() => expect(told).toEqual(['answer', 'status']));
	});
});

/** Times that nothing but the simulator waits for: connections and tests have timers of their own, which come and go. */
const [leastMs, mostMs] = [7_000_000, 8_000_000];

/** Counts the timers of the simulator that run, from now to the end of the test. */
function countTimers(): () => number {
	const running = new Set<number>();
	const hook = createHook({
		init(id, type, _trigger, timer: { _idleTimeout?: number }) {
			const ms = type === 'Timeout' ? (timer._idleTimeout ?? 0) : 0;
			if (ms > leastMs && ms < mostMs) running.add(id);
		},
		destroy: (id) => void running.delete(id),
	}).enable();
	onTestFinished(() => void hook.disable());
	return () => running.size;
}

describe('leaving', () => {
	test('close ends at once, with a hung request and a stream in the middle', async () => {
		await start({ script: [{ do: 'hang', requests: 1 }, { do: 'answer' }], firstToken: 60_000 });
		const hung = requestRaw(simulator.baseUrl, prompt);
		await soon(() => expect(simulator.requestCount).toBe(1));
		const streaming = requestRaw(simulator.baseUrl, { ...prompt, stream: true });
		await streaming.has('"role":"assistant"');
		const startedAt = performance.now();
		await simulator.close();
		await Promise.all([hung.ended, streaming.ended]);
		expect(performance.now() - startedAt).toBeLessThan(30_000);
		await expect(fetch(simulator.baseUrl)).rejects.toThrow();
		await simulator.close();
	});

	test('close ends the schedule of onStep', async () => {
		const told: string[] = [];
		const script = [{ do: 'answer' as const, for: 400 }, { do: 'status' as const }];
		await start({ script }, { onStep: (step) => told.push(step.do) });
		await simulator.close();
		await new Promise((resolve) => setTimeout(resolve, 500));
		expect(told).toEqual(['answer']);
	});

	test('a client that leaves stops its timers, and so does close', async () => {
		const timers = countTimers();
		const waitMs = 7_500_000;
		await start({ firstToken: waitMs, script: [{ do: 'answer', for: waitMs }] }, { onStep: () => {} });
		expect(timers()).toBe(1);
		const client = requestRaw(simulator.baseUrl, { ...prompt, stream: true });
		await soon(() => expect(timers()).toBe(2));
		client.socket.destroy();
		await soon(() => expect(timers()).toBe(1));
		requestRaw(simulator.baseUrl, { ...prompt, stream: true });
		await soon(() => expect(timers()).toBe(2));
		await simulator.close();
		await soon(() => expect(timers()).toBe(0));
	});
});

test.each([
	[{ firstToken: 2 ** 31 }, 'firstToken'],
	[{ tokenInterval: -1 }, 'tokenInterval'],
	[{ tokens: Number.NaN }, 'tokens'],
	[{ script: [{ do: 'answer' as const, for: 0 }] }, 'script[0].for'],
	[{ script: [{ do: 'answer' as const, requests: 0 }] }, 'script[0].requests'],
	[{ script: [{ do: 'status' as const, status: 200 }] }, 'script[0].status'],
])('refuses what it could not simulate: %o', async (changes, field) => {
	const starting = startSimulator('alpha', { ...simulation, ...changes });
	await expect(starting).rejects.toThrow(RangeError);
	await expect(starting).rejects.toThrow(`Simulated provider 'alpha': ${field} is `);
});
