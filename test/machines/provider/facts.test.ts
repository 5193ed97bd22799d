import { describe, expect, it } from 'vitest';
import { authError, hourMs, minuteMs, quota, rateLimit, secondMs, serverError, unavailable } from '../samples.ts';
import { halfOpened, opened, startMs, startProvider } from './provider-harness.ts';

describe('the facts of a provider', () => {
	it('are none for healthy requests', () => {
		const provider = startProvider();
		for (let times = 0; times < 5; times++) provider.succeed(provider.permit());
		provider.abandon(provider.permit());
		provider.failNow(serverError);
		expect(provider.facts).toEqual([]);
	});

	it('tell a trip, the end of its cooldown, the probe and the recovery', () => {
		const provider = opened();
		provider.pass(minuteMs);
		provider.succeed(provider.permit());
		const until = startMs + minuteMs;
		expect(provider.facts).toEqual([
			{ type: 'provider.tripped', provider: 'a', at: startMs, state: 'open', until, reason: 'failures', learnt: false },
			{ type: 'cooldown.ended', provider: 'a', at: until },
			{ type: 'probe.leased', provider: 'a', at: until, id: 'request/4', model: 'm', until: until + 5 * minuteMs },
			{ type: 'provider.recovered', provider: 'a', at: until },
		]);
	});

	it('tell a probe that comes back without a verdict', () => {
		const provider = halfOpened();
		const probe = provider.permit();
		provider.facts.length = 0;
		provider.abandon(probe);
		provider.abandon(probe);
		expect(provider.facts).toMatchObject([{ type: 'probe.returned', id: probe.id }]);
	});

	it.each([
		['a longer hint', rateLimit(hourMs), 'open', 'hint', hourMs],
		['a rejected key', authError, 'open', 'auth', 15 * minuteMs],
		['an exhausted quota', quota, 'quota-cooldown', 'quota', hourMs],
	] as const)('tell how far %s prolongs a cooldown', (_, failure, state, reason, forMs) => {
		const provider = startProvider();
		const late = provider.permit();
		provider.trip();
		provider.facts.length = 0;
		provider.fail(late, failure);
		expect(provider.facts).toMatchObject([{ type: 'provider.tripped', state, reason, until: startMs + forMs }]);
	});

	it('tell nothing of what prolongs nothing', () => {
		const provider = startProvider();
		const permits = [provider.permit(), provider.permit()];
		for (const permit of permits) provider.fail(permit, rateLimit(hourMs));
		expect(provider.facts).toHaveLength(1);
	});

	it('tell a model that is unavailable once, and a refused prefill once', () => {
		const provider = startProvider();
		const permits = Array.from({ length: 4 }, () => provider.permit());
		const refusal = { category: 'BAD_REQUEST', reason: 'prefill' } as const;
		for (const [index, permit] of permits.entries()) provider.fail(permit, index < 2 ? unavailable : refusal);
		expect(provider.facts.map(({ type }) => type)).toEqual(['model.unavailable', 'prefill.refused']);
		expect(provider.facts[0]).toMatchObject({ model: 'm', learnt: false });
	});

	it('tell an operator’s trip and reset', () => {
		const provider = startProvider();
		provider.actor.send({ type: 'operator.tripped', now: startMs, forMs: secondMs });
		provider.actor.send({ type: 'operator.reset', now: startMs });
		expect(provider.facts).toMatchObject([
			{ type: 'provider.tripped', reason: 'operator', until: startMs + secondMs },
			{ type: 'provider.reset' },
		]);
	});
});
