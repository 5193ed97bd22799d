import type { EventObject } from 'xstate';
import type { Permit, ProviderReply } from '../../../../machines/events.ts';
import type { Policy } from '../../../../machines/policy.ts';
import type { ProviderMachine } from '../../../../machines/provider/machine.ts';
import { durationWords } from '../../../values/time-text.ts';
import { Runner } from '../../play/runner.ts';
import type { CaseStep } from '../../report/report.ts';
import { failureWords } from '../failure-samples.ts';
import { ACTOR_ID } from './samples.ts';
import type { Done, Node } from './stage.ts';

/**
 * The events that lead to the last of these nodes, in words. In a node one permit stands for any number of attempts that
 * are out at the same time; here each attempt is asked for by a request of its own.
 * @param provider the provider actor's id
 */
export function caseSteps(path: readonly Node[], provider: string): CaseStep[] {
	const startedAt = path[0]?.now ?? 0;
	const told: CaseStep[] = [];
	const grants = new Map<string, CaseStep[]>();
	const settled = new Set<string>();
	let requests = path.at(-1)?.requests ?? 0;

	for (const { did, now, run } of path) {
		if (did === undefined) continue;
		const at = now - startedAt;
		const providerState = String(run.snapshot.value);
		const place = { at, provider, providerState };
		const permit = did.holding?.permit;
		if (permit === undefined || permit.probe || did.isRepeated) {
			const steps = stepsOf(did, place);
			told.push(...steps);
			const granted = did.replies.find((reply) => reply.type === 'permit.granted');
			if (granted !== undefined) grants.set(granted.permit.id, steps);
			continue;
		}
		if (!settled.has(permit.id)) {
			settled.add(permit.id);
			told.push(...stepsOf(did, place));
			continue;
		}
		requests += 1;
		const twin = { ...permit, id: `request-${requests}` };
		const original = grants.get(permit.id) ?? [];
		const asked = original.map((step) => renamed(step, twin, requests));
		const index = told.indexOf(original.at(-1) as CaseStep);
		told.splice(index + 1, 0, ...asked);
		const event = { ...did.event, permit: twin };
		told.push(...stepsOf({ ...did, event, request: requests }, place));
	}
	return told;
}

/** Do the same events lead to the same states under this policy too? */
export function happensUnder(machine: ProviderMachine, policy: Policy, path: readonly Node[]): boolean {
	const startedAt = path[0]?.now ?? 0;
	const runner = new Runner(machine, { id: ACTOR_ID, policy, now: startedAt });
	let { state } = runner.start(startedAt);
	try {
		for (const { did, now, run } of path) {
			if (did?.happening === undefined) continue;
			const isTimer = did.happening.type === 'timer';
			const timer = state.timers.find(({ at, event }) => at === now && event.type === did.event.type);
			if (isTimer && timer === undefined) return false;
			if (!isTimer && state.timers.some(({ at }) => at < now)) return false;
			state = isTimer && timer ? runner.fire(state, timer).state : runner.send(state, did.event, now).state;
			if (state.snapshot.value !== run.snapshot.value) return false;
		}
	} catch {
		// It throws where it threw before, or sooner: either way the case shows it.
		return true;
	}
	return true;
}

type Place = Pick<CaseStep, 'at' | 'provider' | 'providerState'>;

function stepsOf(did: Done, place: Place): CaseStep[] {
	const by = whoDid(did);
	const first: CaseStep = { ...place, by, words: wordsOf(did), event: withoutSender(did.event) };
	const replies = did.replies.flatMap((reply): CaseStep[] =>
		reply.type === 'attempt.settled' ? [] : [{ ...place, by: 'provider', words: replyWords(reply, did), event: reply }],
	);
	return [first, ...replies];
}

/** The step of another request that asks for the same in the same moment. */
function renamed(step: CaseStep, permit: Permit, request: number): CaseStep {
	const event = 'permit' in step.event ? { ...step.event, permit } : { ...step.event, id: permit.id };
	const words = step.by === 'request' ? step.words.replace(/^request \d+/, `request ${request}`) : step.words;
	return { ...step, words, event };
}

function withoutSender(event: EventObject): EventObject {
	const { replyTo: _, ...rest } = event as EventObject & { replyTo?: unknown };
	return rest;
}

function whoDid({ happening }: Done): CaseStep['by'] {
	if (happening === undefined || happening.type === 'timer') return 'time';
	if (happening.type === 'permit.requested') return 'request';
	if (happening.type === 'attempt.abandoned') return 'client';
	if (happening.type === 'peer.tripped') return 'peer';
	if (happening.type === 'failure.withdrawn') return 'request';
	if (happening.type === 'model.tripped') return 'upstream';
	return happening.type.startsWith('operator') ? 'operator' : 'upstream';
}

function wordsOf({ happening, passedMs, request, isRepeated }: Done): string {
	const again = isRepeated ? ', reported once more' : '';
	if (happening === undefined) return `${durationWords(passedMs)} pass`;
	switch (happening.type) {
		case 'permit.requested':
			return `request ${request} asks for model ${happening.model}${happening.early ? ', before the cooldown is over' : ''}`;
		case 'probe.answering':
			return `attempt of request ${request} begins to answer`;
		case 'attempt.succeeded':
			return `attempt of request ${request} succeeds${again}`;
		case 'attempt.failed':
			return `attempt of request ${request} fails${again}: ${failureWords(happening.failure)}`;
		case 'attempt.abandoned':
			return `attempt of request ${request} is abandoned${again}`;
		case 'peer.tripped':
			return `a peer has tripped (${happening.reason})${happening.model === undefined ? '' : ` for model ${happening.model}`}, for ${durationWords(happening.until - happening.now)}`;
		case 'failure.withdrawn':
			return `request ${request} ends: others answered it alike, so that its ${failureWords(happening.failed.failure)} is its own`;
		case 'model.tripped':
			return `model ${happening.model} of this key opens for ${durationWords(happening.until - happening.now)}`;
		case 'operator.tripped':
			return `an operator takes the provider out for ${durationWords(happening.forMs)}`;
		case 'operator.reset':
			return 'an operator resets the provider';
		case 'operator.probed':
			return 'an operator lets the next request probe';
		case 'timer':
			return happening.probe === undefined
				? 'the cooldown timer goes off'
				: `the probe of ${happening.probe.replace('-', ' ')} is overdue`;
	}
}

function replyWords(reply: ProviderReply, { happening }: Done): string {
	if (reply.type === 'permit.granted') return reply.permit.probe ? 'granted, as a probe' : 'granted';
	if (reply.type === 'attempt.settled') return 'settled';
	const now = happening !== undefined && 'now' in happening ? happening.now : reply.retryAt;
	const wait = reply.retryAt > now ? `, again in ${durationWords(reply.retryAt - now)}` : '';
	return `denied by ${reply.state} (${reply.reason})${wait}`;
}
