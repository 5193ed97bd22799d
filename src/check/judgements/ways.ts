import { leadsOn, openWays } from './chain.ts';
import type { Finding, Rule } from './rule.ts';
import { type JudgedProfile, type JudgedRung, written, writtenOnError } from './subject.ts';

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
			'content that one provider refuses is offered to the next one, which may see it as an attempt to get around a refusal',
	},
] as const;

function mistakesPassedOn(rung: JudgedRung): Finding[] {
	return callersOwn
		.filter(({ key }) => leadsOn(rung.policy.onError[key]?.then ?? []))
		.map(({ key, severity, reason }) => ({
			at: writtenOnError(rung, key, 'then'),
			about: key,
			concerns: rung.concerns,
			severity,
			reason,
			advice: `write \`then: fail\` for ${key} if that is not what you want`,
		}));
}

/** The rungs for which a `then: credential` is written in vain, of each place those where no rung has a second key. */
function uselessCredentialWays(profiles: readonly JudgedProfile[], placeOf: (finding: Finding) => string): Finding[] {
	const asked = profiles
		.flatMap(({ rungs }) => rungs)
		.flatMap((rung) =>
			Object.entries(rung.policy.onError)
				.filter(([, { then }]) => openWays(then).includes('credential'))
				.map(([key]) => ({ rung, finding: credentialFinding(rung, key) })),
		);
	const places = Map.groupBy(asked, ({ finding }) => placeOf(finding));
	return [...places.values()]
		.filter((place) => place.every(({ rung }) => rung.provider.credentials.length === 1))
		.flatMap((place) => place.map(({ finding }) => finding));
}

function credentialFinding(rung: JudgedRung, key: string): Finding {
	return {
		at: writtenOnError(rung, key, 'then'),
		about: key,
		concerns: rung.concerns,
		reason: `after ${key} a request shall go to another \`credential\`, but no provider here has more than one`,
		advice: 'give its provider a list of keys, or remove the way',
	};
}

const uncontinuable = {
	AUTH_ERROR: 'a key that is rejected in the middle of an answer',
	BAD_REQUEST: 'an answer that a provider breaks off because it refuses the content',
} as const;

function doubtfulContinuations(profile: JudgedProfile): Finding[] {
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

function forgetfulContinuations(profile: JudgedProfile): Finding[] {
	const { retainedText, maxContinuations } = profile.policy.continuation;
	if (maxContinuations === 0 || retainedText >= usefulTextLength) return [];
	return [
		{
			at: written(profile, ['continuation', 'retainedText']),
			concerns: profile.concerns,
			reason: `\`retainedText\` keeps ${retainedText} characters, and a longer answer that breaks is not carried on`,
			advice: 'raise it, such as to the default of 256KB, or write `maxContinuations: 0`',
		},
	];
}

export const wayRules: readonly Rule[] = [
	{
		id: 'mistake-passed-on',
		severities: ['warning', 'note'],
		finds: "a caller's mistake that is sent to every provider",
		find: ({ profiles }) =>
			profiles.flatMap(({ rungs }) => rungs.filter(({ index }) => index < rungs.length - 1).flatMap(mistakesPassedOn)),
	},
	{
		id: 'credential-without-another',
		severities: ['warning'],
		finds: '`then: credential` where no provider has a second key',
		find: ({ profiles, positions }) =>
			uselessCredentialWays(profiles, ({ at }) => {
				const { line, column } = positions.locate(...at);
				return `${line}:${column}`;
			}),
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
