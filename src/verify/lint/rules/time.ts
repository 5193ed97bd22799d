import { retryBackoff } from '../../../../machines/backoff.ts';
import { lookup } from '../../../../machines/failure.ts';
import type { Timeouts } from '../../../../machines/policy.ts';
import { effectOf } from '../../../../machines/provider/trip.ts';
import type { Positions } from '../../../config/positions.ts';
import type { Path } from '../../../config/tree.ts';
import { durationWords } from '../../../values/time-text.ts';
import type { Finding, Rule } from '../rule.ts';
import { differsFromDefault, type LintedCandidate, type LintedProfile, written } from '../subject.ts';
import { namesText } from '../words.ts';
import { leadsOn, openFallbacks } from './chain.ts';

/** What the client asked for decides which timeout a silent provider meets. */
const modes = [
	{ about: 'streamed', is: 'a streamed request', limitOf: (): Limit => 'firstToken' },
	{
		about: 'whole',
		is: 'a request that is not streamed',
		limitOf: ({ target }: LintedCandidate): Limit => (target.streamUpstream ? 'firstToken' : 'response'),
	},
] as const;

type Mode = (typeof modes)[number];
type Limit = 'firstToken' | 'response';

const reasons = { firstToken: 'first_token', response: 'response' } as const;

/** How long a target holds a request when its provider accepts the connection and then says nothing, ms. */
function silentMs(candidate: LintedCandidate, limit: Limit): { ms: number; leadsOn: boolean } {
	const { timeouts, onError, retry } = candidate.policy;
	const { breaker } = candidate.provider.policy;
	const failure = { category: 'TIMEOUT', reason: reasons[limit] } as const;
	const { retries, then } = lookup(onError, failure) ?? { retries: 0, then: ['next'] as const };
	const opensAtOnce = effectOf(breaker, failure) !== 'none' && breaker.failureThreshold === 1;
	const attempts = opensAtOnce ? 1 : retries + 1;
	const waits = Array.from({ length: attempts - 1 }, (_, index) => retryBackoff(retry, index, 0.5));
	const credentials = openFallbacks(then).includes('credential') ? candidate.provider.credentials.length : 1;
	const ms = credentials * (attempts * timeouts[limit] + waits.reduce((sum, wait) => sum + wait, 0));
	return { ms, leadsOn: leadsOn(then) };
}

function chainOutlastsDeadline(profile: LintedProfile, { about, is, limitOf }: Mode): Finding[] {
	const { request } = profile.policy.timeouts;
	const { candidates, concerns } = profile;
	let spentMs = 0;
	for (const candidate of candidates) {
		const limit = limitOf(candidate);
		if (spentMs >= request) {
			const before = candidates.slice(0, candidate.index);
			const isDefault = !before.some((earlier) => differsFromDefault(earlier, 'timeouts', limitOf(earlier), 'request'));
			return [
				{
					at: causes(profile, candidate, [...new Set(before.map(limitOf))]),
					about,
					concerns,
					severity: isDefault ? 'note' : 'warning',
					reason: `${is} cannot reach step ${candidate.index + 1}, \`${candidate.target.target}\`, when the targets before it are silent: their timeouts add up to ${durationWords(spentMs)}, and \`request\` ends it after ${durationWords(request)}`,
					advice: `shorten ${namesText([...new Set(before.map(limitOf))])} or the chain, or raise \`request\``,
				},
			];
		}
		// A timeout that the deadline overtakes has a finding of its own.
		if (candidate.policy.timeouts[limit] >= request) return [];
		const silent = silentMs(candidate, limit);
		if (!silent.leadsOn) return [];
		spentMs += silent.ms;
	}
	return [];
}

/** The profile's own timeouts, else its chain, else those of the profile that it extends. */
function causes({ lineage, chainAt }: LintedProfile, candidate: LintedCandidate, limits: readonly Limit[]): Path[] {
	return lineage.flatMap((member) => [
		...['request', ...limits].map((field) => ['profiles', member, 'policy', 'timeouts', field]),
		...(chainAt[1] === member ? [candidate.at] : []),
	]);
}

