import type { Config, ProviderConfig } from '../config/config.ts';
import { timeText } from '../values/time-text.ts';

/**
 * The active checks of providers, which change how these stand between requests: neither explorations nor explained cases know
 * them.
 * @returns one sentence for each provider that has some, without a full stop
 */
export function activeChecks({ providers }: Pick<Config, 'providers'>): string[] {
	return Object.values(providers).flatMap((provider) => sentenceOn(provider));
}

function sentenceOn({ name, health }: ProviderConfig): string[] {
	if (health === undefined) return [];
	const how = health.with === 'models' ? 'by its list of models' : 'by an answer of one token';
	const when = health.onlyWhenIdle ? ' while no request is answered' : '';
	return [`${name} is checked every ${timeText(health.every)} ${how}${when}`];
}
