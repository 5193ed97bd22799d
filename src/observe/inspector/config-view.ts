import { actorsOf } from '../../config/actors.ts';
import type { Config } from '../../config/config.ts';
import type { Price } from '../../prices/price.ts';
import { pricesOf } from '../../prices/price-of.ts';
import { priceText } from '../../prices/price-text.ts';
import { clock } from '../../values/clock.ts';
import type { ProfileView, ProviderView } from './messages.ts';

export type ProviderFacts = Pick<ProviderView, 'provider' | 'model' | 'source' | 'limits'>;

/** What the page shows of each provider actor's configuration, by its id: no address, no key. */
export function providerFacts(config: Config): Map<string, ProviderFacts> {
	return new Map(
		actorsOf(config).map(({ id, provider, model = null, source, policy: { breaker } }) => {
			const { failureThreshold, failureRate, minimumVolume, window, probes, successThreshold } = breaker;
			const limits = { failureThreshold, failureRate, minimumVolume, window, probes, successThreshold };
			return [id, { provider, model, source, limits }];
		}),
	);
}

/** The chains of the configuration, in its order. */
export function profileViews(config: Config): ProfileView[] {
	const { profiles, providers, defaultProfile } = config;
	const now = clock.toWall(clock.now());
	const prices = pricesOf(config, now);
	const textOf = (price: Price | undefined) => (price === undefined ? null : priceText(price, now));
	return Object.values(profiles).map(({ name, chain, policy }) => ({
		name,
		isDefault: name === defaultProfile,
		whenAllDenied: policy.whenAllDenied,
		candidates: chain.map(({ target, model, provider }) => ({
			target,
			model,
			credentials: (providers[provider]?.credentials ?? []).map(({ id }) => id),
			price: textOf(prices.get(target)),
		})),
	}));
}
