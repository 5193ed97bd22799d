import type { ActorRefFrom } from 'xstate';
import { timerDelay } from '../../machines/backoff.ts';
import type { requestMachine } from '../../machines/request/machine.ts';
import { currentCandidate, type Progress } from '../../machines/request/progress.ts';
import { AnswerStream, type ClientChunk } from '../answer/answer-stream.ts';
import { type Delivery, DocumentDelivery, StreamDelivery, WholeStreamDelivery } from '../answer/delivery.ts';
import type { AnswerInfo, AnswerSink } from '../contract/answer-sink.ts';
import type { Call, RunningCall } from '../contract/call.ts';
import type { CallRecord } from '../contract/call-record.ts';
import type { FailureReport } from '../contract/failure-report.ts';
import type { StreamChunk } from '../dialects/openai-chat/chunk.ts';
import { continuationRequest } from '../dialects/openai-chat/continuation-request.ts';
import { tokensOf, type UsagePart } from '../dialects/openai-chat/usage.ts';
import { Attempt, type AttemptListener } from '../upstream/attempt.ts';
import type { Classified, Classify } from '../upstream/classify/classify.ts';
import type { Endpoint } from '../upstream/endpoint.ts';
import { providerRequest } from './provider-request.ts';
import { reportFailure, reportInternalError, reportShutdown } from './report-failure.ts';
import type { CandidateSettings } from './request-settings.ts';

export type RequestActor = ActorRefFrom<typeof requestMachine>;

/** How one target is spoken to. */
export interface Contact {
	endpoint: Endpoint;
	settings: CandidateSettings | undefined;
}

export interface ExchangeOptions {
	call: Call;
	client: AnswerSink;
	/** When a streamed answer begins to reach the client. */
	commit: 'first-token' | 'complete';
	/** By the position of the target. */
	contacts: readonly Contact[];
	classify: Classify;
	answerLimit: number;
	onEnd: (record: CallRecord) => void;
}

/**
 * The I/O of one request, which its actor must not hold: the body, the client, the attempt that runs. The actor
 * tells it what to do (the machine's five actions), and it tells the actor what happened.
 */
export class Exchange implements AttemptListener, RunningCall {
	readonly #options: ExchangeOptions;
	readonly #actor: RequestActor;
	#attempt: Attempt | undefined;
	/** What the last attempt was begun with. Where an action throws, the actor's snapshot is still the one before it. */
	#attemptProgress: Progress | undefined;
	#answer: AnswerStream | undefined;
	readonly #delivery: Delivery;
	/** Whether a broken answer could be carried on, whichever target it comes from. */
	readonly #isContinuable: boolean;
	/** The present attempt has written something for the client. */
	#isAnswering = false;
	#keepAlive: NodeJS.Timeout | undefined;
	/** The last provider's words, for the caller only: never for a log. */
	#providerMessage = '';
	#isOver = false;
	#deadline: NodeJS.Timeout | undefined;
	/** Malformed events that were left out of the answers of all attempts. */
	#skippedEvents = 0;
	readonly #startedAt = performance.now();
	#firstTokenMs: number | undefined;
	/** When the present attempt began; undefined while none runs. */
	#attemptStartedAt: number | undefined;
	#attemptMs = 0;
	/** Of an answer that came as one document. */
	#documentUsage: readonly UsagePart[] = [];

	constructor(options: ExchangeOptions, actor: RequestActor) {
		this.#options = options;
		this.#actor = actor;
		const { call, client, commit, contacts } = options;
		this.#isContinuable = call.isContinuable && contacts.every(({ settings }) => settings?.isPlainText !== false);
		this.#delivery = call.stream
			? commit === 'complete'
				? new WholeStreamDelivery(client)
				: new StreamDelivery(client)
			: new DocumentDelivery(client, this.#isContinuable);
	}

	/** Starts the actor, and the clock of the whole request with it. */
	start(): void {
		this.#actor.start();
		if (this.#isOver) return;
		const { deadlineAt, startedAt } = this.#progress;
		this.#deadline = setTimeout(
			() => {
				this.#actor.send({ type: 'deadline.passed', now: Date.now() });
			},
			timerDelay(deadlineAt - startedAt),
		);
	}

	get #progress(): Progress {
		return this.#actor.getSnapshot().context.progress;
	}

