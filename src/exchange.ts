import type { ActorRefFrom } from 'xstate';
import { timerDelay } from '../machines/backoff.ts';
import type { requestMachine } from '../machines/request.ts';
import { currentRung, type Rung, type Walk } from '../machines/walk.ts';
import type { AnswerInfo, Call, CallRecord, Client, FailureReport, RunningCall } from './call.ts';
import { reportFailure, reportInternalError, reportShutdown } from './failure-report.ts';
import { withMembers } from './json-members.ts';
import { Attempt, type AttemptListener } from './upstream/attempt.ts';
import type { Classified, Classify } from './upstream/classify.ts';
import type { Endpoint } from './upstream/endpoint.ts';

export type RequestActor = ActorRefFrom<typeof requestMachine>;

export interface ExchangeOptions {
	call: Call;
	client: Client;
	endpointOf: (rung: Rung) => Endpoint;
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
	#attemptWalk: Walk | undefined;
	#body: Buffer | string = '';
	/** The last provider's words, for the caller only: never for a log. */
	#providerMessage = '';
	#isCommitted = false;
	#isOver = false;
	#deadline: NodeJS.Timeout | undefined;

	constructor(options: ExchangeOptions, actor: RequestActor) {
		this.#options = options;
		this.#actor = actor;
	}

	/** Starts the actor, and the clock of the whole request with it. */
	start(): void {
		this.#actor.start();
		if (this.#isOver) return;
		const { deadlineAt, startedAt } = this.#walk;
		this.#deadline = setTimeout(
			() => {
				this.#actor.send({ type: 'deadline.passed', now: Date.now() });
			},
			timerDelay(deadlineAt - startedAt),
		);
	}

	get #walk(): Walk {
		return this.#actor.getSnapshot().context.walk;
	}

	// What the request actor asks for.

	startAttempt(walk: Walk): void {
		this.#attemptWalk = walk;
		const { call, endpointOf, classify, answerLimit } = this.#options;
		const rung = currentRung(walk);
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

	commitAnswer(walk: Walk): void {
		this.#isCommitted = true;
		this.#options.client.begin(this.#answerInfo(walk));
	}

	finishAnswer(walk: Walk): void {
		if (this.#isCommitted) this.#options.client.end();
		else this.#options.client.answer(this.#answerInfo(walk), this.#body);
		this.#end(walk, 'done');
	}

	reportFailure(walk: Walk): void {
		const { call, client } = this.#options;
		const report = reportFailure(walk, call.route, this.#providerMessage);
		if (this.#isCommitted) client.breakOff(report);
		else client.fail(report);
		this.#end(walk, 'failed', report.body.error.code);
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
		this.#end(this.#walk, 'aborted');
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
		const walk = this.#attemptWalk;
		// One that is settled already is given back in vain: a provider knows its probes by their ids.
		if (walk?.permit !== undefined) {
			currentRung(walk).actor.send({ type: 'attempt.abandoned', permit: walk.permit, now: Date.now() });
		}
		this.#giveUp(reportInternalError(this.#options.call.id));
	}

	/** Never throws: a client that does must not keep the others of a stop, or of a crash, from being told. */
	#giveUp(report: FailureReport): void {
		this.#end(this.#walk, 'failed', report.body.error.code);
		try {
			if (this.#isCommitted) this.#options.client.breakOff(report);
			else this.#options.client.fail(report);
		} catch {
			// There is nobody left to tell.
		}
	}

	#answerInfo(walk: Walk): AnswerInfo {
		const { id, route } = this.#options.call;
		return { requestId: id, route, target: currentRung(walk).target, attempts: walk.attempts };
	}

	#end(walk: Walk, outcome: CallRecord['outcome'], code?: string): void {
		this.#isOver = true;
		clearTimeout(this.#deadline);
		this.#body = '';
		const { call, onEnd } = this.#options;
		onEnd({
			id: call.id,
			route: call.route,
			stream: call.stream,
			outcome,
			...(code === undefined ? {} : { code }),
			...(outcome === 'done' ? { target: currentRung(walk).target } : {}),
			ms: Date.now() - walk.startedAt,
			trace: walk.trace,
		});
	}
}
