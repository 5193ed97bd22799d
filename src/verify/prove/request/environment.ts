import type { DenialReason, ProviderReply, ProviderStateName, RequestEvent } from '../../../../machines/events.ts';
import { answerSilent, type Failure } from '../../../../machines/failure.ts';
import { isCounted } from '../provider/meaning.ts';
import type { ProviderSummary } from '../provider/summary.ts';
import { isOfModel, ruleOf } from './facts.ts';
import { waitAfter } from './retrying.ts';
import { isTooSmall, type RouteToCheck, type Stop } from './route.ts';
import { type Samples, samplesFor } from './samples.ts';
import { closedUntil, deadlineOf, type Seen } from './seen.ts';

/** What can happen next: events in order, each at its time. A failure and its settlement are one, for they come at once. */
export interface EnvironmentMove {
	/** ms since the epoch. */
	at: number;
	event: RequestEvent;
	/** For `attempt.broke` and `attempt.silent`: when the provider says that it would grant again, ms since the epoch. */
	settledAt?: number;
	/** For `attempt.broke` and `attempt.silent`: the provider actor where the failure counts, by its id; absent where it counts nowhere. */
	counts?: string;
	/** The state of the provider that speaks, as far as it is known. */
	providerState?: ProviderStateName;
	/** What it leads to is much like what something else leads to: only what comes next is looked at. */
	isAside?: boolean;
}

/**
 * Which part of what can happen is tried.
 * - `everything`: every answer of a provider and every failure; the client leaves, the deadline passes
 * - `samples`: the same in no time, without what only a clock can tell apart
 * - `most-attempts`: what makes for most attempts, as fast as can be
 * - `slow-stream`: until the first content, every step at its latest
 * - `slow-document`: the same for an answer that is not streamed
 */
export type Focus = 'everything' | 'samples' | 'most-attempts' | 'slow-stream' | 'slow-document';

/** How long an answer takes to begin, and then to end, where nothing hangs on it, ms: a time that no policy names. */
const ANSWER_MS = 7;

/** A jitter between its ends, 0 to 1. */
const MIDDLING = 0.25;
/** What is added to a time so that it is later than that of any other target, ms. */
const LONGER_MS = 366 * 24 * 3_600_000;

/** A provider that nothing is known of: what any may say. ms. */
const anyOffsets: readonly number[] = [0, 60_000];
const anyDenials: ProviderSummary['denials'] = [
	{ state: 'open', reason: 'failures', leastMs: 0, mostMs: 60_000 },
	{ state: 'quota-cooldown', reason: 'quota', leastMs: 0, mostMs: 3_600_000 },
];

/** What the world around one request can do. It keeps to what its providers have said. */
export class Environment {
	readonly #route: RouteToCheck;
	readonly #stops: readonly Stop[];
	readonly #focus: Focus;
	/** All that can happen is tried, not only what makes for a worst case. */
	readonly #isWide: boolean;
	readonly #samples: readonly Samples[];
	readonly #offsets = new Map<string, readonly number[]>();

