import type { Dispatcher } from 'undici';
import type { AnswerEvent } from '../contract/answer-parts.ts';
import type { AnswerHeaders } from '../contract/dialect.ts';
import type { AnswerFault } from '../contract/error-body.ts';
import { clock } from '../values/clock.ts';
import type { AttemptOptions } from './attempt-options.ts';
import { AttemptTimers, type TimeOutReason, timedOut } from './attempt-timers.ts';
import { type Classified, classifyTransportError } from './classify/apply-error-rules.ts';
import type { Dispatch, Dispatched, LookUpListener } from './endpoint.ts';
import { withCallerHeaders } from './passing-headers.ts';
import { type Completion, Reception, type Verdict } from './reception.ts';

/** What an attempt reports. After `onCompleted` or `onBroke`, or a `stop`, it reports nothing more. */
export interface AttemptListener {
	/** The connection was dead already, and the request has been sent once more, on a new one. */
	onReconnected(): void;
	/** The first content of a stream has come; its events follow. */
	onFirstContent(): void;
	/** Events of an answer, as they come. */
	onEvents(events: readonly AnswerEvent[]): void;
	/** Bytes that have come and are kept, in which no event is complete: a document, or the beginning of an event. */
	onHeld(bytes: number): void;
	/** The answer is whole. */
	onCompleted(completion: Completion): void;
	onBroke(broken: Classified): void;
}

/**
 * A connection from the pool that ends so soon after a request was sent on it, without a byte of an answer, was dead
 * before, ms: the provider, or a load balancer on the way, had forgotten it.
 */
const STALE_TIME_MS = 1000;

type Phase = 'connecting' | 'waiting' | 'reading' | 'over';

/**
 * Exactly one HTTP exchange with one target: no retry, no redirect, and a second connection only where the first one was
 * dead before anything was sent on it. It starts with `start`, and reports how it went, once; `stop` ends it at any time
 * without a report.
 */
export class Attempt implements Dispatcher.DispatchHandler, LookUpListener {
	readonly #options: AttemptOptions;
	readonly #listener: AttemptListener;
	#phase: Phase = 'connecting';
	#dispatched: Dispatched | undefined;
	/** The provider's name is being looked up: nothing is known of the provider itself. */
	#isLookingUp = false;
	/** It was sent a second time. */
	#isSentAgain = false;
	/** Known once the connection stands. */
	#controller: Dispatcher.DispatchController | undefined;
	/** Known once the response has begun. */
	#reception: Reception | undefined;
	#headers: AnswerHeaders = {};
	#headersAt = 0;
	#isPaused = false;
	readonly #timers: AttemptTimers;
	/** What was last told of to be kept, bytes. */
	#heldBytes = 0;
	/** The response has ended, well or badly: there is nothing left to abort. */
	#isExchangeOver = false;

	constructor(options: AttemptOptions, listener: AttemptListener) {
		this.#options = options;
		this.#listener = listener;
		this.#timers = new AttemptTimers(options, (reason) => this.#timeOut(reason));
	}

	start(): void {
		this.#send(this.#options.endpoint.dispatch);
	}

