import { createActor, fromCallback } from 'xstate';
import { timerDelay } from '../../../machines/backoff.ts';
import type { Permit, ProviderEvent, ProviderReply, RequestEvent } from '../../../machines/events.ts';
import type { Failure } from '../../../machines/failure.ts';
import type { Policy } from '../../../machines/policy.ts';
import { retryWait } from '../../../machines/request/failover.ts';
import { requestMachine } from '../../../machines/request/machine.ts';
import { type Candidate, currentCandidate, type Progress } from '../../../machines/request/progress.ts';
import { stateName } from '../../../machines/request/state-name.ts';
import { candidateOn, type PolicyChanges, policyWith } from '../../helpers/policy.ts';
import { CountingClock, startProvider } from '../provider/provider-harness.ts';

type Asked = Extract<ProviderEvent, { type: 'permit.requested' }>;
type Failed = Extract<ProviderEvent, { type: 'attempt.failed' }>;

export interface Script {
	/** Default: grants. `undefined` keeps silent. */
	answer?: (asked: Asked) => ProviderReply | undefined;
	/** When it would grant again, ms since the epoch. Default: at once. `undefined` keeps silent. */
	settle?: (failed: Failed) => number | undefined;
	/** Whether a failure counts; default: all but a caller's mistake. */
	counts?: (failed: Failed) => boolean;
}

export type ScriptedProvider = ReturnType<typeof scriptedProvider>;

export function granted({ id, model }: Asked): ProviderReply {
	return { type: 'permit.granted', permit: { id, number: 0, model, probe: false, epoch: 0, refusesPrefill: false } };
}

export function denied(retryAt: number): ProviderReply {
	return { type: 'permit.denied', state: 'open', reason: 'failures', retryAt };
}

/** Each has an id of its own. */
let scripted = 0;

/** In place of a provider actor: does what the script says, and remembers all it was told. */
export function scriptedProvider({
	answer = granted,
	settle = ({ now }) => now,
	counts = ({ failure: { category } }) => category !== 'BAD_REQUEST',
}: Script = {}) {
	scripted += 1;
	const id = `scripted-${scripted}`;
	const seen: ProviderEvent[] = [];
	const reactions = fromCallback<ProviderEvent>(({ receive }) =>
		receive((event) => {
			seen.push(event);
			if (event.type === 'permit.requested') {
				const reply = answer(event);
				if (reply !== undefined) event.replyTo.send(reply);
			}
			if (event.type === 'attempt.failed') {
				const retryAt = settle(event);
				const counted = counts(event) && !event.counted.includes(id) ? [...event.counted, id] : event.counted;
				if (retryAt !== undefined) event.replyTo.send({ type: 'attempt.settled', retryAt, counted });
			}
		}),
	);
	return {
		actor: createActor(reactions).start(),
		seen,
		asked: () => seen.filter((event) => event.type === 'permit.requested'),
		failures: () => seen.filter((event) => event.type === 'attempt.failed'),
		/** How the permits of one id were settled, in order. */
		settlements: (id?: string) =>
			seen.flatMap((event) => ('permit' in event && (id === undefined || event.permit.id === id) ? [event.type] : [])),
	};
}

export interface RequestOptions {
	policy?: Policy;
	clock?: CountingClock;
	/** Called for each action with the context that the composition root would see. */
	onAction?: (action: string, context: Progress) => void;
}

export type RequestHarness = ReturnType<typeof startRequest>;

