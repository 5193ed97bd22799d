import { describe, expect, it } from 'vitest';
import { LONGEST_TIMER_MS } from '../../../machines/backoff.ts';
import {
	authError,
	badRequest,
	hourMs,
	minuteMs,
	quota,
	rateLimit,
	secondMs,
	serverError,
	unavailable,
	yearMs,
} from '../samples.ts';
import { halfOpened, opened, startMs, startProvider } from './provider-harness.ts';

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
		provider.trip();
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
		provider.pass(secondMs);
		expect(provider.ask({ early: true })).toMatchObject({ type: 'permit.granted', permit: { probe: true } });
		expect(provider.context().since).toBe(startMs + secondMs);
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
		provider.trip();
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
		provider.trip();
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
		expect(provider.context().probes).toEqual([]);
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
		expect(provider.context().probeSuccesses).toBe(1);
		provider.permit();
		provider.abandon(probe);
		expect(provider.ask()).toMatchObject({ type: 'permit.denied' });
	});

	it('is neither closed nor re-opened by late results', () => {
		const provider = startProvider();
		const [succeeded, failed] = [provider.permit(), provider.permit()];
		provider.trip();
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
		const probe = provider.permit();
		provider.succeed(probe);
		provider.actor.send({ type: 'probe.overdue', id: probe.id });
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
