import type { EventObject } from 'xstate';
import type { ProviderEvent, RequestEvent } from '../../../../machines/events.ts';
import type { Policy } from '../../../../machines/policy.ts';
import type { Progress } from '../../../../machines/request/progress.ts';
import type { Violation } from '../explore.ts';
import { AskingRules, type Blame } from './asking.ts';
import { EndingRules } from './ending.ts';
import { afterEvent, afterOpening, afterWait } from './facts.ts';
import type { RequestProperty } from './properties.ts';
import { RetryRules } from './retrying.ts';
import type { RouteToCheck, Stop, Stops } from './route.ts';
import { answerLeft, deadlineOf, openingOf, type Seen } from './seen.ts';
import type { WatchedStep } from './watched-step.ts';
import { checkWithdrawals } from './withdrawing.ts';

/** What changes nothing that the request does next. */
const onlyTold: readonly RequestProperty[] = [
	'last-try-is-reported',
	'counts-once-a-provider',
	'shared-failures-are-withdrawn',
];

/**
 * Watches a request from outside, and says what it does wrong. What it knows it knows from the events and from what was
 * done (`Seen`); of the request's own memory it reads only what others are shown of it: the trace that an attempt is begun
 * with, and the trace at the end.
 */
export class Monitor {
	readonly #stops: Stops;
	readonly #asking: AskingRules;
	readonly #retrying: RetryRules;
	readonly #ending: EndingRules;
	readonly #policy: Policy;

	constructor(route: RouteToCheck, stops: Stops, startedAt: number) {
		this.#stops = stops;
		this.#policy = route.policy;
		this.#asking = new AskingRules(stops.all, route.policy);
		this.#retrying = new RetryRules(stops.all, route.policy, startedAt + route.policy.timeouts.request);
		this.#ending = new EndingRules(route, stops.all, startedAt, this.#asking);
	}

	watch(seenBefore: Seen, { event, now, before, step }: WatchedStep): { seen: Seen; violations: Violation[] } {
		const violations: Violation[] = [];
		const blame: Blame = (property: RequestProperty, message) =>
			violations.push({ property, message, ...(onlyTold.includes(property) ? { isOnlyTold: true } : {}) });
		const told = event === undefined ? seenBefore : afterEvent(seenBefore, event as RequestEvent, now, this.#stops.all);
		let seen = event !== undefined && isTimer(event) ? this.#afterTimer(told, now) : told;
		for (const { to, event: said } of step.sent) {
			seen = this.#afterWord(seen, this.#stops.positionOf(to), said as ProviderEvent, { event, now }, blame);
		}
		const { progress } = step.state.snapshot.context;
		for (const action of step.did) seen = this.#afterAction(seen, action, progress, { event, now }, blame);
		this.#checkCommit(seenBefore, { event, step }, blame);
		this.#checkFirstContent(seenBefore, { event, step }, blame);
		checkWithdrawals(this.#stops, seen, { event, now, before, step }, blame);
		if (event?.type === 'attempt.settled') {
			this.#retrying.checkSettled(told, step.state.timers.length > 0, blame);
			this.#asking.checkSettled(told, seen.asked?.position, blame);
		}
		this.#checkAfter(seen, { event, now, before, step }, blame);
		return { seen, violations };
	}

	/** Where nothing failed, the wait was for a target to open. */
	#afterTimer(seen: Seen, now: number): Seen {
		if (seen.failed !== undefined) return seen;
		// The wait began with the last denial.
		const since = seen.past?.step.at ?? now;
		const stop = this.#stops.all[openingOf(seen, this.#policy, since)?.position ?? -1];
		return stop === undefined ? seen : afterOpening(seen, { since, now, stop });
	}

	/** What a request says to a provider. */
	#afterWord(
		seen: Seen,
		position: number | undefined,
		said: ProviderEvent,
		{ event, now }: Pick<WatchedStep, 'event' | 'now'>,
		blame: Blame,
	): Seen {
		const stop = this.#stops.all[position ?? -1];
		if (stop === undefined) {
			blame('trace-is-true', `${said.type} is sent to nobody`);
			return seen;
		}
		if ('now' in said && said.now !== now) {
			blame('trace-is-true', `${stop.target} gets ${said.type} with a time that is ${said.now - now} ms off`);
		}
		if (said.type === 'permit.requested') return this.#afterAsk(seen, stop, said, { event, now }, blame);
		if (!('permit' in said)) return seen;
		const { permit } = seen;
		if (permit === undefined || permit.id !== said.permit.id) {
			blame('permits-settled-once', `a permit that is not held is settled with ${stop.target} (${said.type})`);
			return seen;
		}
		if (permit.position !== stop.position) {
			blame('permits-settled-once', `a permit is settled with ${stop.target}, which did not grant it`);
		}
		if (said.type !== settlementOf(event)) {
			blame('permits-settled-once', `a permit is settled with ${said.type} after ${event?.type ?? 'the beginning'}`);
		}
		if (said.type !== 'attempt.failed' || seen.failed === undefined) return { ...seen, permit: undefined };
		if (said.failure !== seen.failed.failure) {
			blame('trace-is-true', `the failure that is reported to ${stop.target} was another`);
		}
		const isWanted = this.#retrying.isWanted(seen);
		if (isWanted !== undefined && said.lastTry === isWanted) {
			const will = isWanted ? 'will' : 'will not';
			blame('last-try-is-reported', `the report to ${stop.target} is wrong: the request ${will} try it again`);
		}
		if (said.counted.toSorted().join() !== seen.counted.toSorted().join()) {
			const where = seen.counted.length === 0 ? 'nowhere' : `with ${seen.counted.join(', ')}`;
			blame(
				'counts-once-a-provider',
				`the report to ${stop.target} is wrong: failures of this request counted ${where}`,
			);
		}
		return { ...seen, permit: undefined };
	}

