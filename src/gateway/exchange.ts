import type { ActorRefFrom } from 'xstate';
import { timerDelay } from '../../machines/backoff.ts';
import type { RequestMachine } from '../../machines/request/machine.ts';
import { currentCandidate, errorPolicy, type Progress } from '../../machines/request/progress.ts';
import { AnswerStream, type Taken } from '../answer/answer-stream.ts';
import { type Delivery, DocumentDelivery, StreamDelivery } from '../answer/delivery.ts';
import type { AnswerEvent, AttemptUsage } from '../contract/answer-parts.ts';
import type { AnswerInfo, AnswerSink } from '../contract/answer-sink.ts';
import type { Call, RunningCall } from '../contract/call.ts';
import type { CallRecord, TokenCount, UnknownFinishReason } from '../contract/call-record.ts';
import type { FailureReport } from '../contract/failure-report.ts';
import { Attempt, type AttemptListener } from '../upstream/attempt.ts';
import type { Classified, Classify } from '../upstream/classify/apply-error-rules.ts';
import { contentRefused } from '../upstream/classify/finish-reasons.ts';
import type { Endpoint } from '../upstream/endpoint.ts';
import type { Completion } from '../upstream/reception.ts';
import { CallClock } from './call-clock.ts';
import { reportFailure, reportInternalError, reportShutdown } from './report-failure.ts';
import type { RequestSettings } from './request-settings.ts';

export type RequestActor = ActorRefFrom<RequestMachine>;

/** How one candidate is spoken to. */
export interface Contact {
	endpoint: Endpoint;
	settings: RequestSettings | undefined;
	/** The settings leave an answer one that can be carried on. */
	isContinuable: boolean;
}

export interface ExchangeOptions {
	call: Call;
	sink: AnswerSink;
	/** When a streamed answer begins to reach the client. */
	commit: 'first-token' | 'complete';
	/** By the position of the candidate. */
	contacts: readonly Contact[];
	classify: Classify;
	/** Bytes of the largest answer that is taken. */
	answerLimit: number;
	/** How much text of an answer is kept to carry it on, characters. */
	retainedText: number;
	onEnd: (record: CallRecord) => void;
}

/**
 * The I/O of one request, which its actor must not hold: the body, the client, the attempt that runs. The actor
 * tells it what to do (the machine's five actions), and it tells the actor what happened.
 */
export class Exchange implements AttemptListener, RunningCall {
	readonly #options: ExchangeOptions;
	readonly #actor: RequestActor;
	readonly #answer: AnswerStream;
	readonly #delivery: Delivery;
	readonly #clock = new CallClock();
	#attempt: Attempt | undefined;
	/** What the last attempt was begun with. Where an action throws, the actor's snapshot is still the one before it. */
	#attemptProgress: Progress | undefined;
	#keepAlive: NodeJS.Timeout | undefined;
	#deadline: NodeJS.Timeout | undefined;
	/** The last provider's words, for the caller only: never for a log. */
	#providerMessage = '';
	#isOver = false;
	/** Malformed events that were left out of the answers of all attempts. */
	#skippedEvents = 0;
	readonly #unknownFinishReasons: UnknownFinishReason[] = [];

	constructor(options: ExchangeOptions, actor: RequestActor) {
		this.#options = options;
		this.#actor = actor;
		const { call, sink, commit, contacts, retainedText } = options;
		const { request, dialect, id: requestId } = call;
		const isContinuable = request.isContinuable && contacts.every((contact) => contact.isContinuable);
		const recipient = { sink, dialect, request, requestId };
		this.#delivery = request.stream ? new StreamDelivery(recipient) : new DocumentDelivery(recipient, isContinuable);
		const holdsUntilWhole = request.stream && commit === 'complete';
		this.#answer = new AnswerStream({ retainedText, isContinuable, holdsUntilWhole });
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
		const { call, classify, answerLimit } = this.#options;
		const { model, target, streamUpstream, policy } = currentCandidate(progress);
		const { way } = progress;
		const { endpoint, settings: members } = this.#contact(progress);
		if (way === 'fresh') this.#delivery.reset();
		else this.#keepQuietClient(progress);

		const shown = this.#answer.shownFor(way);
		const request = endpoint.dialect.render({ request: call.request, model, streamUpstream, members, way, shown });
		this.#answer.beginAttempt({ target, way, shown, choices: request.choices });
		const { timeouts } = policy;
		const mayLeaveRefusal = () => this.#mayLeaveRefusal(progress);
		const options = { endpoint, classify, model, request, timeouts, answerLimit, mayLeaveRefusal };
		this.#attempt = new Attempt(options, this);
		this.#clock.attemptBegins();
		this.#attempt.start();
	}

