import { durationWords } from '../../../values/time-text.ts';
import type { Finding, Rule } from '../rule.ts';
import { differsFromDefault, type LintedCandidate, type LintedProvider, written } from '../subject.ts';

/** How each policy uses the provider: its own, for requests that name a target, and those of the profiles' targets. */
function usesOf(linted: LintedProvider): readonly (LintedProvider | LintedCandidate)[] {
	return [linted, ...linted.candidates];
}

/** Of all uses the one with the longest of these times. */
function longest(linted: LintedProvider, timeOf: (use: LintedProvider | LintedCandidate) => number) {
	const uses = usesOf(linted).map((use) => ({ use, ms: timeOf(use) }));
	return uses.reduce((most, one) => (one.ms > most.ms ? one : most));
}

/** Whether whole answers are asked of it: one that streams whatever the client asked for has no `response`. */
function isWhole(use: LintedProvider | LintedCandidate): boolean {
	return 'target' in use ? !use.target.streamUpstream : !use.provider.streamUpstream;
}

function cooldownShorterThanTimeout(linted: LintedProvider): Finding[] {
	const { cooldown } = linted.policy.breaker;
	const first = longest(linted, ({ policy }) => policy.timeouts.firstToken);
	const whole = longest(linted, (use) => (isWhole(use) ? use.policy.timeouts.response : 0));
	// The default `response` is longer than the default `cooldown`, and than most that are written: it is worth a note only.
	const isOfStreams = cooldown < first.ms;
	const isWorthWords =
		differsFromDefault(linted, 'breaker', 'cooldown') || differsFromDefault(whole.use, 'timeouts', 'response');
	if (!isOfStreams && (cooldown >= whole.ms || !isWorthWords)) return [];
	const [name, { use, ms }] = isOfStreams ? (['firstToken', first] as const) : (['response', whole] as const);
	return [
		{
			at: written(use, ['breaker', 'cooldown'], ['timeouts', name]),
			concerns: linted.concerns,
			severity: isOfStreams || differsFromDefault(whole.use, 'timeouts', 'response') ? 'warning' : 'note',
			reason: `\`cooldown\` (${durationWords(cooldown)}) is shorter than the timeout that leads to it, \`${name}\` (${durationWords(ms)}): a silent provider is asked again sooner than its silence took to notice`,
			advice: `raise \`cooldown\`, or shorten \`${name}\``,
		},
	];
}

function cooldownBeyondMaximum(linted: LintedProvider): Finding[] {
	const { cooldown, maxCooldown, cooldownFactor } = linted.policy.breaker;
	if (cooldown <= maxCooldown || cooldownFactor === 1) return [];
	return [
		{
			at: written(linted, ['breaker', 'cooldown'], ['breaker', 'maxCooldown']),
			concerns: linted.concerns,
			severity: differsFromDefault(linted, 'breaker', 'maxCooldown') ? 'warning' : 'note',
			reason: `\`cooldown\` (${durationWords(cooldown)}) is longer than \`maxCooldown\` (${durationWords(maxCooldown)}), which then limits nothing, and no cooldown grows`,
			advice: 'shorten `cooldown`, or raise `maxCooldown`',
		},
	];
}

function probeOutlivesDeadline(linted: LintedProvider): Finding[] {
	const { probeDeadline } = linted.policy.breaker;
	const first = longest(linted, ({ policy: { timeouts } }) => timeouts.connect + timeouts.firstToken);
	const whole = longest(linted, (use) =>
		isWhole(use) ? use.policy.timeouts.connect + use.policy.timeouts.response : 0,
	);
	const [name, answer] = first.ms > whole.ms ? (['firstToken', first] as const) : (['response', whole] as const);
	if (probeDeadline >= answer.ms) return [];
	return [
		{
			at: written(answer.use, ['breaker', 'probeDeadline'], ['timeouts', name]),
			concerns: linted.concerns,
			reason: `a probe has failed after \`probeDeadline\` (${durationWords(probeDeadline)}), but may need \`connect\` and \`${name}\` together (${durationWords(answer.ms)}), so that a slow provider never closes again`,
			advice: `raise \`probeDeadline\`, or shorten \`${name}\``,
		},
	];
}

function shortPermanentCooldowns(linted: LintedProvider): Finding[] {
	const { cooldown, ...breaker } = linted.policy.breaker;
	const named = [
		['authCooldown', 'a rejected key'],
		['quotaCooldown', 'an empty account'],
	] as const;
	return named
		.filter(([field]) => breaker[field] < cooldown)
		.map(([field, what]) => ({
			at: written(linted, ['breaker', field], ['breaker', 'cooldown']),
			about: field,
			concerns: linted.concerns,
			reason: `\`${field}\` (${durationWords(breaker[field])}) is shorter than \`cooldown\` (${durationWords(cooldown)}): ${what}, which only a person can put right, is asked again sooner than a provider that failed for a moment`,
			advice: `raise \`${field}\``,
		}));
}

function oneFailureOpens(linted: LintedProvider): Finding[] {
	const { failureRate, minimumVolume, failureThreshold } = linted.policy.breaker;
	if (failureThreshold === 1 || failureRate * minimumVolume > 1) return [];
	return [
		{
			at: written(linted, ['breaker', 'failureRate'], ['breaker', 'minimumVolume']),
			concerns: linted.concerns,
			reason: `with a \`failureRate\` of ${failureRate} and a \`minimumVolume\` of ${minimumVolume} a single failure among ${minimumVolume} results opens the provider, whatever \`failureThreshold\` (${failureThreshold}) says`,
			advice: 'raise `failureRate` or `minimumVolume`; a rate of 1 leaves it to `failureThreshold`',
		},
	];
}

/** A provider that is asked one request at a time gives one result in the time of its timeout. */
function rateNeverFills(linted: LintedProvider): Finding[] {
	const { window } = linted.policy.breaker;
	const { use, ms } = longest(linted, ({ policy }) => policy.timeouts.firstToken);
	if (window >= ms) return [];
	return [
		{
			at: written(use, ['breaker', 'window'], ['timeouts', 'firstToken']),
			concerns: linted.concerns,
			reason: `\`window\` (${durationWords(window)}) is shorter than \`firstToken\` (${durationWords(ms)}): silence is noticed so slowly that only many requests at once ever fill the window`,
			advice: 'raise `window`',
		},
	];
}

function slowRecovery(linted: LintedProvider): Finding[] {
	const { probes, successThreshold } = linted.policy.breaker;
	if (successThreshold <= 10 * probes) return [];
	return [
		{
			at: written(linted, ['breaker', 'successThreshold'], ['breaker', 'probes']),
			concerns: linted.concerns,
			reason: `${successThreshold} probes must succeed (\`successThreshold\`), ${probes} at a time (\`probes\`), before the provider is closed again: until then nearly all requests go to other targets`,
			advice: 'lower `successThreshold`, or raise `probes`',
		},
	];
}

const perProvider =
	(find: (linted: LintedProvider) => Finding[]): Rule['find'] =>
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
		severities: ['warning'],
		finds: 'a probe that may take longer than `probeDeadline` although all is well',
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