	#afterAsk(
		seen: Seen,
		stop: Stop,
		{ id, model, early }: Extract<ProviderEvent, { type: 'permit.requested' }>,
		{ event, now }: Pick<WatchedStep, 'event' | 'now'>,
		blame: Blame,
	): Seen {
		const { position, target, model: ownModel } = stop;
		if (seen.told !== undefined) blame('one-ending', `${target} is asked after the end`);
		if (seen.permit !== undefined) {
			blame('permits-settled-once', `${target} is asked while another permit is held`);
		}
		if (model !== ownModel) blame('trace-is-true', `${target} is asked for another model, ${model}`);
		if (isUsed(seen.made, id)) blame('permits-settled-once', `${target} is asked under the name of an earlier attempt`);
		if (now >= deadlineOf(seen, this.#policy))
			blame('ends-by-deadline', `${target} is asked when the deadline has passed`);
		const isRetry = event !== undefined && isTimer(event) && seen.failed !== undefined;
		this.#asking.check(seen, { position, early, isRetry }, blame);
		const isNewTurn = position !== seen.position || early || !seen.gone.includes(position);
		const asked = { id, position, early };
		const gone = seen.gone.includes(position) ? seen.gone : [...seen.gone, position];
		const { past } = isRetry ? afterWait(seen, now, stop) : seen;
		const left = isRetry ? seen.left : this.#asking.hopTo(seen, position);
		if (!isNewTurn) return { ...seen, asked, gone, past, left, asksHere: seen.asksHere + 1 };
		const goneEarly = early ? [...seen.goneEarly, position] : seen.goneEarly;
		return { ...seen, asked, position, gone, goneEarly, past, left, asksHere: 1, attemptsHere: 0, waysHere: [] };
	}

	#afterAction(
		seen: Seen,
		action: string,
		progress: Progress,
		at: Pick<WatchedStep, 'event' | 'now'>,
		blame: Blame,
	): Seen {
		switch (action) {
			case 'startAttempt':
				return this.#afterStart(seen, progress, at.now, blame);
			case 'stopAttempt':
				return { ...seen, isRunning: false };
			case 'takeUpAnswer':
				if (answerLeft(seen) === undefined) blame('left-answer-is-kept', 'an answer is taken up that was not left');
				return { ...seen, isTakenUp: true };
			case 'finishAnswer':
				if ((at.event?.type === 'attempt.completed') === seen.isTakenUp) {
					blame('one-ending', 'an answer is finished that is not whole, or two are');
				}
				if (seen.told !== undefined) blame('one-ending', 'the caller gets two endings');
				return { ...seen, told: 'answer' };
			case 'reportFailure':
				if (seen.told !== undefined) blame('one-ending', 'the caller gets two endings');
				if (at.event?.type === 'client.left') blame('one-ending', 'a failure is reported to a caller that left');
				return { ...seen, told: 'failure' };
			default:
				return seen;
		}
	}

	#afterStart(seen: Seen, progress: Progress, now: number, blame: Blame): Seen {
		const { permit } = seen;
		const stop = this.#stops.all[progress.position];
		if (
			stop === undefined ||
			permit === undefined ||
			permit.id !== progress.permit?.id ||
			permit.position !== progress.position
		) {
			blame('attempts-only-with-permit', `${stop?.target ?? 'nothing'} is attempted without its permit`);
			return seen;
		}
		if (seen.isRunning) blame('attempts-are-stopped', `${stop.target} is attempted while another attempt runs`);
		if (now >= deadlineOf(seen, this.#policy))
			blame('ends-by-deadline', `${stop.target} is attempted after the deadline`);
		this.#checkWay(seen, stop, progress, blame);
		const { way, position } = progress;
		const { made: before, attempts, attemptsHere, waysHere } = seen;
		const { id: permitId, probe } = permit;
		const made = { position, way, permitId, startedAt: now, probe, seam: undefined, before };
		return {
			...seen,
			made,
			attempts: attempts + 1,
			attemptsHere: attemptsHere + 1,
			waysHere: [...waysHere, way],
			isRunning: true,
			isAnswering: false,
		};
	}

	/** An answer is committed once: when it begins, and not again by who carries it on. */
	#checkCommit(seenBefore: Seen, { event, step }: Pick<WatchedStep, 'event' | 'step'>, blame: Blame): void {
		const commits = step.did.filter((action) => action === 'commitAnswer').length;
		const isAnswering = event?.type === 'attempt.answering';
		if (commits > 0 && !isAnswering) blame('one-ending', 'an answer is committed that has not begun');
		if (isAnswering && !seenBefore.isCommitted && commits === 0) {
			blame('one-ending', 'an answer begins, and is not committed');
		}
		if (commits > (seenBefore.isCommitted ? 0 : 1)) blame('one-ending', 'an answer is committed twice');
	}

	#checkFirstContent({ permit }: Seen, { event, step }: Pick<WatchedStep, 'event' | 'step'>, blame: Blame): void {
		const reports = step.sent.filter((sent) => sent.event.type === 'probe.answering');
		const isDue = event?.type === 'probe.answering' && permit?.probe === true;
		if (reports.length !== (isDue ? 1 : 0)) {
			blame(
				'first-content-of-a-probe-is-reported',
				`${reports.length} reports come of ${event?.type ?? 'the beginning'}`,
			);
		}
		for (const { to, event: said } of reports) {
			const isRight = this.#stops.positionOf(to) === permit?.position && 'id' in said && said.id === permit?.id;
			if (!isRight)
				blame('first-content-of-a-probe-is-reported', 'it is reported to another provider, or of another probe');
		}
	}

	#checkWay(seen: Seen, stop: Stop, { way }: Progress, blame: Blame): void {
		const { isCommitted, permit, waysHere } = seen;
		const { target, prefill } = stop;
		if (isCommitted && way === 'fresh') {
			blame('no-second-start', `${target} is asked for a new answer after the commit`);
		}
		if (!isCommitted && way !== 'fresh') blame('ways-fit', `${target} is asked to carry on what has not begun`);
		if (way === 'prefill' && (!prefill || permit?.refusesPrefill === true)) {
			blame('ways-fit', `${target} is asked with a prefill, which it does not take`);
		}
		if (way === 'rewind' && waysHere.length === 0) {
			blame('ways-fit', `${target} is asked from further back before it was asked otherwise`);
		}
		if (isCommitted && waysHere.includes(way)) blame('ways-fit', `${target} is asked twice to carry on by ${way}`);
		const right = this.#asking.wayOf(seen, stop);
		if (way !== right) blame('ways-fit', `${target} is asked by ${way}, where ${right} is what may work`);
	}

	#checkAfter(seen: Seen, { event, now, before, step }: WatchedStep, blame: Blame): void {
		const { snapshot, timers } = step.state;
		const right = deadlineOf(seen, this.#policy);
		const { deadlineAt } = snapshot.context.progress;
		if (snapshot.status === 'active' && deadlineAt !== right) {
			blame(
				'ends-by-deadline',
				`the deadline is ${deadlineAt - right} ms off what the profile gives a search or a stream`,
			);
		}
		if (event !== undefined && isAttemptOver(event) && seen.isRunning) {
			blame('attempts-are-stopped', `an attempt runs on after ${event.type}`);
		}
		if (snapshot.status !== 'active') {
			this.#ending.check(seen, snapshot, { event, now }, blame);
			return;
		}
		if (event?.type === 'deadline.passed') blame('ends-by-deadline', 'the request goes on after its deadline');
		if (event?.type === 'client.left') blame('one-ending', 'the request goes on although its client left');
		if (seen.told !== undefined) blame('one-ending', 'the request goes on after it reported its ending to the caller');
		if (seen.permit !== undefined && !seen.isRunning) {
			blame('permits-settled-once', 'a permit is held without an attempt');
		}
		const [timer] = timers;
		const isSettling =
			(event?.type === 'attempt.broke' || event?.type === 'attempt.silent') &&
			step.sent.some((sent) => sent.event.type === 'attempt.failed');
		if (!seen.isRunning && seen.asked === undefined && timer === undefined && !isSettling) {
			blame('always-ends', 'nothing can happen any more, and the request has not ended');
		}
		if (timer !== undefined && before?.timers[0] !== timer) this.#retrying.checkWait(seen, timer.at, now, blame);
	}
}

function isUsed(made: Seen['made'], id: string): boolean {
	for (let at = made; at !== undefined; at = at.before) if (at.permitId === id) return true;
	return false;
}

export function isTimer({ type }: EventObject): boolean {
	return type.startsWith('xstate.after.');
}

function isAttemptOver({ type }: EventObject): boolean {
	return ['attempt.completed', 'attempt.broke', 'attempt.silent', 'client.left', 'deadline.passed'].includes(type);
}

/** How a permit is settled after an event. */
function settlementOf(event: WatchedStep['event']): ProviderEvent['type'] | undefined {
	if (event?.type === 'attempt.completed') return 'attempt.succeeded';
	if (event?.type === 'attempt.broke' || event?.type === 'attempt.silent') return 'attempt.failed';
	if (event?.type === 'client.left' || event?.type === 'deadline.passed') return 'attempt.abandoned';
	return undefined;
}
