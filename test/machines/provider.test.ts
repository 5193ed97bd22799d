import { describe, expect, it } from 'vitest';
import { LONGEST_TIMER_MS } from '../../machines/backoff.ts';
import type { Category, Failure } from '../../machines/failure.ts';
import { startMs, startProvider } from './provider-harness.ts';

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const yearMs = 365 * 24 * hourMs;

const serverError: Failure = { category: 'SERVER_ERROR' };
const badRequest: Failure = { category: 'BAD_REQUEST' };
const authError: Failure = { category: 'AUTH_ERROR' };
const quota: Failure = { category: 'QUOTA_EXCEEDED' };
const unavailable: Failure = { category: 'MODEL_UNAVAILABLE' };
const rateLimit = (retryAfterMs?: number): Failure => ({ category: 'RATE_LIMIT', retryAfterMs });

/** Opens at the third failure in a row, for a minute. */
function opened(...given: Parameters<typeof startProvider>) {
	const provider = startProvider(...given);
	while (provider.state() === 'closed') provider.failNow(serverError);
	return provider;
}

/** Stands in `half-open`, with no probe out. */
function halfOpened(...given: Parameters<typeof startProvider>) {
	const provider = opened(...given);
	provider.pass(minuteMs);
	expect(provider.state()).toBe('half-open');
	return provider;
}

describe('a closed provider', () => {
	it('grants any number of permits, none of them a probe', () => {
		const provider = startProvider();
		const permits = Array.from({ length: 50 }, () => provider.permit());
		expect(permits.every(({ probe, epoch }) => !probe && epoch === 0)).toBe(true);
		expect(new Set(permits.map(({ id }) => id)).size).toBe(50);
	});

	it.each([1, 3, 5])('opens on failure %i in a row, no sooner', (failureThreshold) => {
		const provider = startProvider({ breaker: { failureThreshold } });
		for (let failures = 1; failures < failureThreshold; failures++) {
			expect(provider.failNow(serverError)).toBe(startMs);
			expect(provider.state()).toBe('closed');
		}
		expect(provider.failNow(serverError)).toBe(startMs + minuteMs);
		expect(provider.state()).toBe('open');
		expect(provider.context()).toMatchObject({ reason: 'failures', since: startMs, until: startMs + minuteMs });
	});

	const transient: Category[] = ['TIMEOUT', 'SERVER_ERROR', 'NETWORK_ERROR', 'UNKNOWN_TRANSIENT'];
	it.each(transient)('counts %s', (category) => {
		const provider = startProvider();
		for (let failures = 0; failures < 3; failures++) provider.failNow({ category });
		expect(provider.state()).toBe('open');
	});

	it('counts from the start after a success', () => {
		const provider = startProvider();
		provider.failNow(serverError);
		provider.failNow(serverError);
		provider.succeed(provider.permit());
		provider.failNow(serverError);
		provider.failNow(serverError);
		expect(provider.state()).toBe('closed');
		provider.failNow(serverError);
		expect(provider.state()).toBe('open');
	});

	it.each([undefined, 'context_length', 'content_policy'])(
		'never holds the mistake of a caller against itself: BAD_REQUEST with reason %s',
		(reason) => {
			const provider = startProvider({ breaker: { minimumVolume: 1, failureRate: 0.1 } });
			for (let failures = 0; failures < 100; failures++) provider.failNow({ category: 'BAD_REQUEST', reason });
			expect(provider.state()).toBe('closed');
			expect(provider.context().consecutiveFailures).toBe(0);
		},
	);

	it('takes the mistake of a caller for no success either', () => {
		const provider = startProvider();
		provider.failNow(serverError);
		provider.failNow(serverError);
		provider.failNow(badRequest);
		provider.failNow(serverError);
		expect(provider.state()).toBe('open');
	});

	it('does not count an attempt whose client left', () => {
		const provider = startProvider({ breaker: { failureThreshold: 2 } });
		provider.failNow(serverError);
		provider.abandon(provider.permit());
		expect(provider.context().consecutiveFailures).toBe(1);
		provider.failNow(serverError);
		expect(provider.state()).toBe('open');
	});

	it('obeys an effect that the policy gives to one reason', () => {
		const provider = startProvider({
			breaker: { effects: { SERVER_ERROR: 'count', 'SERVER_ERROR.malformed': 'none' } },
		});
		for (let failures = 0; failures < 3; failures++) provider.failNow({ ...serverError, reason: 'malformed' });
		expect(provider.state()).toBe('closed');
		for (let failures = 0; failures < 3; failures++) provider.failNow({ ...serverError, reason: 'overloaded' });
		expect(provider.state()).toBe('open');
	});

	it('remembers its last failure', () => {
		const provider = startProvider();
		provider.pass(secondMs);
		provider.failNow({ ...badRequest, status: 400 });
		expect(provider.context().lastFailure).toEqual({ ...badRequest, status: 400, at: startMs + secondMs, model: 'm' });
	});
});

