import { afterEach, describe, expect, it } from 'vitest';
import { createLog, logObserver } from '../../src/observe/log/log.ts';
import { messageEvents, streamsMessage } from '../helpers/anthropic-shapes.ts';
import { type GatewaySetup, soon, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { anthropic, messagesRequest, postTo } from '../helpers/messages-per-test.ts';
import { answers, type Behaviour, chunkOf, chunksOf, completes, hangs, status, streams } from '../helpers/upstream.ts';
import { wallAnswer } from '../helpers/wall-answer.ts';
import { scrape, valuesOf } from '../observe/metrics/scrape.ts';

const { half: wallHalf, rest: wallRest } = wallAnswer;

let breakwater: TestGateway;
let lines: Record<string, unknown>[];
afterEach(() => breakwater.close());

/** A token of `a` is a hundred times as dear as one of `b`, and each attempt at `b` costs 1 USD, too. */
const dear = { models: { 'model-a': { price: { input: 100, output: 200, cachedInput: 10 } } } };
const cheap = { models: { 'model-b': { price: { input: 1, output: 2, perRequest: 1 } } } };

async function start(setup: GatewaySetup = {}): Promise<void> {
	lines = [];
	const log = createLog('info', undefined, { shown: { write: (line) => void lines.push(JSON.parse(line)) } });
	const providers = setup.providers ?? { a: dear, b: cheap };
	breakwater = await startGateway({ observe: () => logObserver(log), ...setup, providers });
}

const usage = { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 };
const costAtA = 0.12;
const costAtB = 1.0012;

/** A stream with its usage, of which the caller does not have to know. */
function streamed(text: string): Behaviour {
	return streams([...chunksOf(text), { ...chunkOf({}), choices: [], usage }]);
}

/** The header and the record of one call. */
async function costOfCall(body: object = {}) {
	const calls = breakwater.records.length;
	const response = await breakwater.post(body);
	await response.text().catch(() => '');
	await soon(() => expect(breakwater.records).toHaveLength(calls + 1));
	const record = breakwater.records[calls];
	return { header: response.headers.get('x-breakwater-cost-usd'), cost: record?.cost, record };
}

const loggedCost = () => {
	const { costUsd, cost } = lines.at(-1) ?? {};
	return { costUsd, cost };
};

async function counted() {
	const scraped = await scrape(breakwater.origin);
	return {
		usd: valuesOf(scraped, 'breakwater_cost_usd_total'),
		unknown: valuesOf(scraped, 'breakwater_unknown_costs_total'),
	};
}

describe('the cost of an answer', () => {
	it('is in the header of a document, its record, its trace, the log and the metrics', async () => {
		await start();
		breakwater
			.upstream('a')
			.next(answers('Hi', { usage: { ...usage, prompt_tokens_details: { cached_tokens: 500 } } }));
		const { header, cost, record } = await costOfCall();
		expect(header).toBe('0.075');
		expect(cost?.usd).toBeCloseTo(0.075, 12);
		expect(cost?.isComplete).toBe(true);
		expect(record?.trace).toMatchObject([{ target: 'a/model-a', costUsd: cost?.usd }]);
		expect(loggedCost()).toEqual({ costUsd: 0.075, cost: undefined });
		const { usd, unknown } = await counted();
		expect(Object.keys(usd)).toEqual(['{profile="default",target="a/model-a"}']);
		expect(Object.values(usd)[0]).toBeCloseTo(0.075, 12);
		expect(unknown).toEqual({});
	});

	it('of a stream is in all of these but the header, which is sent before it is known', async () => {
		await start();
		breakwater.upstream('a').next(streamed('Hello there'));
		const { header, cost } = await costOfCall({ stream: true });
		expect(header).toBeNull();
		expect(cost).toMatchObject({ usd: costAtA, isComplete: true });
		expect(loggedCost()).toEqual({ costUsd: costAtA, cost: undefined });
	});

	it('is counted for the caller by name', async () => {
		await start({ server: { clients: { ann: { key: 'the-key-of-ann-is-long' } } } });
		breakwater.upstream('a').next(answers('Hi', { usage }));
		const headers = { authorization: 'Bearer the-key-of-ann-is-long' };
		await (await breakwater.post({}, { headers })).text();
		await soon(() => expect(breakwater.records).toHaveLength(1));
		expect((await counted()).usd).toEqual({ '{client="ann",profile="default",target="a/model-a"}': costAtA });
	});

	it('is that of the target that was named', async () => {
		await start();
		breakwater.upstream('b').next(answers('Hi', { usage }));
		expect(await costOfCall({ model: 'b/model-b' })).toMatchObject({ header: '1.0012' });
		expect((await counted()).usd).toEqual({ '{profile="target",target="b/model-b"}': costAtB });
	});

	it('is 0 where the price is', async () => {
		await start({ providers: { a: { models: { 'model-a': { price: { input: 0, output: 0 } } } } } });
		breakwater.upstream('a').next(answers('Hi', { usage }));
		expect(await costOfCall()).toMatchObject({ header: '0', cost: { usd: 0, isComplete: true } });
		expect(loggedCost()).toEqual({ costUsd: 0, cost: undefined });
		expect((await counted()).unknown).toEqual({});
	});
});

describe('a cost that is not known', () => {
	const unknown = { usd: {}, unknown: { '{profile="default",target="a/model-a"}': 1 } };

	it('is said to be unknown, where the target has no price', async () => {
		await start({ providers: { b: cheap } });
		breakwater.upstream('a').next(answers('Hi', { usage }));
		const { header, cost } = await costOfCall();
		expect(header).toBeNull();
		expect(cost).toEqual({ isComplete: false, attempts: [{ target: 'a/model-a', isComplete: false }] });
		expect(loggedCost()).toEqual({ costUsd: undefined, cost: 'unknown' });
		expect(await counted()).toEqual(unknown);
	});

	it.each([
		['a document', false, answers('Hi', { usage: undefined })],
		['a stream', true, streams(chunksOf('Hi'))],
	])('is said to be unknown, where %s has no usage', async (_, stream, behaviour) => {
		await start();
		breakwater.upstream('a').next(behaviour);
		const { header, cost } = await costOfCall({ stream });
		expect(header).toBeNull();
		expect(cost).not.toHaveProperty('usd');
		expect(loggedCost()).toEqual({ costUsd: undefined, cost: 'unknown' });
		expect(await counted()).toEqual(unknown);
	});

	it('is no cost of one that failed before it wrote', async () => {
		await start();
		for (const name of ['a', 'b']) breakwater.upstream(name).next(status(500));
		const { record } = await costOfCall();
		expect(record).not.toHaveProperty('cost');
		expect(loggedCost()).toEqual({ costUsd: undefined, cost: undefined });
		expect(await counted()).toEqual({ usd: {}, unknown: {} });
	});
});

describe('the cost of several attempts', () => {
	it('is that of the one that answered, where the others failed before they wrote', async () => {
		await start();
		breakwater.upstream('a').next(status(500));
		breakwater.upstream('b').next(answers('Hi', { usage }));
		const { header, record } = await costOfCall();
		expect(header).toBe('1.0012');
		expect(record?.trace).toMatchObject([{ target: 'a/model-a' }, { target: 'b/model-b', costUsd: costAtB }]);
		expect(record?.trace[0]).not.toHaveProperty('costUsd');
	});

	it('has each part of a stream that broke at its own price, and is incomplete where one is not known', async () => {
		await start();
		breakwater.upstream('a').next(streams([chunkOf({ role: 'assistant', content: wallHalf })], { end: 'cut' }));
		breakwater.upstream('b').next(streamed(wallRest));
		const { cost, record } = await costOfCall({ stream: true });
		expect(record?.outcome).toBe('done');
		expect(cost).toEqual({
			usd: costAtB,
			isComplete: false,
			attempts: [
				{ target: 'a/model-a', isComplete: false },
				{ target: 'b/model-b', usd: costAtB, isComplete: true },
			],
		});
		expect(loggedCost()).toEqual({ costUsd: costAtB, cost: 'incomplete' });
		expect(await counted()).toEqual({
			usd: { '{profile="default",target="b/model-b"}': costAtB },
			unknown: { '{profile="default",target="a/model-a"}': 1 },
		});
	});

	it('is not in the header of a document where it is incomplete', async () => {
		const profiles = { default: { chain: ['a/model-a', 'b/model-b'], streamUpstream: true } };
		await start({ profiles });
		breakwater.upstream('a').next(streams([chunkOf({ role: 'assistant', content: wallHalf })], { end: 'cut' }));
		breakwater.upstream('b').next(streamed(wallRest));
		const { header, cost, record } = await costOfCall();
		expect(record).toMatchObject({ outcome: 'done', target: 'b/model-b' });
		expect(cost).toMatchObject({ usd: costAtB, isComplete: false });
		expect(header).toBeNull();
	});

	it('has every attempt that broke in it, also one that carried another on', async () => {
		await start({ names: ['a', 'b', 'c'], providers: { a: dear, b: cheap, c: {} } });
		const begun = [chunkOf({ role: 'assistant', content: wallHalf })];
		const more = [chunkOf({ role: 'assistant', content: wallRest.slice(0, 40) })];
		breakwater.upstream('a').next(streams(begun, { end: 'cut' }));
		breakwater.upstream('b').next(streams(more, { end: 'cut' }));
		breakwater.upstream('c').next(streamed(wallRest));
		const { cost, record } = await costOfCall({ stream: true });
		expect(record?.trace).toMatchObject([{ target: 'a/model-a' }, { target: 'b/model-b' }, { target: 'c/model-c' }]);
		const targets = cost?.attempts.map(({ target, isComplete }) => [target, isComplete]);
		expect(targets).toEqual([
			['a/model-a', false],
			['b/model-b', false],
			['c/model-c', false],
		]);
	});

	it('takes what a broken attempt had reported for the least that it cost', async () => {
		await start({ providers: { a: { ...anthropic, ...dear }, b: cheap } });
		const broken = messageEvents({ text: [wallHalf] }).slice(0, -3);
		breakwater.upstream('a').next(streamsMessage(broken, { end: 'cut' }));
		breakwater.upstream('b').next(streamed(wallRest));
		const { cost } = await costOfCall({ stream: true });
		expect(cost?.attempts).toMatchObject([
			{ target: 'a/model-a', usd: expect.any(Number), isComplete: false },
			{ target: 'b/model-b', usd: costAtB, isComplete: true },
		]);
		expect(cost?.usd).toBeGreaterThan(costAtB);
	});

	const silentUsage = { prompt_tokens: 1000, completion_tokens: 0, total_tokens: 1000 };

	it('has that of an answer that was left as it says nothing', async () => {
		await start();
		breakwater.upstream('a').next(answers('', { usage: silentUsage }));
		breakwater.upstream('b').next(answers('Hi', { usage }));
		const { header, record } = await costOfCall();
		expect(header).toBe('1.1012');
		expect(record?.tokens).toEqual([
			{ target: 'a/model-a', input: 1000, output: 0 },
			{ target: 'b/model-b', input: 1000, output: 100 },
		]);
	});

	it('has it once where that is handed out after all', async () => {
		await start();
		breakwater.upstream('a').next(answers('', { usage: silentUsage }));
		breakwater.upstream('b').next(status(500));
		const { header, record } = await costOfCall();
		expect(record).toMatchObject({ outcome: 'done', target: 'a/model-a' });
		expect(header).toBe('0.1');
	});

	it('has that of an answer which the caller did not wait for, as far as it is known', async () => {
		await start();
		const text = chunkOf({ role: 'assistant', content: 'Hello' });
		breakwater.upstream('a').next(streams([text], { end: 'stall' }));
		const leaving = new AbortController();
		const response = await breakwater.post({ stream: true }, { signal: leaving.signal });
		await response.body?.getReader().read();
		leaving.abort();
		await soon(() => expect(breakwater.records).toHaveLength(1));
		expect(breakwater.records[0]).toMatchObject({
			outcome: 'aborted',
			cost: { isComplete: false, attempts: [{ target: 'a/model-a', isComplete: false }] },
		});
	});

	it('is none where nothing came before the caller left', async () => {
		await start();
		breakwater.upstream('a').next(hangs());
		const leaving = new AbortController();
		const response = breakwater.post({}, { signal: leaving.signal }).catch(() => undefined);
		await soon(() => expect(breakwater.upstream('a').requests).toHaveLength(1));
		leaving.abort();
		await response;
		await soon(() => expect(breakwater.records).toHaveLength(1));
		expect(breakwater.records[0]).toMatchObject({ outcome: 'aborted' });
		expect(breakwater.records[0]).not.toHaveProperty('cost');
	});
});

it('to count tokens costs nothing, and is not unknown', async () => {
	await start({ providers: { a: { ...anthropic, ...dear }, b: cheap } });
	breakwater.upstream('a').next(completes({ input_tokens: 14 }));
	const { max_tokens: _, ...request } = messagesRequest;
	const response = await postTo(breakwater, request, '/v1/messages/count_tokens');
	expect(await response.json()).toEqual({ input_tokens: 14 });
	expect(response.headers.has('x-breakwater-cost-usd')).toBe(false);
	await soon(() => expect(breakwater.records).toHaveLength(1));
	expect(breakwater.records[0]).not.toHaveProperty('cost');
});
