import { retryBackoff } from '../../../../machines/backoff.ts';
import { categoryOf } from '../../../config/failure-keys.ts';
import { defaultPolicy } from '../../../config/policy-schema.ts';
import { durationWords } from '../../../values/time-text.ts';
import type { Finding, Rule } from '../rule.ts';
import {
	effectAt,
	type LintedCandidate,
	type LintedProfile,
	type LintedProvider,
	written,
	writtenOnError,
} from '../subject.ts';
import { namesText } from '../words.ts';
import { everLeadsOn, openFallbacks } from './chain.ts';

/** More upstream calls than this before an answer begins are no failover but a flood; five targets with the defaults make 15. */
const mostAttempts = 20;

/** What retrying this means: the failures that the same question to the same account will meet again. */
const hopeless: Readonly<Record<string, string>> = {
	AUTH_ERROR: 'a rejected key',
	QUOTA_EXCEEDED: 'an account without credit',
	BAD_REQUEST: "a caller's mistake",
};

/** The keys of `onError` with retries. */
function retried({ policy }: LintedCandidate): [key: string, retries: number][] {
	return Object.entries(policy.onError).flatMap(([key, { retries }]): [string, number][] =>
		retries > 0 ? [[key, retries]] : [],
	);
}

/**
 * The most attempts on one target before an answer begins, and the key that causes them: the retries, which all failures
 * of one credential share, on each credential that any of them goes on to.
 */
function mostOn(candidate: LintedCandidate, countsKeys: boolean): { key: string; attempts: number } {
	const entries = Object.entries(candidate.policy.onError);
	const goesOn = entries.some(([, { then }]) => openFallbacks(then).includes('credential'));
	const credentials = goesOn && countsKeys ? candidate.provider.credentials.length : 1;
	const each = entries.map(([key, { retries }]) => ({
		key,
		attempts: (mayBeRetried(candidate, key) ? retries + 1 : 1) * credentials,
	}));
	return each.reduce((most, one) => (one.attempts > most.attempts ? one : most));
}

/** The most attempts of one request before an answer begins, and on which target most of them are. */
function mostOf(
	{ candidates }: LintedProfile,
	{ countsKeys = true } = {},
): { attempts: number; worst: Mostly | undefined } {
	let most: { attempts: number; worst: Mostly | undefined } = { attempts: 0, worst: undefined };
	let passed = most;
	for (const candidate of candidates) {
		const here = { candidate, ...mostOn(candidate, countsKeys) };
		const isWorst = here.attempts > (passed.worst?.attempts ?? 0);
		const through = { attempts: passed.attempts + here.attempts, worst: isWorst ? here : passed.worst };
		if (through.attempts > most.attempts) most = through;
		// A target that every failure ends at is passed by only while it is denied, without an attempt.
		if (everLeadsOn(candidate)) passed = through;
	}
	return most;
}

/** Has the file more retries than the defaults, or other failures that lead to another key? */
function triesMoreThanDefault({ policy }: LintedCandidate): boolean {
	return Object.entries(policy.onError).some(([key, { retries, then }]) => {
		const usual = defaultPolicy.onError[key] ?? defaultPolicy.onError[categoryOf(key)];
		const leadsToKeys = openFallbacks(then).includes('credential') && !usual?.then.includes('credential');
		return retries > (usual?.retries ?? 0) || leadsToKeys;
	});
}

interface Mostly {
	candidate: LintedCandidate;
	key: string;
	attempts: number;
}