describe('the failure rate', () => {
	const breaker = { failureThreshold: 100, failureRate: 0.5, minimumVolume: 10, window: minuteMs };

	it('opens at the share of failures that the policy names, once there are enough results', () => {
		const provider = startProvider({ breaker });
		for (let pairs = 0; pairs < 4; pairs++) {
			provider.succeed(provider.permit());
			provider.failNow(serverError);
		}
		provider.succeed(provider.permit());
		expect(provider.state()).toBe('closed');
		provider.failNow(serverError);
		expect(provider.state()).toBe('open');
	});

	it('says nothing with one result too few', () => {
		const provider = startProvider({ breaker });
		for (let failures = 0; failures < 9; failures++) provider.failNow(serverError);
		expect(provider.state()).toBe('closed');
		provider.failNow(serverError);
		expect(provider.state()).toBe('open');
	});

	it('stays closed below the share', () => {
		const provider = startProvider({ breaker });
		for (let rounds = 0; rounds < 20; rounds++) {
			provider.succeed(provider.permit());
			provider.succeed(provider.permit());
			provider.failNow(serverError);
		}
		expect(provider.state()).toBe('closed');
	});

	it('looks back no further than the window', () => {
		const provider = startProvider({ breaker });
		for (let failures = 0; failures < 9; failures++) provider.failNow(serverError);
		provider.pass(minuteMs);
		provider.failNow(serverError);
		expect(provider.state()).toBe('closed');
	});

	it('begins anew after a recovery', () => {
		const provider = startProvider({ breaker });
		while (provider.state() === 'closed') provider.failNow(serverError);
		provider.pass(minuteMs);
		provider.succeed(provider.permit());
		expect(provider.state()).toBe('closed');
		for (let failures = 0; failures < 9; failures++) provider.failNow(serverError);
		expect(provider.state()).toBe('closed');
	});
});

describe('a provider that paces us', () => {
	it('is not blamed for a short wait', () => {
		const provider = startProvider();
		for (let times = 0; times < 10; times++) expect(provider.failNow(rateLimit(5 * secondMs))).toBe(startMs);
		expect(provider.state()).toBe('closed');
		expect(provider.context().consecutiveFailures).toBe(0);
	});

	it('is blamed when it does not say how long', () => {
		const provider = startProvider();
		for (let times = 0; times < 3; times++) provider.failNow(rateLimit());
		expect(provider.state()).toBe('open');
		expect(provider.context().reason).toBe('failures');
	});

	it.each(['RATE_LIMIT', 'SERVER_ERROR'] as const)(
		'is left alone as long as it asks, when that is long: %s',
		(category) => {
			const provider = startProvider();
			expect(provider.failNow({ category, retryAfterMs: 5_001 })).toBe(startMs + 5_001);
			expect(provider.ask()).toEqual({
				type: 'permit.denied',
				state: 'open',
				reason: 'hint',
				retryAt: startMs + 5_001,
			});
			provider.pass(5_000);
			expect(provider.state()).toBe('open');
			provider.pass(1);
			expect(provider.state()).toBe('half-open');
		},
	);

	it('counts an error of the server that comes with a short wait', () => {
		const provider = startProvider();
		for (let times = 0; times < 3; times++) provider.failNow({ ...serverError, retryAfterMs: secondMs });
		expect(provider.state()).toBe('open');
	});
});

