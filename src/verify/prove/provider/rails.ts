import type { Failure } from '../../../../machines/failure.ts';
import type { Policy } from '../../../../machines/policy.ts';
import type { Move, Reached } from '../explore.ts';
import { cooldownUnder, isCounted } from './meaning.ts';
import { plainly, type Sample } from './samples.ts';
import type { Node, ProviderStage } from './stage.ts';

/**
 * Straight runs of the real machine under the file's own numbers: they reach what an exploration of every order cannot,
 * the ten-thousandth failure in a row or the thousandth probe. Each stops at the first thing that is wrong.
 */

/** Events of one run; a number of the policy that takes more is said not to be covered. */
export const LONGEST_RAIL = 20_000;

const YEAR_MS = 365 * 24 * 3_600_000;

/** A rail on its way. */
export class Rail {
	readonly stage: ProviderStage;
	at: Reached<Node>;
	events = 0;
	violations: Move<Node>['violations'] = [];

	constructor(stage: ProviderStage) {
		this.stage = stage;
		this.at = { node: stage.begin(), from: undefined };
	}

	get node(): Node {
		return this.at.node;
	}

	/** It does nothing wrong yet, and there are events left. */
	get goesOn(): boolean {
		return this.violations.every(({ isOnlyTold }) => isOnlyTold) && this.events < LONGEST_RAIL;
	}

	take(move: Move<Node>): void {
		if (!this.goesOn) return;
		this.events += 1;
		this.at = { node: move.node, from: this.at };
		if (this.violations.length === 0 || !move.violations.every(({ isOnlyTold }) => isOnlyTold)) {
			this.violations = move.violations;
		}
	}

	ask(): void {
		this.take(this.stage.ask(this.node, 'm', false));
	}

	/** Another attempt that was out already succeeds, or fails. */
	settle(sample?: Sample): void {
		const { plain, out } = this.node;
		const holding = out[0] ?? plain[0];
		if (holding === undefined) return;
		const settling = { holding, isRepeated: false };
		this.take(sample ? this.stage.fail(this.node, settling, sample) : this.stage.succeed(this.node, settling));
	}

	/** A probe that is out begins to answer. */
	answer(): void {
		const [holding] = this.node.out;
		if (holding !== undefined) this.take(this.stage.answer(this.node, holding));
	}

	/** An attempt from before the last trip fails. */
	settleLate(sample: Sample): void {
		const { late } = this.node;
		if (late !== undefined) this.take(this.stage.fail(this.node, { holding: late, isRepeated: false }, sample));
	}

	pass(ms: number): void {
		if (ms > 0) this.take(this.stage.pass(this.node, this.node.now + ms));
	}

	/** Time passes until the soonest timer, and that goes off. */
	fire(): void {
		const [timer] = this.node.run.timers;
		if (timer === undefined) return;
		this.pass(timer.at - this.node.now);
		this.take(this.stage.fire(this.node, timer));
	}

	/** Half-open, without a failure: by an operator's trip of one ms. */
	halfOpen(): void {
		this.take(this.stage.operate(this.node, { type: 'operator.tripped', now: this.node.now, forMs: 1 }));
		this.fire();
	}

	isIn(state: string): boolean {
		return this.node.run.snapshot.value === state;
	}
}

type Run = (rail: Rail, policy: Policy, transient: Sample) => void;

/** Failures one after the other, each so long after the last that the window holds no other. */
const inARow: Run = (rail, { breaker }, transient) => {
	rail.ask();
	for (let count = 0; count < breaker.failureThreshold; count++) {
		rail.settle(transient);
		if (!rail.isIn('closed')) return;
		rail.pass(breaker.window);
	}
};

/** A success begins the row anew. */
const interruptedRow: Run = (rail, { breaker }, transient) => {
	rail.ask();
	for (let count = 1; count < breaker.failureThreshold; count++) rail.settle(transient);
	rail.settle();
	for (let count = 0; count < breaker.failureThreshold; count++) rail.settle(transient);
};

