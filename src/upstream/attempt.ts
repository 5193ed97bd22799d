import type { Dispatcher } from 'undici';
import type { Failure } from '../../machines/failure.ts';
import type { Timeouts } from '../../machines/policy.ts';
import type { StreamChunk } from '../dialects/openai-chat/chunk.ts';
import { documentChunks } from '../dialects/openai-chat/document-chunks.ts';
import { StreamAnswer } from '../dialects/openai-chat/stream-answer.ts';
import { readWholeAnswer } from '../dialects/openai-chat/whole-answer.ts';
import { withMembers } from '../values/json-members.ts';
import { type AnswerForm, formOf, looksLike } from './answer-form.ts';
import { type Classified, type Classify, classifyTransportError } from './classify/classify.ts';
import type { Endpoint } from './endpoint.ts';

export interface AttemptOptions {
	endpoint: Endpoint;
	classify: Classify;
	model: string;
	/** The request's JSON text, as the provider shall see it. */
	json: string;
	/** Whether it asks for a stream. The provider may answer in the other form: both are read. */
	stream: boolean;
	/** Whether even an answer that comes as one document is wanted in chunks. */
	inChunks: boolean;
	/** Whether a chunk with the usage is wanted of it. */
	withUsage: boolean;
	/** How many answers were asked for (`n`). */
	choices: number;
	timeouts: Timeouts;
	/** Bytes of the largest answer that is taken. */
	answerLimit: number;
}

/** What an attempt reports. After `onCompleted` or `onBroke`, or a `stop`, it reports nothing more. */
export interface AttemptListener {
	/** Chunks of an answer, from the first one on, but not before there is content among them. */
	onChunks(chunks: readonly StreamChunk[]): void;
	/** The answer is whole: its body (`''` when it came in chunks), and the usage that one document tells. */
	onCompleted(body: Buffer | string, usage?: unknown): void;
	onBroke(broken: Classified): void;
}

/** How much of an error response is read before it is classified by what is there, bytes. */
const ERROR_BODY_LIMIT = 256 * 1024;
/** How long a connection may take to end its body after a whole answer before it is given up, ms. */
const TRAILING_TIME_MS = 1000;

type Headers = Readonly<Record<string, string | string[] | undefined>>;
type Phase = 'connecting' | 'waiting' | 'reading' | 'over';

/**
 * Exactly one HTTP exchange with one target: no retry, no redirect, no second connection. It starts with `start`, and
 * reports how it went, once; `stop` ends it at any time without a report.
 */
export class Attempt implements Dispatcher.DispatchHandler {
	readonly #options: AttemptOptions;
	readonly #listener: AttemptListener;
	/** Reads an answer that comes as a stream. */
	#stream: StreamAnswer | undefined;
	/** In which form the answer comes; undefined until that is known. */
	#form: AnswerForm | undefined;
	#phase: Phase = 'connecting';
	#giveUpConnecting: (() => void) | undefined;
	/** Known once the connection stands. */
	#controller: Dispatcher.DispatchController | undefined;
	#phaseTimer: NodeJS.Timeout | undefined;
	#idleTimer: NodeJS.Timeout | undefined;
	#status = 0;
	#headers: Headers = {};
	#body: Buffer[] = [];
	#bodyLength = 0;
	#isAnswering = false;
	#isPaused = false;
	/** The response has ended, well or badly: there is nothing left to abort. */
	#isExchangeOver = false;
	#held: readonly StreamChunk[] = [];
	#heldLength = 0;

	constructor(options: AttemptOptions, listener: AttemptListener) {
		this.#options = options;
		this.#listener = listener;
	}

	start(): void {
		const { endpoint, json, stream, timeouts } = this.#options;
		this.#startPhase('connecting', timeouts.connect, 'connect');
		try {
			const headers = [...(stream ? endpoint.headers.stream : endpoint.headers.document)];
			this.#giveUpConnecting = endpoint.dispatch({ path: endpoint.path, method: 'POST', headers, body: json }, this);
		} catch (error) {
			this.#break(classifyTransportError(error));
		}
	}

