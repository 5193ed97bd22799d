import type { DenialReason, ProviderFact, ProviderStateName } from '../../../../machines/events.ts';
import type { Ghost } from './ghost.ts';

/** What is known of a provider actor to somebody who hears nothing but its facts. */
export interface Follower {
	readonly state: ProviderStateName;
	/** ms since the epoch; 0 where no time is named. */
	readonly until: number;
	readonly reason: DenialReason | undefined;
	readonly unavailable: Readonly<Record<string, number>>;
	readonly refusesPrefill: readonly string[];
	readonly probes: readonly { readonly id: string; readonly deadline: number }[];
}

export function followerOf({ state, deadline, reason, unavailable, refusesPrefill, probes }: Ghost): Follower {
	return { state, until: deadline, reason, unavailable, refusesPrefill, probes };
}

/** Nothing has changed that facts are about. */
export function isSameToOthers(before: Ghost, after: Ghost): boolean {
	return (
		before === after ||
		(before.state === after.state &&
			before.deadline === after.deadline &&
			before.reason === after.reason &&
			before.unavailable === after.unavailable &&
			before.refusesPrefill === after.refusesPrefill &&
			before.probes === after.probes)
	);
}

/** What is known after one more fact. */
export function followed(known: Follower, fact: ProviderFact): Follower {
	switch (fact.type) {
		case 'provider.tripped':
			return { ...known, state: fact.state, until: fact.until, reason: fact.reason, probes: [] };
		case 'cooldown.ended':
			return { ...known, state: 'half-open', until: 0, reason: 'probing', probes: [] };
		case 'provider.recovered':
			return { ...known, state: 'closed', until: 0, reason: undefined, probes: [] };
		case 'provider.reset':
			return { ...known, state: 'closed', until: 0, reason: undefined, probes: [], unavailable: {} };
		case 'model.unavailable':
			return { ...known, unavailable: { ...known.unavailable, [fact.model]: fact.until } };
		case 'prefill.refused':
			return { ...known, refusesPrefill: [...known.refusesPrefill, fact.model] };
		case 'probe.leased':
			return { ...known, probes: [...known.probes, { id: fact.id, deadline: fact.until }] };
		case 'probe.returned':
			return { ...known, probes: known.probes.filter(({ id }) => id !== fact.id) };
	}
}

/** Two followers with the same text know the same at `now`. */
export function followerText(
	{ state, until, reason, unavailable, refusesPrefill, probes }: Follower,
	now: number,
): string {
	const models = Object.entries(unavailable).filter(([, end]) => end > now);
	const out = probes.map(({ id, deadline }) => `${id} ${deadline}`);
	return `${state} ${until} ${reason ?? ''} ${models.sort().join()} ${refusesPrefill.toSorted().join()} ${out.sort().join()}`;
}
