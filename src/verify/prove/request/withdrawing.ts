import type { ProviderEvent } from '../../../../machines/events.ts';
import type { Category } from '../../../../machines/failure.ts';
import type { Blame } from './asking.ts';
import type { Stop, Stops } from './route.ts';
import type { Counted, Seen } from './seen.ts';
import type { WatchedStep } from './watched-step.ts';

/** They say themselves whose they are. */
const neverTheRequests: readonly Category[] = ['NETWORK_ERROR', 'TIMEOUT', 'RATE_LIMIT'];

/** A request takes back what counted as another provider's answer had it too, when it ends without an answer and not before. */
export function checkWithdrawals(stops: Stops, seen: Seen, { event, step }: WatchedStep, blame: Blame): void {
	const said = step.sent.flatMap(({ to, event: sent }) => (sent.type === 'failure.withdrawn' ? [{ to, sent }] : []));
	const isOver = step.state.snapshot.value === 'failed' && !seen.isCommitted;
	const isDecided = event?.type === 'attempt.settled' || event?.type === 'permit.denied';
	const due = isOver && isDecided ? sharedFailures(seen.countedFailures, stops.all) : [];
	for (const { position, permitId, at } of due) {
		const isTold = said.some(({ to, sent }) => {
			const { failed } = sent as Extract<ProviderEvent, { type: 'failure.withdrawn' }>;
			return stops.positionOf(to) === position && failed.permit.id === permitId && failed.at === at;
		});
		const { target } = stops.all[position] ?? { target: 'a target' };
		if (!isTold) blame('shared-failures-are-withdrawn', `${target} is not told that its failure was the request’s own`);
	}
	if (said.length > due.length)
		blame('shared-failures-are-withdrawn', 'a failure is taken back that is its provider’s');
}

function sharedFailures(counted: readonly Counted[], stops: readonly Stop[]): readonly Counted[] {
	const providerOf = ({ position }: Counted) => stops[position]?.provider;
	return counted.filter((one) => {
		const { category, reason } = one.failure;
		if (neverTheRequests.includes(category) || reason === 'overloaded') return false;
		return counted.some(
			(other) =>
				providerOf(other) !== providerOf(one) && other.failure.category === category && other.failure.reason === reason,
		);
	});
}