type Phase = Exclude<keyof Timeouts, 'throughput'>;

const phases: readonly Phase[] = ['connect', 'firstToken', 'response', 'idle'];

/** Silence in a stream ends it whatever is left of the search that found it. */
const deadlineOf = ({ request, stream }: Timeouts, phase: Phase) => (phase === 'idle' ? stream : request);

function timeoutBeyondDeadline(candidate: LintedCandidate): Finding[] {
	const { timeouts } = candidate.policy;
	const late = phases
		.filter((phase) => phase !== 'response' || !candidate.target.streamUpstream)
		.filter((phase) => timeouts[phase] >= deadlineOf(timeouts, phase));
	if (late.length === 0) return [];
	const longest = late.map((phase) => `\`${phase}\` (${durationWords(timeouts[phase])})`).join(', ');
	const isIdleOnly = late.every((phase) => phase === 'idle');
	const limit = isIdleOnly ? 'stream' : 'request';
	const limited = isIdleOnly ? 'stream' : 'search for an answer';
	return [
		{
			at: written(candidate, ['timeouts', limit], ...late.map((phase) => ['timeouts', phase])),
			concerns: candidate.concerns,
			severity: isIdleOnly ? 'note' : 'warning',
			reason: `${longest} can never run out before the deadline of the whole ${limited}, \`${limit}\` (${durationWords(timeouts[limit])}), so a silent provider ends the request without failover, and its silence never counts as a failure`,
			advice: `write timeouts well below \`${limit}\`, or raise \`${limit}\``,
		},
	];
}

function firstTokenAfterResponse(candidate: LintedCandidate): Finding[] {
	const { firstToken, response } = candidate.policy.timeouts;
	if (candidate.target.streamUpstream || firstToken <= response) return [];
	return [
		{
			at: written(candidate, ['timeouts', 'firstToken'], ['timeouts', 'response']),
			concerns: candidate.concerns,
			reason: `a stream may take longer to begin, \`firstToken\` (${durationWords(firstToken)}), than a whole answer may take altogether, \`response\` (${durationWords(response)})`,
			advice: 'shorten `firstToken`, or raise `response`',
		},
	];
}

/** Less than this is not enough for an ordinary question to a model that thinks first, ms. */
const SHORT_THOUGHT_MS = 30_000;

function firstTokenCutsThinking(candidate: LintedCandidate): Finding[] {
	const { target, reasons } = candidate.target;
	const { firstToken } = candidate.policy.timeouts;
	if (!reasons || firstToken >= SHORT_THOUGHT_MS) return [];
	return [
		{
			at: written(candidate, ['timeouts', 'firstToken']),
			concerns: candidate.concerns,
			reason: `\`${target}\` thinks before its first word, and \`firstToken\` (${durationWords(firstToken)}) cuts it off: an ordinary question goes to the next target, or fails, and counts as a failure of \`${candidate.provider.name}\``,
			advice:
				'raise `firstToken` for this provider or target to a minute; if the model does not reason, write `reasons: false` among its facts',
		},
	];
}

function rareKeepAlive(profile: LintedProfile, positions: Positions): Finding[] {
	const { keepAlive } = profile.policy.continuation;
	const idle = Math.max(...profile.candidates.map(({ policy }) => policy.timeouts.idle));
	const at = written(profile, ['continuation', 'keepAlive']);
	const isWritten = at.some((path) => positions.isGiven(path));
	if (!isWritten || keepAlive <= idle) return [];
	return [
		{
			at,
			concerns: profile.concerns,
			reason: `\`keepAlive\` (${durationWords(keepAlive)}) is longer than \`idle\` (${durationWords(idle)}): a client that waits no longer than you let Breakwater wait for providers gives up while a tool call is held back or its stream is being carried on`,
			advice: 'shorten `keepAlive`',
		},
	];
}

