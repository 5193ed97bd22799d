import type { ActorRefFrom } from 'xstate';
import type { ToldLimits } from '../../machines/events.ts';
import { answerSilent, failureName } from '../../machines/failure.ts';
import { mayLeaveSilence } from '../../machines/request/failover.ts';
import type { RequestMachine } from '../../machines/request/machine.ts';
import { currentCandidate, errorPolicy, type Progress } from '../../machines/request/progress.ts';
import { AnswerStream, type Taken } from '../answer/answer-stream.ts';
import { type Delivery, DocumentDelivery, StreamDelivery } from '../answer/delivery.ts';
import type { AnswerEvent } from '../contract/answer-parts.ts';
import type { AnswerInfo, AnswerSink } from '../contract/answer-sink.ts';
import type { Call, RunningCall } from '../contract/call.ts';
import type { CallRecord, UnknownFinishReason } from '../contract/call-record.ts';
import type { AnswerHeaders, RenderedRequest } from '../contract/dialect.ts';
import type { FailureReport } from '../contract/failure-report.ts';
import { Attempt, type AttemptListener } from '../upstream/attempt.ts';
import type { Classified, Classify } from '../upstream/classify/apply-error-rules.ts';
import { contentRefused } from '../upstream/classify/finish-reasons.ts';
import type { PassingHeaders } from '../upstream/passing-headers.ts';
import type { Completion } from '../upstream/reception.ts';
import { toldLimits } from '../upstream/told-limits.ts';
import { clock } from '../values/clock.ts';
import { type Bond, suspectedBy } from './borrowed.ts';
import { CallClock } from './call-clock.ts';
import { callRecordOf } from './call-record-of.ts';
import { callerHeadersFor } from './caller-headers-for.ts';
import type { Contact } from './contact.ts';
import { failureCode, isLocal, type LastFailureOf } from './ending-kind.ts';
import type { PassedOver } from './fit.ts';
import type { Makers } from './makers.ts';
import { nextRenewal, noKey, otherKey, type Renewal } from './other-key.ts';
import { ProviderWords } from './provider-words.ts';
import { type RefusedFields, refusesAddition } from './refused-fields.ts';
import { reportFailure, reportInternalError, reportOverload, reportShutdown } from './report-failure.ts';
import { RequestTimers, type TimersListener } from './request-timers.ts';
import { isSilentDocument, isSilentStream, type LeftAnswer } from './silent-answer.ts';
import { Spending } from './spending.ts';
import { asChosenByCaller } from './wrong-endpoint.ts';

export type RequestActor = ActorRefFrom<RequestMachine>;

const noHeaders: AnswerHeaders = {};

/**
 * What is read in one piece is there about this often at its end: in the pieces that came, all of them together, as its text, as
 * what is made of that, and as what is sent.
 */
const UNREAD_COPIES = 5;

export interface ExchangeOptions {
	call: Call;
	sink: AnswerSink;
	/** When a streamed answer begins to reach the client. */
	commit: 'first-token' | 'complete';
	/** By the position of the candidate. */
	contacts: readonly Contact[];
	/** Who made the ids that only one provider knows. */
	makers: Makers;
	/** Whom alone it can be asked of. */
	bond: Bond | undefined;
	/** Targets that cannot be told all of the request, and why. */
	passedOver: readonly PassedOver[];
	classify: Classify;
	/** What of a provider's headers reaches the caller. */
	passing: PassingHeaders;
	/** Bytes of the largest answer that is taken. */
	answerLimit: number;
	/** What targets do not take, shared by all requests. */
	refusedFields: RefusedFields;
	/** How much text of an answer is kept to carry it on, characters. */
	retainedText: number;
	/** Called with each failure of this machine itself. */
	onLocalFault: (what: string) => void;
	/** The last failure that a credential's provider actor knows of. */
	lastFailureOf: LastFailureOf;
	onEnd: (record: CallRecord) => void;
}

/**
 * The I/O of one request, which its actor must not hold: the body, the client, the attempt that runs. The actor
 * tells it what to do (the machine's six actions), and it tells the actor what happened.
 */
