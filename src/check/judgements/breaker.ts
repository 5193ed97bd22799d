import { durationWords } from '../time-text.ts';
import type { Finding, Rule } from './rule.ts';
import { differs, type JudgedProvider, type JudgedRung, written } from './subject.ts';

/** How each policy uses the provider: its own, for requests that name a target, and those of the profiles' rungs. */
function usesOf(judged: JudgedProvider): readonly (JudgedProvider | JudgedRung)[] {
	return [judged, ...judged.rungs];
}

/** Of all uses the one with the longest of these times. */
function longest(judged: JudgedProvider, timeOf: (use: JudgedProvider | JudgedRung) => number) {
	const uses = usesOf(judged).map((use) => ({ use, ms: timeOf(use) }));
	return uses.reduce((most, one) => (one.ms > most.ms ? one : most));
}

/** Whether whole answers are asked of it: one that streams whatever the client asked for has no `response`. */
function isWhole(use: JudgedProvider | JudgedRung): boolean {
	return 'target' in use ? !use.target.streamUpstream : !use.provider.streamUpstream;
}

function cooldownShorterThanTimeout(judged: JudgedProvider): Finding[] {
	const { cooldown } = judged.policy.breaker;
	const first = longest(judged, ({ policy }) => policy.timeouts.firstToken);
	const whole = longest(judged, (use) => (isWhole(use) ? use.policy.timeouts.response : 0));
	// The default `response` is longer than the default `cooldown`, and than most that are written: it is worth a note only.
	const isOfStreams = cooldown < first.ms;
	const isWorthWords = differs(judged, 'breaker', 'cooldown') || differs(whole.use, 'timeouts', 'response');
	if (!isOfStreams && (cooldown >= whole.ms || !isWorthWords)) return [];
	const [name, { use, ms }] = isOfStreams ? (['firstToken', first] as const) : (['response', whole] as const);
	return [
		{
			at: written(use, ['breaker', 'cooldown'], ['timeouts', name]),
			concerns: judged.concerns,
			severity: isOfStreams || differs(whole.use, 'timeouts', 'response') ? 'warning' : 'note',
			reason: `\`cooldown\` (${durationWords(cooldown)}) is shorter than the timeout that leads to it, \`${name}\` (${durationWords(ms)}): a silent provider is asked again sooner than its silence took to notice`,
			advice: `raise \`cooldown\`, or shorten \`${name}\``,
		},
	];
}

function cooldownBeyondMaximum(judged: JudgedProvider): Finding[] {
	const { cooldown, maxCooldown, cooldownFactor } = judged.policy.breaker;
	if (cooldown <= maxCooldown || cooldownFactor === 1) return [];
	return [
		{
			at: written(judged, ['breaker', 'cooldown'], ['breaker', 'maxCooldown']),
			concerns: judged.concerns,
			severity: differs(judged, 'breaker', 'maxCooldown') ? 'warning' : 'note',
			reason: `\`cooldown\` (${durationWords(cooldown)}) is longer than \`maxCooldown\` (${durationWords(maxCooldown)}), which then limits nothing, and no cooldown grows`,
			advice: 'shorten `cooldown`, or raise `maxCooldown`',
		},
	];
}

function probeOutlivesDeadline(judged: JudgedProvider): Finding[] {
	const { probeDeadline } = judged.policy.breaker;
	const first = longest(judged, ({ policy: { timeouts } }) => timeouts.connect + timeouts.firstToken);
	const whole = longest(judged, (use) =>
		isWhole(use) ? use.policy.timeouts.connect + use.policy.timeouts.response : 0,
	);
	const stream = longest(judged, ({ policy }) => policy.timeouts.request);
	const [name, answer] = first.ms > whole.ms ? (['firstToken', first] as const) : (['response', whole] as const);
	const isCutOff = probeDeadline < answer.ms;
	const isDefault = !differs(stream.use, 'timeouts', 'request') && !differs(judged, 'breaker', 'probeDeadline');
	if (!isCutOff && (probeDeadline >= stream.ms || isDefault)) return [];
	const use = isCutOff ? answer.use : stream.use;
	const other = isCutOff ? name : 'request';
	return [
		{
			at: written(use, ['breaker', 'probeDeadline'], ['timeouts', other]),
			concerns: judged.concerns,
			severity: isCutOff ? 'warning' : 'note',
			reason: isCutOff
				? `a probe has failed after \`probeDeadline\` (${durationWords(probeDeadline)}), but may honestly take \`connect\` and \`${name}\` together (${durationWords(answer.ms)}), so that a slow provider never closes again`
				: `a probe has failed after \`probeDeadline\` (${durationWords(probeDeadline)}), but a stream may last as long as \`request\` (${durationWords(stream.ms)}), so that a long answer that goes well opens its provider again`,
			advice: `raise \`probeDeadline\`, or shorten \`${other}\``,
		},
	];
}

