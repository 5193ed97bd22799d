import { describe, expect, it } from 'vitest';
import { badRequest, minuteMs, quota, serverError } from '../samples.ts';
import { halfOpened } from './provider-harness.ts';

describe('the first content of a probe', () => {
	it('closes the provider, so that nobody waits for the end of a long answer, and no deadline opens it again', () => {
		const provider = halfOpened();
		provider.answering(provider.permit());
		expect(provider.state()).toBe('closed');
		expect(provider.permit().probe).toBe(false);
		provider.pass(60 * minuteMs);
		expect(provider.state()).toBe('closed');
		expect(provider.clock.timers).toBe(0);
		expect(provider.facts.at(-1)).toMatchObject({ type: 'provider.recovered' });
	});

	it('leaves its permit out until its result', () => {
		const provider = halfOpened();
		const probe = provider.permit();
		provider.answering(probe);
		expect(provider.context().ledger.out).toBe(1);
		provider.succeed(probe);
		expect(provider.context().ledger.out).toBe(0);
	});

	it('frees the slot for the next probe where several have to succeed, and counts once', () => {
		const provider = halfOpened({ breaker: { successThreshold: 2 } });
		const first = provider.permit();
		expect(provider.ask()).toMatchObject({ type: 'permit.denied', reason: 'probing' });
		provider.answering(first);
		provider.answering(first);
		provider.succeed(first);
		expect(provider.state()).toBe('half-open');
		expect(provider.context().probeSuccesses).toBe(1);
		provider.answering(provider.permit());
		expect(provider.state()).toBe('closed');
	});

	it('is followed by failures that count as in closed: one alone opens nothing', () => {
		const provider = halfOpened();
		const probe = provider.permit();
		provider.answering(probe);
		provider.fail(probe, serverError);
		expect(provider.state()).toBe('closed');
		expect(provider.context().consecutiveFailures).toBe(1);
		provider.failNow(serverError);
		provider.failNow(serverError);
		expect(provider.state()).toBe('open');
	});

	it('takes nothing from what a failure names', () => {
		const provider = halfOpened();
		const probe = provider.permit();
		provider.answering(probe);
		provider.fail(probe, quota);
		expect(provider.state()).toBe('quota-cooldown');
	});

	it('does not make the cooldowns begin anew: a provider that only ever begins backs off', () => {
		const provider = halfOpened();
		for (const cooldownMs of [120_000, 180_000, 180_000]) {
			const probe = provider.permit();
			provider.answering(probe);
			provider.fail(probe, serverError);
			provider.trip();
			expect(provider.context().until - provider.clock.now()).toBe(cooldownMs);
			provider.pass(cooldownMs);
		}
	});

	it.each([
		['the probe’s own', true],
		['another', false],
	])('and then a whole answer, %s, does', (_, isOwn) => {
		const provider = halfOpened();
		const probe = provider.permit();
		provider.answering(probe);
		provider.succeed(isOwn ? probe : provider.permit());
		provider.trip();
		expect(provider.context().until - provider.clock.now()).toBe(minuteMs);
	});

	it('and then a whole answer from before the last trip does not', () => {
		const provider = halfOpened();
		const probe = provider.permit();
		provider.answering(probe);
		const early = provider.permit();
		provider.trip();
		provider.pass(2 * minuteMs);
		provider.answering(provider.permit());
		provider.succeed(early);
		provider.trip();
		expect(provider.context().until - provider.clock.now()).toBe(3 * minuteMs);
	});

	it('decides nothing once the probe is overdue, failed or given back', () => {
		const provider = halfOpened();
		const abandoned = provider.permit();
		provider.abandon(abandoned);
		provider.answering(abandoned);
		const rejected = provider.permit();
		provider.fail(rejected, badRequest);
		provider.answering(rejected);
		expect(provider.state()).toBe('half-open');
		const overdue = provider.permit();
		provider.pass(5 * minuteMs);
		expect(provider.state()).toBe('open');
		provider.answering(overdue);
		expect(provider.state()).toBe('open');
		provider.pass(3 * minuteMs);
		provider.answering(overdue);
		expect(provider.state()).toBe('half-open');
	});
});
