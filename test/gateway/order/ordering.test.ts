import { afterEach, describe, expect, it } from 'vitest';
import { endedView } from '../../../src/observe/inspector/call-view.ts';
import { logObserver } from '../../../src/observe/log/log.ts';
import { contentOf, soon, startGateway, type TestGateway } from '../../helpers/gateway.ts';
import { answers, chunksOf, hangs, status, streams } from '../../helpers/upstream.ts';

let breakwater: TestGateway | undefined;
afterEach(() => breakwater?.close());

const chain = ['a/model-a', 'b/model-b', 'c/model-c'];
const names = ['a', 'b', 'c'];

async function started(profile: object, others: object = {}): Promise<TestGateway> {
	breakwater = await startGateway({ names, profiles: { default: { chain, ...profile } }, ...others });
	return breakwater;
}

/** Who answered. */
async function targetOf(breakwater: TestGateway, body: object = {}): Promise<string | null> {
	const response = await breakwater.post(body);
	await contentOf(response);
	return response.headers.get('x-breakwater-target');
}

async function targetsOf(breakwater: TestGateway, count: number, body: object = {}): Promise<(string | null)[]> {
	const targets: (string | null)[] = [];
	for (let index = 0; index < count; index += 1) targets.push(await targetOf(breakwater, body));
	return targets;
}

describe('a profile', () => {
	it('that says nothing of an order asks its chain as it is written, and its record tells of none', async () => {
		const breakwater = await started({});
		expect(await targetsOf(breakwater, 3)).toEqual(['a/model-a', 'a/model-a', 'a/model-a']);
		expect(breakwater.records.every((record) => !('order' in record))).toBe(true);
		expect(breakwater.gateway.standings()).toEqual({});
	});

	it('asks its targets in turn', async () => {
		const breakwater = await started({ order: 'round-robin' });
		expect(await targetsOf(breakwater, 4)).toEqual(['a/model-a', 'b/model-b', 'c/model-c', 'a/model-a']);
		expect(breakwater.records[1]?.order).toEqual({
			by: 'round-robin',
			targets: ['b/model-b', 'c/model-c', 'a/model-a'],
		});
	});

	it('asks the most successful target first, and the one that fails last without leaving it out', async () => {
		const breakwater = await started({ order: 'health' });
		breakwater.upstream('a').next(status(500));
		expect(await targetsOf(breakwater, 2)).toEqual(['b/model-b', 'b/model-b']);
		expect(breakwater.records[1]?.order?.targets).toEqual([
			'b/model-b (100 % of 1)',
			'c/model-c (not known)',
			'a/model-a (0 % of 1)',
		]);
		breakwater.upstream('b').always(status(500));
		breakwater.upstream('c').always(status(500));
		expect(await targetOf(breakwater)).toBe('a/model-a');
		expect(breakwater.gateway.standings()).toMatchObject({ 'a/model-a': { successRate: 0.5, inFlight: 0 } });
	});

	it('asks a target below `skipBelow` last, in the order of the chain too', async () => {
		const breakwater = await started({ skipBelow: 0.6 });
		breakwater.upstream('a').next(status(500));
		expect(await targetsOf(breakwater, 2)).toEqual(['b/model-b', 'b/model-b']);
		expect(breakwater.records[1]?.order).toEqual({
			by: 'fixed',
			targets: ['b/model-b', 'c/model-c', 'a/model-a (below skipBelow: 0 % of 1)'],
		});
	});

	it('asks the target with the fewest attempts in flight first', async () => {
		const breakwater = await started({ order: 'least-busy' });
		breakwater.upstream('a').always(hangs());
		const stuck = breakwater.post().catch(() => undefined);
		await soon(() => expect(breakwater.upstream('a').requests).toHaveLength(1));
		expect(await targetsOf(breakwater, 2)).toEqual(['b/model-b', 'b/model-b']);
		breakwater.gateway.interrupt();
		await stuck;
		expect(breakwater.gateway.standings()['a/model-a']).toMatchObject({ inFlight: 0 });
	});

	it('asks the fastest target first, once each has been found out about', async () => {
		const breakwater = await started({ order: 'latency' });
		const slow = (delayMs: number) => streams(chunksOf('Hi'), { delayMs });
		breakwater.upstream('a').always(slow(60));
		breakwater.upstream('b').always(slow(0));
		breakwater.upstream('c').always(slow(120));
		const taken = await targetsOf(breakwater, 5, { stream: true });
		expect(taken.slice(0, 3)).toEqual(['a/model-a', 'b/model-b', 'c/model-c']);
		expect(taken.slice(3)).toEqual(['b/model-b', 'b/model-b']);
		expect(breakwater.records[4]?.order?.targets[0]).toMatch(/^b\/model-b \(\d+ ms\)$/);
	});

	it('asks the cheapest target first, and one whose price is not known last', async () => {
		const priced = (name: string, input: number) => ({
			[name]: { models: { [`model-${name}`]: { price: { input, output: input } } } },
		});
		const breakwater = await started({ order: 'cost' }, { providers: { ...priced('b', 2), ...priced('c', 1) } });
		expect(await targetOf(breakwater)).toBe('c/model-c');
		expect(breakwater.records[0]?.order?.targets).toEqual([
			'c/model-c ($1 per million tokens)',
			'b/model-b ($2 per million tokens)',
			'a/model-a (not known)',
		]);
	});

	it('asks by weight, and never first what weighs nothing', async () => {
		const weights = [0, 0, 1].map((weight, at) => ({ target: chain[at], weight }));
		const breakwater = await started({ order: 'weighted', chain: weights });
		expect(await targetsOf(breakwater, 5)).toEqual(Array(5).fill('c/model-c'));
		breakwater.upstream('c').next(status(500));
		expect(await targetOf(breakwater)).toBe('a/model-a');
	});

	it('orders nothing where a caller names the chain or the target', async () => {
		const breakwater = await started({ order: 'round-robin' });
		const models = ['c/model-c', 'a/model-a'];
		expect(await targetsOf(breakwater, 2, { models })).toEqual(['c/model-c', 'c/model-c']);
		expect(await targetsOf(breakwater, 2, { model: 'b/model-b' })).toEqual(['b/model-b', 'b/model-b']);
	});

	it('takes an order over from the one that it extends', async () => {
		const breakwater = await started({ order: 'round-robin' }, {});
		await breakwater.close();
		const profiles = { default: { chain, order: 'round-robin' }, other: { extends: 'default' } };
		const other = await startGateway({ names, profiles });
		try {
			expect(await targetsOf(other, 2, { model: 'other' })).toEqual(['a/model-a', 'b/model-b']);
		} finally {
			await other.close();
		}
	});
});

