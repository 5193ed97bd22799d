import type { Policy } from '../../../../machines/policy.ts';
import type { requestMachine } from '../../../../machines/request/machine.ts';
import { stateName } from '../../../../machines/request/state-name.ts';
import type { RunState } from '../../play/runner.ts';
import { ruleOf } from './facts.ts';
import { isTooSmall, type Stop } from './route.ts';
import { closedUntil, hasHopFailed, openingOf, type Seen } from './seen.ts';

/** How many of the targets to come are told apart. */
const LOOKAHEAD = 2;
/** More targets to come, attempts or asks than this are `many`. */
const MANY = 3;

/**
 * Names a state of a request by what decides its future, so that states with one name are explored once.
 *
 * It leaves out what only tells the past: times, ids, the trace, how many attempts there were. And it merges walks, so
 * that the number of states grows with the length of the chain and not with its powers; merged are walks that differ only in
 * - how soon the earliest of the targets that were asked would grant (nothing said, now, later),
 * - which targets beyond the next two are spent, too small, or were asked already, and how many more than three are left,
 * - which failure it was, when its rule, and what it closes, are the same.
 * Of merged walks the shortest is explored further; each one is watched up to where it is merged.
 */
export function keyOf(
	{ snapshot, timers }: RunState<typeof requestMachine>,
	seen: Seen,
	stops: readonly Stop[],
	now: number,
): string {
	const { value, status } = snapshot;
	const { progress } = snapshot.context;
	const state = stateName(value);
	if (status !== 'active') {
		const { failed } = seen;
		return [
			state,
			progress.ending,
			seen.told,
			seen.isTakenUp,
			seen.isCommitted,
			failed?.failure.category,
			Math.min(seen.attempts, 1),
		].join(' ');
	}
	const here = [
		state,
		progress.position,
		seen.isCommitted ? '' : progress.retries,
		`${progress.hasAwaitedOpening}${seen.hasAwaited}`,
		progress.early,
		seen.isCommitted
			? ''
			: `${progress.hop !== undefined}${seen.left !== undefined}${hasHopFailed(seen)}${seen.left?.isSilent}`,
		seen.position,
		seen.asked?.early,
		seen.isCommitted ? '' : seen.attemptsHere,
		seen.permit === undefined,
		seen.isRunning,
		seen.isAnswering,
		timers.length,
		Math.min(seen.attempts, 2),
		seen.past?.step.did === 'reconnect',
	];
	const common = seen.isCommitted
		? afterCommit(progress.continuations, seen)
		: beforeCommit(seen, stops, progress.policy, now);
	return [...here, ...common, ...ahead(seen, stops), failureClass(seen, stops, now)].join(' ');
}

function beforeCommit(seen: Seen, stops: readonly Stop[], policy: Policy, now: number): (string | number | boolean)[] {
	const said = Object.entries(seen.said).filter(([position]) => {
		const stop = stops[Number(position)];
		return stop !== undefined && !isTooSmall(stop, seen.tooSmallWindow);
	});
	const earliest = Math.min(...said.map(([, at]) => at));
	const when = said.length === 0 ? 'none' : earliest <= now ? 'now' : 'later';
	const soonest = said.find(([, at]) => at === earliest)?.[0];
	const isAwaited = openingOf(seen, policy, now) !== undefined;
	const isSoonestHere = Number(soonest) === seen.position;
	return [
		'before',
		when,
		isAwaited,
		seen.failed === undefined && isSoonestHere,
		Math.min(seen.goneEarly.length, MANY),
		seen.denials > 0,
	];
}

function afterCommit(continuations: number, seen: Seen): (string | number | boolean)[] {
	// Once something answers, nothing of the round that led to it matters any more: the next break begins another.
	if (seen.isAnswering) return ['after', continuations, seen.continuations];
	const { asksHere, waysHere, failed } = seen;
	const last = failed === undefined ? '' : `${failed.wasAnswering}${failed.isContinuable}`;
	return ['after', continuations, seen.continuations, asksHere, waysHere.join(), last];
}

/** The targets that can still be asked: the next ones by name, and how many there are. */
function ahead(seen: Seen, stops: readonly Stop[]): (string | number)[] {
	const names: (string | number)[] = [];
	let count = 0;
	const reach = seen.isCommitted ? stops.length : stops.length - 1 - seen.position;
	for (let step = 1; step <= reach && count < MANY; step++) {
		const stop = stops[(seen.position + step) % stops.length];
		if (stop === undefined || (seen.isCommitted && !seen.isAnswering && seen.gone.includes(stop.position))) continue;
		if (seen.spent.includes(stop.credential) || isTooSmall(stop, seen.tooSmallWindow)) continue;
		count += 1;
		if (count <= LOOKAHEAD) names.push(stop.position - seen.position);
	}
	return [...names, 'of', count];
}

/** Where the last failure leads, whether it spent the credential, and whether the door of the target that is asked is closed. */
function failureClass(seen: Seen, stops: readonly Stop[], now: number): string {
	const { failed, asked, isRunning, spent, position } = seen;
	if (failed === undefined) return 'none';
	if (isRunning) return 'some';
	const from = stops[failed.position];
	if (from === undefined) return 'none';
	if (failed.isSilent) return 'silent';
	const { then } = ruleOf(from, failed.failure);
	const window = then.includes('larger-context') ? from.contextWindow : '';
	const stop = stops[asked?.position ?? -1];
	return [
		then.join(),
		stops[position + 1]?.link === from.link,
		window,
		stop !== undefined && closedUntil(seen, stop) > now,
		failed.failure.reason === 'prefill',
		spent.includes(stops[position]?.credential ?? ''),
	].join(' ');
}
