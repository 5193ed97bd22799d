import { APIError } from 'openai';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventsOf, messages, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { type Behaviour, chunksOf, streams } from '../helpers/upstream.ts';

let breakwater: TestGateway;

beforeEach(async () => {
	breakwater = await startGateway({ policy: { continuation: { maxContinuations: 0 } } });
});

afterEach(() => breakwater.close());

const half = chunksOf('only half of it').slice(0, 3);
const error = { error: { message: 'The model crashed.', type: 'server_error', code: null } };

const breaks: [string, Behaviour, string, string | null][] = [
	['a cut', streams(half, { end: 'cut' }), 'NETWORK_ERROR', null],
	['an end without a finish', streams(half, { end: 'close' }), 'SERVER_ERROR', 'truncated'],
	['an error event', streams([...half, error]), 'SERVER_ERROR', null],
	['a stall', streams(half, { end: 'stall' }), 'TIMEOUT', 'idle'],
];

describe.each(breaks)('an answer that breaks by %s', (_name, behaviour, category, reason) => {
	beforeEach(async () => {
		if (reason === 'idle') {
			await breakwater.close();
			breakwater = await startGateway({
				policy: { timeouts: { idle: '500ms' }, continuation: { maxContinuations: 0 } },
			});
		}
		breakwater.upstream('a').next(behaviour);
	});

	test('ends in an error event and no [DONE], and is not started over', async () => {
		const response = await breakwater.post({ stream: true });
		const events = eventsOf(await response.text());
		expect(events.slice(0, 3).map((data) => JSON.parse(data))).toEqual(half);
		expect(events).toHaveLength(4);
		const { error: told, failover } = JSON.parse(events[3] ?? '');
		expect(told).toMatchObject({ code: 'stream_interrupted', type: 'server_error', param: null });
		expect(told.message).toContain('a/model-a');
		expect(failover).toMatchObject({ requestId: response.headers.get('x-breakwater-request-id'), profile: 'default' });
		expect(failover.attempts).toMatchObject([
			{ target: 'a/model-a', category, ...(reason === null ? {} : { reason }) },
		]);
		expect(breakwater.upstream('b').requests).toHaveLength(0);
		expect(breakwater.records).toMatchObject([{ outcome: 'failed', code: 'stream_interrupted' }]);
	});

	test('throws in the openai SDK, and counts against the provider', async () => {
		const stream = await breakwater.openai.chat.completions.create({ model: 'default', messages, stream: true });
		let text = '';
		const reading = async () => {
			for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
		};
		const thrown = await reading().catch((caught: unknown) => caught);
		expect(thrown).toBeInstanceOf(APIError);
		expect(thrown).toMatchObject({ code: 'stream_interrupted' });
		expect(text).toBe('only half ');
		expect((await breakwater.health()).a).toMatchObject({ consecutiveFailures: 1, lastFailure: { category } });
	});
});

test('breaks after the commit open the breaker like any other failure', async () => {
	breakwater.upstream('a').always(streams(half, { end: 'cut' }));
	for (let round = 0; round < 3; round++) await (await breakwater.post({ stream: true })).text();
	expect((await breakwater.health()).a).toMatchObject({ state: 'open', consecutiveFailures: 3 });
	const next = await breakwater.post({ stream: true });
	expect(next.headers.get('x-breakwater-target')).toBe('b/model-b');
});

test('a break after every choice was finished costs nothing', async () => {
	breakwater.upstream('a').next(streams(chunksOf('whole all the same'), { end: 'cut' }));
	const events = eventsOf(await (await breakwater.post({ stream: true })).text());
	expect(events.at(-1)).toBe('[DONE]');
	expect((await breakwater.health()).a).toMatchObject({ consecutiveFailures: 0 });
});
