import { isDeepStrictEqual } from 'node:util';
import { expect, it } from 'vitest';
import type { Permit, ProviderEvent } from '../../../../machines/events.ts';
import type { ProviderMemory } from '../../../../machines/provider/context.ts';
import { providerMachine } from '../../../../machines/provider/machine.ts';
import { memoryOf, withoutAttempts } from '../../../../machines/provider/memory.ts';
import { type MachineStep, Runner, type RunState } from '../../../../src/verify/play/runner.ts';
import { explore, type World } from '../../../../src/verify/prove/explore.ts';
import { type Aspect, STARTED_AT } from '../../../../src/verify/prove/provider/aspects.ts';
import { permitsWorld } from '../../../../src/verify/prove/provider/permits-world.ts';
import { reopeningsCap } from '../../../../src/verify/prove/provider/rails.ts';
import { type Node, ProviderStage } from '../../../../src/verify/prove/provider/stage.ts';
import { keyWriter, providerWorld } from '../../../../src/verify/prove/provider/world.ts';
import { hourMs } from '../../../machines/samples.ts';

type Step = MachineStep<typeof providerMachine>;
type Run = RunState<typeof providerMachine>;

/** As it comes back from a file. */
const kept = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value));

const limitOf = ({ concurrent, rates }: Aspect) => ({
	...(concurrent !== undefined && { concurrent }),
	...(rates && { rates }),
});

/** Another actor that picks this one up. */
function picked(run: Run, aspect: Aspect, now: number, change = (memory: ProviderMemory) => memory): Step {
	const memory = kept(change(memoryOf(run.snapshot)));
	const { small: policy } = aspect;
	return new Runner(providerMachine, { id: 'provider', policy, ...limitOf(aspect), now, memory }).start(now);
}

/** All that an actor is and has said, so that two of them can be compared. */
function seen({ state, sent, emitted }: Step) {
	const timers = state.timers.map(({ at, event }) => ({ at, event })).sort((a, b) => a.at - b.at);
	return kept({ memory: memoryOf(state.snapshot), timers, sent: sent.map(({ event }) => event), emitted });
}

/** Every state of an aspect, with all that can happen in it. */
function explored(aspect: Aspect) {
	const { small, liberties, isAboutPermits } = aspect;
	const stage = new ProviderStage(providerMachine, small, keyWriter(reopeningsCap(small.breaker)), {
		startedAt: STARTED_AT,
		...limitOf(aspect),
	});
	const world: World<Node> = (isAboutPermits ? permitsWorld : providerWorld)(stage, liberties);
	const { reached, isComplete } = explore(world, { states: 10_000 });
	expect(isComplete).toBe(true);
	return [...reached.values()].map(({ node }) => node);
}

/** What the world does in a state, as events: a timer is one too. */
function* eventsIn(aspect: Aspect, stageOf: ProviderStage, node: Node): Generator<Node['did']> {
	const { liberties, isAboutPermits } = aspect;
	const world: World<Node> = (isAboutPermits ? permitsWorld : providerWorld)(stageOf, liberties);
	for (const { node: next } of world.moves(node)) yield next.did;
}

function stepOf(runner: Runner<typeof providerMachine>, run: Run, did: NonNullable<Node['did']>, now: number): Step {
	if (did.happening?.type !== 'timer') return runner.send(run, did.event, now);
	const timer = run.timers.find(({ at, event }) => at <= now && isDeepStrictEqual(event, did.event));
	if (timer === undefined) throw new Error(`${did.event.type} is not set`);
	return runner.fire(run, timer);
}

/** The timers of an actor that nothing interrupts, up to a time that they come before. */
function untouchedUntil(runner: Runner<typeof providerMachine>, run: Run, now: number): Step {
	let step: Step = { state: run, sent: [], did: [], emitted: [] };
	for (let timer = step.state.timers[0]; timer !== undefined && timer.at < now; timer = step.state.timers[0]) {
		const { state, emitted } = runner.fire(step.state, timer);
		step = { ...step, state, emitted: [...step.emitted, ...emitted] };
	}
	return step;
}

/**
 * An actor that picks up another behaves as that one would have: in every state of an exploration, at every event.
 * @param every one state of so many; all of them by default
 */
export function itPicksUp(aspect: Aspect, every = 1): void {
	const nodes = explored(aspect).filter((_, index) => index % every === 0);
	const limit = limitOf(aspect);
	const runner = new Runner(providerMachine, { id: 'provider', policy: aspect.small, ...limit, now: STARTED_AT });

	it('stands as the one that was set down, and tells nothing', () => {
		for (const { run, now } of nodes) {
			expect(seen(picked(run, aspect, now))).toEqual(seen({ state: run, sent: [], did: [], emitted: [] }));
		}
	});

	it('answers every event, tells of it and stands after it as the one that was never interrupted', () => {
		const stage = new ProviderStage(providerMachine, aspect.small, () => '', { startedAt: STARTED_AT, ...limit });
		let compared = 0;
		for (const node of nodes) {
			const { state } = picked(node.run, aspect, node.now);
			for (const did of eventsIn(aspect, stage, node)) {
				if (did?.happening === undefined) continue;
				const expected = seen(stepOf(runner, node.run, did, node.now));
				const restored = seen(stepOf(runner, state, did, node.now));
				if (!isDeepStrictEqual(restored, expected)) expect(restored).toEqual(expected);
				compared += 1;
			}
		}
		expect(compared).toBeGreaterThan(nodes.length);
	});

	it('has caught up with the timers that went off while it was down', () => {
		for (const { run, now } of nodes) {
			for (const { at } of run.timers) {
				for (const later of [at, at + 1, at + aspect.small.breaker.cooldown + 1, at + 400 * hourMs]) {
					if (later < now) continue;
					const expected = seen(untouchedUntil(runner, run, later));
					const restored = seen(picked(run, aspect, later));
					if (!isDeepStrictEqual(restored, expected)) expect(restored).toEqual(expected);
				}
			}
		}
	});

	it('without its attempts stands as one whose attempts were all abandoned', () => {
		for (const { run, now } of nodes) {
			const { ledger } = memoryOf(run.snapshot);
			let { state } = untouchedUntil(runner, run, 0);
			for (const { id, number, model } of ledger.permits) {
				const permit: Permit = { id, number, model, probe: false, epoch: 0, refusesPrefill: false };
				const event: ProviderEvent = { type: 'attempt.abandoned', permit, now };
				state = runner.send(state, event, now).state;
			}
			const expected = seen({ state, sent: [], did: [], emitted: [] });
			const restored = seen(picked(run, aspect, now, withoutAttempts));
			if (!isDeepStrictEqual(restored, expected)) expect(restored).toEqual(expected);
			expect(state.snapshot.context.ledger.out).toBe(0);
		}
	});
}