function tooManyAttempts(profile: LintedProfile): Finding[] {
	const { attempts, worst } = mostOf(profile);
	if (worst === undefined || attempts <= mostAttempts) return [];
	// That the defaults ask each of many keys is what the keys are there for.
	const withoutKeys = mostOf(profile, { countsKeys: false }).attempts;
	if (withoutKeys <= mostAttempts && !profile.candidates.some(triesMoreThanDefault)) return [];
	const isCarriedOn = profile.policy.continuation.maxContinuations > 0;
	return [
		{
			at: [...writtenOnError(worst.candidate, worst.key, 'retries'), profile.chainAt],
			concerns: profile.concerns,
			reason: `retries multiply: one request can cause up to ${attempts} upstream calls before an answer begins${isCarriedOn ? ', not counting those that carry a broken one on' : ''}, ${worst.attempts} of them on \`${worst.candidate.target.target}\`, just when providers are hurt`,
			advice: 'lower `retries`, or shorten the chain',
		},
	];
}

/** The longest wait before a retry that is a backoff of ours, ms. */
function longestBackoff({ policy: { retry } }: LintedCandidate, retries: number): number {
	return Math.max(...[0, retries - 1].map((index) => retryBackoff(retry, index, 1)));
}

/**
 * Can a retry that the policy allows come about, or does the failure open the provider for longer than any request
 * waits? An account's own reset time may be as short as a hint that is waited for; a rejected key stays `authCooldown`.
 */
function mayBeRetried(candidate: LintedCandidate, key: string): boolean {
	const retries = candidate.policy.onError[key]?.retries ?? 0;
	if (retries === 0) return false;
	if (effectAt(candidate.provider, key) !== 'auth') return true;
	const { retry, timeouts } = candidate.policy;
	const longestWait = Math.max(retry.maxRetryAfter, longestBackoff(candidate, retries));
	return candidate.provider.policy.breaker.authCooldown <= Math.min(longestWait, timeouts.request - 1);
}

function hopelessRetries(candidate: LintedCandidate): Finding[] {
	return retried(candidate).flatMap(([key, retries]) => {
		const category = categoryOf(key);
		const what = hopeless[category];
		if (what === undefined) return [];
		const happens = mayBeRetried(candidate, key);
		return {
			at: writtenOnError(candidate, key, 'retries'),
			about: key,
			concerns: candidate.concerns,
			severity: happens && category !== 'BAD_REQUEST' ? 'error' : 'warning',
			reason: `${key} is retried (${retries}) on the same target: ${what} does not go away in seconds, ${happens ? sequel(candidate, key) : 'and such a retry never happens, as the provider opens at once'}`,
			advice: `write \`retries: 0\` for ${key}`,
		} as const;
	});
}

/** What comes of a hopeless retry, and when. */
function sequel({ provider, policy: { retry } }: LintedCandidate, key: string): string {
	const effect = effectAt(provider, key);
	const again = 'the same request asks again and meets the same answer';
	if (effect === 'quota') {
		return `and where the provider names a wait of at most \`maxRetryAfter\` (${durationWords(retry.maxRetryAfter)}), ${again}`;
	}
	if (effect === 'auth') {
		return `and as \`authCooldown\` (${durationWords(provider.policy.breaker.authCooldown)}) is no longer than a request waits, ${again}`;
	}
	return `so that ${again}`;
}

function timeoutRetries(candidate: LintedCandidate): Finding[] {
	const { timeouts } = candidate.policy;
	const { target } = candidate;
	const limit = target.streamUpstream ? 'firstToken' : 'response';
	return retried(candidate)
		.filter(([key]) => categoryOf(key) === 'TIMEOUT')
		.map(([key, retries]) => ({
			at: writtenOnError(candidate, key, 'retries'),
			about: key,
			concerns: candidate.concerns,
			reason: `${key} is retried (${retries}), so the waits add up: a silent \`${target.target}\` holds a caller for up to ${durationWords((retries + 1) * timeouts.firstToken)} of a stream${limit === 'response' ? ` and ${durationWords((retries + 1) * timeouts.response)} of a whole answer` : ''} before the next target`,
			advice: `write \`retries: 0\` for ${key}, as a silent provider usually stays silent`,
		}));
}