export class Exchange implements AttemptListener, TimersListener, RunningCall {
	readonly #options: ExchangeOptions;
	readonly #actor: RequestActor;
	readonly #answer: AnswerStream;
	readonly #delivery: Delivery;
	readonly #clock = new CallClock();
	readonly #timers = new RequestTimers(this);
	#attempt: Attempt | undefined;
	/** What the last attempt was begun with. Where an action throws, the actor's snapshot is still the one before it. */
	#attemptProgress: Progress | undefined;
	/** What the attempt was asked with. */
	#asked: RenderedRequest | undefined;
	/** The key that it was asked with, where that is one that is renewed. */
	#askedWith: string | undefined;
	/** Members that this attempt is asked without, once more, although nothing says that they were what was refused. */
	#suspected: readonly string[] | undefined;
	/** This attempt waits for another key, or has been made again with one. */
	#renewal: Renewal | undefined;
	/** How targets are asked that refused proofs of thoughts, by their position: without them. */
	#withoutProofs: Map<number, Contact> | undefined;
	/** An answer that says nothing, while another target is asked for a better one. */
	#left: LeftAnswer | undefined;
	/** The same, once nothing better came of that: it is the answer. */
	#takenUp: LeftAnswer | undefined;
	/** Something has gone to the client in this period. */
	#wasHeard = false;
	/** The client is slower than the answer: it has something to read. */
	#isClientSlow = false;
	readonly #words: ProviderWords;
	/** What the present attempt brought is whole. */
	#isWhole = false;
	#isOver = false;
	readonly #spending = new Spending();
	/** Malformed events that were left out of the answers of all attempts. */
	#skippedEvents = 0;
	readonly #unknownFinishReasons: UnknownFinishReason[] = [];

	constructor(options: ExchangeOptions, actor: RequestActor) {
		this.#options = options;
		this.#actor = actor;
		const { call, sink, commit, contacts, retainedText, passing } = options;
		this.#words = new ProviderWords(passing);
		const { request, dialect, id: requestId } = call;
		const isContinuable = request.isContinuable && contacts.every((contact) => contact.isContinuable);
		const recipient = { sink, dialect, request, requestId };
		this.#delivery = request.stream ? new StreamDelivery(recipient) : new DocumentDelivery(recipient, isContinuable);
		const holdsUntilWhole = request.stream && commit === 'complete';
		this.#answer = new AnswerStream({ retainedText, isContinuable, holdsUntilWhole });
	}

	/** Starts the actor, and the clock of its deadline with it. */
	start(): void {
		this.#actor.start();
		this.#watchDeadline();
		const { policy } = this.#progress;
		if (this.#isOver || !policy.continuation.earlyKeepAlive || !this.#options.call.request.stream) return;
		this.#timers.watchEarlySilence();
	}

	#watchDeadline(): void {
		if (!this.#isOver) this.#timers.watchDeadline(this.#progress.now);
	}

	get #progress(): Progress {
		return this.#actor.getSnapshot().context.progress;
	}

	// What the request actor asks for.

	startAttempt(progress: Progress): void {
		this.#suspected = undefined;
		this.#renewal = undefined;
		this.#ask(progress);
	}

	#ask(progress: Progress): void {
		this.#attemptProgress = progress;
		this.#isWhole = false;
		const { call, classify, answerLimit, refusedFields } = this.#options;
		const { model, target, credential, streamUpstream, policy, reasons = false } = currentCandidate(progress);
		const { way } = progress;
		const { endpoint, liveKey, settings: members, abilities, foreign } = this.#contact(progress);
		if (way === 'fresh') this.#delivery.reset();
		else this.#delivery.comment('the answer is carried on');

		const shown = this.#answer.shownFor(way);
		const withheld = this.#suspected ?? refusedFields.additions(credential, target);
		const ask = { request: call.request, model, streamUpstream, members, way, shown, withheld, abilities, foreign };
		const request = endpoint.dialect.render(ask);
		this.#asked = request;
		const { choices } = request;
		const mayLeaveSilence = () => this.#mayLeaveSilence(progress);
		this.#answer.beginAttempt({ target, way, shown, choices, reasons, mayLeaveSilence });
		const { timeouts } = policy;
		const isAskedAgain = this.#suspected !== undefined || this.#withoutProofs?.has(progress.position) === true;
		const callerHeaders = callerHeadersFor(call, progress, isAskedAgain, endpoint.dialect.name);
		const mayLeaveRefusal = () => this.#mayLeaveRefusal(progress);
		const options = {
			endpoint,
			classify,
			model,
			reasons,
			request,
			callerHeaders,
			timeouts,
			answerLimit,
			mayLeaveRefusal,
		};
		this.#attempt = new Attempt(options, this);
		this.#clock.attemptBegins();
		this.#askedWith = liveKey?.present;
		if (liveKey !== undefined && this.#askedWith === undefined) this.onBroke(noKey);
		else this.#attempt.start();
	}