describe('a rejected credential', () => {
	it('opens at once for authCooldown, and calls a person once', () => {
		const provider = startProvider();
		const permits = [provider.permit(), provider.permit(), provider.permit()];
		const until = startMs + 15 * minuteMs;
		for (const permit of permits) expect(provider.fail(permit, { ...authError, status: 401 })).toBe(until);
		expect(provider.ask()).toEqual({ type: 'permit.denied', state: 'open', reason: 'auth', retryAt: until });
		expect(provider.alarms).toEqual([
			{ type: 'provider.alarmed', alarm: 'auth', failure: { ...authError, status: 401 }, model: 'm', until },
		]);
		provider.pass(15 * minuteMs - 1);
		expect(provider.state()).toBe('open');
		provider.pass(1);
		expect(provider.state()).toBe('half-open');
	});

	it('opens from half-open too', () => {
		const provider = halfOpened();
		provider.failNow(authError);
		expect(provider.state()).toBe('open');
		expect(provider.context()).toMatchObject({ reason: 'auth', until: startMs + 16 * minuteMs });
	});

	it('prolongs a shorter cooldown, however late it is reported', () => {
		const provider = startProvider();
		const late = provider.permit();
		while (provider.state() === 'closed') provider.failNow(serverError);
		provider.pass(secondMs);
		provider.fail(late, authError);
		expect(provider.context()).toMatchObject({ reason: 'auth', until: startMs + secondMs + 15 * minuteMs });
		provider.pass(minuteMs);
		expect(provider.state()).toBe('open');
	});

	it('calls a person once even when a longer wait is already running', () => {
		const provider = startProvider();
		const permits = [provider.permit(), provider.permit()];
		provider.failNow(rateLimit(hourMs));
		for (const permit of permits) provider.fail(permit, authError);
		expect(provider.context()).toMatchObject({ reason: 'hint', until: startMs + hourMs });
		expect(provider.alarms).toHaveLength(1);
	});

	it('is not probed early though failures keep the provider open for longer', () => {
		const provider = startProvider({ breaker: { authCooldown: minuteMs / 2 } });
		const late = provider.permit();
		while (provider.state() === 'closed') provider.failNow(serverError);
		provider.fail(late, authError);
		expect(provider.context()).toMatchObject({ reason: 'failures', until: startMs + minuteMs });
		expect(provider.ask({ early: true })).toMatchObject({ type: 'permit.denied' });
	});
});