/** One finding for a provider: it is one threshold that is too low for all of them. One request counts as one failure. */
function retriesBeyondThreshold(linted: LintedProvider): Finding[] {
	if (linted.policy.breaker.failureThreshold > 1) return [];
	const beyond = linted.candidates.flatMap((candidate) =>
		retried(candidate)
			.filter(([key]) => effectAt(linted.provider, key) === 'count')
			.map(([key, retries]) => ({ candidate, key, retries })),
	);
	const [worst] = beyond.toSorted((a, b) => b.retries - a.retries);
	if (worst === undefined) return [];
	const keys = [...new Set(beyond.map(({ key }) => key))];
	return [
		{
			at: [
				...written(linted, ['breaker', 'failureThreshold']),
				...writtenOnError(worst.candidate, worst.key, 'retries'),
			],
			concerns: linted.concerns,
			reason: `a provider that opens on the first failure (\`failureThreshold\`) is opened for everyone by one unlucky request, whose retries never happen: ${namesText(keys)} ${keys.length === 1 ? 'is' : 'are'} retried ${worst.retries === 1 ? 'once' : `up to ${worst.retries} times`}`,
			advice: 'raise `failureThreshold`, as one request counts as one failure, or write `retries: 0`',
		},
	];
}

function noBackoff(candidate: LintedCandidate): Finding[] {
	const { backoff, maxBackoff } = candidate.policy.retry;
	if (backoff > 0 || retried(candidate).length === 0) return [];
	return [
		{
			at: written(candidate, ['retry', 'backoff']),
			concerns: candidate.concerns,
			reason: `without a \`backoff\` retries follow at once, whatever \`factor\` and \`maxBackoff\` (${durationWords(maxBackoff)}) say, and meet the same failure`,
			advice: 'write for example `backoff: 500ms`',
		},
	];
}

function backoffBeyondMaximum(candidate: LintedCandidate): Finding[] {
	const { backoff, maxBackoff } = candidate.policy.retry;
	if (backoff <= maxBackoff) return [];
	return [
		{
			at: written(candidate, ['retry', 'backoff'], ['retry', 'maxBackoff']),
			concerns: candidate.concerns,
			reason: `\`backoff\` (${durationWords(backoff)}) is longer than \`maxBackoff\` (${durationWords(maxBackoff)}), which then limits nothing, and no wait grows`,
			advice: 'shorten `backoff`, or raise `maxBackoff`',
		},
	];
}

const perCandidate =
	(find: (candidate: LintedCandidate) => Finding[]): Rule['find'] =>
	({ profiles }) =>
		profiles.flatMap(({ candidates }) => candidates.flatMap(find));

export const retryRules: readonly Rule[] = [
	{
		id: 'too-many-attempts',
		severities: ['warning'],
		finds: `retries that multiply into more than ${mostAttempts} upstream calls of one request before an answer begins`,
		find: ({ profiles }) => profiles.flatMap(tooManyAttempts),
	},
	{
		id: 'hopeless-retries',
		severities: ['error', 'warning'],
		breaks: 'spent-credential-left-alone',
		finds: "retries of a rejected key, an exhausted quota or a caller's mistake",
		find: perCandidate(hopelessRetries),
	},
	{
		id: 'timeout-retries',
		severities: ['warning'],
		finds: 'retries of a timeout, whose waits add up',
		find: perCandidate(timeoutRetries),
	},
	{
		id: 'retries-beyond-threshold',
		severities: ['note'],
		finds: 'retries of a failure that has opened the provider already',
		find: ({ providers }) => providers.flatMap(retriesBeyondThreshold),
	},
	{ id: 'no-backoff', severities: ['warning'], finds: 'retries without a wait', find: perCandidate(noBackoff) },
	{
		id: 'backoff-beyond-maximum',
		severities: ['warning'],
		finds: 'a `backoff` that is longer than `maxBackoff`',
		find: perCandidate(backoffBeyondMaximum),
	},
];
