import { describe, expect, it } from 'vitest';
import { minuteMs, secondMs } from '../samples.ts';
import { halfOpened, type ProviderHarness, startProvider } from './provider-harness.ts';

const rampMs = 30 * secondMs;
const changes = { breaker: { failureThreshold: 1, ramp: rampMs } };

/** Has just closed again. */
function recovered(given: Parameters<typeof halfOpened>[0] = changes): ProviderHarness {
	const provider = halfOpened(given);
	provider.succeed(provider.permit());
	expect(provider.state()).toBe('closed');
	return provider;
}

/** How many of so many questions in one moment are granted, while another attempt is in flight. */
function grantedOf(provider: ProviderHarness, questions: number): number {
	return Array.from({ length: questions }, () => provider.ask()).filter(({ type }) => type === 'permit.granted').length;
}

describe('a provider actor with a ramp', () => {
	it('grants one at a time at first', () => {
		const provider = recovered();
		const permit = provider.permit();
		expect(grantedOf(provider, 100)).toBe(0);
		provider.succeed(permit);
		provider.permit();
	});

	it.each([
		[3 * secondMs, 10],
		[15 * secondMs, 50],
		[27 * secondMs, 90],
	])('grants the share of what is asked that has been reached after %d ms', (ms, granted) => {
		const provider = recovered();
		provider.permit();
		provider.pass(ms);
		expect(grantedOf(provider, 100)).toBeGreaterThanOrEqual(granted - 1);
		expect(grantedOf(provider, 100)).toBeLessThanOrEqual(granted + 1);
	});

	it('grants all when its time is over, and keeps nothing of it', () => {
		const provider = recovered();
		provider.permit();
		provider.ask();
		provider.pass(rampMs);
		expect(grantedOf(provider, 100)).toBe(100);
		expect(provider.context().ramp).toBeUndefined();
	});

	it('names the time at which the next question is granted, which is in the ramp', () => {
		const provider = recovered();
		provider.permit();
		provider.pass(6 * secondMs);
		for (let asked = 0; asked < 4; asked++) {
			const denied = provider.ask();
			if (denied.type !== 'permit.denied') throw new Error('granted');
			expect(denied).toMatchObject({ state: 'closed', reason: 'ramp' });
			const waitMs = denied.retryAt - provider.clock.now();
			expect(waitMs).toBeLessThanOrEqual(24 * secondMs);
			const picked = startProvider(changes, provider.clock, { memory: JSON.parse(JSON.stringify(provider.memory())) });
			if (waitMs > 0) expect(picked.ask({ now: denied.retryAt - 1 })).toMatchObject({ reason: 'ramp' });
			const again = startProvider(changes, provider.clock, { memory: provider.memory() });
			expect(again.ask({ now: denied.retryAt })).toMatchObject({ type: 'permit.granted' });
		}
	});

	it('holds the denial against nobody', () => {
		const provider = recovered();
		provider.permit();
		const { ramp: _, ...before } = provider.memory();
		for (let asked = 0; asked < 100; asked++) provider.ask();
		expect(provider.memory()).toMatchObject(before);
	});

	it('has none where a person has closed it', () => {
		const provider = recovered();
		provider.permit();
		provider.actor.send({ type: 'operator.reset', now: provider.clock.now() });
		expect(grantedOf(provider, 100)).toBe(100);
	});

	it('begins anew at each recovery', () => {
		const provider = recovered();
		provider.pass(20 * secondMs);
		provider.trip();
		provider.pass(minuteMs);
		provider.succeed(provider.permit());
		provider.permit();
		expect(grantedOf(provider, 100)).toBe(0);
	});

	it('has none by default', () => {
		const provider = recovered({ breaker: { failureThreshold: 1 } });
		expect(grantedOf(provider, 100)).toBe(100);
		expect(provider.context().ramp).toBeUndefined();
	});
});
