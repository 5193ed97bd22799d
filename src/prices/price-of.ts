import type { Config, ProviderConfig } from '../config/config.ts';
import { targetsOf } from '../config/targets.ts';
import { cataloguePrice } from './catalogue.ts';
import { configuredPrice, type Price } from './price.ts';

/** What of a provider decides about its prices. */
export type PricedProvider = Pick<ProviderConfig, 'protocol' | 'baseUrl'> & Partial<Pick<ProviderConfig, 'models'>>;

/**
 * What a model costs at a provider: what the configuration says of it, else what the catalogue does.
 * @param since from when on it is asked for, ms since the epoch
 * @returns undefined where it is not known, as of any server of one's own
 */
export function priceOf(provider: PricedProvider, model: string, since: number): Price | undefined {
	const configured = provider.models?.[model]?.price;
	return configured === undefined ? publishedPrice(provider, model, since) : configuredPrice(configured);
}

/** The same, whatever the configuration says of it. */
export function publishedPrice(
	{ protocol, baseUrl, models }: PricedProvider,
	model: string,
	since: number,
): Price | undefined {
	if (protocol === 'simulated' || baseUrl === undefined) return undefined;
	// A deployment of Azure has a name of the user's own.
	const name = protocol === 'azure' ? (models?.[model]?.sameAs ?? model) : model;
	return cataloguePrice(baseUrl, name, since);
}

/** What every target of a configuration costs, by its name; a target whose price is not known is not in it. */
export function pricesOf(config: Config, since: number): ReadonlyMap<string, Price> {
	return new Map(
		targetsOf(config).flatMap(({ target, provider, model }): [string, Price][] => {
			const configured = config.providers[provider];
			const price = configured && priceOf(configured, model, since);
			return price === undefined ? [] : [[target, price]];
		}),
	);
}
