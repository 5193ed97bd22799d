import { answerSilent } from '../../../../machines/failure.ts';
import { categoryOf } from '../../../config/failure-keys.ts';
import { defaultPolicy } from '../../../config/policy-schema.ts';
import type { Path } from '../../../config/tree.ts';
import { shippedErrorRules } from '../../../upstream/classify/shipped-error-rules.ts';
import { inWords, nearest } from '../../../values/nearest.ts';
import type { Finding, Rule } from '../rule.ts';
import { type Layered, type LintSubject, written } from '../subject.ts';

/** The reasons that no rule gives, but the code: those of connections, timers, answers that are none, and seams. */
export const builtInReasons: readonly string[] = [
	'AUTH_ERROR.no_key',
	'NETWORK_ERROR.refused',
	'NETWORK_ERROR.reset',
	'NETWORK_ERROR.closed',
	'NETWORK_ERROR.dns',
	'NETWORK_ERROR.tls',
	'NETWORK_ERROR.unreachable',
	'NETWORK_ERROR.proxy',
	'BAD_REQUEST.content_policy',
	'NETWORK_ERROR.local',
	'TIMEOUT.connect',
	'TIMEOUT.first_token',
	'TIMEOUT.slow',
	'TIMEOUT.response',
	'TIMEOUT.idle',
	'SERVER_ERROR.malformed',
	'SERVER_ERROR.too_large',
	'UNKNOWN_TRANSIENT.intermediary',
	'UNKNOWN_TRANSIENT.seam_ambiguous',
	'UNKNOWN_TRANSIENT.seam_diverged',
];

/** With those of the defaults: nobody has to read the rules to know them. */
const familiar: readonly string[] = [
	...builtInReasons,
	...Object.keys(defaultPolicy.onError),
	...Object.keys(defaultPolicy.breaker.effects),
];

function knownReasons({ config }: LintSubject): readonly string[] {
	const ofRules = [...config.errorRules, ...shippedErrorRules()].map((rule) => rule.as);
	return [...new Set([...builtInReasons, ...ofRules])].filter((key) => key.includes('.'));
}

function tablesOf(subject: LintSubject): { layered: Layered; table: Path; keys: readonly string[] }[] {
	const candidates = subject.profiles.flatMap((profile) => profile.candidates);
	return [
		...candidates.map((layered) => ({ layered, table: ['onError'], keys: Object.keys(layered.policy.onError) })),
		...subject.providers.map((layered) => ({
			layered,
			table: ['breaker', 'effects'],
			keys: Object.keys(layered.policy.breaker.effects),
		})),
	];
}

function unknownReasons(subject: LintSubject): Finding[] {
	const used = tablesOf(subject).flatMap(({ layered, table, keys }) =>
		keys
			.filter((key) => key.includes('.') && !familiar.includes(key))
			.flatMap((key) => layered.layers.map((layer) => ({ key, path: [...layer, ...table, key] })))
			.filter(({ path }) => subject.positions.isGiven(path)),
	);
	// The shipped rules are not read where nobody narrows a category.
	if (used.length === 0) return [];
	const known = knownReasons(subject);
	return used
		.filter(({ key }) => !known.includes(key))
		.map(({ key, path }) => ({
			at: [path],
			about: key,
			reason: `no failure ever has the reason \`${key}\`, so this entry has no effect`,
			advice: rightKey(key, known),
		}));
}

function rightKey(key: string, known: readonly string[]): string {
	const category = categoryOf(key);
	const inCategory = known.filter((other) => categoryOf(other) === category);
	const near = nearest(reasonOf(key), inCategory.map(reasonOf));
	const meant = near === undefined ? known.find((other) => reasonOf(other) === reasonOf(key)) : `${category}.${near}`;
	if (meant !== undefined) return `did you mean \`${meant}\`?`;
	return inCategory.length === 0
		? `write \`${category}\`, or an \`errorRules\` entry that gives this reason`
		: `choose from ${inWords(inCategory)}, or write an \`errorRules\` entry that gives this reason`;
}

function reasonOf(key: string): string {
	return key.split('.')[1] ?? '';
}

const silence = `${answerSilent.category}.${answerSilent.reason}`;

/** A silent answer is left for the next target or handed out, and no entry is asked about it. */
function silenceOnError(subject: LintSubject): Finding[] {
	return tablesOf(subject)
		.filter(({ table, keys }) => table[0] === 'onError' && keys.includes(silence))
		.map(({ layered }) => ({
			at: written(layered, ['onError', silence]),
			reason: `\`onError\` has no say in answers that say nothing (\`${silence}\`), so this entry has no effect`,
			advice: 'remove it; `emptyAnswer` decides whether the next target is asked',
		}));
}

export const reasonRules: readonly Rule[] = [
	{
		id: 'unknown-reason',
		severities: ['warning'],
		finds: 'an entry for a reason that no failure has',
		find: unknownReasons,
	},
	{
		id: 'silence-on-error',
		severities: ['warning'],
		finds: 'an `onError` entry for answers that say nothing, which `emptyAnswer` is about',
		find: silenceOnError,
	},
];
