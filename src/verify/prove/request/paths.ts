import type { RequestEvent } from '../../../../machines/events.ts';
import { failureName } from '../../../../machines/failure.ts';
import { requestMachine } from '../../../../machines/request/machine.ts';
import { reportFailure } from '../../../gateway/report-failure.ts';
import type { CaseStep } from '../../report/report.ts';
import { explore } from '../explore.ts';
import type { RouteToCheck } from './route.ts';
import { stepsTo } from './steps.ts';
import { type RequestNode, RequestWorld } from './world.ts';

/** One whole way that a request can take, from its beginning to its end. */
export interface SamplePath {
	steps: CaseStep[];
	ending: 'done' | 'failed' | 'aborted';
	/** How often each target is attempted. */
	attempts: Record<string, number>;
	/** The HTTP status and the stable code of the error that the client gets, where no answer has begun. */
	status?: number;
	code?: string;
}

/** States that are explored for samples: all that can happen on the first targets. */
const SAMPLED_STATES = 3_000;

/**
 * Ways that a request can take on a route, to be tried on the real proxy: every permit is granted by a provider that is
 * closed, and nothing happens between a question to a provider and its answer, for they are one moment. They are chosen
 * to differ: each one shows something (an ending, a kind of failure, a retry, a way to carry on, a denial) that those
 * before it did not, as long as there is such a one; the shortest first.
 * @param count at most so many
 */
export function samplePaths(route: RouteToCheck, count: number): SamplePath[] {
	const ends: RequestNode[] = [];
	const world = new RequestWorld(route, requestMachine, 'samples');
	const watched = {
		initial: world.initial,
		keyOf: (node: RequestNode) => node.key,
		*moves(node: RequestNode) {
			for (const move of world.moves(node)) {
				if (!isReal(move.node)) continue;
				if (move.node.state.snapshot.status !== 'active' && isSteady(move.node)) ends.push(move.node);
				yield move;
			}
		},
	};
	explore(watched, { states: SAMPLED_STATES });
	return chosen(ends, count).map((node) => pathOf(node, route));
}

/** Could a real provider that is well, and a client, do the last of this? */
function isReal({ happenings, before }: RequestNode): boolean {
	return happenings.every(({ event, seen }) => {
		const happened = event as RequestEvent;
		if (happened.type === 'probe.answering' || happened.type === 'attempt.reconnected') return false;
		if (happened.type === 'permit.granted') return !happened.permit.probe;
		if (happened.type === 'client.left' || happened.type === 'deadline.passed') return seen.asked === undefined;
		if (happened.type === 'attempt.broke') return happened.random === 0;
		return before !== undefined;
	});
}

/** A provider that denied is not closed when it is asked again. */
function isSteady(end: RequestNode): boolean {
	const granted = new Set<number>();
	for (let node: RequestNode | undefined = end; node !== undefined; node = node.before) {
		for (const { event, position } of node.happenings) {
			if (event.type === 'permit.granted') granted.add(position);
			else if (event.type === 'permit.denied' && granted.has(position)) return false;
		}
	}
	return true;
}

/** Greedy: next is always the one that shows most that is new for its length. */
function chosen(ends: readonly RequestNode[], count: number): RequestNode[] {
	const left = new Map(ends.map((node) => [node, featuresOf(node)]));
	const shown = new Set<string>();
	const picked: RequestNode[] = [];
	while (picked.length < count && left.size > 0) {
		let best: { node: RequestNode; worth: number } | undefined;
		for (const [node, features] of left) {
			let isNew = 0;
			for (const feature of features) if (!shown.has(feature)) isNew += 1;
			const worth = isNew / features.size;
			if (isNew === 0) left.delete(node);
			else if (best === undefined || worth > best.worth) best = { node, worth };
		}
		if (best === undefined) break;
		picked.push(best.node);
		for (const feature of left.get(best.node) ?? []) shown.add(feature);
		left.delete(best.node);
	}
	return picked;
}

/** What a way shows, in words that mean nothing beyond being the same or not. */
function featuresOf(end: RequestNode): ReadonlySet<string> {
	const features = new Set<string>([endingOf(end).name]);
	for (let node: RequestNode | undefined = end; node !== undefined; node = node.before) {
		for (const { event, seen, requestState } of node.happenings) {
			const happened = event as RequestEvent;
			const when = `${seen.isCommitted ? 'after' : 'before'} ${requestState}`;
			if (happened.type === 'attempt.broke') {
				const { failure, continuable } = happened;
				const hint = failure.retryAfterMs === undefined ? 'none' : 'hint';
				features.add(`${failureName(failure)} ${hint} ${when} ${continuable}`);
				features.add(`broke ${seen.made?.way} ${seen.attemptsHere} ${seen.made?.position} ${seen.continuations}`);
			} else {
				features.add(`${happened.type} ${when} ${seen.made?.way} ${seen.continuations} ${seen.position}`);
			}
		}
	}
	return features;
}

function pathOf(node: RequestNode, route: RouteToCheck): SamplePath {
	const { value, context } = node.state.snapshot;
	const attempts: Record<string, number> = {};
	for (let { made } = node.seen; made !== undefined; made = made.before) {
		const target = route.candidates[made.position]?.target ?? '';
		attempts[target] = (attempts[target] ?? 0) + 1;
	}
	const steps = stepsTo(node, route.candidates);
	const ending = value === 'done' || value === 'failed' ? value : 'aborted';
	if (ending !== 'failed') return { steps, ending, attempts };
	const { status, body } = reportFailure(context.progress, route.name);
	const { code } = body.error;
	return { steps, ending, attempts, ...(node.seen.isCommitted ? {} : { status }), code };
}

function endingOf({ state, seen }: RequestNode): { name: string } {
	const { value, context } = state.snapshot;
	const { ending = '' } = context.progress;
	return { name: `${String(value)} ${value === 'failed' ? ending : ''} ${seen.failed?.failure.category}` };
}
