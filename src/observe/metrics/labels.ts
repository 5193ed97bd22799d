import type { Config } from '../../config/config.ts';
import { targetsOf } from '../../config/targets.ts';
import { modelsRoute } from '../../contract/models-route.ts';
import { shippedErrorRules } from '../../upstream/classify/shipped-error-rules.ts';

/** The value of a label whose own value is not among the known ones: the number of series must not grow with traffic. */
export const otherValue = 'other';

/** Labels of everything that happens at one provider actor. Values are names of the configuration. */
export type ProviderLabels = {
	/** The provider's name; OpenTelemetry's `gen_ai.provider.name`. */
	gen_ai_provider_name: string;
	/** The provider actor's id, as in `/health` and the log: the name, with `#n` for one of several keys. */
	provider: string;
};

export const providerLabelNames = ['gen_ai_provider_name', 'provider'] as const;

/** The labels of every provider actor that a configuration leads to, by its id. */
export function providerLabels(config: Config): ReadonlyMap<string, ProviderLabels> {
	const labels = Object.values(config.providers).flatMap(({ name, credentials }) =>
		credentials.map(({ id }): [string, ProviderLabels] => [id, { gen_ai_provider_name: name, provider: id }]),
	);
	return new Map(labels);
}

/** The route of every call that named a target, where targets have no series of their own. */
export const targetRoute = 'target';

/**
 * The routes that have series of their own from the first scrape on: every profile, chains of callers, and all targets as
 * one. Targets by themselves are too many: with hundreds of providers, their histograms would be most of a scrape.
 */
export function routeNames(config: Config): ReadonlySet<string> {
	return new Set([...Object.keys(config.profiles), modelsRoute, targetRoute]);
}

/** Every target of the configuration that is no profile. */
export function targetNames(config: Config): ReadonlySet<string> {
	const targets = targetsOf(config).map(({ target }) => target);
	return new Set(targets.filter((target) => !Object.hasOwn(config.profiles, target)));
}

/** Reasons that the transport, the attempt, the splicing of streams and the machine give of themselves. */
const ownReasons = [
	...['closed', 'connect', 'dns', 'first_token', 'idle', 'malformed', 'refused', 'reset', 'response', 'slow', 'tls'],
	...[
		'too_large',
		'truncated',
		'unreachable',
		'local',
		'deadline',
		'seam_ambiguous',
		'seam_diverged',
		'answer_silent',
		'no_key',
	],
];

/**
 * Every reason that can narrow a category: our own, and those of the shipped rules and of the configuration's.
 * @throws Error when the shipped error rules cannot be read
 */
export function knownReasons(config: Config): ReadonlySet<string> {
	const rules = [...config.errorRules, ...shippedErrorRules()];
	return new Set([...ownReasons, ...rules.flatMap(({ as }) => as.split('.')[1] ?? [])]);
}

/** A value as it may stand in a label. */
export function bounded(value: string, known: { has(value: string): boolean }): string {
	return known.has(value) ? value : otherValue;
}
