import { describe, expect, it } from 'vitest';
import { authError, hourMs, minuteMs, quota, rateLimit, secondMs, serverError, unavailable } from '../samples.ts';
import { halfOpened, opened, type ProviderHarness, startMs, startProvider } from './provider-harness.ts';

const states: readonly [string, () => ProviderHarness][] = [
	['closed', () => startProvider()],
	['open', () => opened()],
	['half-open', () => halfOpened()],
	['quota-cooldown', quotaCooled],
];

function quotaCooled(): ProviderHarness {
	const provider = startProvider();
	provider.failNow(quota);
	return provider;
}

function trip({ actor, clock }: ProviderHarness, forMs: number): void {
	actor.send({ type: 'operator.tripped', now: clock.now(), forMs });
}

function reset({ actor, clock }: ProviderHarness): void {
	actor.send({ type: 'operator.reset', now: clock.now() });
}

function probe({ actor, clock }: ProviderHarness): void {
	actor.send({ type: 'operator.probed', now: clock.now() });
}

describe('an operator who trips a provider', () => {
	it.each(states)('opens it from %s, and it is probed when the time is over', (_, start) => {
		const provider = start();
		const until = provider.clock.now() + 2 * hourMs;
		trip(provider, 2 * hourMs);
		expect(provider.state()).toBe('open');
		expect(provider.ask()).toEqual({ type: 'permit.denied', state: 'open', reason: 'operator', retryAt: until });
		expect(provider.ask({ early: true })).toMatchObject({ type: 'permit.denied' });
		expect(provider.clock.timers).toBe(1);
		provider.pass(2 * hourMs - 1);
		expect(provider.state()).toBe('open');
		provider.pass(1);
		expect(provider.state()).toBe('half-open');
	});

	it('prolongs a trip and shortens one, and it is out since the first', () => {
		const provider = startProvider();
		trip(provider, minuteMs);
		provider.pass(secondMs);
		trip(provider, hourMs);
		expect(provider.context()).toMatchObject({ until: startMs + secondMs + hourMs, since: startMs });
		provider.pass(secondMs);
		trip(provider, minuteMs);
		const until = startMs + 2 * secondMs + minuteMs;
		expect(provider.context()).toMatchObject({ until, since: startMs, reason: 'operator' });
		expect(provider.clock.timers).toBe(1);
		provider.pass(minuteMs - 1);
		expect(provider.state()).toBe('open');
		provider.pass(1);
		expect(provider.state()).toBe('half-open');
		expect(provider.context().since).toBe(until);
	});

	it.each([
		['a cooldown', opened, minuteMs],
		['an empty account', quotaCooled, hourMs],
		['a rejected key', () => startAndFail(authError), undefined],
		['a hint', () => startAndFail(rateLimit(hourMs)), hourMs],
	])('cannot shorten %s by tripping it again and again', (_, start, leftMs) => {
		const provider = start();
		const { until } = provider.context();
		if (leftMs !== undefined) expect(until).toBe(provider.clock.now() + leftMs);
		trip(provider, 2 * hourMs);
		for (const forMs of [secondMs, 2 * secondMs, 1]) {
			provider.pass(secondMs);
			trip(provider, forMs);
			expect(provider.context()).toMatchObject({ until, reason: 'operator' });
		}
		expect(provider.clock.timers).toBe(1);
	});

	it('leaves the deadline that a late failure has named since', () => {
		const provider = startProvider();
		const [first, second] = [provider.permit(), provider.permit()];
		trip(provider, 2 * hourMs);
		provider.fail(first, rateLimit(hourMs));
		trip(provider, minuteMs);
		expect(provider.context()).toMatchObject({ until: startMs + hourMs, reason: 'operator' });
		provider.fail(second, rateLimit(3 * hourMs));
		expect(provider.context()).toMatchObject({ until: startMs + 3 * hourMs, reason: 'hint' });
		trip(provider, minuteMs);
		expect(provider.context()).toMatchObject({ until: startMs + 3 * hourMs, reason: 'operator' });
	});

	it('holds nothing of an earlier trip against it after a probe or a reset', () => {
		for (const order of [probe, reset]) {
			const provider = startAndFail(authError);
			trip(provider, 2 * hourMs);
			order(provider);
			trip(provider, minuteMs);
			expect(provider.context().until).toBe(startMs + minuteMs);
		}
	});

	it.each([
		['a cooldown', opened, minuteMs],
		['an empty account', quotaCooled, hourMs],
	])('leaves the longer deadline of %s, but lets no early probe cut it short', (_, start, leftMs) => {
		const provider = start();
		trip(provider, secondMs);
		expect(provider.context().until).toBe(provider.clock.now() + leftMs);
		provider.pass(2 * secondMs);
		expect(provider.ask({ early: true })).toMatchObject({ type: 'permit.denied', reason: 'operator' });
	});

	it('takes the word of what was on its way for late', () => {
		const provider = startProvider();
		const [succeeded, failed] = [provider.permit(), provider.permit()];
		trip(provider, minuteMs);
		provider.succeed(succeeded);
		expect(provider.fail(failed, serverError)).toBe(startMs + minuteMs);
		expect(provider.state()).toBe('open');
		expect(provider.context().consecutiveFailures).toBe(0);
	});

	it('leaves no timer of a probe behind', () => {
		const provider = halfOpened({ breaker: { probes: 2 } });
		const silent = provider.permit();
		provider.permit();
		trip(provider, hourMs);
		expect(provider.clock.timers).toBe(1);
		provider.succeed(silent);
		provider.pass(hourMs - 1);
		expect(provider.state()).toBe('open');
	});

	it('waits for a year without going on at once', () => {
		const provider = startProvider();
		trip(provider, 365 * 24 * hourMs);
		provider.pass(minuteMs);
		expect(provider.state()).toBe('open');
	});
});

