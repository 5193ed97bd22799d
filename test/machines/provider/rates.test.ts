import { describe, expect, it } from 'vitest';
import { minuteMs, serverError } from '../samples.ts';
import { CountingClock, opened, startMs, startProvider } from './provider-harness.ts';

const never = Number.POSITIVE_INFINITY;
const limited = (rates: { requestsPerMinute?: number; tokensPerMinute?: number }, others = {}) =>
	startProvider({}, undefined, { rates, ...others });

describe('a provider actor with limits per minute', () => {
	it('denies what does not fit, with the time at which it will', () => {
		const provider = limited({ requestsPerMinute: 2 });
		provider.permit();
		provider.pass(10_000);
		provider.permit();
		provider.pass(10_000);
		const retryAt = startMs + minuteMs;
		expect(provider.ask()).toEqual({ type: 'permit.denied', state: 'closed', reason: 'limit', retryAt });
		provider.pass(40_000);
		provider.permit();
		expect(provider.ask()).toMatchObject({ reason: 'limit', retryAt: retryAt + 10_000 });
	});

	it('holds a denial against nobody', () => {
		const provider = limited({ requestsPerMinute: 1 });
		provider.permit();
		const before = provider.memory();
		for (let asked = 0; asked < 100; asked++) provider.ask();
		expect(provider.memory()).toEqual(before);
	});

	it('reserves what a request is expected to use, and counts what it did use', () => {
		const provider = limited({ tokensPerMinute: 100 });
		const [large, small] = [provider.permit({ tokens: 60 }), provider.permit({ tokens: 30 })];
		expect(provider.ask({ tokens: 20 })).toMatchObject({ reason: 'limit' });
		provider.succeed(small, 10);
		provider.permit({ tokens: 20 });
		provider.succeed(large, 90);
		expect(provider.ask({ tokens: 1 })).toMatchObject({ reason: 'limit', retryAt: startMs + minuteMs });
	});

	it('keeps a reservation of which nobody says what it used', () => {
		const provider = limited({ tokensPerMinute: 100 });
		provider.succeed(provider.permit({ tokens: 100 }));
		expect(provider.ask({ tokens: 1 })).toMatchObject({ reason: 'limit' });
	});

	it('gives the tokens of a failure back, and keeps its request', () => {
		const provider = limited({ tokensPerMinute: 100, requestsPerMinute: 2 });
		provider.fail(provider.permit({ tokens: 100 }), serverError);
		provider.fail(provider.permit({ tokens: 100 }), serverError);
		expect(provider.ask({ tokens: 1 })).toMatchObject({ reason: 'limit' });
	});

	it('says with a failure when the target would grant again', () => {
		const provider = limited({ requestsPerMinute: 1 });
		expect(provider.fail(provider.permit(), serverError)).toBe(startMs + minuteMs);
	});

	it('takes no request that is larger than the whole limit, and names no time for it', () => {
		const provider = limited({ tokensPerMinute: 100 });
		expect(provider.ask({ tokens: 101 })).toEqual({
			type: 'permit.denied',
			state: 'closed',
			reason: 'beyond-limit',
			retryAt: never,
		});
		provider.trip();
		expect(provider.ask({ tokens: 101 })).toMatchObject({ state: 'open', reason: 'beyond-limit', retryAt: never });
		expect(provider.ask({ tokens: 100 })).toMatchObject({ state: 'open', reason: 'failures' });
	});

	it('sends no early probe past a limit, and tells of the failures first', () => {
		const provider = opened({ breaker: { failureThreshold: 1 } }, undefined, { rates: { requestsPerMinute: 1 } });
		expect(provider.ask({ early: true })).toMatchObject({ type: 'permit.denied', reason: 'failures' });
	});

	it('grants an early probe where there is room', () => {
		const provider = opened({ breaker: { failureThreshold: 1 } }, undefined, { rates: { requestsPerMinute: 2 } });
		expect(provider.permit({ early: true }).probe).toBe(true);
	});

	it('counts probes', () => {
		const provider = opened({ breaker: { failureThreshold: 1, cooldown: 1_000 } }, undefined, {
			rates: { requestsPerMinute: 2 },
		});
		provider.pass(1_000);
		provider.succeed(provider.permit());
		expect(provider.state()).toBe('closed');
		expect(provider.ask()).toMatchObject({ reason: 'limit', retryAt: startMs + minuteMs });
	});

	it('is picked up with what it granted, under the limits of its new configuration', () => {
		const clock = new CountingClock();
		const provider = startProvider({}, clock, { rates: { requestsPerMinute: 2 } });
		provider.permit();
		const memory = JSON.parse(JSON.stringify(provider.memory()));
		const picked = startProvider({}, clock, { memory, rates: { requestsPerMinute: 1 } });
		expect(picked.ask()).toMatchObject({ reason: 'limit', retryAt: startMs + minuteMs });
		expect(startProvider({}, clock, { memory }).ask()).toMatchObject({ type: 'permit.granted' });
	});

	it('remembers nothing of what it granted where nothing is limited', () => {
		const provider = startProvider();
		provider.permit();
		expect(provider.context().rate).toBeUndefined();
		expect(provider.memory()).not.toHaveProperty('minute');
	});
});
