import { timerDelay } from '../../machines/backoff.ts';
import { clock } from '../values/clock.ts';

/** How long a client hears nothing before a stream is begun early, ms: clients and proxies mostly wait for 30 s or more. */
const EARLY_SILENCE_MS = 25_000;

/** Whose time runs. */
export interface TimersListener {
	/** The present deadline, ms since the epoch. */
	readonly deadlineAt: number;
	onDeadline(now: number): void;
	/** Nothing at all has gone to the client for long. */
	onEarlySilence(): void;
	/** Once in each period of a stream that has begun. */
	onPeriod(): void;
}

/** The timers of one request. */
export class RequestTimers {
	readonly #listener: TimersListener;
	#deadline: NodeJS.Timeout | undefined;
	/** What the timer of the deadline is set to, ms since the epoch. */
	#deadlineSetTo = Number.POSITIVE_INFINITY;
	#earlySilence: NodeJS.Timeout | undefined;
	#period: NodeJS.Timeout | undefined;

	constructor(listener: TimersListener) {
		this.#listener = listener;
	}

	/**
	 * To be called when the deadline may have moved. Where it has moved away, the timer finds that out when it is due: a stream
	 * that is well costs no second one.
	 * @param now ms since the epoch; of the event that moved it, so that equal limits are equal delays: Node keeps timers in one
	 *   list for each delay, and to begin and to end a list costs more than a timer
	 */
	watchDeadline(now: number): void {
		const { deadlineAt } = this.#listener;
		if (deadlineAt >= this.#deadlineSetTo) return;
		clearTimeout(this.#deadline);
		this.#deadlineSetTo = deadlineAt;
		this.#deadline = setTimeout(() => this.#checkDeadline(), timerDelay(deadlineAt - now));
	}

	#checkDeadline(): void {
		this.#deadlineSetTo = Number.POSITIVE_INFINITY;
		const now = clock.now();
		// Timers can be a little early, and the longest is shorter than the longest deadline.
		if (now >= this.#listener.deadlineAt - 1) this.#listener.onDeadline(now);
		else this.watchDeadline(now);
	}

	watchEarlySilence(): void {
		this.#earlySilence = setTimeout(() => this.#listener.onEarlySilence(), EARLY_SILENCE_MS);
	}

	/** The stream has begun: from now on its periods are told. Only the first call counts. */
	beginPeriods(periodMs: number): void {
		clearTimeout(this.#earlySilence);
		this.#period ??= setInterval(() => this.#listener.onPeriod(), periodMs);
	}

	stop(): void {
		clearTimeout(this.#deadline);
		clearTimeout(this.#earlySilence);
		clearInterval(this.#period);
	}
}