describe('an exhausted quota', () => {
	const ways: [string, () => ReturnType<typeof startProvider>][] = [
		['closed', () => startProvider()],
		['open', () => opened()],
		['half-open', () => halfOpened()],
	];

	it.each(ways)('cools down for quotaCooldown, from %s', (state, begin) => {
		const provider = begin();
		expect(provider.state()).toBe(state);
		const until = provider.clock.now() + hourMs;
		expect(provider.fail({ id: 'long ago', model: 'm', probe: false, epoch: 0 }, quota)).toBe(until);
		expect(provider.state()).toBe('quota-cooldown');
		expect(provider.context()).toMatchObject({ reason: 'quota', until });
		provider.pass(hourMs - 1);
		expect(provider.state()).toBe('quota-cooldown');
		provider.pass(1);
		expect(provider.state()).toBe('half-open');
		provider.succeed(provider.permit());
		expect(provider.state()).toBe('closed');
	});

	it("cools down until the provider's own time where it gives one, short or long", () => {
		for (const retryAfterMs of [2 * secondMs, 10 * hourMs]) {
			const provider = startProvider();
			const until = startMs + retryAfterMs;
			expect(provider.failNow({ ...quota, retryAfterMs })).toBe(until);
			expect(provider.ask()).toEqual({
				type: 'permit.denied',
				state: 'quota-cooldown',
				reason: 'quota',
				retryAt: until,
			});
			provider.pass(retryAfterMs);
			expect(provider.state()).toBe('half-open');
		}
	});

	it('is prolonged by a later time, and not shortened by an earlier one', () => {
		const provider = startProvider();
		const [earlier, later] = [provider.permit(), provider.permit()];
		provider.failNow(quota);
		expect(provider.fail(earlier, { ...quota, retryAfterMs: minuteMs })).toBe(startMs + hourMs);
		expect(provider.fail(later, { ...quota, retryAfterMs: 2 * hourMs })).toBe(startMs + 2 * hourMs);
		provider.pass(hourMs);
		expect(provider.state()).toBe('quota-cooldown');
		provider.pass(hourMs);
		expect(provider.state()).toBe('half-open');
	});

	it('calls a person once', () => {
		const provider = startProvider();
		const permits = [provider.permit(), provider.permit()];
		for (const permit of permits) provider.fail(permit, quota);
		expect(provider.alarms).toMatchObject([{ alarm: 'quota', until: startMs + hourMs }]);
	});

	it('goes back to its cooldown when the probe finds it exhausted still', () => {
		const provider = startProvider();
		provider.failNow(quota);
		provider.pass(hourMs);
		provider.failNow(quota);
		expect(provider.state()).toBe('quota-cooldown');
		expect(provider.context().until).toBe(startMs + 2 * hourMs);
	});

	it('is never probed early, nor closed by a late success', () => {
		const provider = startProvider();
		const late = provider.permit();
		provider.failNow(quota);
		expect(provider.ask({ early: true })).toMatchObject({ type: 'permit.denied' });
		provider.succeed(late);
		expect(provider.state()).toBe('quota-cooldown');
	});
});