	/** Ends the exchange, and its connection with it unless the answer is whole. Safe at any time. */
	stop(): void {
		if (this.#phase === 'over') return;
		this.#finish();
		this.#abort();
	}

	/** The client is slower than the provider: take no more until `resume`. A stalled reader is not an idle provider. */
	pause(): void {
		if (this.#phase !== 'reading' || this.#isExchangeOver) return;
		this.#isPaused = true;
		clearTimeout(this.#idleTimer);
		this.#idleTimer = undefined;
		this.#controller?.pause();
	}

	/** Goes on after a `pause`; without one it does nothing. */
	resume(): void {
		if (this.#phase !== 'reading' || !this.#isPaused) return;
		this.#isPaused = false;
		this.#watchIdle();
		// Last, for it may bring the next piece at once, and with it the next pause.
		this.#controller?.resume();
	}

	onRequestStart(controller: Dispatcher.DispatchController): void {
		this.#controller = controller;
		if (this.#phase === 'over') {
			this.#abort();
			return;
		}
		const { stream, timeouts } = this.#options;
		if (stream) this.#startPhase('waiting', timeouts.firstToken, 'first_token');
		else this.#startPhase('waiting', timeouts.response, 'response');
	}

	onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Headers): void {
		if (this.#phase === 'over' || status < 200) return;
		this.#phase = 'reading';
		this.#status = status;
		this.#headers = headers;
		if (!this.#isOk) this.#watchIdle();
		else this.#expect(formOf(headers));
	}

	#expect(form: AnswerForm | undefined): void {
		this.#form = form;
		if (form === 'events') this.#stream = this.#newStream();
		// A document has no first token to wait for.
		else if (form === 'document' && this.#options.stream) {
			this.#startPhase('reading', this.#options.timeouts.response, 'response');
		}
	}

	#newStream(): StreamAnswer {
		const { model, answerLimit, choices } = this.#options;
		return new StreamAnswer(model, answerLimit, choices);
	}

	onResponseData(_controller: Dispatcher.DispatchController, bytes: Buffer): void {
		if (this.#phase === 'over') return;
		this.#idleTimer?.refresh();
		this.#bodyLength += bytes.length;
		if (this.#isOk && this.#bodyLength > this.#options.answerLimit)
			this.#break(failed(tooLarge, 'the answer was too large'));
		else this.#read(bytes);
	}

	#read(bytes: Buffer): void {
		if (this.#isOk && this.#form === undefined) {
			this.#expect(looksLike(bytes) ?? (this.#options.stream ? 'events' : 'document'));
		}
		if (this.#isStreaming) this.#readEvents(bytes);
		else this.#collect(bytes);
	}

	onResponseEnd(): void {
		this.#endExchange();
		if (this.#phase === 'over') return;
		if (this.#isStreaming) this.#endStream(undefined);
		else this.#endBody();
	}

	onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
		this.#endExchange();
		if (this.#phase === 'over') return;
		if (this.#hasErrorStatus) this.#break(this.#classified());
		else if (this.#isStreaming) this.#endStream(classifyTransportError(error));
		else
			this.#break(
				this.#isShort(error)
					? failed(malformed, 'the answer was shorter than announced')
					: classifyTransportError(error),
			);
	}

	/** A provider that closes in peace has sent what it wanted to; one that resets has not. */
	#isShort(error: Error): boolean {
		const isClosed = classifyTransportError(error).failure.reason === 'closed';
		return isClosed && this.#headers['content-length'] !== undefined;
	}

	/** Malformed events that were left out of a streamed answer so far. */
	get skippedEvents(): number {
		return this.#stream?.skippedEvents ?? 0;
	}

	get #isOk(): boolean {
		return this.#status >= 200 && this.#status < 300;
	}

	get #hasErrorStatus(): boolean {
		return this.#status !== 0 && !this.#isOk;
	}

	/** An error status has no stream; neither has a 200 that brings a document, whatever was asked for. */
	get #isStreaming(): boolean {
		return this.#stream !== undefined;
	}

	#readEvents(bytes: Buffer): void {
		const stream = this.#stream;
		if (stream === undefined) return;
		this.#pass(stream.feed(bytes));
		// Whoever got the events may have stopped the attempt.
		if (this.#phase !== 'over' && stream.state.is !== 'open') this.#endStream(undefined);
	}

	/** Hands chunks on, from the first content on; what came before it is held, so that a failure stays unseen. */
	#pass(chunks: readonly StreamChunk[]): void {
		if (chunks.length === 0) return;
		if (this.#isAnswering) {
			this.#listener.onChunks(chunks);
			return;
		}
		this.#held = [...this.#held, ...chunks];
		this.#heldLength += chunks.reduce((sum, { data }) => sum + data.length, 0);
		if (!this.#stream?.hasContent) {
			if (this.#heldLength > this.#options.answerLimit) this.#break(failed(tooLarge, 'too much came before an answer'));
			return;
		}
		this.#isAnswering = true;
		clearTimeout(this.#phaseTimer);
		this.#watchIdle();
		const held = this.#held;
		this.#held = [];
		this.#listener.onChunks(held);
	}

	/** @param cut why the bytes ended, when it was not the provider's doing */
	#endStream(cut: Classified | undefined): void {
		const stream = this.#stream;
		if (stream === undefined) return;
		const isBodyOver = stream.state.is === 'open';
		if (isBodyOver) this.#pass(stream.finish());
		if (this.#phase === 'over') return;
		switch (stream.state.is) {
			case 'whole':
				this.#complete('', !isBodyOver);
				return;
			case 'error':
				this.#break(this.#classified(stream.state.data));
				return;
			case 'damaged':
				this.#break(cut ?? failed(malformed, 'a piece of the answer was damaged'));
				return;
			case 'unfinished':
				this.#break(failed(truncated, 'the stream ended in the middle of the answer'));
				return;
			case 'too-large':
				this.#break(failed(tooLarge, 'one event was too large'));
				return;
			case 'empty':
				this.#break(cut ?? failed(malformed, 'the stream ended without an answer'));
				return;
			case 'open':
				this.#break(cut ?? failed(truncated, 'the stream ended in the middle of the answer'));
		}
	}

	#collect(bytes: Buffer): void {
		this.#body.push(bytes);
		if (this.#idleTimer === undefined) this.#watchIdle();
		if (this.#hasErrorStatus && this.#bodyLength >= ERROR_BODY_LIMIT) this.#break(this.#classified());
	}

	#endBody(): void {
		const { inChunks, model, withUsage } = this.#options;
		const body = this.#body.length === 1 && this.#body[0] !== undefined ? this.#body[0] : Buffer.concat(this.#body);
		const text = body.toString();
		const answer = readWholeAnswer(text);
		if (this.#hasErrorStatus || answer.kind === 'failure') {
			if (this.#isOk && looksLike(body) === 'events') this.#endMislabelled(body);
			else this.#break(this.#classified(text));
			return;
		}
		if (!inChunks) {
			const shown = answer.hasModel ? body : withMembers(text, { model: JSON.stringify(model) });
			this.#complete(shown, false, answer.usage);
			return;
		}
		this.#listener.onChunks(documentChunks(answer.value, { model, withUsage }));
		// Whoever got the chunks may have stopped the attempt.
		if (!this.#isStopped) this.#complete('', false, answer.usage);
	}

	get #isStopped(): boolean {
		return this.#phase === 'over';
	}

	/** A stream that was called a document. */
	#endMislabelled(body: Buffer): void {
		this.#stream = this.#newStream();
		this.#readEvents(body);
		if (!this.#isStopped) this.#endStream(undefined);
	}

	#complete(body: Buffer | string, isConnectionBusy: boolean, usage?: unknown): void {
		this.#finish();
		if (isConnectionBusy) {
			// `[DONE]` came, the end of the body has not: give it a moment, so that the connection can be used again.
			this.#phaseTimer = setTimeout(() => this.#abort(), TRAILING_TIME_MS).unref();
			this.#controller?.resume();
		}
		this.#listener.onCompleted(body, usage);
	}

	#break(broken: Classified): void {
		this.#finish();
		this.#abort();
		this.#listener.onBroke(broken);
	}

	#classified(body = Buffer.concat(this.#body).toString()): Classified {
		const { classify, endpoint } = this.#options;
		const status = this.#isOk ? 200 : this.#status;
		const answer = { status, headers: this.#headers, body, provider: endpoint.provider, now: Date.now() };
		return classify(answer);
	}

	#startPhase(phase: Phase, limitMs: number, reason: string): void {
		this.#phase = phase;
		clearTimeout(this.#phaseTimer);
		this.#phaseTimer = setTimeout(() => this.#timeOut(reason), limitMs);
	}

	#watchIdle(): void {
		this.#idleTimer = setTimeout(() => this.#timeOut('idle'), this.#options.timeouts.idle);
	}

	#timeOut(reason: string): void {
		if (this.#phase === 'over') return;
		// The status is told, only its explanation is not: better classified by the status than as a silence.
		if (this.#hasErrorStatus) this.#break(this.#classified());
		// Finished, and then no `[DONE]`: whole all the same.
		else if (this.#stream?.isFinished) this.#complete('', true);
		else this.#break(failed({ category: 'TIMEOUT', reason }, timeoutMessages[reason] ?? ''));
	}

	#finish(): void {
		this.#phase = 'over';
		clearTimeout(this.#phaseTimer);
		clearTimeout(this.#idleTimer);
	}

	/** A timer that ran on would hold the request and its answer in memory. */
	#endExchange(): void {
		this.#isExchangeOver = true;
		clearTimeout(this.#phaseTimer);
	}

	#abort(): void {
		if (this.#isExchangeOver) return;
		if (this.#controller === undefined) this.#giveUpConnecting?.();
		else this.#controller.abort(new Error('breakwater ended the attempt'));
	}
}

const malformed: Failure = { category: 'SERVER_ERROR', reason: 'malformed', status: 200 };
const truncated: Failure = { category: 'SERVER_ERROR', reason: 'truncated', status: 200 };
const tooLarge: Failure = { category: 'SERVER_ERROR', reason: 'too_large', status: 200 };

const timeoutMessages: Readonly<Record<string, string>> = {
	connect: 'no connection in time',
	first_token: 'no first token in time',
	response: 'no whole answer in time',
	idle: 'no further data in time',
};

function failed(failure: Failure, message: string): Classified {
	return { failure, message };
}
