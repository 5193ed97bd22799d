import { describe, expect, it } from 'vitest';
import type { ProviderMemory } from '../../../machines/provider/context.ts';
import { withoutAttempts } from '../../../machines/provider/memory.ts';
import { hourMs, minuteMs, quota, secondMs, serverError } from '../samples.ts';
import { halfOpened, opened, type ProviderHarness, startMs, startProvider } from './provider-harness.ts';

/** Sets an actor down, lets time pass, and picks it up as JSON keeps it. */
function pickedUp(provider: ProviderHarness, afterMs: number, change = (memory: ProviderMemory) => memory) {
	provider.actor.stop();
	const memory = JSON.parse(JSON.stringify(change(provider.memory())));
	provider.clock.increment(afterMs);
	return startProvider({}, provider.clock, { memory });
}

describe('a provider actor that was set down', () => {
	it('goes on with what is left of its cooldown', () => {
		const provider = pickedUp(opened(), minuteMs - secondMs);
		expect(provider.state()).toBe('open');
		expect(provider.clock.timers).toBe(1);
		provider.pass(secondMs - 1);
		expect(provider.state()).toBe('open');
		provider.pass(1);
		expect(provider.state()).toBe('half-open');
		expect(provider.context().since).toBe(startMs + minuteMs);
	});

	it('stays in quota-cooldown until the time that was named', () => {
		const first = startProvider();
		first.failNow(quota);
		const provider = pickedUp(first, hourMs - 1);
		expect(provider.state()).toBe('quota-cooldown');
		provider.pass(1);
		expect(provider.state()).toBe('half-open');
	});

	it('is half-open at once when its cooldown has ended since, and tells so', () => {
		const provider = pickedUp(opened(), hourMs);
		expect(provider.state()).toBe('half-open');
		expect(provider.facts).toEqual([{ type: 'cooldown.ended', provider: 'a', at: startMs + minuteMs }]);
		expect(provider.clock.timers).toBe(0);
	});

	it('waits for the probe that is out, and closes on its success', () => {
		const first = halfOpened();
		const probe = first.permit();
		const provider = pickedUp(first, minuteMs);
		expect(provider.ask()).toMatchObject({ type: 'permit.denied', reason: 'probing' });
		provider.succeed(probe);
		expect(provider.state()).toBe('closed');
		expect(provider.context().ledger.out).toBe(0);
	});

	it('opens again, for longer, on the probe that became overdue, from the time at which it was', () => {
		const first = halfOpened();
		first.permit();
		const overdueAt = first.clock.now() + 5 * minuteMs;
		const provider = pickedUp(first, 5 * minuteMs + secondMs);
		expect(provider.state()).toBe('open');
		expect(provider.context()).toMatchObject({ since: overdueAt, reopenings: 1, reason: 'failures' });
		expect(provider.facts).toMatchObject([
			{ type: 'provider.tripped', at: overdueAt, until: provider.context().until },
		]);
	});

	it('goes on counting failures in a row', () => {
		const first = startProvider();
		first.failNow(serverError);
		first.failNow(serverError);
		const provider = pickedUp(first, secondMs);
		expect(provider.state()).toBe('closed');
		provider.failNow(serverError);
		expect(provider.state()).toBe('open');
	});

	it('holds no permit and no probe of a process that has ended', () => {
		const first = halfOpened();
		const probe = first.permit({ tokens: 5 });
		const provider = pickedUp(first, minuteMs, withoutAttempts);
		expect(provider.context().ledger).toMatchObject({ out: 0, tokens: 0, used: 5 });
		provider.succeed(probe);
		expect(provider.state()).toBe('half-open');
		expect(provider.ask()).toMatchObject({ type: 'permit.granted', permit: { probe: true } });
	});

	it('gives new permits other numbers than those that are out', () => {
		const first = startProvider();
		const before = first.permit();
		const provider = pickedUp(first, 0);
		const after = provider.permit();
		expect(after.number).not.toBe(before.number);
		provider.succeed(before);
		provider.succeed(after);
		expect(provider.context().ledger).toMatchObject({ out: 0, permits: undefined });
	});
});