	stopAttempt(): void {
		this.#attempt?.stop();
		this.#clock.attemptEnds();
		this.#skippedEvents += this.#attempt?.skippedEvents ?? 0;
		const { provider } = currentCandidate(this.#attemptProgress ?? this.#progress);
		for (const reason of this.#attempt?.unknownFinishReasons ?? [])
			this.#unknownFinishReasons.push({ provider, reason });
	}

	/** A refusal is the provider's answer, unless the policy sends it on and nothing of it has gone out. */
	#mayLeaveRefusal(progress: Progress): boolean {
		if (progress.way !== 'fresh' || this.#answer.isAnswering) return false;
		return errorPolicy(currentCandidate(progress), contentRefused).then.some((fallback) => fallback !== 'fail');
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

	onEvents(events: readonly AnswerEvent[]): void {
		if (this.#isOver) return;
		const wasAnswering = this.#answer.isAnswering;
		if (!this.#deliver(this.#answer.take(events), wasAnswering)) return;
		const waitingBytes = this.#answer.heldBytes + this.#delivery.waitingBytes;
		if (waitingBytes > this.#options.answerLimit) this.#break(tooLarge);
	}

	onCompleted(completion: Completion): void {
		this.#clock.attemptEnds();
		if (completion.is === 'document') this.#takeDocument(completion);
		else this.#endAnswer();
	}

	onBroke({ failure, message }: Classified): void {
		this.#clock.attemptEnds();
		this.#providerMessage = message;
		const continuable = this.#answer.isContinuable;
		this.#actor.send({ type: 'attempt.broke', failure, now: Date.now(), random: Math.random(), continuable });
	}

	/** A document goes to a client of its own dialect as it came; to any other, or behind what was sent before, as events. */
	#takeDocument({ answer, bytes }: Extract<Completion, { is: 'document' }>): void {
		const { request, dialect } = this.#options.call;
		const { way } = this.#progress;
		if (answer.usage !== undefined) this.#answer.noteUsage(answer.usage);
		const isOwn = this.#contact(this.#progress).endpoint.dialect.name === dialect.name;
		if (isOwn && way === 'fresh' && this.#delivery instanceof DocumentDelivery) {
			this.#delivery.writeBody(answer.body(bytes));
			this.#complete();
			return;
		}
		const wasAnswering = this.#answer.isAnswering;
		const events = answer.events(!request.stream || request.includeUsage);
		if (this.#deliver(this.#answer.take(events), wasAnswering)) this.#endAnswer();
	}

	/** The attempt has delivered all of its events. */
	#endAnswer(): void {
		const wasAnswering = this.#answer.isAnswering;
		if (this.#deliver(this.#answer.end(), wasAnswering)) this.#complete();
	}

	#complete(): void {
		if (this.#isOver) return;
		const used = this.#answer.attemptUsage;
		const tokens = used === undefined ? {} : { tokens: used.input + used.output };
		this.#actor.send({ type: 'attempt.completed', now: Date.now(), ...tokens });
	}

	/** @returns whether the attempt goes on: neither has it been broken, nor is the request over */
	#deliver({ events, problem }: Taken, wasAnswering: boolean): boolean {
		if (events.length > 0) this.#send(events, wasAnswering);
		if (this.#isOver) return false;
		if (problem === undefined) return true;
		// What the model wrote does not follow what the client has. That is no fault of its provider.
		this.#break({ failure: { category: 'UNKNOWN_TRANSIENT', reason: `seam_${problem}` }, message: '' });
		return false;
	}

	#send(events: readonly AnswerEvent[], wasAnswering: boolean): void {
		if (this.#keepAlive !== undefined) clearInterval(this.#keepAlive);
		if (this.#delivery.commits && !wasAnswering) {
			this.#clock.contentGoesOut();
			const { seam } = this.#answer;
			this.#actor.send({ type: 'attempt.answering', now: Date.now(), ...(seam === undefined ? {} : { seam }) });
		}
		if (!this.#isOver && !this.#delivery.write(events)) this.#attempt?.pause();
	}

	#break(broken: Classified): void {
		this.#attempt?.stop();
		this.onBroke(broken);
	}

	/** Its own timers must not end a stream that is only being carried on elsewhere. */
	#keepQuietClient({ policy }: Progress): void {
		clearInterval(this.#keepAlive);
		const comment = () => this.#delivery.comment('another provider carries on');
		comment();
		this.#keepAlive = setInterval(comment, policy.continuation.keepAlive);
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

	/** The process ends before the answer did. The caller gets an error; it counts against no provider. */
	shutDown(): void {
		if (this.#isOver) return;
		this.#actor.send({ type: 'client.left', now: Date.now() });
		this.#giveUp(reportShutdown(this.#options.call.id));
	}

	/** The actor threw: a bug of ours. The permit is given back, the caller gets an error, and other requests are not affected. */
	crash(): void {
		if (this.#isOver) return;
		this.#attempt?.stop();
		const progress = this.#attemptProgress;
		// Giving back one that is settled already does nothing: a provider knows its probes by their ids.
		if (progress?.permit !== undefined) {
			currentCandidate(progress).actor.send({ type: 'attempt.abandoned', permit: progress.permit, now: Date.now() });
		}
		this.#giveUp(reportInternalError(this.#options.call.id));
	}

	/** Never throws: a client that does must not keep the others of a stop, or of a crash, from hearing of it. */
	#giveUp(report: FailureReport): void {
		this.#end(this.#progress, 'failed', report.body.error.code);
		try {
			this.#delivery.fail(report);
		} catch {
			// The client itself failed, so there is nobody to report it to.
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
		this.#clock.attemptEnds();
		const { call, onEnd } = this.#options;
		const { id, route, request, repaired, client, clientRequestId } = call;
		const { firstContentMs } = this.#clock;
		onEnd({
			id,
			route,
			stream: request.stream,
			outcome,
			...(code === undefined ? {} : { code }),
			...(this.#skippedEvents === 0 ? {} : { skippedEvents: this.#skippedEvents }),
			...(this.#unknownFinishReasons.length === 0 ? {} : { unknownFinishReasons: this.#unknownFinishReasons }),
			...(repaired === true ? { repaired: true } : {}),
			...(outcome === 'done' ? { target: currentCandidate(progress).target } : {}),
			...(client === undefined ? {} : { client }),
			...(clientRequestId === undefined ? {} : { clientRequestId }),
			ms: Date.now() - progress.startedAt,
			...(firstContentMs === undefined || !request.stream ? {} : { firstTokenMs: firstContentMs }),
			overheadMs: this.#clock.overheadMs(progress.trace),
			tokens: tokensOf(this.#answer.usage),
			trace: progress.trace,
		});
	}
}

const tooLarge: Classified = {
	failure: { category: 'SERVER_ERROR', reason: 'too_large', status: 200 },
	message: 'the answer was too large',
};

/** The tokens of the attempts whose usage is known. */
function tokensOf(parts: readonly AttemptUsage[]): TokenCount[] {
	return parts.flatMap(({ target, usage }) => {
		if (usage === undefined) return [];
		const { input, output } = usage;
		return [{ target, input, output }];
	});
}