	constructor(route: RouteToCheck, stops: readonly Stop[], focus: Focus) {
		this.#route = route;
		this.#stops = stops;
		this.#focus = focus;
		this.#isWide = focus === 'everything' || focus === 'samples';
		const byPolicy = new Map<object, Samples>();
		this.#samples = stops.map((stop) => {
			const known = byPolicy.get(stop.policy) ?? samplesFor(stop, route.policy, { isWhole: focus === 'everything' });
			byPolicy.set(stop.policy, known);
			return known;
		});
	}

	/** @param now ms since the epoch */
	choices(seen: Seen, now: number): EnvironmentMove[] {
		const choices: EnvironmentMove[] = [];
		if (seen.asked !== undefined) this.#replies(seen, seen.asked, now, choices);
		if (seen.isRunning) this.#outcomes(seen, now, choices);
		if (this.#isWide && seen.isRunning) choices.push(probeAnswers(now));
		if (this.#isWide) choices.push({ at: now, event: { type: 'client.left', now } }, this.#deadline(seen));
		if (this.#focus === 'everything' && seen.isRunning && seen.attempts === 1 && !seen.isCommitted) {
			const at = Math.min(now + ANSWER_MS, deadlineOf(seen, this.#route.policy) - 1);
			choices.push({ at, event: { type: 'attempt.reconnected', now: at }, isAside: true });
		}
		if (this.#focus === 'everything' && seen.isRunning) this.#lateBreaks(seen, now, choices);
		return choices;
	}

	/** What is looked at after an aside: how an attempt is told of at the end. */
	asides(seen: Seen, now: number): EnvironmentMove[] {
		if (!seen.isRunning) return [];
		return [probeAnswers(now), { at: now, event: { type: 'attempt.completed', now } }, this.#deadline(seen)];
	}

	#deadline(seen: Seen): EnvironmentMove {
		const at = deadlineOf(seen, this.#route.policy);
		return { at, event: { type: 'deadline.passed', now: at } };
	}

	#replies(
		seen: Seen,
		{ position, early, id }: NonNullable<Seen['asked']>,
		now: number,
		choices: EnvironmentMove[],
	): void {
		const stop = this.#stops[position];
		if (stop === undefined) return;
		const closed = closedUntil(seen, stop);
		if (early || closed <= now) {
			const isFirst = seen.attempts === 0 && this.#focus === 'everything';
			const mayRefuse = seen.isCommitted && stop.prefill === true;
			for (const probe of isFirst && !early ? [false, true] : [early]) {
				for (const refusesPrefill of mayRefuse ? [false, true] : [false]) {
					const permit = { id, number: 0, model: stop.model, probe, epoch: 0, refusesPrefill };
					const providerState = probe ? 'half-open' : 'closed';
					const isAside = probe && !early;
					choices.push({ at: now, event: { type: 'permit.granted', permit }, providerState, isAside });
				}
			}
		}
		for (const { state, reason, retryAt } of this.#denials(seen, stop, early, now)) {
			const event: ProviderReply = { type: 'permit.denied', state, reason, retryAt };
			choices.push({ at: now, event, providerState: state });
			// The first one tells all that is different about it: whose door it closes.
			if (stop.gate === stop.credential || seen.denials > 0 || closed > now) continue;
			choices.push({ at: now, event: { ...event, model: stop.model }, providerState: state });
		}
	}

	/** A provider that has said "not before" says nothing shorter; in the early round it may have changed its mind. */
	#denials(seen: Seen, stop: Stop, early: boolean, now: number) {
		const ranges = this.#route.providers.get(stop.credential)?.denials ?? anyDenials;
		const closed = closedUntil(seen, stop);
		const said = seen.said[stop.position] ?? 0;
		const denials = new Map<number, { state: ProviderStateName; reason: DenialReason; retryAt: number }>();
		const add = (state: ProviderStateName, reason: DenialReason, offsetMs: number, key?: number) => {
			const retryAt = Math.max(now + offsetMs, closed);
			const known = key ?? retryAt;
			if (!denials.has(known)) denials.set(known, { state, reason, retryAt });
		};
		if (early) return this.#earlyDenials(ranges, Math.max(said, now), now);
		const isFirst = seen.denials === 0 && this.#isWide;
		let unique = 0;
		for (const { state, reason, leastMs, mostMs } of ranges) {
			if (!isFirst) continue;
			add(state, reason, leastMs, --unique);
			if (mostMs !== leastMs) add(state, reason, mostMs, --unique);
		}
		for (const offset of this.#awaitedOffsets(seen)) {
			const range = ranges.find(({ leastMs, mostMs }) => leastMs <= offset && offset <= mostMs);
			if (range !== undefined) add(range.state, range.reason, offset);
		}
		const shortest = leastBy(ranges, ({ leastMs }) => leastMs);
		const longest = leastBy(ranges, ({ mostMs }) => -mostMs);
		if (!isFirst && shortest !== undefined) add(shortest.state, shortest.reason, shortest.leastMs);
		if (!isFirst && longest !== undefined && this.#isWide && !seen.isCommitted) {
			add(longest.state, longest.reason, longest.mostMs);
		}
		return denials.values();
	}

	/** The longest time that is waited for where all deny, and one that is just too long. */
	#awaitedOffsets(seen: Seen): readonly number[] {
		const { whenAllDenied } = this.#route.policy;
		if (typeof whenAllDenied === 'string' || seen.failed !== undefined) return [];
		const { wait } = whenAllDenied;
		return this.#focus === 'everything' ? [wait, wait + 1] : [wait];
	}

	/** The same time again, a later one, and at once where there is something to wait for: each may change the order. */
	#earlyDenials(ranges: ProviderSummary['denials'], said: number, now: number) {
		const [range] = ranges;
		if (range === undefined) return [];
		const { state, reason } = range;
		const times = this.#focus === 'everything' ? new Set([said, said + LONGER_MS, now]) : [said];
		return [...times].map((retryAt) => ({ state, reason, retryAt }));
	}

	#outcomes(seen: Seen, now: number, choices: EnvironmentMove[]): void {
		const stop = this.#stops[seen.permit?.position ?? seen.position];
		if (stop === undefined) return;
		switch (this.#focus) {
			case 'everything':
			case 'samples':
				this.#allOutcomes(seen, stop, now, choices);
				return;
			case 'most-attempts':
				this.#fastOutcomes(seen, stop, now, choices);
				return;
			default:
				this.#slowOutcomes(seen, stop, now, choices);
		}
	}

	#allOutcomes(seen: Seen, stop: Stop, now: number, choices: EnvironmentMove[]): void {
		const isInTime = now + ANSWER_MS < deadlineOf(seen, this.#route.policy);
		const later = this.#focus === 'everything' && isInTime ? now + ANSWER_MS : now;
		choices.push({ at: later, event: { type: 'attempt.completed', now: later } });
		this.#answers(seen, stop, later, choices);
		this.#silences(seen, stop, now, choices);
		const samples = this.#samples[stop.position];
		if (samples === undefined) return;
		if (seen.isCommitted) {
			const isFirst = seen.attempts === 1;
			for (const failure of isFirst ? samples.all : samples.continuing) {
				choices.push(...this.#breaks(stop, failure, now, { randoms: [0], continuable: true }));
			}
			const { categories } = this.#route.policy.continuation;
			const failure = samples.continuing.find(({ category }) => categories.includes(category));
			if (failure !== undefined)
				choices.push(...this.#breaks(stop, failure, now, { randoms: [0], continuable: false }));
			return;
		}
		const isFirst = seen.attempts === 1;
		for (const failure of isFirst ? samples.all : samples.fresh) {
			const mayRetry = isFirst || seen.attemptsHere <= ruleOf(stop, failure).retries;
			const randoms = mayRetry ? [0, ...(isFirst && this.#focus === 'everything' ? [MIDDLING] : []), 1] : [0];
			choices.push(...this.#breaks(stop, failure, now, { randoms, continuable: false }));
		}
	}

	#answers(seen: Seen, stop: Stop, now: number, choices: EnvironmentMove[]): void {
		const mayAnswer = seen.isCommitted || this.#route.commit === 'first-token' || stop.streamUpstream;
		if (!mayAnswer || seen.isAnswering) return;
		const seam = seen.isCommitted ? { seam: { sent: seen.attempts, trimmed: 1 } } : {};
		choices.push({ at: now, event: { type: 'attempt.answering', now, ...seam } });
	}

	/** Only where there is another target to ask, and once in a request: else it is an answer like any other. */
	#silences(seen: Seen, stop: Stop, now: number, choices: EnvironmentMove[]): void {
		if (this.#route.policy.emptyAnswer === 'pass' || seen.isCommitted || seen.left !== undefined) return;
		const isNext = (other: Stop) =>
			other.position > stop.position &&
			other.link !== stop.link &&
			!seen.spent.includes(other.credential) &&
			!isTooSmall(other, seen.tooSmallWindow);
		if (!this.#stops.some(isNext)) return;
		const [shortest = 0] = this.#offsetsOf(stop, answerSilent);
		const event = { type: 'attempt.silent', now, random: 0 } as const;
		choices.push({ at: now, event, settledAt: now + shortest, ...countsWhere(stop, answerSilent) });
	}

	/** The first attempt fails so late that its wait would end exactly at the deadline, or 1 ms before. */
	#lateBreaks(seen: Seen, now: number, choices: EnvironmentMove[]): void {
		const stop = this.#stops[seen.permit?.position ?? -1];
		if (stop === undefined || seen.attempts > 1 || seen.isCommitted) return;
		const deadlineAt = deadlineOf(seen, this.#route.policy);
		for (const failure of this.#samples[stop.position]?.waited ?? []) {
			const { most } = waitAfter(stop, { failure, random: 0 }, seen.attemptsHere);
			for (const at of [deadlineAt - most, deadlineAt - most - 1]) {
				if (at < now || at >= deadlineAt) continue;
				const late = this.#breaks(stop, failure, at, { randoms: [0], continuable: false });
				choices.push(...late.map((choice) => ({ ...choice, isAside: true })));
			}
		}
	}

	#fastOutcomes(seen: Seen, stop: Stop, now: number, choices: EnvironmentMove[]): void {
		this.#answers(seen, stop, now, choices);
		this.#silences(seen, stop, now, choices);
		const samples = this.#samples[stop.position];
		for (const failure of (seen.isCommitted ? samples?.continuing : samples?.plain) ?? []) {
			choices.push(...this.#breaks(stop, failure, now, { randoms: [0], continuable: seen.isCommitted }));
		}
	}

	/** Each failure at the latest moment that the timeouts allow. What comes later than the deadline does not come. */
	#slowOutcomes(seen: Seen, stop: Stop, now: number, choices: EnvironmentMove[]): void {
		if (seen.isCommitted) return;
		const at = now + this.#longestAttempt(stop);
		if (at >= deadlineOf(seen, this.#route.policy)) {
			choices.push(this.#deadline(seen));
			return;
		}
		choices.push({ at, event: { type: 'attempt.completed', now: at } });
		this.#silences(seen, stop, at, choices);
		for (const failure of this.#samples[stop.position]?.slow ?? []) {
			choices.push(...this.#breaks(stop, failure, at, { randoms: [1], continuable: false }));
		}
	}

	/**
	 * How long an attempt can last until it fails, or until its answer is of use to the client, ms. A stream whose first
	 * content does not go to the client at once may trickle until the deadline: only silence ends it.
	 */
	#longestAttempt({ policy: { timeouts }, streamUpstream }: Stop): number {
		const { connect, firstToken, response } = timeouts;
		if (this.#focus === 'slow-stream' && this.#route.commit === 'first-token') return connect + firstToken;
		if (this.#focus === 'slow-document' && !streamUpstream) return connect + response;
		return Number.POSITIVE_INFINITY;
	}

	#breaks(
		stop: Stop,
		failure: Failure,
		now: number,
		{ randoms, continuable }: { randoms: readonly number[]; continuable: boolean },
	): EnvironmentMove[] {
		const offsets = this.#offsetsOf(stop, failure);
		const [shortest = 0] = offsets;
		const longest = offsets.at(-1) ?? 0;
		const counts = countsWhere(stop, failure);
		// The shortest jitter meets an open door, the longest a closed one.
		const pairs = randoms.map((random) => [random, random < 1 || !this.#isWide ? shortest : longest]);
		return pairs.map(([random = 0, offset = 0]) => ({
			at: now,
			event: { type: 'attempt.broke', failure, now, random, continuable },
			settledAt: now + offset,
			...counts,
		}));
	}

	#offsetsOf(stop: Stop, failure: Failure): readonly number[] {
		const scope = isOfModel(stop, failure) ? stop.gate : stop.credential;
		const key = `${scope} ${failure.category} ${failure.reason} ${failure.retryAfterMs}`;
		const known = this.#offsets.get(key) ?? offsetsOf(this.#route.providers.get(scope), failure);
		this.#offsets.set(key, known);
		return known;
	}
}

function countsWhere(stop: Stop, failure: Failure): { counts?: string } {
	if (!isCounted(stop.policy, failure)) return {};
	return { counts: isOfModel(stop, failure) ? stop.gate : stop.credential };
}

/** Whether the attempt is a probe is for the request to know. */
function probeAnswers(now: number): EnvironmentMove {
	return { at: now, event: { type: 'probe.answering', now } };
}

/** How long the provider may say that it stays closed after a failure; the nearest that is known of it. */
function offsetsOf(summary: ProviderSummary | undefined, failure: Failure): readonly number[] {
	if (summary === undefined)
		return anyOffsets.map((offset) => (offset === 0 ? 0 : offset + (failure.retryAfterMs ?? 0)));
	const alike = summary.settlements.filter(({ failure: { category } }) => category === failure.category);
	const exact = alike.find(
		({ failure: { reason, retryAfterMs } }) => reason === failure.reason && retryAfterMs === failure.retryAfterMs,
	);
	const plain = alike.find(({ failure: { retryAfterMs } }) => retryAfterMs === failure.retryAfterMs) ?? alike[0];
	return (exact ?? plain)?.offsetsMs ?? [0];
}

function leastBy<T>(list: readonly T[], amountOf: (entry: T) => number): T | undefined {
	let least: T | undefined;
	for (const entry of list) if (least === undefined || amountOf(entry) < amountOf(least)) least = entry;
	return least;
}
