import { type ActorRefFrom, createActor } from 'xstate';
import type { HealthCheckContext } from '../../../machines/health-check/context.ts';
import { type CheckEnded, healthCheckMachine } from '../../../machines/health-check/machine.ts';
import type { Timeouts } from '../../../machines/policy.ts';
import type { providerMachine } from '../../../machines/provider/machine.ts';
import type { HealthConfig } from '../../config/config.ts';
import type { CheckReport } from '../../contract/service.ts';
import { Attempt, type AttemptListener } from '../../upstream/attempt.ts';
import type { Classified, Classify } from '../../upstream/classify/apply-error-rules.ts';
import type { Completion } from '../../upstream/reception.ts';
import { clock, rfc3339 } from '../../values/clock.ts';
import { isLocal } from '../ending-kind.ts';
import { otherKey } from '../other-key.ts';
import type { CheckPlan } from './check-plan.ts';
import { isClosed, prospectAt } from './prospect.ts';

type ProviderActor = ActorRefFrom<typeof providerMachine>;

export interface HealthCheckOptions {
	/** The id of the credential, and of its provider actor. */
	id: string;
	policy: HealthConfig;
	/** The actor of the key. */
	key: ProviderActor;
	/** That of the model that is asked; the key's own where it has none, or where no model is. */
	gate: ProviderActor;
	plan: CheckPlan;
	classify: Classify;
	/** Bytes of the largest answer that is taken. */
	answerLimit: number;
	onEnded: (ended: CheckEnded) => void;
	/** Called with each failure of this machine itself. */
	onLocalFault: (what: string) => void;
	onCrash: (error: unknown) => void;
}

/** Timers that do not keep the process alive. */
const quietClock = {
	setTimeout: (run: () => void, delayMs: number) => setTimeout(run, delayMs).unref(),
	clearTimeout: (timer: NodeJS.Timeout) => clearTimeout(timer),
};

/** The I/O of the active checks of one key: it looks whether one is worth making, makes it, and says what came of it. */
export class HealthCheck {
	readonly #options: HealthCheckOptions;
	readonly #actor: ActorRefFrom<typeof healthCheckMachine>;
	#attempt: Attempt | undefined;
	#isStopped = false;

	constructor(options: HealthCheckOptions) {
		this.#options = options;
		const { id, policy, gate, plan, onEnded, onCrash } = options;
		const machine = healthCheckMachine.provide({
			actions: {
				lookAround: ({ context }) => this.#lookAround(context),
				startCheck: () => this.#startCheck(),
			},
		});
		const input = { id, policy, gate, model: plan.model, tokens: plan.tokens, now: clock.now(), random: Math.random() };
		this.#actor = createActor(machine, { input, clock: quietClock });
		this.#actor.on('check.ended', onEnded);
		this.#actor.subscribe({ error: onCrash });
	}

	start(): void {
		this.#actor.start();
	}

	/** Ends a check that is under way, without a verdict. */
	stop(): void {
		this.#isStopped = true;
		this.#attempt?.stop();
		this.#actor.stop();
	}

	get report(): CheckReport {
		const { last, nextAt } = this.#actor.getSnapshot().context;
		const { failure } = last ?? {};
		return {
			with: this.#options.policy.with,
			result: last?.result ?? null,
			at: last === undefined ? null : rfc3339(last.at),
			category: failure?.category ?? null,
			reason: failure?.reason ?? null,
			nextAt: rfc3339(nextAt),
		};
	}

	#lookAround(context: HealthCheckContext): void {
		const { key, gate, plan, policy } = this.#options;
		const now = clock.now();
		const actors = [...new Set([key, gate])].map((actor) => actor.getSnapshot());
		const { succeededAt } = key.getSnapshot().context;
		const wouldProve = this.#wouldProve;
		const hasKey = plan.liveKey === undefined || plan.liveKey.present !== undefined;
		this.#actor.send({
			type: 'check.due',
			now,
			random: Math.random(),
			prospect: hasKey
				? prospectAt({ actors, model: plan.model, isOwnServer: policy.isOwnServer, wouldProve }, now)
				: 'no',
			isClosed: actors.every(isClosed),
			// The last success may be a check's own.
			answeredAt: succeededAt === context.succeededAt ? 0 : succeededAt,
			costUsd: plan.expectedCost() ?? 0,
		});
	}

	get #wouldProve(): boolean {
		return this.#options.plan.endsTrouble(this.#options.key.getSnapshot().context);
	}

	#startCheck(): void {
		const { plan, classify, answerLimit } = this.#options;
		const { endpoint, model, reasons, method, timeouts } = plan;
		const request = plan.render();
		const options = { endpoint, classify, model, reasons, request, method, timeouts: briefly(timeouts), answerLimit };
		const askedWith = plan.liveKey?.present;
		const listener: AttemptListener = {
			onReconnected: () => undefined,
			onEvents: () => undefined,
			onHeld: () => undefined,
			// The first content is the verdict, as of a probe.
			onFirstContent: () => {
				this.#attempt?.stop();
				this.#pass(undefined);
			},
			onCompleted: (completion) => this.#pass(completion),
			onBroke: (broken) => this.#fail(broken, askedWith),
		};
		this.#attempt = new Attempt(options, listener);
		this.#attempt.start();
	}

	#pass(completion: Completion | undefined): void {
		if (this.#isStopped) return;
		const { plan } = this.#options;
		const usage = completion?.is === 'document' ? completion.answer.usage : undefined;
		const costUsd = usage === undefined ? undefined : plan.costOf(usage);
		this.#actor.send({
			type: 'check.passed',
			now: clock.now(),
			random: Math.random(),
			isEvidence: plan.isAnswer || this.#isHeldAgainstLine,
			...(costUsd !== undefined && { costUsd }),
		});
	}

	/** Of a list: there are failures that it takes back. Nothing else is one more success, which would dilute those of models. */
	get #isHeldAgainstLine(): boolean {
		const { value, context } = this.#options.key.getSnapshot();
		return (value !== 'closed' || context.consecutiveFailures > 0) && this.#wouldProve;
	}

	#fail(broken: Classified, askedWith: string | undefined): void {
		const { plan, onLocalFault } = this.#options;
		const { failure } = broken;
		if (isLocal(failure)) {
			onLocalFault(broken.message);
			this.#tellFailure(broken, false);
			return;
		}
		const { liveKey, timeouts } = plan;
		if (failure.category !== 'AUTH_ERROR' || liveKey === undefined) {
			this.#tellFailure(broken, plan.isEvidence(failure));
			return;
		}
		// A key that is renewed may have died on the way: the next check is made with the next one.
		otherKey(liveKey, askedWith, timeouts.connect).then(
			(isThere) => this.#tellFailure(broken, !isThere),
			() => this.#tellFailure(broken, true),
		);
	}

	#tellFailure({ failure }: Classified, isEvidence: boolean): void {
		if (this.#isStopped) return;
		this.#actor.send({ type: 'check.failed', now: clock.now(), random: Math.random(), failure, isEvidence });
	}
}

/** So little an answer needs no longer than the first token of a long one. */
function briefly(timeouts: Timeouts): Timeouts {
	return { ...timeouts, response: Math.min(timeouts.response, timeouts.firstToken) };
}
