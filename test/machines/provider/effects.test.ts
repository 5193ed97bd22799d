import { describe, expect, it } from 'vitest';
import { authError, hourMs, minuteMs, quota, rateLimit, secondMs, serverError, unavailable } from '../samples.ts';
import { halfOpened, opened, startMs, startProvider } from './provider-harness.ts';

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

describe('the failures of one request', () => {
	it('count once, in a row and in the window', () => {
		const provider = startProvider();
		const { id } = provider.context();
		expect(provider.settle(provider.permit(), serverError).counted).toEqual([id]);
		for (let retry = 0; retry < 30; retry++) {
			expect(provider.settle(provider.permit(), serverError, { hasCounted: true }).counted).toEqual([id]);
		}
		expect(provider.state()).toBe('closed');
		expect(provider.context().consecutiveFailures).toBe(1);
		expect(provider.context().window.slices).toMatchObject([{ succeeded: 0, failed: 1 }]);
	});

	it('are none that counts where they mean nothing to it', () => {
		const provider = startProvider();
		for (const failure of [{ category: 'BAD_REQUEST' } as const, rateLimit(secondMs), unavailable]) {
			expect(provider.settle(provider.permit(), failure).counted).toEqual([]);
		}
	});

	it('open it all the same when the last one names a time, or a dead key', () => {
		const hinted = startProvider();
		hinted.failNow({ ...serverError, retryAfterMs: minuteMs }, { hasCounted: true });
		expect(hinted.context().reason).toBe('hint');
		const rejected = startProvider();
		rejected.failNow(authError, { hasCounted: true });
		expect(rejected.context().reason).toBe('auth');
	});

	it('open it again where the last one was a probe', () => {
		const provider = halfOpened();
		provider.failNow(serverError, { hasCounted: true });
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

	it('stays open for longer when the provider asks for that', () => {
		const provider = startProvider();
		expect(provider.failNow({ ...authError, retryAfterMs: hourMs })).toBe(startMs + hourMs);
	});

	it('calls a person again when the probe finds it rejected still', () => {
		const provider = startProvider();
		provider.failNow(authError);
		provider.pass(15 * minuteMs);
		provider.failNow(authError);
		expect(provider.alarms.map(({ until }) => until - startMs)).toEqual([15 * minuteMs, 30 * minuteMs]);
	});

	it('prolongs a shorter cooldown, however late it is reported', () => {
		const provider = startProvider();
		const late = provider.permit();
		provider.trip();
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
		provider.trip();
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
		expect(
			provider.fail({ id: 'long ago', number: 0, model: 'm', probe: false, epoch: 0, refusesPrefill: false }, quota),
		).toBe(until);
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

	it('does not shorten the cooldown of an open provider by an earlier time of its own', () => {
		const provider = startProvider();
		const late = [provider.permit(), provider.permit()];
		provider.trip();
		for (const permit of late) provider.fail(permit, { ...quota, retryAfterMs: secondMs });
		expect(provider.state()).toBe('quota-cooldown');
		expect(provider.context()).toMatchObject({ reason: 'failures', until: startMs + minuteMs });
		expect(provider.alarms).toHaveLength(1);
		provider.pass(secondMs);
		expect(provider.state()).toBe('quota-cooldown');
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

describe('an unavailable model', () => {
	it('is unavailable alone, for modelCooldown, and calls a person once', () => {
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

	it("is unavailable until the provider's own time where it gives one, which no shorter one cuts short", () => {
		const provider = startProvider();
		const [first, second] = [provider.permit(), provider.permit()];
		provider.fail(first, { ...unavailable, retryAfterMs: hourMs });
		expect(provider.fail(second, unavailable)).toBe(startMs + hourMs);
	});

	it('is not unavailable while the request goes on trying it', () => {
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
		expect(Object.keys(provider.context().unavailable)).toEqual(['two']);
	});

	it.each([serverError, quota])(
		'is not probed when the cooldown of $category is over, for it is out longer',
		(failure) => {
			const provider = startProvider({ breaker: { modelCooldown: 2 * hourMs } });
			provider.fail(provider.permit({ model: 'gone' }), unavailable);
			provider.trip(failure);
			const until = startMs + 2 * hourMs;
			const now = startMs + hourMs;
			expect(provider.ask({ model: 'gone', now })).toMatchObject({
				type: 'permit.denied',
				reason: 'model',
				retryAt: until,
			});
			expect(provider.ask({ now })).toMatchObject({ type: 'permit.granted' });
		},
	);

	it('is denied in every state, for as long as both the model and the provider need', () => {
		const provider = startProvider();
		provider.fail(provider.permit({ model: 'gone' }), unavailable);
		provider.trip();
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
