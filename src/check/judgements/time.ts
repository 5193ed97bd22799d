import { retryBackoff } from '../../../machines/backoff.ts';
import { lookup } from '../../../machines/failure.ts';
import type { Timeouts } from '../../../machines/policy.ts';
import { effectOf } from '../../../machines/trip.ts';
import type { Positions } from '../../config/positions.ts';
import type { Path } from '../../config/tree.ts';
import { durationWords } from '../time-text.ts';
import { leadsOn, openWays } from './chain.ts';
import type { Finding, Rule } from './rule.ts';
import { differs, type JudgedProfile, type JudgedRung, written } from './subject.ts';
import { namesText } from './words.ts';

/** What the client asked for decides which timeout a silent provider meets. */
const modes = [
	{ about: 'streamed', is: 'a streamed request', limitOf: (): Limit => 'firstToken' },
	{
		about: 'whole',
		is: 'a request that is not streamed',
		limitOf: ({ target }: JudgedRung): Limit => (target.streamUpstream ? 'firstToken' : 'response'),
	},
] as const;

type Mode = (typeof modes)[number];
type Limit = 'firstToken' | 'response';

const reasons = { firstToken: 'first_token', response: 'response' } as const;

/** How long a rung holds a request when its provider accepts the connection and then says nothing, ms. */
function silentMs(rung: JudgedRung, limit: Limit): { ms: number; leadsOn: boolean } {
	const { timeouts, onError, retry } = rung.policy;
	const { breaker } = rung.provider.policy;
	const failure = { category: 'TIMEOUT', reason: reasons[limit] } as const;
	const { retries, then } = lookup(onError, failure) ?? { retries: 0, then: ['next'] as const };
	const isCounted = effectOf(breaker, failure) !== 'none';
	const attempts = isCounted ? Math.min(retries + 1, breaker.failureThreshold) : retries + 1;
	const waits = Array.from({ length: attempts - 1 }, (_, index) => retryBackoff(retry, index, 0.5));
	const credentials = openWays(then).includes('credential') ? rung.provider.credentials.length : 1;
	const ms = credentials * (attempts * timeouts[limit] + waits.reduce((sum, wait) => sum + wait, 0));
	return { ms, leadsOn: leadsOn(then) };
}

function chainOutlastsDeadline(profile: JudgedProfile, { about, is, limitOf }: Mode): Finding[] {
	const { request } = profile.policy.timeouts;
	const { rungs, concerns } = profile;
	let spentMs = 0;
	for (const rung of rungs) {
		const limit = limitOf(rung);
		if (spentMs >= request) {
			const before = rungs.slice(0, rung.index);
			const isDefault = !before.some((earlier) => differs(earlier, 'timeouts', limitOf(earlier), 'request'));
			return [
				{
					at: causes(profile, rung, [...new Set(before.map(limitOf))]),
					about,
					concerns,
					severity: isDefault ? 'note' : 'warning',
					reason: `${is} cannot reach rung ${rung.index + 1}, \`${rung.target.target}\`, when the rungs before it are silent: their timeouts add up to ${durationWords(spentMs)}, and \`request\` ends it after ${durationWords(request)}`,
					advice: `shorten ${namesText([...new Set(before.map(limitOf))])} or the chain, or raise \`request\``,
				},
			];
		}
		// A timeout that the deadline overtakes has a finding of its own.
		if (rung.policy.timeouts[limit] >= request) return [];
		const silent = silentMs(rung, limit);
		if (!silent.leadsOn) return [];
		spentMs += silent.ms;
	}
	return [];
}

/** The profile's own timeouts, else its chain, else those of the profile that it extends. */
function causes({ lineage, chainAt }: JudgedProfile, rung: JudgedRung, limits: readonly Limit[]): Path[] {
	return lineage.flatMap((member) => [
		...['request', ...limits].map((field) => ['profiles', member, 'policy', 'timeouts', field]),
		...(chainAt[1] === member ? [rung.at] : []),
	]);
}

const phases: readonly (keyof Timeouts)[] = ['connect', 'firstToken', 'response', 'idle'];

function timeoutBeyondDeadline(rung: JudgedRung): Finding[] {
	const { timeouts } = rung.policy;
	const late = phases
		.filter((phase) => phase !== 'response' || !rung.target.streamUpstream)
		.filter((phase) => timeouts[phase] >= timeouts.request);
	if (late.length === 0) return [];
	const longest = late.map((phase) => `\`${phase}\` (${durationWords(timeouts[phase])})`).join(', ');
	const isIdleOnly = late.every((phase) => phase === 'idle');
	return [
		{
			at: written(rung, ['timeouts', 'request'], ...late.map((phase) => ['timeouts', phase])),
			concerns: rung.concerns,
			severity: isIdleOnly ? 'note' : 'warning',
			reason: `${longest} can never run out before the deadline of the whole request, \`request\` (${durationWords(timeouts.request)}), so a silent provider ends the request without failover and is never held to account`,
			advice: `write timeouts well below \`request\`, or raise \`request\``,
		},
	];
}

function firstTokenAfterResponse(rung: JudgedRung): Finding[] {
	const { firstToken, response } = rung.policy.timeouts;
	if (rung.target.streamUpstream || firstToken <= response) return [];
	return [
		{
			at: written(rung, ['timeouts', 'firstToken'], ['timeouts', 'response']),
			concerns: rung.concerns,
			reason: `a stream may take longer to begin, \`firstToken\` (${durationWords(firstToken)}), than a whole answer may take altogether, \`response\` (${durationWords(response)})`,
			advice: 'shorten `firstToken`, or raise `response`',
		},
	];
}

function rareKeepAlive(profile: JudgedProfile, positions: Positions): Finding[] {
	const { keepAlive, maxContinuations } = profile.policy.continuation;
	const idle = Math.max(...profile.rungs.map(({ policy }) => policy.timeouts.idle));
	const at = written(profile, ['continuation', 'keepAlive']);
	const isWritten = at.some((path) => positions.isGiven(path));
	if (!isWritten || maxContinuations === 0 || keepAlive <= idle) return [];
	return [
		{
			at,
			concerns: profile.concerns,
			reason: `\`keepAlive\` (${durationWords(keepAlive)}) is longer than \`idle\` (${durationWords(idle)}): a client with the patience that you have with providers gives up while its stream is being carried on`,
			advice: 'shorten `keepAlive`',
		},
	];
}

export const timeRules: readonly Rule[] = [
	{
		id: 'chain-outlasts-deadline',
		severities: ['warning', 'note'],
		finds: 'a rung that the deadline forestalls when those before it are silent',
		find: ({ profiles }) =>
			profiles.flatMap((profile) => modes.flatMap((mode) => chainOutlastsDeadline(profile, mode))),
	},
	{
		id: 'timeout-beyond-deadline',
		severities: ['warning', 'note'],
		finds: 'a timeout that is not shorter than the deadline of the whole request',
		find: ({ profiles }) => profiles.flatMap(({ rungs }) => rungs.flatMap(timeoutBeyondDeadline)),
	},
	{
		id: 'first-token-after-response',
		severities: ['warning'],
		finds: 'a `firstToken` that is longer than `response`',
		find: ({ profiles }) => profiles.flatMap(({ rungs }) => rungs.flatMap(firstTokenAfterResponse)),
	},
	{
		id: 'rare-keep-alive',
		severities: ['note'],
		finds: 'a `keepAlive` that is longer than `idle`',
		find: ({ profiles, positions }) => profiles.flatMap((profile) => rareKeepAlive(profile, positions)),
	},
];