	stopAttempt(): void {
		this.#attempt?.stop();
		this.#clock.attemptEnds();
		this.#skippedEvents += this.#attempt?.skippedEvents ?? 0;
		this.#words.noteEnd(this.#headers);
		const progress = this.#attemptProgress ?? this.#progress;
		this.#noteSpending(progress);
		const { provider } = currentCandidate(progress);
		for (const reason of this.#attempt?.unknownFinishReasons ?? []) {
			this.#unknownFinishReasons.push({ provider, reason });
		}
	}

	#noteSpending(progress: Progress): void {
		// To count tokens costs none.
		if (this.#options.call.dialect.estimate !== undefined) return;
		const { target } = currentCandidate(progress);
		const { price } = this.#contact(progress);
		const { attemptUsage: usage, hasContent } = this.#answer;
		this.#spending.note({ target, price, usage, isWhole: this.#isWhole, hasContent });
	}

	/** A refusal is the provider's answer, unless the policy sends it on and nothing of it has gone out. */
	#mayLeaveRefusal(progress: Progress): boolean {
		if (progress.way !== 'fresh' || this.#answer.isAnswering) return false;
		return errorPolicy(currentCandidate(progress), contentRefused).then.some((fallback) => fallback !== 'fail');
	}

	/** Behind what a tool returned, a model may have nothing to add. */
	#mayLeaveSilence(progress: Progress): boolean {
		return !this.#options.call.request.mayBeSilent && mayLeaveSilence(progress);
	}

	/** Those of the present response; empty until it has begun. */
	get #headers(): AnswerHeaders {
		return this.#takenUp?.headers ?? this.#attempt?.headers ?? noHeaders;
	}

	commitAnswer(progress: Progress): void {
		this.#delivery.begin(this.#answerInfo(progress));
		this.#keepAwake(progress);
	}

	takeUpAnswer(progress: Progress): void {
		const left = this.#left;
		if (left === undefined) throw new Error(`request ${progress.id} takes up an answer that it has not left`);
		const { target } = currentCandidate(progress);
		this.#delivery.reset();
		this.#answer.beginAttempt({ target, way: 'fresh', shown: '', choices: left.choices });
		this.#takenUp = left;
		const { completion, events } = left;
		const begun = completion.is === 'document' ? this.#put(completion, progress) : this.#answer.take(events);
		const all = [...begun.events, ...this.#answer.end().events];
		if (all.length === 0) return;
		this.#delivery.begin(this.#answerInfo(progress));
		this.#delivery.write(all);
	}

	finishAnswer(progress: Progress): void {
		this.#delivery.finish(this.#finalInfo(progress));
		this.#end(progress, 'done');
	}

	reportFailure(progress: Progress): void {
		const { call, lastFailureOf, bond } = this.#options;
		const { failure } = progress;
		const told = reportFailure(progress, call.route, { said: this.#words.saidOf(failure), lastFailureOf, bond });
		this.#delivery.fail(this.#words.withId(told, failure));
		this.#end(progress, 'failed', failureCode(progress, lastFailureOf));
	}

	// What the attempt reports.

	onReconnected(): void {
		if (!this.#isOver) this.#actor.send({ type: 'attempt.reconnected', now: clock.now() });
	}

	onFirstContent(): void {
		if (this.#isOver || this.#attemptProgress?.permit?.probe !== true) return;
		this.#actor.send({ type: 'probe.answering', now: clock.now() });
	}

	onEvents(events: readonly AnswerEvent[]): void {
		if (this.#isOver) return;
		const wasAnswering = this.#answer.isAnswering;
		if (!this.#deliver(this.#answer.take(events), wasAnswering)) return;
		const waitingBytes = this.#answer.heldBytes + this.#delivery.waitingBytes;
		if (waitingBytes > this.#options.answerLimit) this.#attempt?.refuse('answer_too_large');
		else this.#hold(0);
	}

	onHeld(bytes: number): void {
		if (!this.#isOver) this.#hold(bytes);
	}

	/** @param unread bytes that the attempt keeps, in which no event is complete */
	#hold(unread: number): void {
		const bytes = unread * UNREAD_COPIES + this.#answer.heldMemory + this.#delivery.waitingBytes;
		if (this.#options.call.memory?.holdAnswer(bytes) === false) this.#shed();
	}

	/** Its answer is more than there is room for beside those of others. That is no fault of its provider. */
	#shed(): void {
		this.#actor.send({ type: 'client.left', now: clock.now() });
		this.#giveUp(reportOverload(this.#options.call.id));
	}

	onCompleted(completion: Completion): void {
		this.#clock.attemptEnds();
		this.#isWhole = true;
		const made = completion.is === 'document' ? completion.answer.made : completion.made;
		if (made !== undefined) this.#options.makers.note(made, currentCandidate(this.#progress).credential);
		if (completion.is === 'document') this.#takeDocument(completion);
		else if (!this.#leavesStream(completion)) this.#endAnswer();
	}

	onBroke(given: Classified): void {
		if (this.#asksWithAnotherKey(given)) return;
		this.#clock.attemptEnds();
		const broken = asChosenByCaller(given, this.#contact(this.#progress));
		if (this.#asksWithoutAdditions(broken) || this.#asksWithoutProofs(broken)) return;
		this.#reportBreak(broken);
	}

	#reportBreak(broken: Classified): void {
		const { failure } = broken;
		if (isLocal(failure)) this.#options.onLocalFault(broken.message);
		this.#noteFailure(broken);
		const continuable = this.#answer.isContinuable;
		// A failure that names a wait says it better than the headers.
		const told = failure.retryAfterMs === undefined ? this.#toldLimits() : {};
		this.#actor.send({ type: 'attempt.broke', failure, now: clock.now(), random: Math.random(), continuable, ...told });
		this.#watchDeadline();
	}

	/**
	 * A key that is renewed may have died on the way: the same target is asked once more with another one, before anybody hears
	 * of a failure. What is left of the attempt counts as usual.
	 */
	#asksWithAnotherKey(broken: Classified): boolean {
		const progress = this.#attemptProgress;
		if (broken.failure.category !== 'AUTH_ERROR' || progress === undefined) return false;
		const { liveKey } = this.#contact(progress);
		if (liveKey === undefined || this.#answer.isAnswering) return false;
		const renewal = nextRenewal(this.#renewal, liveKey.present !== this.#askedWith);
		if (renewal === undefined) return false;
		this.#renewal = renewal;
		const { timeouts } = currentCandidate(progress).policy;
		otherKey(liveKey, this.#askedWith, timeouts.connect)
			.then((isThere) => {
				// The client may have left meanwhile, or the time be over.
				if (this.#isOver) return;
				this.#clock.attemptEnds();
				if (isThere) this.#ask(progress);
				else this.#reportBreak(broken);
			})
			.catch((error: unknown) => {
				this.crash();
				throw error;
			});
		return true;
	}

	/** What Breakwater added itself is no mistake of the caller, and no reason to leave a target: it is asked without it, at once. */
	#asksWithoutAdditions(broken: Classified): boolean {
		const added = this.#asked?.added;
		const progress = this.#attemptProgress;
		if (added === undefined || progress === undefined || !refusesAddition(added, broken)) return false;
		// A refusal that names it is remembered now, any other once the target has answered without it.
		if (broken.field !== undefined) this.#noteAdditions(progress, added);
		this.#suspected = added;
		this.#ask(progress);
		return true;
	}

	/** Who made a proof is not known after a restart. Its thoughts are a hint: the target is asked without them, at once. */
	#asksWithoutProofs({ failure }: Classified): boolean {
		const progress = this.#attemptProgress;
		if (failureName(failure) !== 'BAD_REQUEST.foreign_proof' || progress === undefined) return false;
		const { call, makers } = this.#options;
		const { borrowed = [], dialect } = call.request;
		const contact = this.#contact(progress);
		if (this.#answer.isAnswering || contact.endpoint.dialect.name !== dialect) return false;
		const { provider } = currentCandidate(progress);
		const suspected = suspectedBy(provider, borrowed, contact.foreign, makers);
		if (suspected.length === 0) return false;
		const ids = suspected.map(({ id }) => id);
		makers.noteRefused(ids, provider);
		this.#withoutProofs ??= new Map();
		this.#withoutProofs.set(progress.position, {
			...contact,
			foreign: new Set([...(contact.foreign ?? []), ...ids]),
			dropped: [...new Set([...(contact.dropped ?? []), ...suspected.map(({ what }) => what)])],
		});
		this.#ask(progress);
		return true;
	}

	/** A field of the caller that is not taken is told: a mistyped one must not move requests to another provider unseen. */
	#noteFailure(broken: Classified): void {
		const { target } = currentCandidate(this.#progress);
		const { body = '' } = this.#asked ?? {};
		const unsupported = this.#words.noteFailure(broken, { target, headers: this.#headers, body });
		if (unsupported !== undefined) this.#options.refusedFields.noteOfCaller(unsupported.target, unsupported.field);
	}

	#noteAdditions(progress: Progress, added: readonly string[]): void {
		const { credential, target } = currentCandidate(progress);
		for (const field of added) this.#options.refusedFields.noteAddition(credential, target, field);
	}

	#takeDocument(completion: Extract<Completion, { is: 'document' }>): void {
		const progress = this.#progress;
		if (isSilentDocument(completion) && this.#mayLeaveSilence(progress)) {
			this.#answer.noteUsage(completion.answer.usage);
			this.#leave(completion, []);
			return;
		}
		const wasAnswering = this.#answer.isAnswering;
		if (this.#deliver(this.#put(completion, progress), wasAnswering)) this.#endAnswer();
	}

	/** A document goes to a client of its own dialect as it came; to any other, or behind what was sent before, as events. */
	#put({ answer, bytes }: Extract<Completion, { is: 'document' }>, progress: Progress): Taken {
		const { request, dialect } = this.#options.call;
		if (answer.usage !== undefined) this.#answer.noteUsage(answer.usage);
		const isOwn = this.#contact(progress).endpoint.dialect.name === dialect.name;
		if (isOwn && progress.way === 'fresh' && this.#delivery instanceof DocumentDelivery) {
			this.#delivery.writeBody(answer.body(bytes));
			return { events: [] };
		}
		const withUsage = !request.stream || request.includeUsage;
		return this.#answer.take(answer.events({ withUsage, inPieces: request.stream }));
	}

	/** @returns whether the stream that has ended says nothing, and is left for another */
	#leavesStream(completion: Completion): boolean {
		const { silence, attemptUsage } = this.#answer;
		if (silence.length === 0) return false;
		const progress = this.#progress;
		const { dialect } = this.#contact(progress).endpoint;
		if (!isSilentStream(silence, attemptUsage, dialect) || !this.#mayLeaveSilence(progress)) return false;
		this.#leave(completion, silence);
		return true;
	}

	/** Nothing of it has gone out. Whether there is a better one is for the request's actor to find out. */
	#leave(completion: Completion, events: readonly AnswerEvent[]): void {
		this.#left = { completion, events, headers: this.#headers, choices: this.#asked?.choices ?? 1 };
		this.#noteFailure({ failure: answerSilent, message: 'the answer said nothing' });
		this.#actor.send({ type: 'attempt.silent', now: clock.now(), random: Math.random() });
	}

	/** The attempt has delivered all of its events. */
	#endAnswer(): void {
		const wasAnswering = this.#answer.isAnswering;
		if (this.#deliver(this.#answer.end(), wasAnswering)) this.#complete();
	}

	#complete(): void {
		if (this.#isOver) return;
		if (this.#suspected !== undefined) this.#noteAdditions(this.#progress, this.#suspected);
		const used = this.#answer.attemptUsage;
		const tokens = used === undefined ? {} : { tokens: used.input + used.output };
		this.#actor.send({ type: 'attempt.completed', now: clock.now(), ...tokens, ...this.#toldLimits() });
	}

	/** What the present answer says is left of its provider's limits. */
	#toldLimits(): { told?: ToldLimits } {
		const attempt = this.#attempt;
		if (attempt === undefined) return {};
		const { learnsLimits = false } = this.#contact(this.#progress);
		const told = toldLimits(attempt.headers, attempt.headersAt, learnsLimits);
		return told === undefined ? {} : { told };
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
		if (this.#delivery.commits && !wasAnswering) {
			this.#clock.contentGoesOut();
			const { seam } = this.#answer;
			this.#actor.send({ type: 'attempt.answering', now: clock.now(), ...(seam === undefined ? {} : { seam }) });
			this.#watchDeadline();
		}
		this.#wasHeard = true;
		if (this.#isOver || this.#delivery.write(events)) return;
		this.#isClientSlow = true;
		this.#attempt?.pause();
	}

	#break(broken: Classified): void {
		this.#attempt?.stop();
		this.onBroke(broken);
	}

	/** No silence may be long: what is in between, and the client itself, would take the stream for dead. */
	#keepAwake({ policy }: Progress): void {
		if (this.#options.call.request.stream) this.#timers.beginPeriods(policy.continuation.keepAlive);
	}

	// What its timers tell.

	get deadlineAt(): number {
		return this.#progress.deadlineAt;
	}

	onDeadline(now: number): void {
		this.#actor.send({ type: 'deadline.passed', now });
	}

	onPeriod(): void {
		if (!this.#wasHeard && !this.#isClientSlow) this.#delivery.comment('still waiting');
		this.#wasHeard = false;
	}

	/** Whoever will answer is not known yet: an error that comes now can only be told inside the stream. */
	onEarlySilence(): void {
		const progress = this.#progress;
		const { requestId, route } = this.#answerInfo(progress);
		this.#delivery.begin({ requestId, route, target: undefined, attempts: undefined });
		this.#delivery.comment('still waiting');
		this.#keepAwake(progress);
	}

	#contact({ id, position }: Progress): Contact {
		const contact = this.#withoutProofs?.get(position) ?? this.#options.contacts[position];
		if (contact === undefined) throw new Error(`request ${id} has no contact for step ${position}`);
		return contact;
	}

	// What the client does.

	leave(): void {
		if (this.#isOver) return;
		this.#actor.send({ type: 'client.left', now: clock.now() });
		this.#end(this.#progress, 'aborted');
	}

	resume(): void {
		this.#isClientSlow = false;
		this.#attempt?.resume();
	}

	/** The process ends before the answer did. The caller gets an error; it counts against no provider. */
	shutDown(): void {
		if (this.#isOver) return;
		this.#actor.send({ type: 'client.left', now: clock.now() });
		this.#giveUp(reportShutdown(this.#options.call.id));
	}

	/** The actor threw: a bug of ours. The permit is given back, the caller gets an error, and other requests are not affected. */
	crash(): void {
		if (this.#isOver) return;
		this.#attempt?.stop();
		const progress = this.#attemptProgress;
		// Giving back one that is settled already does nothing: a provider knows its probes by their ids.
		if (progress?.permit !== undefined) {
			currentCandidate(progress).actor.send({ type: 'attempt.abandoned', permit: progress.permit, now: clock.now() });
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
		const { id, route, spentBudgets } = this.#options.call;
		const { target } = currentCandidate(progress);
		const { id: upstreamRequestId, forCaller: upstreamHeaders } = this.#words.toldBy(this.#headers);
		const { attempts } = progress;
		const { unsupported } = this.#words;
		const { dropped } = this.#contact(progress);
		const passedOver = passedOverTexts(this.#options.passedOver);
		return {
			requestId: id,
			route,
			target,
			attempts,
			unsupported,
			spentBudgets,
			dropped,
			passedOver,
			upstreamRequestId,
			upstreamHeaders,
		};
	}

	/** The headers of a stream are gone by the time at which its cost is known. */
	#finalInfo(progress: Progress): AnswerInfo {
		const info = this.#answerInfo(progress);
		const { cost } = this.#spending;
		const isTold = cost?.isComplete === true && !this.#options.call.request.stream;
		return isTold ? { ...info, costUsd: cost.usd } : info;
	}

	#end(progress: Progress, outcome: CallRecord['outcome'], code?: string): void {
		this.#isOver = true;
		this.#timers.stop();
		this.#clock.attemptEnds();
		const { call, onEnd } = this.#options;
		const ended = {
			call,
			progress,
			outcome,
			code,
			clock: this.#clock,
			words: this.#words,
			spending: this.#spending,
			skippedEvents: this.#skippedEvents,
			unknownFinishReasons: this.#unknownFinishReasons,
		};
		onEnd(callRecordOf(ended));
	}
}

/** `a/model (images)`; undefined for none. */
function passedOverTexts(passedOver: readonly PassedOver[]): readonly string[] | undefined {
	if (passedOver.length === 0) return undefined;
	return passedOver.map(({ target, what }) => `${target} (${what.join(', ')})`);
}