/** A request actor whose six actions only write down that they were called. */
export function startRequest(
	candidates: readonly Candidate[],
	{ policy = policyWith(), clock = new CountingClock(), onAction }: RequestOptions = {},
) {
	/** What the composition root was told: `start a/m`, `stop`, `commit`, `finish`, `report`. */
	const did: string[] = [];
	const note =
		(action: string) =>
		({ context: { progress } }: { context: { progress: Progress } }) => {
			const { credential, model } = currentCandidate(progress);
			did.push(action === 'start' ? `start ${credential}/${model}` : action);
			onAction?.(action, progress);
		};
	const machine = requestMachine.provide({
		actions: {
			startAttempt: note('start'),
			stopAttempt: note('stop'),
			commitAnswer: note('commit'),
			takeUpAnswer: note('take up'),
			finishAnswer: note('finish'),
			reportFailure: note('report'),
		},
	});
	const actor = createActor(machine, {
		clock,
		input: { id: 'r', candidates, policy, tokens: 12, now: clock.now() },
	}).start();
	const send = (event: RequestEvent) => actor.send(event);
	const context = () => actor.getSnapshot().context.progress;
	// As whoever runs a request does.
	let deadline: number | undefined;
	let setTo: number | undefined;
	const watchDeadline = () => {
		const { deadlineAt } = context();
		if (deadlineAt === setTo) return;
		if (deadline !== undefined) clock.clearTimeout(deadline);
		setTo = deadlineAt;
		const passes = () => send({ type: 'deadline.passed', now: clock.now() });
		deadline = clock.setTimeout(passes, timerDelay(deadlineAt - clock.now()));
	};
	watchDeadline();
	actor.subscribe({ next: watchDeadline, complete: () => deadline !== undefined && clock.clearTimeout(deadline) });

	return {
		actor,
		clock,
		did,
		context,
		answering: () => send({ type: 'attempt.answering', now: clock.now() }),
		/** @param tokens that the provider reported */
		complete: (tokens?: number) =>
			send({ type: 'attempt.completed', now: clock.now(), ...(tokens === undefined ? {} : { tokens }) }),
		/** @param options `random` 0 to 1, default 0.5: no jitter. `now` in ms since the epoch, default the clock's. */
		breakWith: (failure: Failure, { random = 0.5, now = clock.now(), continuable = false } = {}) =>
			send({ type: 'attempt.broke', failure, now, random, continuable }),
		fallSilent: () => send({ type: 'attempt.silent', now: clock.now(), random: 0.5 }),
		leave: () => send({ type: 'client.left', now: clock.now() }),
		pass: (ms: number) => clock.increment(ms),
		/** `asking`, `attempting`, `committed.streaming`, `waiting`, `done` … */
		state: () => stateName(actor.getSnapshot().value),
		/** The present attempt runs, and has not said anything yet. */
		isAttempting: () => ['attempting', 'committed.attempting'].includes(stateName(actor.getSnapshot().value)),
		isOver: () => actor.getSnapshot().status !== 'active',
		ending: () => context().ending,
		attempted: () => did.flatMap((action) => (action.startsWith('start ') ? [action.slice('start '.length)] : [])),
		waits: () => context().trace.flatMap((step) => (step.did === 'wait' ? [step.ms] : [])),
	};
}

/** Runs a request to its end: every attempt meets what `outcome` gives for its permit, every wait is waited out. */
export function runToEnd(
	request: RequestHarness,
	outcome: (candidate: Candidate, permit: Permit | undefined) => Failure | 'answer',
) {
	for (let events = 0; !request.isOver(); events++) {
		if (events > 1_000) throw new Error(`the request does not end: ${request.did.join(', ')}`);
		if (request.state() === 'waiting') {
			request.pass(retryWait(request.context()));
			continue;
		}
		if (!request.isAttempting()) throw new Error(`the request is stuck in ${request.state()}`);
		const result = outcome(currentCandidate(request.context()), request.context().permit);
		if (result === 'answer') request.complete();
		else request.breakWith(result);
	}
}

/** Two links, `a/m` and `b/m`, on real provider actors. */
export function realPair(changes: PolicyChanges = {}) {
	const clock = new CountingClock();
	const [a, b] = [startProvider(changes, clock), startProvider(changes, clock)];
	const policy = policyWith(changes);
	const candidates = [candidateOn(a.actor, { policy }), candidateOn(b.actor, { link: 1, credential: 'b', policy })];
	return { a, b, clock, candidates, policy };
}

/** `a/m` alone, on a provider that grants whatever it is asked. */
export function alone(changes: PolicyChanges = {}) {
	const a = scriptedProvider();
	const policy = policyWith(changes);
	return { a, request: startRequest([candidateOn(a.actor, { policy })], { policy }) };
}