describe('an open provider', () => {
	it('denies, and says why and until when', () => {
		const provider = opened();
		expect(provider.ask()).toEqual({
			type: 'permit.denied',
			state: 'open',
			reason: 'failures',
			retryAt: startMs + minuteMs,
		});
	});

	it('stays open longer with every re-opening, up to the maximum, and begins anew once it was closed', () => {
		const provider = opened();
		for (const cooldownMs of [60_000, 120_000, 180_000, 180_000]) {
			expect(provider.context().until - provider.clock.now()).toBe(cooldownMs);
			provider.pass(cooldownMs - 1);
			expect(provider.state()).toBe('open');
			provider.pass(1);
			provider.failNow(serverError);
			expect(provider.state()).toBe('open');
		}
		provider.pass(180_000);
		provider.succeed(provider.permit());
		while (provider.state() === 'closed') provider.failNow(serverError);
		expect(provider.context().until - provider.clock.now()).toBe(60_000);
	});

	it('stays open longer by the jitter, with chance taken from the event', () => {
		const provider = startProvider({ breaker: { failureThreshold: 1, cooldownJitter: 0.5 } });
		provider.failNow(serverError, { random: 0.5 });
		expect(provider.context().until).toBe(startMs + 75_000);
		provider.pass(75_000);
		provider.failNow(serverError, { random: 1 });
		expect(provider.context().until).toBe(provider.clock.now() + 180_000);
	});

	it('grants a probe past its time though the timer has not fired', () => {
		const provider = opened();
		const now = startMs + minuteMs;
		expect(provider.ask({ now: now - 1 })).toMatchObject({ type: 'permit.denied' });
		expect(provider.ask({ now })).toMatchObject({ type: 'permit.granted', permit: { probe: true } });
		expect(provider.context().since).toBe(now);
		// The timer of the cooldown that was cut off must not reach into half-open.
		provider.pass(minuteMs);
		expect(provider.context()).toMatchObject({ since: now, probes: [{ deadline: now + 5 * minuteMs }] });
	});

	it('grants a probe past its time in quota-cooldown too', () => {
		const provider = startProvider();
		provider.failNow(quota);
		expect(provider.ask({ now: startMs + hourMs })).toMatchObject({ permit: { probe: true } });
		expect(provider.state()).toBe('half-open');
	});

	it('grants a probe early when only failures opened it', () => {
		const provider = opened();
		expect(provider.ask({ early: true })).toMatchObject({ type: 'permit.granted', permit: { probe: true } });
		expect(provider.ask({ early: true })).toMatchObject({
			type: 'permit.denied',
			state: 'half-open',
			reason: 'probing',
		});
	});

	it.each([
		['a hint', rateLimit(minuteMs)],
		['a rejected credential', authError],
	])('is not probed early after %s', (_, failure) => {
		const provider = startProvider();
		provider.failNow(failure);
		expect(provider.ask({ early: true })).toMatchObject({ type: 'permit.denied', state: 'open' });
		expect(provider.state()).toBe('open');
	});

	it('learns nothing from a late result: no closing, no counting, no shortening', () => {
		const provider = startProvider();
		const late = Array.from({ length: 4 }, () => provider.permit());
		while (provider.state() === 'closed') provider.failNow(serverError);
		const { window, consecutiveFailures, until, epoch } = provider.context();
		provider.pass(secondMs);
		const [succeeded, failed, hinted, abandoned] = late;
		if (!succeeded || !failed || !hinted || !abandoned) throw new Error('four permits were granted');
		provider.succeed(succeeded);
		expect(provider.fail(failed, serverError)).toBe(until);
		expect(provider.fail(hinted, rateLimit(10 * secondMs))).toBe(until);
		provider.abandon(abandoned);
		expect(provider.state()).toBe('open');
		expect(provider.context()).toMatchObject({ window, consecutiveFailures, until, epoch, reason: 'failures' });
		provider.pass(minuteMs - secondMs);
		expect(provider.state()).toBe('half-open');
	});

	it('is prolonged by a hint that names a later time', () => {
		const provider = startProvider();
		const late = provider.permit();
		while (provider.state() === 'closed') provider.failNow(serverError);
		expect(provider.fail(late, rateLimit(hourMs))).toBe(startMs + hourMs);
		expect(provider.context().reason).toBe('hint');
		provider.pass(minuteMs);
		expect(provider.state()).toBe('open');
		provider.pass(59 * minuteMs);
		expect(provider.state()).toBe('half-open');
	});

	it.each([rateLimit(yearMs), { ...quota, retryAfterMs: yearMs }])(
		'waits out a year without firing at once: $category',
		(failure) => {
			const provider = startProvider();
			provider.failNow(failure);
			const state = provider.state();
			provider.pass(1);
			expect(provider.state()).toBe(state);
			expect(provider.context().waitMs).toBe(LONGEST_TIMER_MS);
			provider.pass(LONGEST_TIMER_MS - 2);
			expect(provider.state()).toBe(state);
			provider.pass(1);
			expect(provider.state()).toBe('half-open');
		},
	);
});

