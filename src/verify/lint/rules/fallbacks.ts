import { continuation } from '../../../config/policy-defaults.ts';
import type { Finding, Rule } from '../rule.ts';
import {
	type LintedCandidate,
	type LintedProfile,
	type LintSubject,
	saysWhereTo,
	written,
	writtenOnError,
} from '../subject.ts';
import { leadsOn, openFallbacks } from './chain.ts';

/** What is sent to the next provider although it is the caller who should hear of it. */
const callersOwn = [
	{
		key: 'BAD_REQUEST',
		severity: 'warning',
		reason:
			"a caller's mistake, such as a wrong parameter, is sent to the next provider too, and is the same mistake there",
	},
	{
		key: 'BAD_REQUEST.content_policy',
		severity: 'note',
		reason:
			'content that one provider refuses is sent to the next one, which may count as an attempt to get around the refusal',
	},
] as const;

function mistakesPassedOn(candidate: LintedCandidate): Finding[] {
	return callersOwn
		.filter(({ key }) => leadsOn(candidate.policy.onError[key]?.then ?? []))
		.map(({ key, severity, reason }) => ({
			at: writtenOnError(candidate, key, 'then'),
			about: key,
			concerns: candidate.concerns,
			severity,
			reason,
			advice: `write \`then: fail\` for ${key} if that is not what you want`,
		}));
}

/**
 * The targets for which the file names `credential` as the only way on, without effect: of each place those where no
 * target has a second key. As the default, or with another way behind it, it does no harm until there is one.
 */
function uselessCredentialWays({ profiles, positions }: LintSubject): Finding[] {
	const asked = profiles
		.flatMap(({ candidates }) => candidates)
		.flatMap((candidate) =>
			Object.entries(candidate.policy.onError)
				.filter(
					([key, { then }]) =>
						openFallbacks(then).includes('credential') && !leadsOn(then) && saysWhereTo(candidate, key, positions),
				)
				.map(([key]) => ({ candidate, finding: credentialFinding(candidate, key) })),
		);
	const places = Map.groupBy(asked, ({ finding }) => {
		const { line, column } = positions.locate(...finding.at);
		return `${line}:${column}`;
	});
	return [...places.values()]
		.filter((place) => place.every(({ candidate }) => candidate.provider.credentials.length === 1))
		.flatMap((place) => place.map(({ finding }) => finding));
}

function credentialFinding(candidate: LintedCandidate, key: string): Finding {
	return {
		at: writtenOnError(candidate, key, 'then'),
		about: key,
		concerns: candidate.concerns,
		reason: `after ${key} a request should go to another \`credential\`, but no provider here has more than one`,
		advice: 'give its provider a list of keys, or remove that entry',
	};
}

const uncontinuable = {
	AUTH_ERROR: 'a key that is rejected in the middle of an answer',
	BAD_REQUEST: 'an answer that a provider breaks off because it refuses the content',
} as const;

function doubtfulContinuations(profile: LintedProfile): Finding[] {
	const { categories, maxContinuations } = profile.policy.continuation;
	if (maxContinuations === 0) return [];
	return Object.entries(uncontinuable)
		.filter(([category]) => categories.some((name) => name === category))
		.map(([category, what]) => ({
			at: written(profile, ['continuation', 'categories']),
			about: category,
			concerns: profile.concerns,
			reason: `\`categories\` has ${category}, so that ${what} is carried on by another model`,
			advice: `remove ${category} from the list`,
		}));
}

/** Characters; an answer of a few paragraphs is longer. */
const usefulTextLength = 4096;

function forgetfulContinuations(profile: LintedProfile): Finding[] {
	const { retainedText, maxContinuations } = profile.policy.continuation;
	if (maxContinuations === 0 || retainedText >= usefulTextLength) return [];
	return [
		{
			at: written(profile, ['continuation', 'retainedText']),
			concerns: profile.concerns,
			reason: `\`retainedText\` keeps ${retainedText} characters, and a longer answer that breaks is not carried on`,
			advice: `raise it, such as to the default of ${continuation.retainedText.written}, or write \`maxContinuations: 0\``,
		},
	];
}

export const fallbackRules: readonly Rule[] = [
	{
		id: 'mistake-passed-on',
		severities: ['warning', 'note'],
		finds: "a caller's mistake that is sent to every provider",
		find: ({ profiles }) =>
			profiles.flatMap(({ candidates }) =>
				candidates.filter(({ index }) => index < candidates.length - 1).flatMap(mistakesPassedOn),
			),
	},
	{
		id: 'credential-without-another',
		severities: ['warning'],
		finds: '`then: credential` and no way on, where no provider has a second key',
		find: uselessCredentialWays,
	},
	{
		id: 'doubtful-continuation',
		severities: ['warning'],
		finds: 'a broken stream that is carried on after a failure that should end it',
		find: ({ profiles }) => profiles.flatMap(doubtfulContinuations),
	},
	{
		id: 'forgetful-continuation',
		severities: ['warning'],
		finds: 'a `retainedText` that is shorter than most answers',
		find: ({ profiles }) => profiles.flatMap(forgetfulContinuations),
	},
];