	#send(dispatch: Dispatch): void {
		const { endpoint, request } = this.#options;
		this.#phase = 'connecting';
		const headers = endpoint.address.headers(request);
		if (!(headers instanceof Promise)) {
			this.#sendWith(headers, dispatch);
			return;
		}
		// The credentials are part of what it takes to connect.
		this.#timers.awaitConnection();
		headers.then(
			(fetched) => this.#isConnecting && this.#sendWith(fetched, dispatch),
			(error) => this.#isConnecting && this.#break(classifyTransportError(error)),
		);
	}

	#sendWith(own: readonly string[], dispatch: Dispatch): void {
		const { endpoint, model, request, callerHeaders, method = 'POST' } = this.#options;
		try {
			const headers = withCallerHeaders(own, callerHeaders, endpoint.address.usualHeaders);
			const options = { path: endpoint.address.path(model), method, headers, body: request.body };
			this.#dispatched = dispatch(options, this, this);
		} catch (error) {
			this.#break(classifyTransportError(error));
			return;
		}
		// Mostly a connection stands, and the request is on it already.
		if (this.#isConnecting) this.#timers.awaitConnection();
	}

	/** Ends the exchange, and its connection with it unless the answer is whole. Safe at any time. */
	stop(): void {
		if (this.#phase === 'over') return;
		this.#finish();
		this.#abort();
	}

	/** Ends the exchange because of what came of the answer, and reports that. */
	refuse(fault: AnswerFault): void {
		if (this.#phase !== 'over' && this.#reception !== undefined) this.#conclude(this.#reception.refuse(fault));
	}

	/** The client is slower than the provider: take no more until `resume`. A stalled reader is not an idle provider. */
	pause(): void {
		if (this.#phase !== 'reading' || this.#isExchangeOver) return;
		this.#isPaused = true;
		this.#timers.pause();
		this.#controller?.pause();
	}

	/** Goes on after a `pause`; without one it does nothing. */
	resume(): void {
		if (this.#phase !== 'reading' || !this.#isPaused) return;
		this.#isPaused = false;
		this.#timers.resume(this.#reception?.hasContent === true);
		// Last, for it may bring the next piece at once, and with it the next pause.
		this.#controller?.resume();
	}

	/** Those of the response; empty until it has begun. */
	/** When they came, ms since the epoch. */
	get headersAt(): number {
		return this.#headersAt;
	}

	get headers(): AnswerHeaders {
		return this.#headers;
	}

	/** Events that were left out of a streamed answer so far. */
	get skippedEvents(): number {
		return this.#reception?.skippedEvents ?? 0;
	}

	/** Finish reasons of the answer so far that nobody knows, as a log may show them. */
	get unknownFinishReasons(): readonly string[] {
		return this.#reception?.unknownFinishReasons ?? [];
	}

	/** The time for a connection begins when it is known where to: a look-up has as much for itself. */
	onLookUpStarted(): void {
		this.#isLookingUp = true;
	}

	onLookUpEnded(): void {
		this.#isLookingUp = false;
		if (this.#isConnecting) this.#timers.awaitConnection();
	}

	onRequestStart(controller: Dispatcher.DispatchController): void {
		this.#controller = controller;
		if (this.#phase === 'over') {
			this.#abort();
			return;
		}
		this.#phase = 'waiting';
		this.#timers.awaitAnswer();
	}

	onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: AnswerHeaders): void {
		if (this.#phase === 'over' || status < 200) return;
		this.#phase = 'reading';
		this.#headers = headers;
		this.#headersAt = clock.now();
		const { endpoint, classify, model, request, answerLimit, mayLeaveRefusal } = this.#options;
		const { dialect, provider } = endpoint;
		const { stream, choices } = request;
		const options = {
			dialect,
			classify,
			provider,
			mayLeaveRefusal,
			model,
			stream,
			choices,
			answerLimit,
			maxEventLength: answerLimit,
		};
		this.#reception = new Reception(options, status, headers);
		if (!this.#reception.isSuccess) this.#timers.watchIdle();
		else if (this.#reception.isDocument) this.#timers.awaitDocument();
	}

	onResponseData(_controller: Dispatcher.DispatchController, bytes: Buffer): void {
		const reception = this.#reception;
		if (this.#phase === 'over' || reception === undefined) return;
		this.#timers.noteBytes();
		const { isDocument, hasContent } = reception;
		const events = reception.take(bytes);
		if (reception.isDocument && !isDocument) this.#timers.awaitDocument();
		if (!reception.isStream && !this.#timers.isWatchingIdle) this.#timers.watchIdle();
		if (reception.hasContent && !hasContent) {
			this.#timers.watchAnswer();
			this.#listener.onFirstContent();
		} else if (!reception.hasContent && reception.isStream && reception.isSuccess) {
			// Its first event may be the role, which nobody has thought about.
			this.#timers.noteLife();
		}
		this.#pass(events);
		// Whoever got the events may have stopped the attempt.
		if (this.#isOver) return;
		if (reception.heldBytes !== this.#heldBytes) {
			this.#heldBytes = reception.heldBytes;
			this.#listener.onHeld(this.#heldBytes);
			if (this.#isOver) return;
		}
		const verdict = reception.verdict();
		if (verdict !== undefined) this.#conclude(verdict);
	}

	onResponseEnd(): void {
		this.#endExchange();
		this.#end(undefined, false);
	}

	onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
		const cut = classifyTransportError(error);
		if (this.#isStale(cut)) {
			this.#sendAgain();
			return;
		}
		this.#endExchange();
		if (this.#phase === 'over') return;
		if (this.#reception === undefined) this.#break(cut);
		// A provider that closes in peace has sent what it wanted to; one that resets has not.
		else this.#end(cut, cut.failure.reason === 'closed' && this.#headers['content-length'] !== undefined);
	}

	/** Nobody has answered, and nobody is to blame: the connection stood unused for too long. */
	#isStale({ failure: { reason } }: Classified): boolean {
		if (this.#phase !== 'waiting' || this.#isSentAgain || this.#dispatched?.isReused !== true) return false;
		return (reason === 'reset' || reason === 'closed') && this.#timers.sentForMs <= STALE_TIME_MS;
	}

	#sendAgain(): void {
		this.#isSentAgain = true;
		this.#controller = undefined;
		this.#dispatched = undefined;
		this.#listener.onReconnected();
		if (!this.#isOver) this.#send(this.#options.endpoint.dispatchAnew);
	}

	#end(cut: Classified | undefined, isShort: boolean): void {
		if (this.#phase === 'over' || this.#reception === undefined) return;
		const { events, verdict } = this.#reception.end(cut, isShort);
		this.#pass(events);
		if (!this.#isOver) this.#conclude(verdict);
	}

	#pass(events: readonly AnswerEvent[]): void {
		if (events.length === 0) return;
		this.#timers.noteEvents(events);
		this.#listener.onEvents(events);
	}

	get #isConnecting(): boolean {
		return this.#phase === 'connecting';
	}

	get #isOver(): boolean {
		return this.#phase === 'over';
	}

	#conclude(verdict: Verdict): void {
		if (verdict.is === 'broken') {
			this.#break(verdict.broken);
			return;
		}
		this.#finish();
		if (!this.#isExchangeOver) {
			// The answer has ended, its body has not: give it a moment, so that the connection can be used again.
			this.#timers.awaitTrailing(() => this.#abort());
			this.#controller?.resume();
		}
		this.#listener.onCompleted(verdict.completion);
	}

	#break(broken: Classified): void {
		this.#finish();
		this.#abort();
		this.#listener.onBroke(broken);
	}

	#timeOut(reason: TimeOutReason): void {
		const reception = this.#reception;
		if (this.#phase === 'over') return;
		// The status is here, only its explanation is not: better classified by the status than as a silence.
		if (reception !== undefined && !reception.isSuccess) this.#conclude(reception.errorVerdict());
		// Finished, and then no end mark: whole all the same.
		else if (reception?.isFinished) this.#conclude({ is: 'whole', completion: { is: 'events' } });
		else this.#break(timedOut(reason, this.#isLookingUp));
	}

	#finish(): void {
		this.#phase = 'over';
		this.#timers.stop();
	}

	#endExchange(): void {
		this.#isExchangeOver = true;
		this.#timers.endPhase();
	}

	#abort(): void {
		if (this.#isExchangeOver) return;
		if (this.#controller === undefined) this.#dispatched?.giveUp();
		else this.#controller.abort(new Error('breakwater ended the attempt'));
	}
}
