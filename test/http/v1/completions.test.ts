import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventsOf, startGateway, type TestGateway } from '../../helpers/gateway.ts';
import { chunksOf, completes, resets, status, streams } from '../../helpers/upstream.ts';
import { wallAnswer } from '../../helpers/wall-answer.ts';

const { text, half } = wallAnswer;
const head = { id: 'cmpl-test', object: 'text_completion', created: 7, model: 'base' };
const usage = { prompt_tokens: 2, completion_tokens: 3, total_tokens: 5 };

const choice = (said: string, finish: string | null = null, more: object = {}) => ({
	text: said,
	index: 0,
	logprobs: null,
	finish_reason: finish,
	...more,
});
const chunk = (said: string, finish: string | null = null) => ({ ...head, choices: [choice(said, finish)] });
const whole = { ...head, choices: [choice(text, 'stop')], usage };

let setup: TestGateway;
beforeAll(async () => {
	setup = await startGateway({
		names: ['a', 'b', 'c'],
		providers: { c: { endpoints: ['chat'] } },
		profiles: {
			pair: { chain: ['a/model-a', 'b/model-b'] },
			mixed: { chain: ['a/model-a', 'c/model-c'] },
			chat: { chain: ['c/model-c'] },
		},
		policy: { breaker: { failureThreshold: 1000 } },
	});
});
afterAll(() => setup.close());
afterEach(() => expect(setup.crashes).toEqual([]));

const ask = (body: object) =>
	fetch(`${setup.origin}/v1/completions`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ model: 'pair', prompt: 'The harbour', ...body }),
	});

/** What a provider was asked last, and where. */
function askedOf(name: string) {
	const request = setup.upstream(name).requests.at(-1);
	return { path: request?.path, body: request?.json as Record<string, unknown> };
}

function textOf(body: string): string {
	const events = eventsOf(body);
	expect(events.at(-1)).toBe('[DONE]');
	return events
		.slice(0, -1)
		.map((event) => JSON.parse(event).choices[0]?.text ?? '')
		.join('');
}

describe('a completion', () => {
	it('fails over, and comes back byte for byte, as it was asked', async () => {
		setup.upstream('a').next(status(503));
		setup.upstream('b').next(completes(whole));
		const response = await ask({ suffix: ' End.', echo: true, best_of: 2, logprobs: 1, unknown: 1.0 });
		expect(await response.text()).toBe(JSON.stringify(whole));
		expect(response.headers.get('x-breakwater-target')).toBe('b/model-b');
		expect(askedOf('b')).toEqual({
			path: '/v1/completions',
			body: {
				model: 'model-b',
				prompt: 'The harbour',
				suffix: ' End.',
				echo: true,
				best_of: 2,
				logprobs: 1,
				unknown: 1,
			},
		});
		expect(setup.records.at(-1)).toMatchObject({ outcome: 'done', tokens: [{ input: 2, output: 3 }] });
	});

	it.each([[[1, 2, 3]], [['One', 'Two']], [[[1, 2], [3]]]])(
		'has prompts as the caller gives them: %j',
		async (prompt) => {
			const several = { ...whole, choices: [choice('a', 'stop'), choice('b', 'stop', { index: 1 })] };
			setup.upstream('a').next(completes(several));
			expect(await (await ask({ prompt })).json()).toEqual(several);
			expect(askedOf('a').body.prompt).toEqual(prompt);
		},
	);

	it('is streamed as it comes', async () => {
		const chunks = [chunk('The '), chunk('wall', 'stop'), { ...head, choices: [], usage }];
		setup.upstream('a').next(streams(chunks));
		const response = await ask({ stream: true, stream_options: { include_usage: true } });
		expect(eventsOf(await response.text())).toEqual([...chunks.map((one) => JSON.stringify(one)), '[DONE]']);
	});

	it('that breaks goes on at another provider, from the prompt and what was said', async () => {
		setup.upstream('a').next(streams([chunk(half)], { end: 'cut' }));
		setup.upstream('b').next(streams([chunk(text.slice(46, 60)), chunk(text.slice(60), 'stop')]));
		const body = await (await ask({ stream: true })).text();
		expect(textOf(body)).toBe(text);
		expect(askedOf('b').body.prompt).toBe(`The harbour${half}`);
		const values = eventsOf(body)
			.slice(0, -1)
			.map((event) => JSON.parse(event));
		expect(new Set(values.map(({ id }) => id))).toEqual(new Set(['cmpl-test']));
		expect(values.flatMap(({ choices }) => choices).filter((one) => one.finish_reason !== null)).toHaveLength(1);
		expect(setup.records.at(-1)?.trace).toMatchObject([
			{ outcome: 'failed' },
			{ way: 'prefill', outcome: 'succeeded' },
		]);
	});

	it('of several texts ends in an error where it breaks', async () => {
		setup.upstream('a').next(streams([chunk(half)], { end: 'cut' }));
		const body = await (await ask({ stream: true, suffix: 'x' })).text();
		expect(body).not.toContain('[DONE]');
		expect(JSON.parse(eventsOf(body).at(-1) ?? '').error.code).toBe('stream_interrupted');
	});

	it('that is no completion is not taken for one', async () => {
		setup.upstream('a').next(completes({ ...head, choices: [{ index: 0 }] }));
		setup.upstream('b').next(completes({ error: { message: 'No', type: 'server_error' } }));
		expect((await ask({})).status).toBe(502);
	});

	it.each([
		['prompt', {}],
		['prompt', { prompt: [] }],
		['prompt', { prompt: ['a', 7] }],
		['prompt', { prompt: [[]] }],
		['n', { prompt: 'a', n: 0 }],
		['stream', { prompt: 'a', stream: 'yes' }],
	])('is refused where nobody could answer it: %s %j', async (param, body) => {
		const response = await ask({ prompt: undefined, ...body });
		expect(response.status).toBe(400);
		expect(((await response.json()) as { error: { param: string } }).error.param).toBe(param);
	});
});

