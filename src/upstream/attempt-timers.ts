import type { AnswerEvent } from '../contract/answer-parts.ts';
import type { AttemptOptions } from './attempt-options.ts';
import type { Classified } from './classify/apply-error-rules.ts';
import { ThroughputWatch } from './throughput.ts';

/** For what there was not enough time. */
export type TimeOutReason = 'connect' | 'first_token' | 'response' | 'idle' | 'slow';

/** How long a connection may take to end its body after a whole answer before it is given up, ms. */
const TRAILING_TIME_MS = 1000;

const messages: Readonly<Record<TimeOutReason, string>> = {
	connect: 'no connection in time',
	first_token: 'no first token in time',
	response: 'no whole answer in time',
	idle: 'no further data in time',
	slow: 'too little text in time',
};

/** @param isLookingUp nothing is known of the provider itself: its name has no address yet */
export function timedOut(reason: TimeOutReason, isLookingUp: boolean): Classified {
	const message = isLookingUp ? 'no address for the name of the provider in time' : messages[reason];
	return { failure: { category: 'TIMEOUT', reason }, message };
}

/**
 * How long one attempt waits for what: for the connection, for the first token or a whole document, between two pieces of an
 * answer, and for so much text of a stream.
 */
export class AttemptTimers {
	readonly #options: Pick<AttemptOptions, 'timeouts' | 'reasons' | 'request'>;
	readonly #onTimeOut: (reason: TimeOutReason) => void;
	/** When the request was sent, by a clock that never goes back, ms. */
	#sentAt = 0;
	/** For what is waited until the first content, or until a document is whole; behind a whole answer, for its end. */
	#phaseTimer: NodeJS.Timeout | undefined;
	#idleTimer: NodeJS.Timeout | undefined;
	/** Undefined where a stream may be as slow as it likes. */
	readonly #throughput: ThroughputWatch | undefined;

	constructor(
		options: Pick<AttemptOptions, 'timeouts' | 'reasons' | 'request'>,
		onTimeOut: (reason: TimeOutReason) => void,
	) {
		this.#options = options;
		this.#onTimeOut = onTimeOut;
		const { throughput } = options.timeouts;
		if (throughput !== 'off') this.#throughput = new ThroughputWatch(throughput, () => onTimeOut('slow'));
	}

	/** For how long the request has been on its way, ms. */
	get sentForMs(): number {
		return performance.now() - this.#sentAt;
	}

	get isWatchingIdle(): boolean {
		return this.#idleTimer !== undefined;
	}

	awaitConnection(): void {
		this.#startPhase(this.#options.timeouts.connect, 'connect');
	}

	/** The request is sent. */
	awaitAnswer(): void {
		this.#sentAt = performance.now();
		const { request, timeouts } = this.#options;
		if (request.stream) this.#startPhase(timeouts.firstToken, 'first_token');
		else this.#startPhase(timeouts.response, 'response');
	}

	/** A stream that was asked for comes as a document, which has no first token to wait for. */
	awaitDocument(): void {
		const { request, timeouts } = this.#options;
		if (request.stream) this.#startPhase(timeouts.response, 'response');
	}

	/** A stream that has no content yet is not silent: a model that thinks has longer for its first token. */
	noteLife(): void {
		const { reasons = false, timeouts } = this.#options;
		if (!reasons) return;
		const leftMs = Math.max(timeouts.thinking, timeouts.firstToken) - this.sentForMs;
		if (leftMs > 0) this.#startPhase(Math.min(timeouts.firstToken, leftMs), 'first_token');
	}

	/** The first content is here: from now on only silence is too long, and a stream that is too slow. */
	watchAnswer(): void {
		this.endPhase();
		this.watchIdle();
		this.#throughput?.start();
	}

	watchIdle(): void {
		clearTimeout(this.#idleTimer);
		this.#idleTimer = setTimeout(() => this.#onTimeOut('idle'), this.#options.timeouts.idle);
	}

	/** A piece of the answer has come. */
	noteBytes(): void {
		this.#idleTimer?.refresh();
	}

	noteEvents(events: readonly AnswerEvent[]): void {
		this.#throughput?.note(events);
	}

	/** The client is slower than the provider. */
	pause(): void {
		this.#throughput?.stop();
		clearTimeout(this.#idleTimer);
		this.#idleTimer = undefined;
	}

	/** @param hasContent the stream has had content, so that it may be too slow */
	resume(hasContent: boolean): void {
		this.watchIdle();
		if (hasContent) this.#throughput?.start();
	}

	/** The answer has ended, its body has not. @param giveUp called when it has not ended in a moment */
	awaitTrailing(giveUp: () => void): void {
		this.#phaseTimer = setTimeout(giveUp, TRAILING_TIME_MS).unref();
	}

	/** A timer that ran on would hold the request and its answer in memory. */
	endPhase(): void {
		clearTimeout(this.#phaseTimer);
	}

	stop(): void {
		this.endPhase();
		clearTimeout(this.#idleTimer);
		this.#throughput?.stop();
	}

	#startPhase(limitMs: number, reason: TimeOutReason): void {
		clearTimeout(this.#phaseTimer);
		this.#phaseTimer = setTimeout(() => this.#onTimeOut(reason), limitMs);
	}
}
