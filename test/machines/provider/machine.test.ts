import { describe, expect, it } from 'vitest';
import type { Category } from '../../../machines/failure.ts';
import { badRequest, hourMs, minuteMs, quota, secondMs, serverError } from '../samples.ts';
import { startMs, startProvider } from './provider-harness.ts';

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

	it('is not looked at again for a late failure', () => {
		const provider = startProvider({ breaker: { ...breaker, minimumVolume: 3 } });
		const late = provider.permit();
		provider.failNow(quota);
		provider.pass(hourMs);
		provider.succeed(provider.permit());
		for (let successes = 0; successes < 4; successes++) provider.succeed(provider.permit());
		provider.pass(minuteMs / 2);
		for (let failures = 0; failures < 3; failures++) provider.failNow(serverError);
		// By now the successes have left the window, and the share of failures is 1.
		provider.pass(minuteMs / 2);
		provider.fail(late, serverError);
		expect(provider.state()).toBe('closed');
	});

	it('begins anew after a recovery', () => {
		const provider = startProvider({ breaker: { ...breaker, cooldown: secondMs } });
		provider.trip();
		provider.pass(secondMs);
		provider.succeed(provider.permit());
		expect(provider.state()).toBe('closed');
		for (let failures = 0; failures < 9; failures++) provider.failNow(serverError);
		expect(provider.state()).toBe('closed');
	});
});