const atOnce: Run = (rail, { breaker }, transient) => {
	rail.ask();
	for (let count = 0; count < breaker.failureThreshold && rail.isIn('closed'); count++) rail.settle(transient);
};

/** As many failures among the results as the rate needs, or one fewer. */
const atRate =
	(missing: 0 | 1): Run =>
	(rail, { breaker }, transient) => {
		rail.ask();
		results(rail, breaker.minimumVolume + 3, breaker.failureRate, missing, transient);
	};

/** Results that are older than the window count no more, and those that are not still do. */
const slidingWindow: Run = (rail, { breaker }, transient) => {
	rail.ask();
	results(rail, breaker.minimumVolume - 1, breaker.failureRate, 0, transient);
	rail.pass(Math.floor(breaker.window / 2));
	if (breaker.minimumVolume > 1 && rail.isIn('closed')) rail.settle();
	rail.pass(breaker.window - Math.floor(breaker.window / 2));
	if (rail.isIn('closed')) results(rail, breaker.minimumVolume, breaker.failureRate, 0, transient);
};

/** What was in the window before it closed, or before it was reset, counts no more. */
const forgotten =
	(isReset: boolean): Run =>
	(rail, { breaker }, transient) => {
		rail.ask();
		results(rail, breaker.minimumVolume - 1, breaker.failureRate, 0, transient);
		if (!rail.isIn('closed')) return;
		if (isReset) rail.take(rail.stage.operate(rail.node, { type: 'operator.reset', now: rail.node.now }));
		else close(rail, breaker.successThreshold);
		rail.ask();
		results(rail, 2, breaker.failureRate, 0, transient);
	};

/** The share of failures is reached by a success, which opens nothing; nor does a late failure that comes then. */
const lateAtRate: Run = (rail, { breaker }, transient) => {
	rail.ask();
	close(rail, breaker.successThreshold);
	rail.ask();
	let left = Math.ceil(breaker.failureRate * breaker.minimumVolume);
	for (let total = 1; total <= breaker.minimumVolume && rail.goesOn && rail.isIn('closed'); total++) {
		const isFailure = left > 0 && total % breaker.failureThreshold !== 0;
		if (isFailure) left -= 1;
		rail.settle(isFailure ? transient : undefined);
	}
	rail.settleLate(transient);
};

function close(rail: Rail, successes: number): void {
	rail.halfOpen();
	for (let count = 0; count < successes; count++) {
		rail.ask();
		rail.settle();
	}
}

function results(rail: Rail, count: number, rate: number, missing: 0 | 1, transient: Sample): void {
	let failed = 0;
	for (let total = 1; total <= count && rail.goesOn && rail.isIn('closed'); total++) {
		const isFailure = failed < Math.ceil(rate * total) - missing;
		if (isFailure) failed += 1;
		rail.settle(isFailure ? transient : undefined);
	}
}

/** Each probe that fails opens it for longer, until the cooldown grows no more. */
const growing: Run = (rail, { breaker }, transient) => {
	rail.halfOpen();
	for (let again = 0; again <= reopeningsCap(breaker) + 1 && rail.goesOn; again++) {
		rail.ask();
		rail.settle(transient);
		rail.fire();
	}
};

/** Each probe begins an answer, and the failures that follow open it again, for longer each time. */
const flapping: Run = (rail, { breaker }, transient) => {
	rail.halfOpen();
	for (let again = 0; again <= reopeningsCap(breaker) + 1 && rail.goesOn; again++) {
		for (let alive = 0; alive < breaker.successThreshold; alive++) {
			rail.ask();
			rail.answer();
		}
		rail.ask();
		for (let count = 0; count < breaker.failureThreshold && rail.isIn('closed'); count++) rail.settle(transient);
		rail.fire();
	}
};

/** All probes and not one more; then one comes back; then the others are silent. */
const probing = (rail: Rail, { breaker }: Policy): void => {
	rail.halfOpen();
	for (let count = 0; count <= breaker.probes; count++) rail.ask();
	if (breaker.successThreshold > 1) rail.settle();
	rail.ask();
	rail.ask();
	rail.fire();
	rail.fire();
};

