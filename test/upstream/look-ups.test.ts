import type { LookupAddress } from 'node:dns';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AskSystem, LookUps } from '../../src/upstream/look-ups.ts';

type Reply = Parameters<AskSystem>[2];

const MINUTE = 60_000;
const [first, second] = ['192.0.2.1', '192.0.2.2'].map((address): LookupAddress => ({ address, family: 4 }));

let asked: { hostname: string; reply: Reply }[];
let lookUps: LookUps;
let troubles: string[];

beforeEach(() => {
	vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
	asked = [];
	troubles = [];
	lookUps = new LookUps({
		ask: (hostname, _options, reply) => void asked.push({ hostname, reply }),
		onTrouble: (trouble) => void troubles.push(trouble),
	});
});

afterEach(() => {
	vi.useRealTimers();
});

/** @returns what came of it so far: an address, an error's code, or nothing */
function find(hostname = 'api.test'): { found?: string } {
	const seen: { found?: string } = {};
	lookUps.find(hostname, { all: true }, (error, addresses) => {
		seen.found = error?.code ?? (addresses as LookupAddress[]).map(({ address }) => address).join();
	});
	return seen;
}

/** The resolver answers its last question. */
function reply(said: LookupAddress | string | undefined): void {
	const { reply } = asked.at(-1) ?? expect.fail('the system was not asked');
	if (typeof said === 'string') reply(Object.assign(new Error(said), { code: said }), []);
	else reply(null, said === undefined ? [] : [said]);
}

function known(): void {
	find();
	reply(first);
}

const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });

describe('a name', () => {
	it('is asked for once, however many wait for it, and a hanging one keeps no other waiting', () => {
		const waiting = Array.from({ length: 100 }, () => find('hangs.test'));
		const other = find('well.test');
		expect(asked.map(({ hostname }) => hostname)).toEqual(['hangs.test', 'well.test']);
		reply(first);
		expect(other.found).toBe('192.0.2.1');
		expect(waiting.every(({ found }) => found === undefined)).toBe(true);
		asked[0]?.reply(null, second === undefined ? [] : [second]);
		expect(waiting.every(({ found }) => found === '192.0.2.2')).toBe(true);
	});

	it('is known for 30 s, and then while it is asked for again', () => {
		known();
		vi.advanceTimersByTime(29_000);
		expect(find().found).toBe('192.0.2.1');
		expect(asked).toHaveLength(1);
		vi.advanceTimersByTime(2_000);
		expect([find().found, find().found, asked.length]).toEqual(['192.0.2.1', '192.0.2.1', 2]);
		reply(second);
		expect(find().found).toBe('192.0.2.2');
	});

	it('that was known long ago is waited for', () => {
		known();
		vi.advanceTimersByTime(6 * MINUTE);
		const seen = find();
		expect(seen.found).toBeUndefined();
		reply(second);
		expect(seen.found).toBe('192.0.2.2');
	});

	it('keeps its address for an hour where the resolver fails', () => {
		known();
		vi.advanceTimersByTime(6 * MINUTE);
		const seen = find();
		reply('EAI_AGAIN');
		expect(seen.found).toBe('192.0.2.1');
		vi.advanceTimersByTime(55 * MINUTE);
		const late = find();
		reply('EAI_AGAIN');
		expect(late.found).toBe('EAI_AGAIN');
	});

	it('keeps its address where the resolver falls silent', () => {
		known();
		vi.advanceTimersByTime(6 * MINUTE);
		const seen = find();
		vi.advanceTimersByTime(1_000);
		expect([seen.found, asked.length]).toEqual(['192.0.2.1', 2]);
	});

	it('that does not exist any more has no address', () => {
		known();
		vi.advanceTimersByTime(6 * MINUTE);
		const seen = find();
		reply('ENOTFOUND');
		expect(seen.found).toBe('ENOTFOUND');
		const again = find();
		expect(again.found).toBeUndefined();
		reply(second);
		expect(again.found).toBe('192.0.2.2');
	});

	it('is looked up anew after no connection came about', () => {
		known();
		lookUps.noteFailedConnection('api.test', refused);
		const seen = find();
		expect(seen.found).toBeUndefined();
		reply(second);
		expect(seen.found).toBe('192.0.2.2');
	});

	it('is not doubted for want of descriptors, which explains failed look-ups as well', () => {
		known();
		lookUps.noteFailedConnection('api.test', Object.assign(new Error('connect EMFILE'), { code: 'EMFILE' }));
		expect([find().found, asked.length]).toEqual(['192.0.2.1', 1]);
		const other = find('other.test');
		reply('ENOTFOUND');
		expect(other.found).toBe('EMFILE');
		vi.advanceTimersByTime(2_000);
		const later = find('other.test');
		reply('ENOTFOUND');
		expect(later.found).toBe('ENOTFOUND');
	});

	it('has one address for who wants one, and several for who wants them all', () => {
		find();
		asked[0]?.reply(
			null,
			[first, second].filter((address) => address !== undefined),
		);
		expect(find().found).toBe('192.0.2.1,192.0.2.2');
		let one: unknown;
		lookUps.find('api.test', {}, (...found) => {
			one = found;
		});
		expect(one).toEqual([null, '192.0.2.1', 4]);
	});
});

describe('the troubles of look-ups', () => {
	it('are those that fail, and those that are late, once each', () => {
		find();
		vi.advanceTimersByTime(4_999);
		expect(troubles).toEqual([]);
		vi.advanceTimersByTime(60_000);
		expect(troubles).toEqual(['late']);
		reply('EAI_AGAIN');
		expect(troubles).toEqual(['late', 'failed']);
	});

	it('are none where an answer comes in time', () => {
		known();
		vi.advanceTimersByTime(MINUTE);
		find();
		reply(second);
		vi.advanceTimersByTime(MINUTE);
		expect(troubles).toEqual([]);
	});
});
