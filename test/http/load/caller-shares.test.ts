import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Load } from '../../../src/http/load/load.ts';
import { READ_COPIES } from '../../../src/http/load/memory-budget.ts';
import { contentOf, failureOf, soon, startGateway, type TestGateway } from '../../helpers/gateway.ts';
import { hangs } from '../../helpers/upstream.ts';

const request = { socket: {} } as Parameters<Load['reasonAgainst']>[0];

function loadWith(limits: object): Load {
	const all = { requests: 8, connections: 100, memory: 1200, eventLoopLag: 1000, ...limits };
	return new Load(all, { heap: 1e9, descriptors: undefined });
}

describe('requests of callers with keys', () => {
	let load: Load;
	beforeEach(() => {
		vi.useFakeTimers({ toFake: ['Date'] });
		load = loadWith({});
	});
	afterEach(() => {
		vi.useRealTimers();
	});

	/** Comes as a request does. @returns why it is turned away */
	const come = (caller: string) => {
		const reason = load.reasonAgainst(request, caller);
		if (reason === undefined) load.enter(caller);
		else load.count(reason, caller);
		return reason;
	};
	const comeOften = (caller: string, times: number) => Array.from({ length: times }, () => come(caller));

	it('may take everything while nobody else calls', () => {
		expect(new Set(comeOften('batch', 8))).toEqual(new Set([undefined]));
		expect(come('batch')).toBe('requests');
	});

	it('are bounded by an equal share where all together are more than half of the limit', () => {
		load.enter('web');
		expect(comeOften('batch', 5)).toEqual([undefined, undefined, undefined, undefined, 'caller_share']);
		expect(comeOften('web', 3)).toEqual([undefined, undefined, undefined]);
		expect(come('web')).toBe('caller_share');
		expect(come('third')).toBe('requests');
	});

	it('are not bounded below half of the limit', () => {
		load = loadWith({ requests: 20 });
		for (const caller of ['a', 'b', 'c', 'd']) load.enter(caller);
		expect(comeOften('batch', 6)).toEqual(Array.from({ length: 6 }, () => undefined));
		expect(come('batch')).toBe('caller_share');
	});

	it('may always be one', () => {
		load = loadWith({ requests: 3 });
		for (const caller of ['a', 'b']) expect(come(caller)).toBeUndefined();
		for (const caller of ['c', 'd', 'e']) load.count('requests', caller);
		expect(come('a')).toBe('caller_share');
		expect(come('c')).toBeUndefined();
	});

	it('leave room for a caller that found everything taken, for five seconds after it was turned away', () => {
		const shares = Array.from({ length: 8 }, () => load.enter('batch'));
		expect(come('web')).toBe('requests');
		for (const share of shares.slice(0, 2)) load.leave(share);
		expect(come('batch')).toBe('caller_share');
		// The clock of the process goes on by itself beside the one that is advanced.
		vi.advanceTimersByTime(60_000);
		expect(come('batch')).toBeUndefined();
		expect(come('web')).toBeUndefined();
	});

	it('are no longer counted when they are over', () => {
		load = loadWith({ requests: 12 });
		load.count('memory', 'waits');
		load.leave(load.enter('web'));
		comeOften('other', 4);
		expect(comeOften('batch', 5)).toEqual([undefined, undefined, undefined, undefined, 'caller_share']);
	});
});

describe('the memory of callers with keys', () => {
	const bytes = (weight: number) => weight / READ_COPIES;

	it('is bounded by an equal share, and given back', () => {
		const load = loadWith({});
		const [web, first, second] = [load.enter('web'), load.enter('batch'), load.enter('batch')];
		expect(web.holdBody(bytes(60))).toBeUndefined();
		expect(first.holdBody(bytes(600))).toBeUndefined();
		expect(second.holdBody(bytes(60))).toBe('caller_share');
		expect(second.holdAnswer(10)).toBe(false);
		expect(load.figures.shed).toMatchObject({ caller_share: 2, memory: 0 });
		expect(web.holdBody(bytes(510))).toBeUndefined();
		load.leave(first);
		expect(second.holdBody(bytes(600))).toBeUndefined();
	});

	it('is all that there is for a caller alone, and for those without keys', () => {
		const load = loadWith({});
		for (const caller of ['batch', undefined]) {
			const [first, second] = [load.enter(caller), load.enter(caller)];
			expect([first.holdBody(bytes(600)), second.holdBody(bytes(600))]).toEqual([undefined, undefined]);
			load.leave(first);
			load.leave(second);
		}
	});

	it('lets a request that is alone in it have more than a share', () => {
		const load = loadWith({});
		load.enter('web');
		expect(load.enter('batch').holdBody(bytes(3000))).toBeUndefined();
	});
});

describe('over HTTP', () => {
	let breakwater: TestGateway;
	afterEach(() => breakwater.close());
	const keys = { web: 'w'.repeat(32), batch: 'b'.repeat(32) };
	const post = (caller: keyof typeof keys, content = 'Hello') =>
		breakwater.post(
			{ messages: [{ role: 'user', content }] },
			{ headers: { authorization: `Bearer ${keys[caller]}` } },
		);

	it('a caller beyond its share gets 429 with Retry-After, and the others are served', async () => {
		const clients = { web: { key: keys.web }, batch: { key: keys.batch } };
		breakwater = await startGateway({ names: ['a'], server: { clients, limits: { requests: 6, memory: '1MB' } } });
		const { upstream, gateway, load } = breakwater;
		upstream('a').next(...Array.from({ length: 4 }, hangs));
		const stuck = [...Array.from({ length: 3 }, () => post('batch')), post('web')];
		await soon(() => expect(upstream('a').requests).toHaveLength(4));

		const refused = await post('batch');
		expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
		const { error } = await failureOf(refused);
		expect(error).toMatchObject({ type: 'rate_limit_error', code: 'client_share_exceeded' });
		expect(error.message).toContain('server.limits');
		expect(await contentOf(await post('web'))).toBe('ok');
		expect(load.figures.shed).toMatchObject({ caller_share: 1, requests: 0 });

		gateway.interrupt();
		for (const response of stuck) await (await response).text();
	});

	it.each([15_000, 400_000])('so does a body of %i bytes', async (length) => {
		const clients = { web: { key: keys.web }, batch: { key: keys.batch } };
		breakwater = await startGateway({ names: ['a'], server: { clients, limits: { memory: '200KB' } } });
		const { upstream, gateway } = breakwater;
		upstream('a').next(hangs(), hangs());
		const stuck = [post('web'), post('batch', 'x'.repeat(16_000))];
		await soon(() => expect(upstream('a').requests).toHaveLength(2));
		expect((await failureOf(await post('batch', 'x'.repeat(length)))).error.code).toBe('client_share_exceeded');
		gateway.interrupt();
		for (const response of stuck) await (await response).text();
	});
});
