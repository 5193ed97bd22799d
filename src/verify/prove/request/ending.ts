import type { SnapshotFrom } from 'xstate';
import type { Failure } from '../../../../machines/failure.ts';
import type { requestMachine } from '../../../../machines/request/machine.ts';
import type { Ending, Progress, TraceEntry } from '../../../../machines/request/progress.ts';
import { reportFailure } from '../../../gateway/report-failure.ts';
import { durationWords } from '../../../values/time-text.ts';
import { failureWords } from '../failure-samples.ts';
import type { AskingRules, Blame } from './asking.ts';
import { ruleOf } from './facts.ts';
import { isTooSmall, type RouteToCheck, type Stop } from './route.ts';
import { answerLeft, openingOf, type Seen } from './seen.ts';
import type { WatchedStep } from './watched-step.ts';

/** The failure that a deadline is told as. */
const ranOutOfTime: Failure = { category: 'TIMEOUT', reason: 'deadline' };

/** What must hold when a request has ended: what it told the caller, the providers, and the trace. */
export class EndingRules {
	readonly #route: RouteToCheck;
	readonly #stops: readonly Stop[];
	readonly #startedAt: number;
	readonly #asking: AskingRules;
	/** Steps that tell what happened: traces that part later share them. */
	readonly #compared = new WeakMap<TraceEntry, TraceEntry>();

	constructor(route: RouteToCheck, stops: readonly Stop[], startedAt: number, asking: AskingRules) {
		this.#route = route;
		this.#stops = stops;
		this.#startedAt = startedAt;
		this.#asking = asking;
	}

	check(
		seen: Seen,
		{ value, context: { progress } }: SnapshotFrom<typeof requestMachine>,
		{ event, now }: Pick<WatchedStep, 'event' | 'now'>,
		blame: Blame,
	): void {
		if (seen.permit !== undefined) blame('permits-settled-once', 'a permit is held when the request has ended');
		if (seen.isRunning) blame('attempts-are-stopped', 'an attempt runs when the request has ended');
		const toldOfState = { done: 'answer', failed: 'failure', aborted: undefined } as const;
		const told = typeof value === 'string' && value in toldOfState ? toldOfState[value as 'done'] : undefined;
		if (seen.told !== told)
			blame('one-ending', `it ended as ${String(value)}, and the caller got ${seen.told ?? 'nothing'}`);
		if (value === 'aborted' && event?.type !== 'client.left') blame('one-ending', 'the client is left alone');
		this.#checkTrace(seen, progress, blame);
		this.#checkLeftAnswer(seen, progress, event, blame);
		if (seen.told !== 'failure') return;
		this.#checkEnding(seen, progress, { event, now }, blame);
		this.#checkRetryAfter(seen, progress, now, blame);
	}