const closing = (rail: Rail, { breaker }: Policy): void => {
	close(rail, breaker.successThreshold);
	rail.ask();
};

/** What one failure leads to, under the file's own numbers, up to the end of what it leads to. */
const alone =
	(failure: Failure) =>
	(rail: Rail): void => {
		rail.ask();
		rail.settle({ failure, ...plainly, standsFor: [failure] });
		rail.ask();
		const [end] = [...Object.values(rail.node.ghost.unavailable), rail.node.ghost.deadline].filter((at) => at > 0);
		if (end === undefined || end - rail.node.now < 2) return;
		rail.pass(end - rail.node.now - 1);
		rail.ask();
		rail.pass(1);
		rail.ask();
	};

/** A wait that no timer can hold. */
const yearLong =
	(failure: Failure) =>
	(rail: Rail): void => {
		const yearly = { ...failure, retryAfterMs: YEAR_MS };
		rail.ask();
		rail.settle({ failure: yearly, ...plainly, standsFor: [] });
		rail.ask();
		rail.fire();
		rail.ask();
	};

const heldForAYear = (rail: Rail): void => {
	rail.take(rail.stage.operate(rail.node, { type: 'operator.tripped', now: rail.node.now, forMs: YEAR_MS }));
	rail.ask();
	rail.fire();
};

/** From this re-opening on the cooldown is at its longest. */
export function reopeningsCap({ cooldown, cooldownFactor, maxCooldown }: Policy['breaker']): number {
	if (cooldownFactor <= 1 || maxCooldown <= cooldown) return 0;
	return Math.ceil(Math.log(maxCooldown / cooldown) / Math.log(cooldownFactor));
}

/**
 * Runs everything that fits a policy.
 * @param untold a stage whose answers nobody hears of: no policy names a wait of a year
 */
export function* rails(stage: ProviderStage, untold: ProviderStage, failures: readonly Failure[]): Generator<Rail> {
	const { policy } = stage;
	const start = (run: (rail: Rail) => void, on = stage): Rail => {
		const rail = new Rail(on);
		run(rail);
		return rail;
	};
	const transient = failures.find((failure) => isCounted(policy, failure) && failure.retryAfterMs === undefined);
	const ofRate = isVolumeReached(policy)
		? [atRate(0), atRate(1), slidingWindow, lateAtRate, forgotten(false), forgotten(true)]
		: [];
	const runs: Run[] = [inARow, interruptedRow, atOnce, growing, flapping, ...ofRate];
	for (const random of policy.breaker.cooldownJitter > 0 ? [0, 1] : [0]) {
		if (transient === undefined) continue;
		const sample = { failure: transient, ...plainly, random, standsFor: [] };
		const isSame = random > 0 && cooldownUnder(policy, 0, 0) === cooldownUnder(policy, 0, 1);
		for (const run of isSame ? [] : random === 0 ? runs : [growing, flapping])
			yield start((rail) => run(rail, policy, sample));
	}
	yield start((rail) => probing(rail, policy));
	yield start((rail) => closing(rail, policy));
	for (const failure of failures) {
		yield start(alone(failure));
		if (failure.retryAfterMs === undefined) yield start(yearLong(failure), untold);
	}
	yield start(heldForAYear, untold);
}

function isVolumeReached({ breaker }: Policy): boolean {
	return 2 * breaker.minimumVolume + 10 <= LONGEST_RAIL;
}

/** The numbers of a policy that no rail reaches, one sentence each. */
export function beyondRails(policy: Policy): string[] {
	const { breaker } = policy;
	const beyond: string[] = [];
	if (!isVolumeReached(policy)) {
		beyond.push(
			`breaker.minimumVolume is ${breaker.minimumVolume}; runs of more than ${LONGEST_RAIL} results were not tried, so that the failure rate was not seen at work`,
		);
	}
	const reopenings = reopeningsCap(breaker);
	if (4 * reopenings > LONGEST_RAIL) {
		beyond.push(`the cooldown grows for ${reopenings} re-openings; only the first ${LONGEST_RAIL / 4} were tried`);
	}
	return beyond;
}
