import { openWays } from './chain.ts';
import type { Finding, Rule } from './rule.ts';
import { categoryOf, effectAt, type JudgedProfile, type JudgedRung, written, writtenOnError } from './subject.ts';
import { durationText } from './words.ts';

/** More upstream calls than this for one request is no failover but a flood; chains of five with the defaults cause 15. */
const mostAttempts = 20;

/** What retrying this means: the failures that the same question to the same account will meet again. */
const hopeless: Readonly<Record<string, string>> = {
	AUTH_ERROR: 'a rejected key',
	QUOTA_EXCEEDED: 'an account without credit',
	BAD_REQUEST: "a caller's mistake",
};

/** The keys of `onError` with retries. */
function retried({ policy }: JudgedRung): [key: string, retries: number][] {
	return Object.entries(policy.onError).flatMap(([key, { retries }]): [string, number][] =>
		retries > 0 ? [[key, retries]] : [],
	);
}

/** The most attempts on one rung, and the key that causes them: the retries, on each credential that is gone on to. */
function mostOn(rung: JudgedRung): { key: string; attempts: number } {
	const each = Object.entries(rung.policy.onError).map(([key, { retries, then }]) => {
		const credentials = openWays(then).includes('credential') ? rung.provider.credentials.length : 1;
		return { key, attempts: (retries + 1) * credentials };
	});
	return each.reduce((most, one) => (one.attempts > most.attempts ? one : most));
}

function tooManyAttempts(profile: JudgedProfile): Finding[] {
	const { rungs, concerns } = profile;
	const each = rungs.map((rung) => ({ rung, ...mostOn(rung) }));
	const total = each.reduce((sum, { attempts }) => sum + attempts, 0);
	const [worst] = each.toSorted((a, b) => b.attempts - a.attempts);
	if (worst === undefined || total <= mostAttempts) return [];
	const { rung, key, attempts } = worst;
	return [
		{
			at: [...writtenOnError(rung, key, 'retries'), profile.chainAt],
			concerns,
			reason: `retries multiply: one request can cause up to ${total} upstream calls, ${attempts} of them on \`${rung.target.target}\`, just when providers are hurt`,
			advice: 'lower `retries`, or shorten the chain',
		},
	];
}

function hopelessRetries(rung: JudgedRung): Finding[] {
	return retried(rung).flatMap(([key, retries]) => {
		const what = hopeless[categoryOf(key)];
		if (what === undefined) return [];
		const closes = effectAt(rung.provider, key) === 'auth' || effectAt(rung.provider, key) === 'quota';
		const isHarm = !closes && categoryOf(key) !== 'BAD_REQUEST';
		const consequence = closes ? 'never happens, as the provider closes at once' : 'meets the same answer again';
		return {
			at: writtenOnError(rung, key, 'retries'),
			about: key,
			concerns: rung.concerns,
			severity: isHarm ? 'error' : 'warning',
			reason: `${key} is retried (${retries}) on the same target: ${what} does not mend in seconds, so that ${consequence}`,
			advice: `write \`retries: 0\` for ${key}`,
		};
	});
}

function timeoutRetries(rung: JudgedRung): Finding[] {
	const { timeouts } = rung.policy;
	const { target } = rung;
	const limit = target.streamUpstream ? 'firstToken' : 'response';
	return retried(rung)
		.filter(([key]) => categoryOf(key) === 'TIMEOUT')
		.map(([key, retries]) => ({
			at: writtenOnError(rung, key, 'retries'),
			about: key,
			concerns: rung.concerns,
			reason: `${key} is retried (${retries}), so that waits multiply: a silent \`${target.target}\` holds a caller for up to ${durationText((retries + 1) * timeouts.firstToken)} of a stream${limit === 'response' ? ` and ${durationText((retries + 1) * timeouts.response)} of a whole answer` : ''} before the next rung`,
			advice: `write \`retries: 0\` for ${key}, as a silent provider stays silent`,
		}));
}