	/** What was kept back is handed out where nothing better came, and only then; it is that target's. */
	#checkLeftAnswer(seen: Seen, { position }: Progress, event: WatchedStep['event'], blame: Blame): void {
		const left = answerLeft(seen);
		if (left === undefined) return;
		if (seen.told === 'failure') blame('left-answer-is-kept', 'the caller gets a failure, although an answer was left');
		if (!seen.isTakenUp) return;
		const { target = 'nobody' } = this.#stops[left.position] ?? {};
		if (position !== left.position) blame('left-answer-is-kept', `the answer of ${target} is told as another's`);
		const next = event?.type === 'deadline.passed' ? undefined : this.#asking.leftOver(seen);
		if (next !== undefined) blame('no-target-passed-over', `${target} says nothing, and ${next.target} was not asked`);
	}

	#checkEnding(
		seen: Seen,
		{ ending, failure }: Progress,
		{ event, now }: Pick<WatchedStep, 'event' | 'now'>,
		blame: Blame,
	): void {
		const expected = this.#expected(seen, event);
		if (ending !== expected) {
			blame('ending-is-true', `the ending that is reported to the caller is '${ending ?? 'none'}', not '${expected}'`);
		}
		const behind = this.#behind(seen, event);
		if (!isSameFailure(failure, behind)) {
			const [told, right] = [failure, behind].map((known) => (known === undefined ? 'none' : failureWords(known)));
			blame('ending-is-true', `the failure that is reported to the caller is ${told}, not ${right}`);
		}
		if (event?.type === 'deadline.passed') return;
		const left = this.#asking.leftOver(seen);
		if (left !== undefined) blame('no-target-passed-over', `the request gives up, and ${left.target} was not asked`);
		if (event?.type === 'permit.denied' && openingOf(seen, this.#route.policy, now) !== undefined) {
			blame('opening-is-awaited', 'the request gives up, although a target opens in time');
		}
		const isEarlyDue = seen.failed === undefined && this.#route.policy.whenAllDenied === 'try-soonest';
		if (isEarlyDue && seen.goneEarly.length < this.#stops.length) {
			blame('early-asks-are-earned', 'the request gives up, although the policy says to try the soonest target');
		}
	}

	#behind({ isCommitted, left, failed }: Seen, event: WatchedStep['event']): Failure | undefined {
		if (left !== undefined && !isCommitted) return left.failure;
		return event?.type === 'deadline.passed' ? ranOutOfTime : failed?.failure;
	}

	/** A failure that the policy does not send on goes to the caller; one that it does was the last of all there was. */
	#expected({ isCommitted, left, failed }: Seen, event: WatchedStep['event']): Ending {
		if (isCommitted) return 'interrupted';
		if (left !== undefined) return 'rejected';
		if (event?.type === 'deadline.passed') return 'deadline';
		const from = this.#stops[failed?.position ?? -1];
		if (failed === undefined || from === undefined) return 'denied';
		const { then } = ruleOf(from, failed.failure);
		if (then.includes('fail')) return 'rejected';
		return then.includes('next') || event?.type === 'permit.denied' ? 'exhausted' : 'rejected';
	}

	/** Takes the real reply: a header with seconds rounded up, at least one, the exact ms beside it, and the body's time. */
	#checkRetryAfter(seen: Seen, progress: Progress, now: number, blame: Blame): void {
		const { headers, body } = reportFailure(progress, this.#route.name);
		const { ending } = progress;
		if (ending === 'rejected' || ending === 'interrupted') {
			if ('retry-after' in headers || body.failover?.retryAt !== undefined)
				blame('retry-after-is-true', 'the caller is asked to try again what will fail again');
			return;
		}
		const waitMs = Math.max(0, this.#earliest(seen, now) - now);
		const toldAt = Date.parse(body.failover?.retryAt ?? '');
		if (toldAt !== now + waitMs) {
			blame(
				'retry-after-is-true',
				`retryAt is ${toldAt - now - waitMs} ms off: the first target would grant after ${durationWords(waitMs)}`,
			);
		}
		const expected = { s: String(Math.max(1, Math.ceil(waitMs / 1000))), ms: waitMs > 0 ? String(waitMs) : undefined };
		const { clientRetryWithin } = this.#route.policy;
		const isInTime = clientRetryWithin === 'off' || waitMs <= clientRetryWithin;
		const mayRetry = isInTime && !isRefusedEverywhere(seen, progress);
		if ((headers['x-should-retry'] === 'false') === mayRetry) {
			const words = mayRetry ? 'told not to try again' : 'left to try again by itself';
			blame(
				'retry-after-is-true',
				`the client is ${words}, and the first target would grant after ${durationWords(waitMs)}`,
			);
		}
		const told = { s: headers['retry-after'], ms: headers['retry-after-ms'] };
		if (told.s === expected.s && told.ms === expected.ms) return;
		const words = `${told.s ?? 'no'} s (${told.ms ?? 'no'} ms)`;
		blame(
			'retry-after-is-true',
			`Retry-After is ${words}, and the first target would grant after ${durationWords(waitMs)}`,
		);
	}

	/** A target that was never asked would grant now; one whose window was too small does not count. */
	#earliest(seen: Seen, now: number): number {
		const usable = this.#stops.filter((stop) => !isTooSmall(stop, seen.tooSmallWindow));
		const times = usable.map((stop) => Math.max(seen.said[stop.position] ?? now, now + this.#disproved(seen, stop)));
		return times.length === 0 ? now : Math.min(...times);
	}

	/** What a target asked for last, ms, where it had asked for a wait before, and got it. */
	#disproved({ past }: Seen, { target, credential }: Stop): number {
		let asked: { sinceMs: number; waitMs: number } | undefined;
		for (let at = past; at !== undefined; at = at.before) {
			const { step } = at;
			if (step.did !== 'attempt' || step.target !== target || step.credential !== credential) continue;
			const waitMs = step.failure?.retryAfterMs ?? 0;
			if (waitMs === 0) return 0;
			if (asked !== undefined) return asked.sinceMs - step.at - step.ms >= waitMs ? asked.waitMs : 0;
			asked = { sinceMs: step.at, waitMs };
		}
		return 0;
	}

	#checkTrace(seen: Seen, { trace, attempts }: Progress, blame: Blame): void {
		if (attempts !== seen.attempts) {
			blame('trace-is-true', `${attempts} attempts are reported, and ${seen.attempts} were made`);
			return;
		}
		let past = seen.past;
		for (let index = trace.length - 1; index >= 0; index--) {
			const step = trace[index];
			if (step === undefined) continue;
			const wrong = past === undefined ? 'did' : this.#differing(step, past.step);
			if (wrong !== undefined) {
				const words = `step ${index + 1} of the trace (${step.did} ${step.target})`;
				blame('trace-is-true', `${words} tells another \`${wrong}\` than what happened`);
				return;
			}
			past = past?.before;
		}
		if (past !== undefined)
			blame('trace-is-true', `a step is missing in the trace: ${past.step.did} ${past.step.target}`);
	}

	/** The field of a step that does not tell what happened. */
	#differing(told: TraceEntry, happened: TraceEntry): string | undefined {
		if (this.#compared.get(told) === happened) return undefined;
		if (told.at !== happened.at - this.#startedAt) return 'at';
		const [own, right]: Readonly<Record<string, unknown>>[] = [told, happened];
		for (const key in right) if (key !== 'at' && own?.[key] !== right[key]) return key;
		for (const key in own) if (own[key] !== undefined && right?.[key] === undefined) return key;
		this.#compared.set(told, happened);
		return undefined;
	}
}

function isSameFailure(one: Failure | undefined, other: Failure | undefined): boolean {
	return (
		one?.category === other?.category &&
		one?.reason === other?.reason &&
		one?.status === other?.status &&
		one?.retryAfterMs === other?.retryAfterMs
	);
}

/** Everybody who was asked says that the request is wrong: no wait makes it right. */
function isRefusedEverywhere(seen: Seen, { ending }: Progress): boolean {
	if (ending !== 'exhausted') return false;
	for (let { past } = seen; past !== undefined; past = past.before) {
		if (past.step.did === 'attempt' && past.step.failure?.category !== 'BAD_REQUEST') return false;
	}
	return true;
}
