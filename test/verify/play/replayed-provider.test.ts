import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProviderRecording } from '../../../machines/provider/recording.ts';
import { replayProvider } from '../../../src/verify/play/replayed-provider.ts';
import { anyHappening, happen, policyChanges, type World } from '../../machines/provider/histories.ts';
import { opened, type ProviderHarness, startProvider } from '../../machines/provider/provider-harness.ts';
import { hourMs, minuteMs } from '../../machines/samples.ts';

/** As it comes back from a file. */
const kept = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value));

function recordingOf(provider: ProviderHarness): ProviderRecording {
	return kept(provider.recorder.recording);
}

describe('a recording of a provider actor', () => {
	it('has every event in and out, its timers in their place, and no actor', () => {
		const provider = opened({ breaker: { failureThreshold: 1 } });
		provider.pass(minuteMs);
		provider.permit();
		const { events } = recordingOf(provider);
		expect(events.map(({ event }) => event.type)).toEqual([
			'xstate.init',
			'permit.requested',
			'attempt.failed',
			'xstate.after.cooldown.provider.open',
			'permit.requested',
		]);
		expect(events.map(({ replies, told }) => [...replies, ...told].map(({ type }) => type))).toEqual([
			[],
			['permit.granted'],
			['attempt.settled', 'provider.tripped'],
			['cooldown.ended'],
			['permit.granted', 'probe.leased'],
		]);
		expect(JSON.stringify(events)).not.toContain('replyTo');
	});

	it('has the silence of a probe', () => {
		const provider = opened();
		provider.pass(minuteMs);
		const { id } = provider.permit();
		provider.pass(5 * minuteMs);
		expect(recordingOf(provider).events.at(-1)).toMatchObject({ event: { type: 'probe.overdue', id } });
	});

	it('gives the same replies, facts and memory when it is fed to a fresh actor', () => {
		fc.assert(
			fc.property(policyChanges, fc.array(anyHappening, { maxLength: 60 }), (changes, history) => {
				const world: World = { provider: startProvider(changes), out: [], settled: [] };
				for (const event of history) happen(world, event);
				const recording = recordingOf(world.provider);
				const { events, memory } = replayProvider(recording);
				expect(kept(events)).toEqual(recording.events);
				expect(kept(memory)).toEqual(kept(world.provider.memory()));
			}),
			{ numRuns: 150 },
		);
	});

	it('goes on from what an actor remembered', () => {
		const first = opened();
		const { clock } = first;
		first.actor.stop();
		const memory = kept(first.memory());
		clock.increment(hourMs);
		const second = startProvider({}, clock, { memory });
		second.succeed(second.permit());
		const recording = recordingOf(second);
		const replayed = replayProvider(recording);
		expect(kept(replayed.events)).toEqual(recording.events);
		expect(replayed.events[0]?.told.map(({ type }) => type)).toEqual(['cooldown.ended']);
		expect(replayed.memory.state).toBe('closed');
	});

	it('is refused where a timer goes off that was not set', () => {
		const provider = opened();
		provider.pass(minuteMs);
		const { input, events } = recordingOf(provider);
		const late = events.map((event) =>
			event.event.type.startsWith('xstate.after') ? { ...event, now: event.now + 1 } : event,
		);
		expect(() => replayProvider({ input, events: late })).toThrow('is not set for this time');
	});
});
