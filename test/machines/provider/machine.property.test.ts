import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PolicyChanges } from '../../helpers/policy.ts';
import { runs } from '../../helpers/runs.ts';
import { yearMs } from '../samples.ts';
import { type Happening, happen, happening, models, permitOf, policyChanges, type World } from './histories.ts';
import { startProvider } from './provider-harness.ts';

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

const histories = [policyChanges, fc.array(happening, { maxLength: 80 })] as const;

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
			runs(400),
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
			runs(400),
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
			runs(400),
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
			runs(400),
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
			runs(400),
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
			runs(400),
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
			runs(400),
		);
	});
});
