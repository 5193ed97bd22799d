import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { continuationInstruction } from '../../src/dialects/openai-chat/continued-messages.ts';
import { contentOf, eventsOf, type GatewaySetup, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { model, shownText } from '../helpers/model.ts';
import { answers, chunkOf, chunksOf, hangs, status, streams } from '../helpers/upstream.ts';

let breakwater: TestGateway;

afterEach(() => breakwater.close());

const answer =
	'The harbour wall was built in 1862 — by hand, stone by stone — and it has kept the storms out of the town since. 🌊 Nobody remembers who paid.';

async function start(setup: GatewaySetup = {}): Promise<TestGateway> {
	breakwater = await startGateway({
		...setup,
		policy: { timeouts: { idle: '600ms', firstToken: '2s' }, ...setup.policy },
	});
	return breakwater;
}

function messagesTo(name: string): { role: string; content: string }[] {
	const body = breakwater.upstream(name).requests[0]?.json as { messages: [] } | undefined;
	return body?.messages ?? [];
}

type Event = { id: string; model: string; choices: { delta: Record<string, unknown>; finish_reason: string | null }[] };

function parsed(text: string): Event[] {
	return eventsOf(text)
		.filter((data) => data !== '[DONE]')
		.map((data) => JSON.parse(data));
}

describe('a stream that breaks', () => {
	const breaks = {
		'a cut': 'cut',
		'a clean end': 'close',
		'a stall': 'stall',
		'an error event': { error: { message: 'overloaded', type: 'overloaded_error' } },
	} as const;

	it.each(Object.entries(breaks))('with %s is finished by the next provider', async (_name, breaksWith) => {
		const { upstream, post, records, health } = await start();
		upstream('a').next(model({ answer, breaksAfter: 60, breaksWith }));
		upstream('b').next(model({ answer }));
		expect(await contentOf(await post({ stream: true }))).toBe(answer);
		expect(upstream('b').requests).toHaveLength(1);
		expect(records).toMatchObject([{ outcome: 'done', target: 'b/model-b' }]);
		expect(records[0]?.trace).toMatchObject([
			{ target: 'a/model-a', outcome: 'failed', way: 'fresh' },
			{ target: 'b/model-b', outcome: 'succeeded', way: 'instruct', seam: { sent: 60 } },
		]);
		expect(await health()).toMatchObject({ a: { consecutiveFailures: 1 }, b: { consecutiveFailures: 0 } });
	});

	it('is one stream to the client: one id, one role, one finish, one usage, one end, and the true models', async () => {
		const { upstream, post } = await start();
		upstream('a').next(model({ answer, breaksAfter: 60 }));
		upstream('b').always(model({ answer, repeats: 'half' }));
		const text = await (await post({ stream: true, stream_options: { include_usage: true } })).text();
		const events = parsed(text);
		expect(new Set(events.map(({ id }) => id)).size).toBe(1);
		expect(events.filter(({ choices }) => choices[0]?.delta.role !== undefined)).toHaveLength(1);
		expect(events.filter(({ choices }) => choices[0]?.finish_reason)).toHaveLength(1);
		expect(events.filter((event) => 'usage' in event && event.usage)).toMatchObject([
			{ choices: [], failover: { usage: [{ target: 'a/model-a', usage: null }, { target: 'b/model-b' }] } },
		]);
		expect(text.match(/\[DONE\]/g)).toHaveLength(1);
		expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
		expect(text).toContain('\n: ');
	});

	it('shows the next model what was sent, with an instruction, or as a prefill where the model takes one', async () => {
		const facts = { models: { 'model-b': { prefill: true } } };
		const { upstream, post } = await start({ providers: { b: facts } });
		upstream('a').always(model({ answer, breaksAfter: 60 }));
		upstream('b').next(model({ answer }));
		expect(await contentOf(await post({ stream: true }))).toBe(answer);
		expect(messagesTo('b').at(-1)).toEqual({ role: 'assistant', content: answer.slice(0, 60).trimEnd() });
	});

	it('is carried on by instruction where a prefill is refused, now and from then on', async () => {
		const { upstream, post } = await start({ providers: { b: { models: { 'model-b': { prefill: true } } } } });
		const refusal = status(400, { error: { message: 'This model does not support assistant message prefill.' } });
		upstream('a').always(model({ answer, breaksAfter: 60 }));
		upstream('b').next(refusal, model({ answer }), model({ answer }));
		expect(await contentOf(await post({ stream: true }))).toBe(answer);
		expect(await contentOf(await post({ stream: true }))).toBe(answer);
		const asked = upstream('b').requests.map(
			({ json }) => (json as { messages: { content: string }[] }).messages.at(-1)?.content,
		);
		expect(asked.slice(1)).toEqual([continuationInstruction, continuationInstruction]);
	});

	it.each(['half', 'everything'] as const)('is carried on with one call by one that repeats %s', async (repeats) => {
		const { upstream, post, records } = await start();
		upstream('a').next(model({ answer, breaksAfter: 60 }));
		upstream('b').always(model({ answer, repeats }));
		expect(await contentOf(await post({ stream: true }))).toBe(answer);
		expect(records[0]?.trace).toMatchObject([{ outcome: 'failed' }, { way: 'instruct', outcome: 'succeeded' }]);
	});

	it('is carried on by one that only goes on, which is asked again from further back', async () => {
		const { upstream, post, records } = await start();
		upstream('a').next(model({ answer, breaksAfter: 60 }));
		upstream('b').always(model({ answer, repeats: 'nothing' }));
		expect(await contentOf(await post({ stream: true }))).toBe(answer);
		expect(records[0]?.trace).toMatchObject([
			{ target: 'a/model-a', outcome: 'failed' },
			{ target: 'b/model-b', way: 'instruct', failure: { reason: 'seam_ambiguous' } },
			{ target: 'b/model-b', way: 'rewind', outcome: 'succeeded', seam: { sent: 60 } },
		]);
	});

	it('is not finished by a model that has nothing to say', async () => {
		const { upstream, post } = await start();
		upstream('a').next(model({ answer, breaksAfter: 60 }));
		upstream('a').always(status(503));
		upstream('b').always(streams([chunkOf({ role: 'assistant', content: '' }), chunkOf({}, 'stop')]));
		const text = await (await post({ stream: true })).text();
		expect(text).not.toContain('[DONE]');
		expect(text).toContain('stream_interrupted');
	});

	it('is carried on by instruction where a prefill is refused without a reason', async () => {
		const { upstream, post } = await start({ providers: { b: { models: { 'model-b': { prefill: true } } } } });
		upstream('a').next(model({ answer, breaksAfter: 60 }));
		upstream('b').next(
			status(400, { error: { message: 'Invalid request', type: 'invalid_request_error' } }),
			model({ answer }),
		);
		expect(await contentOf(await post({ stream: true }))).toBe(answer);
	});

	it.each(['nothing', 'last words'] as const)('keeps a line that stands twice: %s is repeated', async (repeats) => {
		const line = 'rowing on and on and on, the sea is calm;\n';
		const { upstream, post } = await start();
		upstream('a').next(model({ answer: line.repeat(2), breaksAfter: line.length }));
		upstream('b').always(model({ answer: line.repeat(2), repeats }));
		expect(await contentOf(await post({ stream: true }))).toBe(line.repeat(2));
	});

	it('twice is finished by the third', async () => {
		const { upstream, post } = await start({ names: ['a', 'b', 'c'] });
		upstream('a').next(model({ answer, breaksAfter: 30 }));
		upstream('b').next(model({ answer, breaksAfter: 50 }));
		upstream('c').always(model({ answer, repeats: 'everything' }));
		expect(await contentOf(await post({ stream: true }))).toBe(answer);
	});

	it('goes back to the first provider when the last one breaks too', async () => {
		const { upstream, post } = await start();
		upstream('a').next(model({ answer, breaksAfter: 30 }), model({ answer }));
		upstream('b').next(model({ answer, breaksAfter: 50 }));
		expect(await contentOf(await post({ stream: true }))).toBe(answer);
	});

	it('passes over a fallback that is silent, refuses, or is down', async () => {
		const { upstream, post } = await start({ names: ['a', 'b', 'c', 'd'] });
		upstream('a').next(model({ answer, breaksAfter: 30 }));
		upstream('b').next(hangs());
		upstream('c').next(status(503));
		upstream('d').next(model({ answer }));
		expect(await contentOf(await post({ stream: true }))).toBe(answer);
	});

	it('right after the finish reason, before [DONE] or the usage, is whole', async () => {
		const { upstream, post } = await start();
		upstream('a').next(streams(chunksOf('all of it'), { end: 'cut' }));
		expect(await contentOf(await post({ stream: true }))).toBe('all of it');
		expect(upstream('b').requests).toHaveLength(0);
	});

	it('in its reasoning begins its answer with the next provider', async () => {
		const { upstream, post } = await start();
		upstream('a').next(
			streams([chunkOf({ role: 'assistant' }), chunkOf({ reasoning_content: 'Hm.' })], { end: 'cut' }),
		);
		upstream('b').next(model({ answer }));
		expect(await contentOf(await post({ stream: true }))).toBe(answer);
	});
});

it('malformed events are left out of a stream, and counted', async () => {
	const { upstream, post, records } = await start();
	const [role, ...words] = chunksOf('all of it');
	upstream('a').next(streams([role ?? {}, 'garbage', ...words.slice(0, 2), '[]', ...words.slice(2)]));
	expect(await contentOf(await post({ stream: true }))).toBe('all of it');
	expect(records).toMatchObject([{ outcome: 'done', skippedEvents: 2 }]);
});

describe('a stream that cannot be carried on honestly ends with an error', () => {
	async function expectInterrupted(body: object = {}): Promise<void> {
		const text = await (await breakwater.post({ stream: true, ...body })).text();
		const last = JSON.parse(eventsOf(text).at(-1) ?? '');
		expect(last).toMatchObject({
			error: { code: 'stream_interrupted' },
			failover: { attempts: [{ target: 'a/model-a' }] },
		});
		expect(text).not.toContain('[DONE]');
	}

	it.each([
		['several answers', { n: 2 }],
		['probabilities', { logprobs: true }],
		['a document of a schema', { response_format: { type: 'json_schema', json_schema: { name: 'x', schema: {} } } }],
		['JSON', { response_format: { type: 'json_object' } }],
	])('%s', async (_name, body) => {
		const { upstream } = await start();
		upstream('a').next(model({ answer, breaksAfter: 60 }));
		await expectInterrupted(body);
		expect(upstream('b').requests).toHaveLength(0);
	});

	it('more text than is kept', async () => {
		const { upstream } = await start({ policy: { continuation: { retainedText: '1KB' } } });
		upstream('a').next(model({ answer: 'long '.repeat(400), breaksAfter: 1500 }));
		await expectInterrupted();
	});

	it('every target denied at that moment, a category that does not qualify, no continuation allowed', async () => {
		const { upstream } = await start({ policy: { continuation: { maxContinuations: 0 } } });
		upstream('a').next(model({ answer, breaksAfter: 60 }));
		await expectInterrupted();
		expect(upstream('b').requests).toHaveLength(0);
	});

	it('a fallback that wrote something else', async () => {
		const { upstream } = await start();
		upstream('a').always(model({ answer, breaksAfter: 60 }));
		upstream('b').always(
			model({ answer: `${answer.slice(0, 40)} no, that is all wrong, it was built in 1900.`, repeats: 'everything' }),
		);
		const text = await (await breakwater.post({ stream: true })).text();
		expect(text).not.toContain('all wrong');
	});
});

describe('calls of tools', () => {
	const part = (index: number, fields: object, text: string) => ({ index, ...fields, function: { arguments: text } });
	const begin = chunkOf({ role: 'assistant', content: null });
	const first = [
		chunkOf({
			tool_calls: [part(0, { id: 'call_1', type: 'function', function: { name: 'one', arguments: '' } }, '')],
		}),
		chunkOf({ tool_calls: [part(0, {}, '{"a":')] }),
		chunkOf({ tool_calls: [part(0, {}, '1}')] }),
	];
	const whole = [
		begin,
		...first,
		chunkOf({ tool_calls: [part(1, { id: 'call_2', type: 'function' }, '{}')] }),
		chunkOf({}, 'tool_calls'),
	];

	it('that break inside their arguments are restarted unseen', async () => {
		const { upstream, openai } = await start();
		upstream('a').next(streams([begin, ...first.slice(0, 2)], { end: 'cut' }));
		upstream('b').next(streams(whole));
		const stream = await openai.chat.completions.create({
			model: 'default',
			messages: [{ role: 'user', content: 'x' }],
			stream: true,
		});
		const calls: Record<number, { id: string; text: string }> = {};
		for await (const { choices } of stream) {
			for (const { index, id, function: part } of choices[0]?.delta.tool_calls ?? []) {
				const before = calls[index] ?? { id: '', text: '' };
				calls[index] = { id: before.id + (id ?? ''), text: before.text + (part?.arguments ?? '') };
			}
		}
		expect(calls).toEqual({ 0: { id: 'call_1', text: '{"a":1}' }, 1: { id: 'call_2', text: '{}' } });
	});
});

describe('commit: complete', () => {
	it('delivers only whole answers, and starts over freely', async () => {
		const { upstream, post } = await start({ profiles: { safe: { extends: 'default', commit: 'complete' } } });
		upstream('a').next(model({ answer, breaksAfter: 60 }));
		upstream('b').next(model({ answer: 'Another answer.' }));
		expect(await contentOf(await post({ model: 'safe', stream: true }))).toBe('Another answer.');
		expect(shownText(messagesTo('b'))).toBe('');
	});
});

describe('streamUpstream', () => {
	it('puts a streamed answer together for a caller without a stream, and carries it on', async () => {
		const { upstream, openai } = await start({ profiles: { patient: { extends: 'default', streamUpstream: true } } });
		upstream('a').next(model({ answer, breaksAfter: 60 }));
		upstream('b').next(model({ answer }));
		const { choices, usage, object } = await openai.chat.completions.create({
			model: 'patient',
			messages: [{ role: 'user', content: 'x' }],
		});
		expect(choices[0]).toMatchObject({ message: { role: 'assistant', content: answer }, finish_reason: 'stop' });
		expect({ object, total: usage?.total_tokens }).toEqual({
			object: 'chat.completion',
			total: 10 + answer.length - answer.indexOf('— by hand'),
		});
	});

	it('is the same answer as one that was not streamed', async () => {
		const { upstream, post } = await start({ providers: { a: { streamUpstream: true } } });
		upstream('a').next(answers('the same'));
		expect(await (await post()).json()).toMatchObject({
			choices: [{ message: { content: 'the same' }, finish_reason: 'stop' }],
		});
		expect(upstream('a').requests[0]?.json).toMatchObject({ stream: true });
	});
});

it('a client that leaves while providers are switched aborts the second attempt', async () => {
	const { upstream, post } = await start({ policy: { timeouts: { firstToken: '9s' } } });
	upstream('a').next(model({ answer, breaksAfter: 60 }));
	upstream('b').next(hangs());
	const leaving = new AbortController();
	const response = await post({ stream: true }, { signal: leaving.signal });
	await expect.poll(() => upstream('b').requests.length).toBe(1);
	leaving.abort();
	await response.text().catch(() => '');
	await expect.poll(() => upstream('b').aborted).toBe(1);
});

it('whatever breaks, wherever, however the next one goes on: the whole answer exactly, or an error', async () => {
	const { upstream, post } = await start({
		policy: { breaker: { failureThreshold: 10_000, minimumVolume: 1_000_000 } },
	});
	const texts = fc.oneof(
		fc.constant(answer),
		fc.lorem({ maxCount: 12 }),
		fc.string({ unit: fc.constantFrom('a', 'b', ' '), minLength: 1, maxLength: 40 }),
		fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
	);
	const repeats = fc.constantFrom('nothing', 'half', 'everything', 'last words');
	const lengths = fc.integer({ min: 1, max: 9 });
	let whole = 0;
	await fc.assert(
		fc.asyncProperty(
			texts,
			fc.double({ min: 0, max: 1, noNaN: true }),
			repeats,
			lengths,
			lengths,
			async (text, where, how, pieceLength, chunkBytes) => {
				const breaksAfter = Math.floor(where * text.length);
				upstream('a').next(model({ answer: text, breaksAfter, pieceLength, chunkBytes: chunkBytes * 20 }));
				upstream('b').always(model({ answer: text, repeats: how, pieceLength }));
				upstream('a').always(model({ answer: text, repeats: how, pieceLength }));
				const body = await (await post({ stream: true })).text();
				const events = eventsOf(body);
				if (events.at(-1) !== '[DONE]') {
					expect(events.at(-1)).toContain('"error"');
					return;
				}
				const said = parsed(body)
					.map(({ choices }) => choices[0]?.delta.content ?? '')
					.join('');
				expect(said).toBe(text);
				whole++;
			},
		),
		{ numRuns: 150 },
	);
	expect(whole).toBeGreaterThan(75);
});

it('a document that several attempts write has one limit for all of them, and error rules see when it is too large', async () => {
	const long = Array.from({ length: 40 }, (_, index) => `Sentence number ${index} is like no other here. `).join('');
	const { upstream, post, records } = await start({
		server: { answerLimit: '12KB' },
		profiles: { default: { chain: ['a/model-a', 'b/model-b'], streamUpstream: true } },
		errorRules: [{ code: 'answer_too_large', as: 'SERVER_ERROR.endless' }],
	});
	upstream('a').next(model({ answer: long, breaksAfter: Math.floor(long.length * 0.6) }));
	upstream('b').next(model({ answer: long }));
	await (await post()).text();
	expect(records[0]?.trace.at(-1)).toMatchObject({ failure: { category: 'SERVER_ERROR', reason: 'endless' } });
});
