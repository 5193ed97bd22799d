import type { Fallback } from '../../../../machines/policy.ts';
import type { Finding, Rule } from '../rule.ts';
import { isInChainOrder, type Layered, type LintedCandidate, type LintedProfile, writtenOnError } from '../subject.ts';
import { namesText } from '../words.ts';

/** Categories that a fallback is there for. */
export const worthFailover = [
	'TIMEOUT',
	'SERVER_ERROR',
	'NETWORK_ERROR',
	'RATE_LIMIT',
	'QUOTA_EXCEEDED',
	'MODEL_UNAVAILABLE',
	'UNKNOWN_TRANSIENT',
];

/** The ways that a request may go: those behind `fail` are never tried. */
export function openFallbacks(then: readonly Fallback[]): readonly Fallback[] {
	const end = then.indexOf('fail');
	return end === -1 ? then : then.slice(0, end);
}

/** Do these ways lead to another target? */
export function leadsOn(then: readonly Fallback[]): boolean {
	return openFallbacks(then).some((fallback) => fallback !== 'credential' && fallback !== 'fail');
}

/** Does any failure of this target lead to another one? */
export function everLeadsOn({ policy }: Layered): boolean {
	return Object.values(policy.onError).some(({ then }) => leadsOn(then));
}

/** Can the provider open, so that a request goes on to the next target? */
function everDenies({ provider }: LintedCandidate): boolean {
	return Object.values(provider.policy.breaker.effects).some((effect) => effect !== 'none');
}

function sameTargetTwice({ profile, candidates, concerns }: LintedProfile): Finding[] {
	const targets = profile.chain.map(({ target }) => target);
	return candidates
		.filter(({ target, index }) => targets.indexOf(target.target) < index)
		.map(({ target, at, index }) => ({
			at: [at],
			concerns,
			reason: `\`${target.target}\` is step ${targets.indexOf(target.target) + 1} of this chain already, and what has just failed there is asked again as step ${index + 1}`,
			advice: 'remove one of the two, or raise `retries` if a second attempt is what you want',
		}));
}

function unreachableCandidates(profile: LintedProfile): Finding[] {
	// In any other order it is first at times.
	if (!isInChainOrder(profile)) return [];
	const { candidates, concerns } = profile;
	const last = candidates.slice(0, -1).find((candidate) => !everLeadsOn(candidate));
	const unreached = candidates.find(({ index }) => index === (last?.index ?? candidates.length) + 1);
	if (last === undefined || unreached === undefined) return [];
	const isNever = !everDenies(last);
	const when = isNever ? 'is never reached' : `is reached only while the provider of \`${last.target.target}\` is open`;
	return [
		{
			at: [unreached.at],
			concerns,
			severity: isNever ? 'error' : 'warning',
			reason: `step ${unreached.index + 1}, \`${unreached.target.target}\`, ${when}: every failure of \`${last.target.target}\` before it ends the request`,
			advice: 'give `onError` a `then: next` for failures that should fail over, or remove the targets from here on',
		},
	];
}

function categoriesThatEnd({ candidates }: LintedProfile): Finding[] {
	return candidates
		.slice(0, -1)
		.filter(everLeadsOn)
		.flatMap((candidate) =>
			worthFailover
				.filter((key) => !leadsOn(candidate.policy.onError[key]?.then ?? ['next']))
				.map((key) => ({
					at: writtenOnError(candidate, key, 'then'),
					about: key,
					concerns: candidate.concerns,
					reason: `after a ${key} the request ends, although the chain has further targets`,
					advice: 'nothing to do if the caller should see it; otherwise write `then: next`',
				})),
		);
}

function waysNeverTaken(candidate: LintedCandidate): Finding[] {
	return Object.entries(candidate.policy.onError).flatMap(([key, { then }]) => {
		const open = openFallbacks(then);
		const next = open.indexOf('next');
		const dead = then.filter(
			(fallback, index) =>
				index > open.length ||
				then.indexOf(fallback) < index ||
				((fallback === 'larger-context' || fallback === 'other-provider') && next !== -1 && next < index),
		);
		const names = [...new Set(dead)];
		if (names.length === 0) return [];
		return {
			at: writtenOnError(candidate, key, 'then'),
			about: key,
			concerns: candidate.concerns,
			reason: `after ${key}, ${namesText(names)} in \`then\` ${names.length === 1 ? 'is' : 'are'} never reached: an earlier entry leads to the same targets or ends the request`,
			advice: 'put it further to the front, or remove it',
		};
	});
}

export const chainRules: readonly Rule[] = [
	{
		id: 'same-target-twice',
		severities: ['warning'],
		finds: 'the same target twice in a chain',
		find: ({ profiles }) => profiles.flatMap(sameTargetTwice),
	},
	{
		id: 'unreachable-target',
		severities: ['error', 'warning'],
		finds: 'a target behind one whose every failure ends the request',
		find: ({ profiles }) => profiles.flatMap(unreachableCandidates),
	},
	{
		id: 'no-failover-for',
		severities: ['note'],
		finds: "a provider's failure that ends the request although the chain goes on",
		find: ({ profiles }) => profiles.flatMap(categoriesThatEnd),
	},
	{
		id: 'way-never-taken',
		severities: ['warning'],
		finds: 'an entry of `then` that is never reached',
		find: ({ profiles }) => profiles.flatMap(({ candidates }) => candidates.flatMap(waysNeverTaken)),
	},
];