it('a request with messages is told where it belongs', async () => {
	const response = await ask({ prompt: undefined, messages: [] });
	expect(await response.json()).toMatchObject({
		error: { param: 'prompt', message: expect.stringMatching(/belongs to POST \/v1\/chat\/completions/) },
	});
});

describe('a completion that a chat model answers', () => {
	it('is asked for as a message of the user, and comes back as a completion', async () => {
		setup.upstream('a').next(resets());
		const response = await ask({ model: 'mixed', max_tokens: 9, stop: ['x'] });
		expect(await response.json()).toMatchObject({
			object: 'text_completion',
			model: 'model-c',
			choices: [{ index: 0, text: 'ok', finish_reason: 'stop', logprobs: null }],
			usage: { prompt_tokens: 5 },
		});
		expect(askedOf('c')).toEqual({
			path: '/v1/chat/completions',
			body: {
				model: 'model-c',
				messages: [{ role: 'user', content: 'The harbour' }],
				max_tokens: 9,
				stop: ['x'],
			},
		});
	});

	it('goes on where a model that completes texts broke off', async () => {
		setup.upstream('a').next(streams([chunk(half)], { end: 'cut' }));
		setup.upstream('c').next(streams(chunksOf(text.slice(text.indexOf('1862')), { includeUsage: true })));
		const body = await (await ask({ model: 'mixed', stream: true, stream_options: { include_usage: true } })).text();
		expect(textOf(body)).toBe(text);
		const values = eventsOf(body)
			.slice(0, -1)
			.map((event) => JSON.parse(event));
		expect(new Set(values.map(({ id, object }) => `${id} ${object}`))).toEqual(new Set(['cmpl-test text_completion']));
		expect(values.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 5 } });
	});

	it.each([
		['suffix', { suffix: 'x' }],
		['echo', { echo: true }],
		['logprobs', { logprobs: 0 }],
		['best_of', { best_of: 3 }],
		['several prompts', { prompt: ['a', 'b'] }],
		['a prompt of tokens', { prompt: [1, 2] }],
	])('cannot have %s', async (what, body) => {
		const response = await ask({ model: 'chat', ...body });
		expect(response.status).toBe(400);
		expect(await response.json()).toMatchObject({
			error: { code: 'not_carried', message: expect.stringContaining(what) },
		});
	});

	it('is passed over for one that completes texts, where it cannot be told all', async () => {
		setup.upstream('a').next(completes(whole));
		const response = await ask({ model: 'mixed', suffix: 'x' });
		expect(response.status).toBe(200);
		expect(response.headers.get('x-breakwater-passed-over') ?? '').toContain('suffix');
	});
});