/** It is the provider's own `maxRetryAfter`, not that of a profile, that decides whether a hint opens it. */
function hintBeyondDeadline(candidate: LintedCandidate): Finding[] {
	const { request } = candidate.policy.timeouts;
	const { maxRetryAfter } = candidate.provider.policy.retry;
	if (maxRetryAfter < request) return [];
	const ofProvider = { ...candidate, layers: candidate.layers.slice(-2) };
	return [
		{
			at: [...written(ofProvider, ['retry', 'maxRetryAfter']), ...written(candidate, ['timeouts', 'request'])],
			concerns: candidate.concerns,
			reason: `\`maxRetryAfter\` (${durationWords(maxRetryAfter)}) is not shorter than \`request\` (${durationWords(request)}): a wait of such a length that \`${candidate.provider.name}\` asks for is longer than a request can wait, and yet does not open the provider, which is asked again at once`,
			advice: 'write a `maxRetryAfter` of the seconds that a caller would really wait',
		},
	];
}

function waitBeyondDeadline(profile: LintedProfile): Finding[] {
	const { whenAllDenied, timeouts } = profile.policy;
	if (typeof whenAllDenied === 'string' || whenAllDenied.wait < timeouts.request) return [];
	return [
		{
			at: written(profile, ['whenAllDenied', 'wait'], ['timeouts', 'request']),
			concerns: profile.concerns,
			reason: `\`wait\` of \`whenAllDenied\` (${durationWords(whenAllDenied.wait)}) is not shorter than \`request\` (${durationWords(timeouts.request)}): no request waits until its deadline, so the longest of these waits is never made`,
			advice: 'write a `wait` of the seconds that a caller would really wait',
		},
	];
}

export const timeRules: readonly Rule[] = [
	{
		id: 'chain-outlasts-deadline',
		severities: ['warning', 'note'],
		finds: 'a target that is not reached before the deadline when those before it are silent',
		find: ({ profiles }) =>
			profiles.flatMap((profile) => modes.flatMap((mode) => chainOutlastsDeadline(profile, mode))),
	},
	{
		id: 'timeout-beyond-deadline',
		severities: ['warning', 'note'],
		finds: 'a timeout that is not shorter than the deadline of the whole search or stream',
		find: ({ profiles }) => profiles.flatMap(({ candidates }) => candidates.flatMap(timeoutBeyondDeadline)),
	},
	{
		id: 'first-token-after-response',
		severities: ['warning'],
		finds: 'a `firstToken` that is longer than `response`',
		find: ({ profiles }) => profiles.flatMap(({ candidates }) => candidates.flatMap(firstTokenAfterResponse)),
	},
	{
		id: 'first-token-cuts-thinking',
		severities: ['warning'],
		finds: 'a `firstToken` of less than 30 s for a model that reasons',
		find: ({ profiles }) => profiles.flatMap(({ candidates }) => candidates.flatMap(firstTokenCutsThinking)),
	},
	{
		id: 'rare-keep-alive',
		severities: ['note'],
		finds: 'a `keepAlive` that is longer than `idle`',
		find: ({ profiles, positions }) => profiles.flatMap((profile) => rareKeepAlive(profile, positions)),
	},
	{
		id: 'wait-beyond-deadline',
		severities: ['warning'],
		finds: 'a `wait` of `whenAllDenied` that is not shorter than the deadline of the whole request',
		find: ({ profiles }) => profiles.flatMap(waitBeyondDeadline),
	},
	{
		id: 'hint-beyond-deadline',
		severities: ['warning'],
		finds: 'a `maxRetryAfter` that is not shorter than the deadline of the whole request',
		find: ({ profiles }) => profiles.flatMap(({ candidates }) => candidates.flatMap(hintBeyondDeadline)),
	},
];
