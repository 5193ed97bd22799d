import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PeerEvent, ProviderFact } from '../../../machines/events.ts';
import { hourMs, minuteMs, serverError, unavailable } from '../samples.ts';
import { anyHappening, happen, policyChanges } from './histories.ts';
import { halfOpened, opened, type ProviderHarness, startMs, startProvider } from './provider-harness.ts';

function tell(provider: ProviderHarness, said: Partial<PeerEvent> & { until: number }) {
	provider.facts.length = 0;
	provider.actor.send({ type: 'peer.tripped', now: provider.clock.now(), reason: 'hint', ...said });
	return provider.facts;
}

describe('a trip of another process', () => {
	it.each([
		['closed', () => startProvider()],
		['open', () => opened()],
		['half-open', () => halfOpened()],
	])('opens or prolongs, from %s, and is marked as learnt', (state, begin) => {
		const provider = begin();
		expect(provider.state()).toBe(state);
		const until = provider.clock.now() + hourMs;
		expect(tell(provider, { until })).toMatchObject([{ type: 'provider.tripped', state: 'open', until, learnt: true }]);
		expect(provider.ask()).toEqual({ type: 'permit.denied', state: 'open', reason: 'hint', retryAt: until });
		provider.pass(hourMs - 1);
		expect(provider.state()).toBe('open');
		provider.pass(1);
		expect(provider.state()).toBe('half-open');
	});

	it('for want of quota leads to quota-cooldown', () => {
		const provider = opened();
		tell(provider, { until: startMs + hourMs, reason: 'quota' });
		expect(provider.state()).toBe('quota-cooldown');
	});

	it('is no way out of quota-cooldown', () => {
		const provider = startProvider();
		tell(provider, { until: startMs + minuteMs, reason: 'quota' });
		tell(provider, { until: startMs + hourMs, reason: 'failures' });
		expect(provider.state()).toBe('quota-cooldown');
		expect(provider.context().until).toBe(startMs + hourMs);
	});

	it.each(['failures', 'hint', 'auth', 'quota', 'operator'] as const)(
		'shortens nothing, and is no fact when it is the shorter one: %s',
		(reason) => {
			const provider = opened();
			const { until } = provider.context();
			for (const shorter of [until, until - 1, startMs, startMs - hourMs]) {
				expect(tell(provider, { until: shorter, reason })).toEqual([]);
			}
			expect(provider.state()).toBe('open');
			expect(provider.context().until).toBe(until);
		},
	);

	it('that is over changes nothing in closed', () => {
		const provider = startProvider();
		expect(tell(provider, { until: startMs })).toEqual([]);
		expect(provider.state()).toBe('closed');
	});

	it('keeps early probes away until the time it names, though the own cooldown is longer', () => {
		const provider = opened();
		tell(provider, { until: startMs + minuteMs / 2 });
		expect(provider.ask({ early: true })).toMatchObject({ type: 'permit.denied' });
		provider.pass(minuteMs / 2);
		expect(provider.ask({ early: true })).toMatchObject({ type: 'permit.granted' });
	});

	it('calls nobody a second time for what the peer has called for', () => {
		const provider = startProvider();
		const late = provider.permit();
		tell(provider, { until: startMs + hourMs, reason: 'auth' });
		provider.fail(late, { category: 'AUTH_ERROR' });
		expect(provider.alarms).toEqual([]);
	});

	it('ends the epoch: what was on its way is late', () => {
		const provider = startProvider({ breaker: { failureThreshold: 1 } });
		const late = provider.permit();
		tell(provider, { until: startMs + 1 });
		provider.pass(1);
		provider.succeed(provider.permit());
		provider.fail(late, serverError);
		expect(provider.state()).toBe('closed');
	});

	it('can be about one model, for which the longest time wins too', () => {
		const provider = startProvider();
		const until = startMs + 5 * hourMs;
		expect(tell(provider, { until, model: 'm' })).toMatchObject([{ type: 'model.unavailable', model: 'm', until }]);
		expect(tell(provider, { until: until - 1, model: 'm' })).toEqual([]);
		expect(provider.ask()).toMatchObject({ reason: 'model', retryAt: until });
		expect(provider.ask({ model: 'n' })).toMatchObject({ type: 'permit.granted' });
		provider.fail(provider.permit({ model: 'n' }), unavailable);
		expect(Object.keys(provider.context().unavailable)).toEqual(['m', 'n']);
	});
});

/** A carrier that does not even look whether a fact was learnt. */
function eventOf(fact: ProviderFact, now: number): PeerEvent | undefined {
	if (fact.type === 'provider.tripped') return { type: 'peer.tripped', now, until: fact.until, reason: fact.reason };
	if (fact.type !== 'model.unavailable') return undefined;
	return { type: 'peer.tripped', now, until: fact.until, reason: 'failures', model: fact.model };
}

it('two actors that tell each other everything come to rest, and neither would grant before the other', () => {
	fc.assert(
		fc.property(
			policyChanges,
			fc.array(fc.record({ which: fc.nat({ max: 1 }), event: anyHappening }), { maxLength: 40 }),
			(changes, history) => {
				const one = startProvider(changes);
				const worlds = [one, startProvider(changes, one.clock)].map((provider) => ({
					provider,
					out: [],
					settled: [],
				}));
				for (const { which, event } of history) {
					happen(worlds[which] as (typeof worlds)[0], event);
					let told = 0;
					for (let index = 0; worlds.some(({ provider }) => provider.facts.length > 0); index = 1 - index) {
						const [from, to] = index === 0 ? worlds : [...worlds].reverse();
						for (const fact of from?.provider.facts.splice(0) ?? []) {
							const said = eventOf(fact, one.clock.now());
							if (said === undefined) continue;
							told += 1;
							to?.provider.actor.send(said);
						}
					}
					// Its own words, what the other has learnt of them, and the same from timers of both that were due since.
					expect(told).toBeLessThanOrEqual(24);
				}
			},
		),
		{ numRuns: 150 },
	);
});
