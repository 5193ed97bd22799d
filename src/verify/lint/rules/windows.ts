import type { Finding, Rule } from '../rule.ts';
import { isInChainOrder, type LintedCandidate, type LintedProfile, written, writtenOnError } from '../subject.ts';
import { openFallbacks } from './chain.ts';

const tooLong = 'BAD_REQUEST.context_length';

/** Could a prompt that fills this window be answered there? Whether an unknown window is large enough, nobody can say. */
function holds({ target }: LintedCandidate, window: number): boolean {
	return target.contextWindow === undefined || target.contextWindow >= window;
}

/** The largest known window of those targets. */
function largest(candidates: readonly LintedCandidate[]): LintedCandidate | undefined {
	const known = candidates.filter(({ target }) => target.contextWindow !== undefined);
	return known.sort((a, b) => (b.target.contextWindow ?? 0) - (a.target.contextWindow ?? 0))[0];
}

function smallerFallbacks({ candidates, concerns }: LintedProfile): Finding[] {
	return candidates.flatMap((candidate) => {
		const backedUp = largest(candidates.slice(0, candidate.index));
		const window = candidate.target.contextWindow;
		const larger = backedUp?.target.contextWindow;
		if (backedUp === undefined || window === undefined || larger === undefined || window >= larger) return [];
		const isPrimary = backedUp.index === 0 && !candidates.slice(1).some((other) => holds(other, larger));
		return {
			at: [candidate.at],
			concerns,
			severity: isPrimary ? 'warning' : 'note',
			reason: `\`${candidate.target.target}\` has a context window of ${window} tokens and backs up \`${backedUp.target.target}\` with ${larger}: a prompt that is longer than ${window} fails here`,
			advice: `add a fallback with at least ${larger} tokens if such prompts matter`,
		};
	});
}

/** Where does the default lead that nobody has written? It is worth a word only where nothing else says it. */
function largerContextNowhere(profile: LintedProfile, isWritten: (candidate: LintedCandidate) => boolean): Finding[] {
	// In any other order a larger one may come later.
	if (!isInChainOrder(profile)) return [];
	const { candidates } = profile;
	const asking = candidates.slice(0, -1);
	const leads = asking.some((from) =>
		candidates.slice(from.index + 1).some(({ target }) => {
			const window = target.contextWindow;
			return window === undefined || window > (from.target.contextWindow ?? 0);
		}),
	);
	if (leads) return [];
	return asking.filter(isWritten).flatMap((candidate) => {
		const fallbacks = openFallbacks(candidate.policy.onError[tooLong]?.then ?? []);
		if (!fallbacks.includes('larger-context') || fallbacks.includes('next')) return [];
		return {
			at: [...writtenOnError(candidate, tooLong, 'then')],
			concerns: candidate.concerns,
			reason: '`larger-context` never finds a target: none in the chain has a larger context window than one before it',
			advice: 'add a target with a larger window, or put the one with the largest last',
		};
	});
}

export const windowRules: readonly Rule[] = [
	{
		id: 'smaller-fallback',
		severities: ['warning', 'note'],
		finds: 'a fallback with a smaller context window than what it backs up',
		find: ({ profiles }) => profiles.flatMap(smallerFallbacks),
	},
	{
		id: 'larger-context-nowhere',
		severities: ['warning'],
		finds: '`larger-context` in a chain where no target has a larger or unknown window',
		find: ({ profiles, positions }) =>
			profiles.flatMap((profile) =>
				largerContextNowhere(profile, (candidate) =>
					written(candidate, ['onError', tooLong, 'then']).some((path) => positions.isGiven(path)),
				),
			),
	},
];
