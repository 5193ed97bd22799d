import { describe, expect, it } from 'vitest';
import { minuteMs, serverError } from '../samples.ts';
import { startMs, startProvider } from './provider-harness.ts';

const lenient = { failureThreshold: 10_000, minimumVolume: 1_000_000 };
const withBudget = (budget: { share: number; floor: number } | 'off') =>
	startProvider({ breaker: lenient, retry: { budget } });

describe('a provider actor with a retry budget', () => {
	it('grants as many retries as the floor and the share of first attempts allow', () => {
		const provider = withBudget({ share: 0.5, floor: 1 });
		provider.permit({ isRetry: true });
		expect(provider.ask({ isRetry: true })).toEqual({
			type: 'permit.denied',
			state: 'closed',
			reason: 'retry-budget',
			// A request that is no retry is granted now.
			retryAt: startMs,
		});
		provider.permit();
		expect(provider.ask({ isRetry: true })).toMatchObject({ reason: 'retry-budget' });
		provider.permit();
		provider.permit({ isRetry: true });
		expect(provider.ask({ isRetry: true })).toMatchObject({ reason: 'retry-budget' });
	});

	it('never denies what is no retry', () => {
		const provider = withBudget({ share: 0, floor: 0 });
		for (let asked = 0; asked < 100; asked++) provider.fail(provider.permit(), serverError);
		expect(provider.ask({ isRetry: true })).toMatchObject({ reason: 'retry-budget' });
	});

	it('counts those of the last minute', () => {
		const provider = withBudget({ share: 0, floor: 1 });
		provider.permit({ isRetry: true });
		provider.pass(minuteMs - 1);
		expect(provider.ask({ isRetry: true })).toMatchObject({ reason: 'retry-budget' });
		provider.pass(1);
		provider.permit({ isRetry: true });
	});

	it('counts no permit that came to no attempt', () => {
		const provider = withBudget({ share: 0, floor: 1 });
		const permit = provider.permit({ isRetry: true });
		provider.actor.send({ type: 'attempt.abandoned', permit, now: startMs, tokens: 0, unused: true });
		provider.abandon(provider.permit({ isRetry: true }));
		expect(provider.ask({ isRetry: true })).toMatchObject({ reason: 'retry-budget' });
	});

	it('is picked up with what it has counted', () => {
		const provider = withBudget({ share: 0, floor: 1 });
		provider.permit({ isRetry: true });
		const memory = JSON.parse(JSON.stringify(provider.memory()));
		const picked = startProvider({ retry: { budget: { share: 0, floor: 1 } } }, provider.clock, { memory });
		expect(picked.ask({ isRetry: true })).toMatchObject({ reason: 'retry-budget' });
	});

	it('counts nothing by default', () => {
		const provider = startProvider();
		for (let asked = 0; asked < 100; asked++) provider.permit({ isRetry: true });
		expect(provider.context().attempts).toBeUndefined();
	});
});