	// What the request actor asks for.

	startAttempt(progress: Progress): void {
		this.#attemptProgress = progress;
		this.#isAnswering = false;
		const { call, classify, answerLimit } = this.#options;
		const candidate = currentCandidate(progress);
		const { model } = candidate;
		const { timeouts } = candidate.policy;
		const { endpoint, settings } = this.#contact(progress);
		const isContinuation = progress.way !== 'fresh';
		if (isContinuation) this.#keepQuietClient(progress);
		else this.#delivery.reset();

		const { json: request, stream, choices } = providerRequest(call, candidate, settings, progress.way);
		const inChunks = call.stream || isContinuation;
		// Even where a document is asked for: some providers stream it all the same.
		const shown = this.#stream(progress).beginAttempt(candidate.target, progress.way, choices);
		const json = continuationRequest(request, shown, progress.way === 'prefill' ? 'prefill' : 'instruct');
		const withUsage = !call.stream || call.includeUsage === true;
		this.#attempt = new Attempt(
			{ endpoint, classify, model, json, stream, inChunks, withUsage, choices, timeouts, answerLimit },
			this,
		);
		this.#attemptStartedAt = performance.now();
		this.#attempt.start();
	}

	stopAttempt(): void {
		this.#attempt?.stop();
		this.#clockOut();
		this.#skippedEvents += this.#attempt?.skippedEvents ?? 0;
	}

	commitAnswer(progress: Progress): void {
		this.#delivery.begin(this.#answerInfo(progress));
	}

	finishAnswer(progress: Progress): void {
		this.#delivery.finish(this.#answerInfo(progress));
		this.#end(progress, 'done');
	}

	reportFailure(progress: Progress): void {
		const report = reportFailure(progress, this.#options.call.route, this.#providerMessage);
		this.#delivery.fail(report);
		this.#end(progress, 'failed', report.body.error.code);
	}

	// What the attempt reports.

	onChunks(chunks: readonly StreamChunk[]): void {
		const answer = this.#answer;
		if (answer === undefined || this.#isOver) return;
		const { chunks: out, problem } = answer.take(chunks);
		this.#deliver(out);
		if (problem !== undefined) this.#failSeam(problem);
		else if (answer.heldLength + this.#delivery.waitingLength > this.#options.answerLimit) this.#failTooLarge();
	}

	onCompleted(body: Buffer | string, usage?: unknown): void {
		this.#clockOut();
		if (this.#answer !== undefined && body.length === 0) {
			if (usage !== undefined) this.#answer.noteUsage(usage);
			const { chunks, problem } = this.#answer.end();
			this.#deliver(chunks);
			if (problem !== undefined) {
				this.#failSeam(problem);
				return;
			}
		} else if (this.#delivery instanceof DocumentDelivery) {
			this.#delivery.writeBody(body);
			this.#documentUsage = [{ target: currentCandidate(this.#progress).target, usage }];
		}
		this.#actor.send({ type: 'attempt.completed', now: Date.now() });
	}

	onBroke({ failure, message }: Classified): void {
		this.#clockOut();
		this.#providerMessage = message;
		const continuable = this.#answer?.isContinuable ?? false;
		this.#actor.send({ type: 'attempt.broke', failure, now: Date.now(), random: Math.random(), continuable });
	}

	#deliver(chunks: readonly ClientChunk[]): void {
		if (chunks.length === 0 || this.#isOver) return;
		clearInterval(this.#keepAlive);
		if (this.#delivery.commits && !this.#isAnswering) {
			this.#isAnswering = true;
			this.#firstTokenMs ??= performance.now() - this.#startedAt;
			const seam = this.#answer?.seam;
			this.#actor.send({ type: 'attempt.answering', now: Date.now(), ...(seam === undefined ? {} : { seam }) });
		}
		if (!this.#isOver && !this.#delivery.write(chunks)) this.#attempt?.pause();
	}

	#clockOut(): void {
		if (this.#attemptStartedAt === undefined) return;
		this.#attemptMs += performance.now() - this.#attemptStartedAt;
		this.#attemptStartedAt = undefined;
	}

	/** What the model wrote does not follow what the client has. That is no fault of its provider. */
	#failSeam(problem: 'ambiguous' | 'diverged'): void {
		this.#attempt?.stop();
		this.onBroke({ failure: { category: 'UNKNOWN_TRANSIENT', reason: `seam_${problem}` }, message: '' });
	}

	#failTooLarge(): void {
		this.#attempt?.stop();
		this.onBroke({ failure: { category: 'SERVER_ERROR', reason: 'too_large' }, message: 'the answer was too large' });
	}

	/** Its own timers must not end a stream that is only being carried on elsewhere. */
	#keepQuietClient({ policy }: Progress): void {
		clearInterval(this.#keepAlive);
		const comment = () => this.#delivery.comment('another provider carries on');
		comment();
		this.#keepAlive = setInterval(comment, policy.continuation.keepAlive);
	}

	#stream({ policy }: Progress): AnswerStream {
		const { choices } = this.#options.call;
		const { retainedText } = policy.continuation;
		this.#answer ??= new AnswerStream({ retainedText, isContinuable: this.#isContinuable, choices });
		return this.#answer;
	}

	#contact({ id, position }: Progress): Contact {
		const contact = this.#options.contacts[position];
		if (contact === undefined) throw new Error(`request ${id} has no contact for step ${position}`);
		return contact;
	}

	// What the client does.

	leave(): void {
		if (this.#isOver) return;
		this.#actor.send({ type: 'client.left', now: Date.now() });
		this.#end(this.#progress, 'aborted');
	}

	resume(): void {
		this.#attempt?.resume();
	}

	/** The process ends before the answer did. The caller is told; no provider is blamed. */
	shutDown(): void {
		if (this.#isOver) return;
		this.#actor.send({ type: 'client.left', now: Date.now() });
		this.#giveUp(reportShutdown(this.#options.call.id));
	}

	/** The actor threw: a bug of ours. The permit is given back, the caller is told, and nobody else notices. */
	crash(): void {
		if (this.#isOver) return;
		this.#attempt?.stop();
		const progress = this.#attemptProgress;
		// One that is settled already is given back in vain: a provider knows its probes by their ids.
		if (progress?.permit !== undefined) {
			currentCandidate(progress).actor.send({ type: 'attempt.abandoned', permit: progress.permit, now: Date.now() });
		}
		this.#giveUp(reportInternalError(this.#options.call.id));
	}

	/** Never throws: a client that does must not keep the others of a stop, or of a crash, from being told. */
	#giveUp(report: FailureReport): void {
		this.#end(this.#progress, 'failed', report.body.error.code);
		try {
			this.#delivery.fail(report);
		} catch {
			// There is nobody left to tell.
		}
	}

	#answerInfo(progress: Progress): AnswerInfo {
		const { id, route } = this.#options.call;
		return { requestId: id, route, target: currentCandidate(progress).target, attempts: progress.attempts };
	}

	#end(progress: Progress, outcome: CallRecord['outcome'], code?: string): void {
		this.#isOver = true;
		clearTimeout(this.#deadline);
		clearInterval(this.#keepAlive);
		this.#clockOut();
		const waitMs = progress.trace.reduce((total, step) => (step.did === 'wait' ? total + step.ms : total), 0);
		const overheadMs = Math.max(0, performance.now() - this.#startedAt - this.#attemptMs - waitMs);
		const tokens = tokensOf(this.#documentUsage.length > 0 ? this.#documentUsage : (this.#answer?.usage ?? []));
		this.#answer = undefined;
		const { call, onEnd } = this.#options;
		onEnd({
			id: call.id,
			route: call.route,
			stream: call.stream,
			outcome,
			...(code === undefined ? {} : { code }),
			...(this.#skippedEvents === 0 ? {} : { skippedEvents: this.#skippedEvents }),
			...(call.repaired === true ? { repaired: true } : {}),
			...(outcome === 'done' ? { target: currentCandidate(progress).target } : {}),
			...(call.client === undefined ? {} : { client: call.client }),
			...(call.clientRequestId === undefined ? {} : { clientRequestId: call.clientRequestId }),
			ms: Date.now() - progress.startedAt,
			...(this.#firstTokenMs === undefined || !call.stream ? {} : { firstTokenMs: this.#firstTokenMs }),
			overheadMs,
			tokens,
			trace: progress.trace,
		});
	}
}