function shortPermanentCooldowns(judged: JudgedProvider): Finding[] {
	const { cooldown, ...breaker } = judged.policy.breaker;
	const named = [
		['authCooldown', 'a rejected key'],
		['quotaCooldown', 'an empty account'],
	] as const;
	return named
		.filter(([field]) => breaker[field] < cooldown)
		.map(([field, what]) => ({
			at: written(judged, ['breaker', field], ['breaker', 'cooldown']),
			about: field,
			concerns: judged.concerns,
			reason: `\`${field}\` (${durationWords(breaker[field])}) is shorter than \`cooldown\` (${durationWords(cooldown)}): ${what}, which a person has to mend, is asked again sooner than a provider that stumbled`,
			advice: `raise \`${field}\``,
		}));
}

function oneFailureOpens(judged: JudgedProvider): Finding[] {
	const { failureRate, minimumVolume, failureThreshold } = judged.policy.breaker;
	if (failureThreshold === 1 || failureRate * minimumVolume > 1) return [];
	return [
		{
			at: written(judged, ['breaker', 'failureRate'], ['breaker', 'minimumVolume']),
			concerns: judged.concerns,
			reason: `with a \`failureRate\` of ${failureRate} and a \`minimumVolume\` of ${minimumVolume} a single failure among ${minimumVolume} results opens the provider, whatever \`failureThreshold\` (${failureThreshold}) says`,
			advice: 'raise `failureRate` or `minimumVolume`; a rate of 1 leaves it to `failureThreshold`',
		},
	];
}

/** A provider that is asked one request at a time gives one result in the time of its timeout. */
function rateNeverFills(judged: JudgedProvider): Finding[] {
	const { window } = judged.policy.breaker;
	const { use, ms } = longest(judged, ({ policy }) => policy.timeouts.firstToken);
	if (window >= ms) return [];
	return [
		{
			at: written(use, ['breaker', 'window'], ['timeouts', 'firstToken']),
			concerns: judged.concerns,
			reason: `\`window\` (${durationWords(window)}) is shorter than \`firstToken\` (${durationWords(ms)}): silence is noticed so slowly that only many requests at once ever fill the window`,
			advice: 'raise `window`',
		},
	];
}

function slowRecovery(judged: JudgedProvider): Finding[] {
	const { probes, successThreshold } = judged.policy.breaker;
	if (successThreshold <= 10 * probes) return [];
	return [
		{
			at: written(judged, ['breaker', 'successThreshold'], ['breaker', 'probes']),
			concerns: judged.concerns,
			reason: `${successThreshold} probes must succeed (\`successThreshold\`), ${probes} at a time (\`probes\`), before the provider is closed again: meanwhile nearly all requests pass it by`,
			advice: 'lower `successThreshold`, or raise `probes`',
		},
	];
}

const perProvider =
	(find: (judged: JudgedProvider) => Finding[]): Rule['find'] =>
	({ providers }) =>
		providers.flatMap(find);

export const breakerRules: readonly Rule[] = [
	{
		id: 'cooldown-shorter-than-timeout',
		severities: ['warning', 'note'],
		finds: 'a cooldown that is shorter than the timeout that causes it',
		find: perProvider(cooldownShorterThanTimeout),
	},
	{
		id: 'cooldown-beyond-maximum',
		severities: ['warning', 'note'],
		finds: 'a `cooldown` that is longer than `maxCooldown`',
		find: perProvider(cooldownBeyondMaximum),
	},
	{
		id: 'probe-outlives-deadline',
		severities: ['warning', 'note'],
		finds: 'a probe that may honestly take longer than `probeDeadline`',
		find: perProvider(probeOutlivesDeadline),
	},
	{
		id: 'short-permanent-cooldown',
		severities: ['warning'],
		finds: 'an `authCooldown` or a `quotaCooldown` that is shorter than `cooldown`',
		find: perProvider(shortPermanentCooldowns),
	},
	{
		id: 'one-failure-opens',
		severities: ['warning'],
		finds: 'a failure rate that a single failure reaches',
		find: perProvider(oneFailureOpens),
	},
	{
		id: 'rate-never-fills',
		severities: ['note'],
		finds: 'a `window` that is shorter than `firstToken`',
		find: perProvider(rateNeverFills),
	},
	{
		id: 'slow-recovery',
		severities: ['note'],
		finds: 'many more successes to close a provider than probes at a time',
		find: perProvider(slowRecovery),
	},
];