describe('a half-open provider', () => {
	it.each([1, 3])('grants %i probes at once, and another when one comes back', (probes) => {
		const provider = halfOpened({ breaker: { probes, successThreshold: 10 } });
		const permits = Array.from({ length: probes }, () => provider.permit());
		expect(permits.every(({ probe }) => probe)).toBe(true);
		expect(provider.ask()).toEqual({
			type: 'permit.denied',
			state: 'half-open',
			reason: 'probing',
			retryAt: provider.clock.now(),
		});
		for (const permit of permits.slice(0, 1)) provider.succeed(permit);
		expect(provider.ask()).toMatchObject({ type: 'permit.granted' });
		expect(provider.ask()).toMatchObject({ type: 'permit.denied' });
	});

	it.each([1, 2, 3])('closes after %i successes', (successThreshold) => {
		const provider = halfOpened({ breaker: { successThreshold } });
		for (let successes = 1; successes < successThreshold; successes++) {
			provider.succeed(provider.permit());
			expect(provider.state()).toBe('half-open');
		}
		provider.succeed(provider.permit());
		expect(provider.state()).toBe('closed');
		expect(provider.context()).toMatchObject({ until: 0, reason: undefined, consecutiveFailures: 0, reopenings: 0 });
		expect(provider.ask()).toMatchObject({ permit: { probe: false } });
	});

	it('begins counting successes anew after a re-opening', () => {
		const provider = halfOpened({ breaker: { successThreshold: 2 } });
		provider.succeed(provider.permit());
		provider.failNow(serverError);
		provider.pass(2 * minuteMs);
		provider.succeed(provider.permit());
		expect(provider.state()).toBe('half-open');
	});

	it.each([serverError, rateLimit(), rateLimit(secondMs)])('re-opens on one failed probe: %o', (failure) => {
		const provider = halfOpened({ breaker: { probes: 2 } });
		const other = provider.permit();
		expect(provider.failNow(failure)).toBe(provider.clock.now() + 2 * minuteMs);
		expect(provider.state()).toBe('open');
		provider.succeed(other);
		expect(provider.state()).toBe('open');
	});

	it.each([badRequest, unavailable])('takes $category of a probe for no verdict, and the slot back', (failure) => {
		const provider = halfOpened();
		provider.failNow(failure, { lastTry: false });
		expect(provider.state()).toBe('half-open');
		expect(provider.ask()).toMatchObject({ type: 'permit.granted' });
	});

	it('takes the slot of an abandoned probe back, without a verdict', () => {
		const provider = halfOpened();
		provider.abandon(provider.permit());
		expect(provider.state()).toBe('half-open');
		expect(provider.context().probeSuccesses).toBe(0);
		expect(provider.ask()).toMatchObject({ type: 'permit.granted' });
	});

	it('counts a probe that is settled twice once', () => {
		const provider = halfOpened({ breaker: { probes: 1, successThreshold: 2 } });
		const probe = provider.permit();
		provider.succeed(probe);
		provider.succeed(probe);
		expect(provider.state()).toBe('half-open');
		provider.permit();
		provider.abandon(probe);
		expect(provider.ask()).toMatchObject({ type: 'permit.denied' });
	});

	it('is neither closed nor re-opened by late results', () => {
		const provider = startProvider();
		const [succeeded, failed] = [provider.permit(), provider.permit()];
		while (provider.state() === 'closed') provider.failNow(serverError);
		provider.pass(minuteMs);
		provider.succeed(succeeded);
		provider.fail(failed, serverError);
		expect(provider.state()).toBe('half-open');
	});

	it('re-opens when a probe is silent for probeDeadline, and does not take its word afterwards', () => {
		const provider = halfOpened({ breaker: { probeDeadline: 10 * secondMs } });
		const silent = provider.permit();
		provider.pass(10 * secondMs - 1);
		expect(provider.state()).toBe('half-open');
		provider.pass(1);
		expect(provider.state()).toBe('open');
		expect(provider.context()).toMatchObject({ reopenings: 1, until: provider.clock.now() + 2 * minuteMs });
		provider.succeed(silent);
		expect(provider.state()).toBe('open');
		provider.pass(2 * minuteMs);
		provider.succeed(silent);
		expect(provider.state()).toBe('half-open');
	});

	it('does not take a probe that came back for an overdue one', () => {
		const provider = halfOpened({ breaker: { probeDeadline: 10 * secondMs, successThreshold: 2 } });
		provider.succeed(provider.permit());
		provider.pass(5 * secondMs);
		provider.permit();
		provider.pass(5 * secondMs);
		expect(provider.state()).toBe('half-open');
		provider.pass(5 * secondMs);
		expect(provider.state()).toBe('open');
	});

	it('leaves no timer behind, however its probes end', () => {
		const provider = opened({ breaker: { maxCooldown: minuteMs } });
		for (let rounds = 0; rounds < 20; rounds++) {
			provider.fail(provider.permit({ early: true }), serverError);
			expect(provider.clock.timers).toBe(1);
		}
		provider.pass(minuteMs);
		provider.abandon(provider.permit());
		provider.failNow(badRequest);
		expect(provider.clock.timers).toBe(0);
		provider.permit();
		expect(provider.clock.timers).toBe(1);
		provider.pass(5 * minuteMs);
		expect(provider.state()).toBe('open');
		provider.pass(minuteMs);
		provider.succeed(provider.permit());
		expect(provider.state()).toBe('closed');
		expect(provider.clock.timers).toBe(0);
	});
});

