import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { clock } from '../../src/values/clock.ts';
import { soon, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { answers, type Behaviour, status } from '../helpers/upstream.ts';

let breakwater: TestGateway | undefined;
afterEach(() => breakwater?.close());

const REQUESTS = 300;
/** How long an answer takes: one at a time is few. */
const ANSWER_MS = 300;

/** Answers after a while, and notes when it was asked. */
function noting(): { askedAt: number[]; behaviour: Behaviour } {
	const askedAt: number[] = [];
	const behaviour: Behaviour = async (exchange) => {
		askedAt.push(clock.now());
		await sleep(ANSWER_MS);
		await answers('ok')(exchange);
	};
	return { askedAt, behaviour };
}

/** Hundreds of requests at once, at the moment of a recovery: where those of the first second went. */
async function herd(ramp: string) {
	breakwater = await startGateway({
		policy: { breaker: { failureThreshold: 1, cooldown: '50ms', ramp } },
		server: { limits: { requests: 2 * REQUESTS, connectionsPerAddress: 2 * REQUESTS } },
	});
	const { upstream, post, health } = breakwater;
	upstream('a').next(status(500));
	await post();
	await soon(async () => {
		await post();
		expect((await health()).a).toMatchObject({ state: 'closed', lastFailure: { category: 'SERVER_ERROR' } });
	});
	const [a, b] = [noting(), noting()];
	upstream('a').always(a.behaviour);
	upstream('b').always(b.behaviour);
	const responses = await Promise.all(Array.from({ length: REQUESTS }, () => post()));
	await Promise.all(responses.map((response) => response.text()));
	const beganAt = Math.min(...a.askedAt, ...b.askedAt);
	const inFirstSecond = ({ askedAt }: { askedAt: number[] }) => askedAt.filter((at) => at < beganAt + 1_000).length;
	const statuses = [...new Set(responses.map((response) => response.status))];
	return {
		first: { a: inFirstSecond(a), b: inFirstSecond(b) },
		all: { a: a.askedAt.length, b: b.askedAt.length },
		statuses,
	};
}

describe('hundreds of requests at a recovery', () => {
	it('all reach the provider that has just recovered, without a ramp', async () => {
		const { all, statuses } = await herd('off');
		expect([all, statuses]).toEqual([{ a: REQUESTS, b: 0 }, [200]]);
	});

	it('reach it a few at a time with one: the others are answered elsewhere', async () => {
		const { first, all, statuses } = await herd('10m');
		expect(statuses).toEqual([200]);
		expect(all.a + all.b).toBe(REQUESTS);
		expect(first.a).toBeGreaterThan(0);
		expect(first.a).toBeLessThan((first.a + first.b) / 10);
		expect(all.b).toBeGreaterThan(0.8 * REQUESTS);
	});
});
