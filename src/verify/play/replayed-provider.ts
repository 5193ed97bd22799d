import type { ProviderAlarm, ProviderFact, ProviderReply } from '../../../machines/events.ts';
import type { ProviderMemory } from '../../../machines/provider/context.ts';
import { providerMachine } from '../../../machines/provider/machine.ts';
import { memoryOf } from '../../../machines/provider/memory.ts';
import { type ProviderRecording, type RecordedEvent, withoutActors } from '../../../machines/provider/recording.ts';
import { type MachineStep, Runner } from './runner.ts';

export interface ReplayedProvider {
	/** What the fresh actor made of each event. */
	readonly events: readonly RecordedEvent[];
	/** As it stands in the end. */
	readonly memory: ProviderMemory;
}

/**
 * Feeds a recording to a fresh provider machine. Time is the recording's: a timer goes off where it did, and nowhere else.
 * @throws when a timer is recorded that the machine has not set for this time
 */
export function replayProvider({ input, events }: ProviderRecording, machine = providerMachine): ReplayedProvider {
	const runner = new Runner(machine, input);
	let step = runner.start(input.now);
	const seen: RecordedEvent[] = [];
	for (const [index, { now, event }] of events.entries()) {
		// The first event is the start itself.
		if (index > 0) step = stepOf(runner, step, event, now);
		const replies = step.sent.map(({ event: reply }) => withoutActors(reply as ProviderReply));
		seen.push({
			now,
			event,
			replies,
			told: step.emitted as readonly { type: string }[] as (ProviderFact | ProviderAlarm)[],
		});
	}
	return { events: seen, memory: memoryOf(step.state.snapshot) };
}

type Step = MachineStep<typeof providerMachine>;

function stepOf(
	runner: Runner<typeof providerMachine>,
	{ state }: Step,
	event: RecordedEvent['event'],
	now: number,
): Step {
	if (event.type !== 'probe.overdue' && !event.type.startsWith('xstate.after.')) {
		const { self: replyTo } = runner;
		const ofModel = 'ofModel' in event ? { ofModel: { ...(event.ofModel as object), actor: replyTo } } : {};
		return runner.send(state, { ...event, ...ofModel, replyTo } as RecordedEvent['event'] & { replyTo: unknown }, now);
	}
	const timer = state.timers.find((set) => set.at === now && isSame(set.event, event));
	if (timer === undefined) throw new Error(`a timer went off (${event.type}) that is not set for this time`);
	return runner.fire(state, timer);
}

function isSame(one: { type: string; id?: unknown }, other: { type: string; id?: unknown }): boolean {
	return one.type === other.type && one.id === other.id;
}