describe('an unavailable model', () => {
	it('is sidelined alone, for modelCooldown, and calls a person once', () => {
		const provider = startProvider();
		const until = startMs + 5 * minuteMs;
		const [first, second] = [provider.permit({ model: 'gone' }), provider.permit({ model: 'gone' })];
		expect(provider.fail(first, unavailable)).toBe(until);
		provider.fail(second, unavailable);
		expect(provider.state()).toBe('closed');
		expect(provider.ask({ model: 'gone' })).toEqual({
			type: 'permit.denied',
			state: 'closed',
			reason: 'model',
			retryAt: until,
		});
		expect(provider.ask({ model: 'other' })).toMatchObject({ type: 'permit.granted' });
		expect(provider.alarms).toMatchObject([{ alarm: 'model', model: 'gone', until }]);
		provider.pass(5 * minuteMs - 1);
		expect(provider.ask({ model: 'gone' })).toMatchObject({ type: 'permit.denied' });
		provider.pass(1);
		expect(provider.ask({ model: 'gone' })).toMatchObject({ type: 'permit.granted' });
	});

	it("is sidelined until the provider's own time where it gives one, which no shorter one cuts short", () => {
		const provider = startProvider();
		const [first, second] = [provider.permit(), provider.permit()];
		provider.fail(first, { ...unavailable, retryAfterMs: hourMs });
		expect(provider.fail(second, unavailable)).toBe(startMs + hourMs);
	});

	it('is not sidelined while the request goes on trying it', () => {
		const provider = startProvider();
		expect(provider.failNow(unavailable, { lastTry: false })).toBe(startMs);
		expect(provider.ask()).toMatchObject({ type: 'permit.granted' });
		expect(provider.alarms).toEqual([]);
	});

	it('never counts against the provider', () => {
		const provider = startProvider();
		for (let models = 0; models < 10; models++) {
			provider.fail(provider.permit({ model: `m${models}` }), unavailable);
		}
		expect(provider.state()).toBe('closed');
		expect(provider.context().consecutiveFailures).toBe(0);
	});

	it('is forgotten once its time is over and another one fails', () => {
		const provider = startProvider();
		provider.fail(provider.permit({ model: 'one' }), unavailable);
		provider.pass(5 * minuteMs);
		provider.fail(provider.permit({ model: 'two' }), unavailable);
		expect(Object.keys(provider.context().sidelined)).toEqual(['two']);
	});

	it('is denied in every state, for as long as both the model and the provider need', () => {
		const provider = startProvider();
		provider.fail(provider.permit({ model: 'gone' }), unavailable);
		while (provider.state() === 'closed') provider.failNow(serverError);
		const retryAt = startMs + 5 * minuteMs;
		expect(provider.ask({ model: 'gone' })).toMatchObject({ state: 'open', reason: 'model', retryAt });
		provider.pass(minuteMs);
		expect(provider.ask({ model: 'gone' })).toMatchObject({ state: 'half-open', reason: 'model', retryAt });
		provider.failNow(quota);
		expect(provider.ask({ model: 'gone' })).toMatchObject({
			state: 'quota-cooldown',
			reason: 'model',
			retryAt: startMs + minuteMs + hourMs,
		});
	});
});