describe('an operator who resets a provider', () => {
	it.each(states)('closes it from %s, with nothing held against it', (_, start) => {
		const provider = start();
		reset(provider);
		expect(provider.state()).toBe('closed');
		expect(provider.context()).toMatchObject({
			until: 0,
			reason: undefined,
			alarmed: [],
			consecutiveFailures: 0,
			reopenings: 0,
			probes: [],
			unavailable: {},
		});
		expect(provider.clock.timers).toBe(0);
		expect(provider.ask()).toMatchObject({ permit: { probe: false } });
	});

	it('is told since when it is closed: a reset of a closed one does not begin it anew', () => {
		const provider = startProvider();
		provider.pass(minuteMs);
		reset(provider);
		expect(provider.context().since).toBe(startMs);
		trip(provider, hourMs);
		provider.pass(minuteMs);
		reset(provider);
		expect(provider.context().since).toBe(startMs + 2 * minuteMs);
	});

	it('begins the row of failures anew', () => {
		const provider = startProvider();
		provider.failNow(serverError);
		provider.failNow(serverError);
		reset(provider);
		provider.failNow(serverError);
		provider.failNow(serverError);
		expect(provider.state()).toBe('closed');
		provider.failNow(serverError);
		expect(provider.state()).toBe('open');
	});

	it('brings a unavailable model back', () => {
		const provider = startProvider();
		provider.failNow(unavailable);
		expect(provider.ask()).toMatchObject({ type: 'permit.denied', reason: 'model' });
		reset(provider);
		expect(provider.ask()).toMatchObject({ type: 'permit.granted' });
	});

	it('counts nothing that was on its way: neither failures nor a probe', () => {
		const provider = halfOpened({ breaker: { probes: 4 } });
		const [first, second, third, fourth] = [provider.permit(), provider.permit(), provider.permit(), provider.permit()];
		reset(provider);
		for (const permit of [first, second, third]) provider.fail(permit, serverError);
		provider.succeed(fourth);
		provider.abandon(fourth);
		expect(provider.state()).toBe('closed');
		expect(provider.context()).toMatchObject({ consecutiveFailures: 0, window: { slices: [] } });
		expect(provider.clock.timers).toBe(0);
	});

	it('raises the next alarm again', () => {
		const provider = startProvider();
		provider.failNow(authError);
		reset(provider);
		provider.failNow(authError);
		expect(provider.alarms).toHaveLength(2);
	});
});

describe('an operator who has a provider probed', () => {
	it.each([
		['open', opened],
		['quota-cooldown', quotaCooled],
	])('ends what is left of %s', (_, start) => {
		const provider = start();
		probe(provider);
		expect(provider.state()).toBe('half-open');
		expect(provider.clock.timers).toBe(0);
		provider.succeed(provider.permit());
		expect(provider.state()).toBe('closed');
	});

	it.each([
		['a hint', () => startAndFail(rateLimit(hourMs))],
		['a rejected key', () => startAndFail(authError)],
		['their own trip', trippedByOperator],
	])('cuts %s short', (_, start) => {
		const provider = start();
		probe(provider);
		expect(provider.ask()).toMatchObject({ permit: { probe: true } });
	});

	it('changes nothing in closed', () => {
		const provider = startProvider();
		probe(provider);
		expect(provider.state()).toBe('closed');
	});

	it('leaves the probes of half-open, and their timers, alone', () => {
		const provider = halfOpened();
		const out = provider.permit();
		probe(provider);
		expect(provider.clock.timers).toBe(1);
		expect(provider.ask()).toMatchObject({ type: 'permit.denied', reason: 'probing' });
		provider.succeed(out);
		expect(provider.state()).toBe('closed');
	});

	it('opens again, for longer, when the probe fails', () => {
		const provider = opened();
		probe(provider);
		expect(provider.failNow(serverError)).toBe(provider.clock.now() + 2 * minuteMs);
	});
});

function startAndFail(failure: Parameters<ProviderHarness['failNow']>[0]): ProviderHarness {
	const provider = startProvider();
	provider.failNow(failure);
	return provider;
}

function trippedByOperator(): ProviderHarness {
	const provider = startProvider();
	trip(provider, hourMs);
	return provider;
}
