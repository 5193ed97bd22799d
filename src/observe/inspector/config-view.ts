import type { Config } from '../../config/config.ts';
import type { ProfileView, ProviderView } from './messages.ts';

export type ProviderFacts = Pick<ProviderView, 'provider' | 'source' | 'limits'>;

/** What the page shows of each provider actor's configuration, by its id: no address, no key. */
export function providerFacts({ providers }: Config): Map<string, ProviderFacts> {
	return new Map(
		Object.values(providers).flatMap(({ name, credentials, policy: { breaker } }) => {
			const { failureThreshold, failureRate, minimumVolume, window, probes, successThreshold } = breaker;
			const limits = { failureThreshold, failureRate, minimumVolume, window, probes, successThreshold };
			return credentials.map(({ id, source }): [string, ProviderFacts] => [id, { provider: name, source, limits }]);
		}),
	);
}

/** The chains of the configuration, in its order. */
export function profileViews({ profiles, providers, defaultProfile }: Config): ProfileView[] {
	return Object.values(profiles).map(({ name, chain, policy }) => ({
		name,
		isDefault: name === defaultProfile,
		whenAllDenied: policy.whenAllDenied,
		candidates: chain.map(({ target, model, provider }) => ({
			target,
			model,
			credentials: (providers[provider]?.credentials ?? []).map(({ id }) => id),
		})),
	}));
}
