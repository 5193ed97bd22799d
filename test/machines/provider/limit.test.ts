import { describe, expect, it } from 'vitest';
import { minuteMs } from '../samples.ts';
import { halfOpened, opened, startMs, startProvider } from './provider-harness.ts';

const limited = { concurrent: 2 };

describe('a provider actor with a limit of attempts in flight', () => {
	it('denies what is beyond it, as a limit and for now, and grants again with the first that comes back', () => {
		const provider = startProvider({}, undefined, limited);
		const [first] = [provider.permit(), provider.permit()];
		expect(provider.ask()).toEqual({ type: 'permit.denied', state: 'closed', reason: 'limit', retryAt: startMs });
		expect(provider.context().ledger.out).toBe(2);
		provider.abandon(first);
		provider.permit();
		expect(provider.ask()).toMatchObject({ reason: 'limit' });
	});

	it('holds the denial against nobody', () => {
		const provider = startProvider({}, undefined, limited);
		const permits = [provider.permit(), provider.permit()];
		const before = provider.memory();
		for (let asked = 0; asked < 100; asked++) provider.ask();
		expect(provider.memory()).toEqual(before);
		for (const permit of permits) provider.succeed(permit);
		expect(provider.state()).toBe('closed');
	});

	it('tells of what else stands in the way first', () => {
		const provider = opened({ breaker: { failureThreshold: 1 } }, undefined, { concurrent: 1 });
		const { retryAt } = provider.ask() as { retryAt: number };
		expect(provider.ask()).toMatchObject({ reason: 'failures' });
		expect(retryAt).toBeGreaterThan(startMs);
	});

	it('sends no probe while the attempts from before the trip fill it', () => {
		const provider = startProvider({ breaker: { failureThreshold: 1 } }, undefined, limited);
		const [hanging, failing] = [provider.permit(), provider.permit()];
		provider.fail(failing, { category: 'SERVER_ERROR' });
		provider.pass(minuteMs);
		const probe = provider.permit();
		expect(probe.probe).toBe(true);
		expect(provider.ask()).toMatchObject({ state: 'half-open', reason: 'probing' });
		provider.abandon(probe);
		expect(provider.permit().probe).toBe(true);
		expect(hanging.probe).toBe(false);
	});

	it('names the limit in half-open where a probe would be left', () => {
		const many = { breaker: { probes: 5, successThreshold: 5 } };
		const provider = halfOpened(many, undefined, limited);
		provider.permit();
		provider.permit();
		expect(provider.ask()).toMatchObject({ state: 'half-open', reason: 'limit', retryAt: provider.clock.now() });
	});

	it('has its limit from its configuration when it is picked up', () => {
		const provider = startProvider({}, undefined, limited);
		provider.permit();
		expect(provider.memory()).not.toHaveProperty('concurrent');
		const picked = startProvider({}, provider.clock, { memory: provider.memory(), concurrent: 1 });
		expect(picked.ask()).toMatchObject({ reason: 'limit' });
	});
});
