import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Permit, ProviderReply } from '../../../machines/events.ts';
import { type Category, categories, type Failure } from '../../../machines/failure.ts';
import type { PolicyChanges } from '../../helpers/policy.ts';
import { type ProviderHarness, startProvider } from './provider-harness.ts';

const models = ['m', 'n', 'o'];
const hourMs = 3_600_000;
const yearMs = 365 * 24 * hourMs;

type Outcome =
	| { ends: 'succeeded' | 'abandoned' }
	| { ends: 'failed'; failure: Failure; random: number; lastTry: boolean };

/** One thing that happens to a provider actor. `pick` chooses among the permits that are there. */
type Happening =
	| { does: 'ask'; model: string; early: boolean; aheadMs: number }
	| { does: 'settle'; pick: number; outcome: Outcome; again: boolean }
	| { does: 'pass'; ms: number };

const failure: fc.Arbitrary<Failure> = fc.record({
	category: fc.constantFrom<Category>(...categories),
	retryAfterMs: fc.constantFrom(undefined, undefined, 1, 3_000, 5_000, 5_001, 90_000, hourMs, yearMs),
});
const outcome: fc.Arbitrary<Outcome> = fc.oneof(
	fc.record({ ends: fc.constantFrom('succeeded' as const, 'abandoned' as const) }),
	fc.record({
		ends: fc.constant('failed' as const),
		failure: fc.oneof(fc.constant<Failure>({ category: 'SERVER_ERROR' }), failure),
		random: fc.double({ min: 0, max: 1, noNaN: true }),
		lastTry: fc.boolean(),
	}),
);
const happening: fc.Arbitrary<Happening> = fc.oneof(
	fc.record({
		does: fc.constant('ask' as const),
		model: fc.constantFrom(...models),
		early: fc.boolean(),
		/** A caller's clock can be ahead of the timers. */
		aheadMs: fc.constantFrom(0, 0, 0, 1, 70_000),
	}),
	fc.record({ does: fc.constant('settle' as const), pick: fc.nat(), outcome, again: fc.boolean() }),
	fc.record({
		does: fc.constant('pass' as const),
		ms: fc.constantFrom(0, 1, 999, 5_000, 60_000, 66_000, 400_000, hourMs),
	}),
);
const policy: fc.Arbitrary<PolicyChanges> = fc.record({
	breaker: fc.record({
		failureThreshold: fc.integer({ min: 1, max: 4 }),
		minimumVolume: fc.integer({ min: 1, max: 8 }),
		failureRate: fc.double({ min: 0.1, max: 1, noNaN: true }),
		probes: fc.integer({ min: 1, max: 3 }),
		successThreshold: fc.integer({ min: 1, max: 3 }),
		probeDeadline: fc.constantFrom(1_000, 30_000, 300_000),
	}),
});

/** What the world outside the actor holds, told only by its replies. */
interface World {
	provider: ProviderHarness;
	out: Permit[];
	settled: Permit[];
}

/**
 * Lets one thing happen. The harness itself checks that every request for a permit and every failure is answered by
 * exactly one reply of its kind, and nothing else by any.
 */
function happen(world: World, event: Happening): ProviderReply | undefined {
	const { provider } = world;
	if (event.does === 'pass') {
		provider.pass(event.ms);
		return undefined;
	}
	if (event.does === 'ask') {
		const { model, early, aheadMs } = event;
		const reply = provider.ask({ model, early, now: provider.clock.now() + aheadMs });
		if (reply.type === 'permit.granted') world.out.push(reply.permit);
		return reply;
	}
	settle(world, event);
	return undefined;
}

function settle(world: World, event: Extract<Happening, { does: 'settle' }>): void {
	const permit = permitOf(world, event);
	if (permit === undefined) return;
	const { provider, out, settled } = world;
	if (!event.again) settled.push(...out.splice(out.indexOf(permit), 1));
	const { outcome } = event;
	if (outcome.ends === 'failed') {
		const { failure, random, lastTry } = outcome;
		const retryAt = provider.fail(permit, failure, { random, lastTry });
		expect(retryAt).toBeGreaterThanOrEqual(Math.max(provider.context().until, provider.clock.now()));
	}
	if (outcome.ends === 'succeeded') provider.succeed(permit);
	if (outcome.ends === 'abandoned') provider.abandon(permit);
}

/** The permit that an event is about to settle. */
function permitOf(world: World, event: Happening): Permit | undefined {
	if (event.does !== 'settle') return undefined;
	const among = event.again ? world.settled : world.out;
	return among[event.pick % Math.max(among.length, 1)];
}

function isCoolingDown(state: string): boolean {
	return state === 'open' || state === 'quota-cooldown';
}

/** Runs what happens, and checks after each step what holds for any of them. */
function live(
	changes: PolicyChanges,
	events: readonly Happening[],
	check: (world: World, event: Happening) => () => void,
) {
	const world: World = { provider: startProvider(changes), out: [], settled: [] };
	for (const event of events) {
		const checkAfter = check(world, event);
		happen(world, event);
		checkAfter();
	}
	return world;
}