describe('the keys of a provider', () => {
	const keysOf = (breakwater: TestGateway) =>
		breakwater.upstream('a').requests.map(({ headers }) => headers.authorization?.replace('Bearer ', ''));

	it.each([
		['in-order', ['k1', 'k1', 'k1']],
		['round-robin', ['k1', 'k2', 'k1']],
		['least-used', ['k1', 'k2', 'k1']],
	])('are asked %s', async (keys, expected) => {
		const breakwater = await started({}, { providers: { a: { apiKey: ['k1', 'k2'], keys } } });
		await targetsOf(breakwater, 3);
		expect(keysOf(breakwater)).toEqual(expected);
	});

	it('are all tried before the request goes to the next target', async () => {
		const breakwater = await started({}, { providers: { a: { apiKey: ['k1', 'k2'], keys: 'round-robin' } } });
		breakwater.upstream('a').always(status(429));
		expect(await targetsOf(breakwater, 2)).toEqual(['b/model-b', 'b/model-b']);
		expect(keysOf(breakwater)).toEqual(['k1', 'k2', 'k2', 'k1']);
	});
});

it('metrics tell what is known of the targets', async () => {
	const breakwater = await started({ order: 'health' });
	breakwater.upstream('a').next(status(500));
	breakwater.upstream('b').always(answers('Hi'));
	await targetOf(breakwater);
	const text = await (await fetch(`${breakwater.origin}/metrics`)).text();
	const labels = (name: string) => `{gen_ai_provider_name="${name}",gen_ai_request_model="model-${name}"}`;
	expect(text).toContain(`breakwater_target_success_ratio${labels('a')} 0\n`);
	expect(text).toContain(`breakwater_target_success_ratio${labels('b')} 1\n`);
	expect(text).toContain(`breakwater_target_in_flight${labels('a')} 0\n`);
});

describe('the order of a request', () => {
	it('is in its log line, with what decided, and in the inspector', async () => {
		const lines: object[] = [];
		const log = { warn: () => {}, info: (line: object) => void lines.push(line) };
		const breakwater = await started({ order: 'health' }, { observe: () => logObserver(log as never) });
		await targetOf(breakwater);
		const [record] = breakwater.records;
		const line = 'health: a/model-a (not known), b/model-b (not known), c/model-c (not known)';
		expect(lines).toMatchObject([{ order: line }]);
		expect(record && endedView({ key: 1, record, endedAt: 0 })).toMatchObject({ order: line });
	});

	it('is in neither where the chain is asked as it is written', async () => {
		const lines: { order?: string }[] = [];
		const log = { warn: () => {}, info: (line: object) => void lines.push(line) };
		const breakwater = await started({}, { observe: () => logObserver(log as never) });
		await targetOf(breakwater);
		const [record] = breakwater.records;
		expect(lines[0]?.order).toBeUndefined();
		expect(record && endedView({ key: 1, record, endedAt: 0 })).toMatchObject({ order: null });
	});
});
