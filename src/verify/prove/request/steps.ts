import type { EventObject } from 'xstate';
import type { RequestEvent } from '../../../../machines/events.ts';
import type { CandidatePlan } from '../../../gateway/routes.ts';
import { isObject } from '../../../values/json.ts';
import { durationWords } from '../../../values/time-text.ts';
import type { CaseStep } from '../../report/report.ts';
import { failureWords } from '../failure-samples.ts';
import { isTimer } from './monitor.ts';
import { caseStartMs, type RequestNode, type RequestObservation } from './world.ts';

/**
 * The names of one route in the events of steps that were explored on another, which differs from it in names alone.
 * @returns a function of steps that tell of the first route
 */
export function renaming(
	from: readonly CandidatePlan[],
	to: readonly CandidatePlan[],
): (steps: readonly CaseStep[]) => CaseStep[] {
	if (from === to) return (steps) => [...steps];
	const models = new Map<unknown, string>();
	const actors = new Map<unknown, string>();
	for (const [position, { model, credential, gate }] of from.entries()) {
		const other = to[position];
		if (other === undefined) continue;
		models.set(model, other.model);
		actors.set(credential, other.credential).set(gate, other.gate);
	}
	/** Models and actors stand in these fields of events and permits alone. */
	const renamed = (key: string, value: unknown): unknown => {
		if (key === 'model') return models.get(value) ?? value;
		if (key === 'counted' && Array.isArray(value)) return value.map((id) => actors.get(id) ?? id);
		return isObject(value) ? membersRenamed(value) : value;
	};
	const membersRenamed = (members: Readonly<Record<string, unknown>>) =>
		Object.fromEntries(Object.entries(members).map(([key, value]) => [key, renamed(key, value)]));
	return (steps) => steps.map((step) => ({ ...step, event: membersRenamed(step.event) as unknown as EventObject }));
}

/** Everything that happened on the way to a node, as a person would tell it; nothing where there is none. */
export function stepsTo(node: RequestNode | undefined, candidates: readonly CandidatePlan[]): CaseStep[] {
	const happenings: RequestObservation[] = [];
	for (let at: RequestNode | undefined = node; at !== undefined; at = at.before) happenings.unshift(...at.happenings);
	return happenings.map((happening, index) => stepOf(happening, happenings[index - 1], candidates));
}

function stepOf(
	happening: RequestObservation,
	last: RequestObservation | undefined,
	candidates: readonly CandidatePlan[],
): CaseStep {
	const { event, at, position, requestState, providerState } = happening;
	const candidate = candidates[position];
	const isOfCandidate =
		candidate !== undefined && (event.type.startsWith('permit.') || event.type.startsWith('attempt.'));
	return {
		at: at - caseStartMs,
		by: causeOf(event.type),
		...(isOfCandidate ? { provider: candidate.credential, target: candidate.target } : {}),
		words: wordsFor(happening, last, candidate),
		event,
		requestState,
		...(providerState === undefined ? {} : { providerState }),
	};
}

function causeOf(type: string): CaseStep['by'] {
	if (type.startsWith('permit.') || type === 'attempt.settled') return 'provider';
	if (type.startsWith('attempt.')) return 'upstream';
	return type === 'client.left' ? 'client' : 'time';
}

function wordsFor(
	{ event, at, seen }: RequestObservation,
	last: RequestObservation | undefined,
	candidate: CandidatePlan | undefined,
): string {
	const name = candidate === undefined ? 'nobody' : nameOf(candidate);
	if (isTimer(event) && seen.failed === undefined) {
		return `${durationWords(at - (last?.at ?? caseStartMs))} are waited, until a target opens`;
	}
	if (isTimer(event)) return `${durationWords(at - (last?.at ?? caseStartMs))} are waited, then ${name} is tried again`;
	const happened = event as RequestEvent;
	const after = `after ${durationWords(at - (seen.made?.startedAt ?? at))}`;
	switch (happened.type) {
		case 'permit.granted': {
			const isEarly = last?.seen.asked?.early === true;
			const probe = happened.permit.probe ? 'granted, as a probe' : 'granted';
			return `${name} is asked${isEarly ? ' ahead of its time' : ''}: ${probe}`;
		}
		case 'permit.denied': {
			const again = happened.retryAt > at ? `, again in ${durationWords(happened.retryAt - at)}` : '';
			return `${name} is asked: denied (${happened.state}, ${happened.reason}${again})`;
		}
		case 'attempt.reconnected':
			return `${name} has closed the connection that it was asked on, and is asked on a new one`;
		case 'probe.answering':
			return `${name} sends its first content ${after}`;
		case 'attempt.answering':
			return `${name} ${seen.continuations > 0 ? 'carries the answer on' : 'begins to answer'} ${after}`;
		case 'attempt.completed':
			return `${name} has answered ${after}`;
		case 'attempt.broke': {
			const isAnswer = seen.failed?.wasAnswering === true;
			const isWhole = happened.continuable || !isAnswer ? '' : ', and cannot be carried on';
			return `${name} ${isAnswer ? 'breaks off' : 'fails'} with ${failureWords(happened.failure)} ${after}${isWhole}`;
		}
		case 'attempt.silent':
			return `${name} has nothing to say ${after}`;
		case 'attempt.settled': {
			if (happened.retryAt <= at) return `${name} would grant again at once`;
			return `${name} would grant again in ${durationWords(happened.retryAt - at)}`;
		}
		case 'client.left':
			return 'the client leaves';
		case 'deadline.passed':
			return 'the deadline of the request passes';
	}
}

/** The target, and which credential of several. */
function nameOf({ target, credential, provider }: CandidatePlan): string {
	return credential === provider ? target : `${target} (${credential})`;
}