const histories = [policy, fc.array(happening, { maxLength: 80 })] as const;

describe('whatever happens to a provider', () => {
	it('only grants in closed and, as a probe, in half-open', () => {
		fc.assert(
			fc.property(...histories, (changes, events) => {
				const provider = startProvider(changes);
				const world: World = { provider, out: [], settled: [] };
				for (const event of events) {
					const reply = happen(world, event);
					if (reply?.type === 'permit.granted') {
						expect(provider.state()).toBe(reply.permit.probe ? 'half-open' : 'closed');
						expect(reply.permit.epoch).toBe(provider.context().epoch);
					}
					if (reply?.type === 'permit.denied') expect(reply.state).toBe(provider.state());
				}
			}),
			{ numRuns: 400 },
		);
	});

	it('never has more probes out than the policy allows', () => {
		fc.assert(
			fc.property(...histories, (changes, events) => {
				const { probes } = startProvider(changes).context().policy.breaker;
				live(changes, events, (world) => () => {
					const { epoch } = world.provider.context();
					if (world.provider.state() !== 'half-open') return;
					const out = world.out.filter((permit) => permit.probe && permit.epoch === epoch);
					expect(out.length).toBeLessThanOrEqual(probes);
				});
			}),
			{ numRuns: 400 },
		);
	});

	it('never shortens a cooldown that has begun, and leaves quota-cooldown by time alone', () => {
		fc.assert(
			fc.property(...histories, (changes, events) => {
				live(changes, events, ({ provider }, event) => {
					const before = { state: provider.state(), until: provider.context().until };
					return () => {
						if (!isCoolingDown(before.state)) return;
						const state = provider.state();
						const { until } = provider.context();
						if (isCoolingDown(state)) expect(until).toBeGreaterThanOrEqual(before.until);
						if (before.state !== 'quota-cooldown') return;
						if (event.does === 'settle') expect(state).toBe('quota-cooldown');
						const asked = event.does === 'ask' ? event.aheadMs : 0;
						const isOver = provider.clock.now() + asked >= before.until;
						if (!isOver) expect(state).toBe('quota-cooldown');
						expect(state).not.toBe('closed');
					};
				});
			}),
			{ numRuns: 400 },
		);
	});

	it('learns nothing from a late result but a longer wait', () => {
		fc.assert(
			fc.property(...histories, (changes, events) => {
				live(changes, events, (world, event) => {
					const { provider } = world;
					const state = provider.state();
					const { epoch, consecutiveFailures, window, probeSuccesses, probes, reopenings, until } = provider.context();
					const permit = permitOf(world, event);
					return () => {
						if (permit === undefined || permit.epoch === epoch) return;
						const after = provider.context();
						expect(after).toMatchObject({ consecutiveFailures, window, probeSuccesses, reopenings });
						if (provider.state() === state && after.until === until) expect(after.probes).toEqual(probes);
						if (provider.state() === state) return;
						expect(isCoolingDown(provider.state())).toBe(true);
						expect(after.until).toBeGreaterThanOrEqual(until);
						expect(after.reason).not.toBe('probing');
					};
				});
			}),
			{ numRuns: 400 },
		);
	});

	it('closes only by the success of a probe', () => {
		fc.assert(
			fc.property(...histories, (changes, events) => {
				live(changes, events, (world, event) => {
					const state = world.provider.state();
					const permit = permitOf(world, event);
					const wasOut = permit !== undefined && world.out.includes(permit);
					return () => {
						if (state === 'closed' || world.provider.state() !== 'closed') return;
						expect(state).toBe('half-open');
						expect(event).toMatchObject({ does: 'settle', outcome: { ends: 'succeeded' } });
						expect(permit?.probe && wasOut).toBe(true);
					};
				});
			}),
			{ numRuns: 400 },
		);
	});

	it('grants again after enough quiet, with attempts that never came back', () => {
		fc.assert(
			fc.property(...histories, (changes, events) => {
				const { provider } = live(changes, events, () => () => {});
				// An overdue probe re-opens, so the first quiet year can end in a cooldown, the second cannot.
				provider.pass(yearMs);
				provider.pass(yearMs);
				expect(provider.ask()).toMatchObject({ type: 'permit.granted' });
			}),
			{ numRuns: 400 },
		);
	});

	it('holds no more than a bounded memory, and no timer without a reason', () => {
		fc.assert(
			fc.property(...histories, (changes, events) => {
				live(changes, events, ({ provider }) => () => {
					const { probes, window, unavailable, alarmed, policy } = provider.context();
					expect(probes.length).toBeLessThanOrEqual(provider.state() === 'half-open' ? policy.breaker.probes : 0);
					expect(window.slices.length).toBeLessThanOrEqual(10);
					expect(models).toEqual(expect.arrayContaining(Object.keys(unavailable)));
					expect(new Set(alarmed).size).toBe(alarmed.length);
					expect(provider.clock.timers).toBe(isCoolingDown(provider.state()) ? 1 : probes.length);
				});
			}),
			{ numRuns: 400 },
		);
	});
});
