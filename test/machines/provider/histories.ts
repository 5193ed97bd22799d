import fc from 'fast-check';
import { expect } from 'vitest';
import type { Permit, ProviderEvent, ProviderReply, TripReason } from '../../../machines/events.ts';
import { type Category, categories, type Failure } from '../../../machines/failure.ts';
import type { PolicyChanges } from '../../helpers/policy.ts';
import { hourMs, yearMs } from '../samples.ts';
import type { ProviderHarness } from './provider-harness.ts';

export const models = ['m', 'n', 'o'];

type Outcome =
	| { ends: 'succeeded' | 'abandoned' }
	| { ends: 'failed'; failure: Failure; random: number; lastTry: boolean };

/** One thing that happens to a provider actor. `pick` chooses among the permits that are there. */
export type Happening =
	| { does: 'ask'; model: string; early: boolean; aheadMs: number }
	| { does: 'settle'; pick: number; outcome: Outcome; again: boolean }
	| { does: 'pass'; ms: number }
	| { does: 'order'; order: Order };

/** An operator, or another process, with times from now, ms. */
type Order =
	| { type: 'operator.tripped'; forMs: number }
	| { type: 'operator.reset' | 'operator.probed' }
	| { type: 'peer.tripped'; forMs: number; reason: TripReason; model?: string | undefined };

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
export const happening: fc.Arbitrary<Happening> = fc.oneof(
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
const order: fc.Arbitrary<Order> = fc.oneof(
	fc.record({ type: fc.constant('operator.tripped' as const), forMs: fc.constantFrom(1, 60_000, hourMs) }),
	fc.record({ type: fc.constantFrom('operator.reset' as const, 'operator.probed' as const) }),
	fc.record({
		type: fc.constant('peer.tripped' as const),
		forMs: fc.constantFrom(-1, 0, 1, 30_000, 90_000, 2 * hourMs),
		reason: fc.constantFrom<TripReason>('failures', 'hint', 'auth', 'quota', 'operator'),
		model: fc.constantFrom(undefined, undefined, ...models),
	}),
);

/** What happens to a provider, with operators and peers. */
export const anyHappening: fc.Arbitrary<Happening> = fc.oneof(
	{ weight: 5, arbitrary: happening },
	{ weight: 1, arbitrary: fc.record({ does: fc.constant('order' as const), order }) },
);

/** Policies with small numbers, that a short history comes up against. */
export const policyChanges: fc.Arbitrary<PolicyChanges> = fc.record({
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
export interface World {
	provider: ProviderHarness;
	out: Permit[];
	settled: Permit[];
}

/**
 * Lets one thing happen. The harness itself checks that every request for a permit and every failure is answered by
 * exactly one reply of its kind, and nothing else by any.
 */
export function happen(world: World, event: Happening): ProviderReply | undefined {
	const { provider } = world;
	if (event.does === 'pass') {
		provider.pass(event.ms);
		return undefined;
	}
	if (event.does === 'order') {
		provider.actor.send(eventOf(event.order, provider.clock.now()));
		return undefined;
	}
	if (event.does === 'ask') {
		const { model, early, aheadMs } = event;
		const reply = provider.ask({ model, early, tokens: model.charCodeAt(0), now: provider.clock.now() + aheadMs });
		if (reply.type === 'permit.granted') world.out.push(reply.permit);
		return reply;
	}
	settle(world, event);
	return undefined;
}

function eventOf(order: Order, now: number): ProviderEvent {
	switch (order.type) {
		case 'peer.tripped': {
			const { forMs, reason, model } = order;
			return { type: order.type, now, until: now + forMs, reason, ...(model === undefined ? {} : { model }) };
		}
		case 'operator.tripped':
			return { ...order, now };
		default:
			return { type: order.type, now };
	}
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
export function permitOf(world: World, event: Happening): Permit | undefined {
	if (event.does !== 'settle') return undefined;
	const among = event.again ? world.settled : world.out;
	return among[event.pick % Math.max(among.length, 1)];
}
