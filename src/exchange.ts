import type { ActorRefFrom } from 'xstate';
import type { requestMachine } from '../machines/request.ts';
import { currentRung, type RequestContext, type Rung } from '../machines/walk.ts';
import type { AnswerInfo, Call, CallRecord, Client, FailureReport, RunningCall } from './call.ts';
import { reportFailure, reportInternalError, reportShutdown } from './failure-report.ts';
import { withMembers } from './json-members.ts';
import type { Redact } from './redact.ts';
import { Attempt, type AttemptListener } from './upstream/attempt.ts';
import type { Classified, Classify } from './upstream/classify.ts';
import type { Endpoint } from './upstream/endpoint.ts';

export type RequestActor = ActorRefFrom<typeof requestMachine>;

export interface ExchangeOptions {
	call: Call;
	client: Client;
	endpointOf: (rung: Rung) => Endpoint;
	classify: Classify;
	redact: Redact;
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
	#attemptContext: RequestContext | undefined;
	#body: Buffer | string = '';
	/** The last provider's words, for the caller only: never for a log. */
	#providerMessage = '';
	#isCommitted = false;
	#isOver = false;

	constructor(options: ExchangeOptions, actor: RequestActor) {
		this.#options = options;
		this.#actor = actor;
	}

	// What the request actor asks for.

	startAttempt(context: RequestContext): void {
		this.#attemptContext = context;
		const { call, endpointOf, classify, answerLimit } = this.#options;
		const rung = currentRung(context);
		const json = withMembers(call.json, { model: JSON.stringify(rung.model), failover: undefined });
		const { timeouts } = rung.policy;
		this.#attempt = new Attempt(
			{ endpoint: endpointOf(rung), classify, model: rung.model, json, stream: call.stream, timeouts, answerLimit },
			this,
		);
		this.#attempt.start();
	}

	stopAttempt(): void {
		this.#attempt?.stop();
	}

	commitAnswer(context: RequestContext): void {
		this.#isCommitted = true;
		this.#options.client.begin(this.#answerInfo(context));
	}

	finishAnswer(context: RequestContext): void {
		if (this.#isCommitted) this.#options.client.end();
		else this.#options.client.answer(this.#answerInfo(context), this.#body);
		this.#end(context, 'done');
	}

	reportFailure(context: RequestContext): void {
		const { call, client, redact } = this.#options;
		const report = reportFailure(context, call.route, redact(this.#providerMessage));
		if (this.#isCommitted) client.breakOff(report);
		else client.fail(report);
		this.#end(context, 'failed', report.body.error.code);
	}

	// What the attempt reports.

	onAnswering(): void {
		this.#actor.send({ type: 'attempt.answering', now: Date.now() });
	}

	onEvents(events: string): void {
		if (!this.#isCommitted || this.#isOver) return;
		if (!this.#options.client.write(events)) this.#attempt?.pause();
	}

	onCompleted(body: Buffer | string): void {
		this.#body = body;
		this.#actor.send({ type: 'attempt.completed', now: Date.now() });
	}

	onBroke({ failure, message }: Classified): void {
		this.#providerMessage = message;
		this.#actor.send({ type: 'attempt.broke', failure, now: Date.now(), random: Math.random() });
	}

	// What the client does.

	leave(): void {
		if (this.#isOver) return;
		this.#actor.send({ type: 'client.left', now: Date.now() });
		this.#end(this.#actor.getSnapshot().context, 'aborted');
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
		const context = this.#attemptContext;
		// One that is settled already is given back in vain: a provider knows its probes by their ids.
		if (context?.permit !== undefined) {
			currentRung(context).actor.send({ type: 'attempt.abandoned', permit: context.permit, now: Date.now() });
		}
		this.#giveUp(reportInternalError(this.#options.call.id));
	}

	/** Never throws: a client that does must not keep the others of a stop, or of a crash, from being told. */
	#giveUp(report: FailureReport): void {
		this.#end(this.#actor.getSnapshot().context, 'failed', report.body.error.code);
		try {
			if (this.#isCommitted) this.#options.client.breakOff(report);
			else this.#options.client.fail(report);
		} catch {
			// There is nobody left to tell.
		}
	}

	#answerInfo(context: RequestContext): AnswerInfo {
		const { id, route } = this.#options.call;
		return { requestId: id, route, target: currentRung(context).target, attempts: context.attempts };
	}

	#end(context: RequestContext, outcome: CallRecord['outcome'], code?: string): void {
		this.#isOver = true;
		this.#body = '';
		const { call, onEnd } = this.#options;
		onEnd({
			id: call.id,
			route: call.route,
			stream: call.stream,
			outcome,
			...(code === undefined ? {} : { code }),
			...(outcome === 'done' ? { target: currentRung(context).target } : {}),
			ms: Date.now() - context.startedAt,
			trace: context.trace,
		});
	}
}