function retriesBeyondThreshold(rung: JudgedRung): Finding[] {
	const { failureThreshold } = rung.provider.policy.breaker;
	return retried(rung)
		.filter(([key, retries]) => retries + 1 > failureThreshold && effectAt(rung.provider, key) === 'count')
		.map(([key, retries]) => ({
			at: writtenOnError(rung, key, 'retries'),
			about: key,
			concerns: rung.concerns,
			reason: `${key} is retried ${retries} times, but its provider opens on ${failureThreshold} failures in a row (\`failureThreshold\`): one unlucky request closes it for everyone, and its last retries never happen`,
			advice: `write at most \`retries: ${failureThreshold - 1}\`, or raise \`failureThreshold\``,
		}));
}

function noBackoff(rung: JudgedRung): Finding[] {
	const { backoff, maxBackoff } = rung.policy.retry;
	if (backoff > 0 || retried(rung).length === 0) return [];
	return [
		{
			at: written(rung, ['retry', 'backoff']),
			concerns: rung.concerns,
			reason: `without a \`backoff\` retries follow at once, whatever \`factor\` and \`maxBackoff\` (${durationText(maxBackoff)}) say, and meet the same failure`,
			advice: 'write for example `backoff: 500ms`',
		},
	];
}

function backoffBeyondMaximum(rung: JudgedRung): Finding[] {
	const { backoff, maxBackoff } = rung.policy.retry;
	if (backoff <= maxBackoff) return [];
	return [
		{
			at: written(rung, ['retry', 'backoff'], ['retry', 'maxBackoff']),
			concerns: rung.concerns,
			reason: `\`backoff\` (${durationText(backoff)}) is longer than \`maxBackoff\` (${durationText(maxBackoff)}), which then limits nothing, and no wait grows`,
			advice: 'shorten `backoff`, or raise `maxBackoff`',
		},
	];
}

/** It is the provider's own `maxRetryAfter`, not that of a profile, that decides whether a hint closes its door. */
function hintBeyondDeadline(rung: JudgedRung): Finding[] {
	const { request } = rung.policy.timeouts;
	const { maxRetryAfter } = rung.provider.policy.retry;
	if (maxRetryAfter < request) return [];
	const ofProvider = { ...rung, layers: rung.layers.slice(-2) };
	return [
		{
			at: [...written(ofProvider, ['retry', 'maxRetryAfter']), ...written(rung, ['timeouts', 'request'])],
			concerns: rung.concerns,
			reason: `\`maxRetryAfter\` (${durationText(maxRetryAfter)}) is not shorter than \`request\` (${durationText(request)}): a wait of such a length that \`${rung.provider.name}\` asks for is longer than a request can wait, and yet does not close the provider, which is asked again at once`,
			advice: 'write a `maxRetryAfter` of the seconds that a caller would really wait',
		},
	];
}

const perRung =
	(find: (rung: JudgedRung) => Finding[]): Rule['find'] =>
	({ profiles }) =>
		profiles.flatMap(({ rungs }) => rungs.flatMap(find));

export const retryRules: readonly Rule[] = [
	{
		id: 'too-many-attempts',
		severity: 'warning',
		finds: `retries that multiply into more than ${mostAttempts} upstream calls for one request`,
		find: ({ profiles }) => profiles.flatMap(tooManyAttempts),
	},
	{
		id: 'hopeless-retries',
		severity: 'error',
		finds: "retries of a rejected key, an exhausted quota or a caller's mistake",
		find: perRung(hopelessRetries),
	},
	{
		id: 'timeout-retries',
		severity: 'warning',
		finds: 'retries of a timeout, whose waits multiply',
		find: perRung(timeoutRetries),
	},
	{
		id: 'retries-beyond-threshold',
		severity: 'note',
		finds: 'more retries than failures that open the provider',
		find: perRung(retriesBeyondThreshold),
	},
	{ id: 'no-backoff', severity: 'warning', finds: 'retries without a wait', find: perRung(noBackoff) },
	{
		id: 'backoff-beyond-maximum',
		severity: 'warning',
		finds: 'a `backoff` that is longer than `maxBackoff`',
		find: perRung(backoffBeyondMaximum),
	},
	{
		id: 'hint-beyond-deadline',
		severity: 'warning',
		finds: 'a `maxRetryAfter` that is not shorter than the deadline of the whole request',
		find: perRung(hintBeyondDeadline),
	},
];
