import type { Config, ProviderConfig } from '../../config/config.ts';
import type { RecentRequests } from '../../observe/recent-requests.ts';
import { readDuration } from '../../values/durations.ts';
import type { AdminSources, ProviderFacts } from './admin-api.ts';

/** What the admin API shows beside the state of the provider actors. */
export function adminSources(config: Config, requests: RecentRequests): AdminSources {
	return { providers: Object.values(config.providers).flatMap(factsOf), requests, readDuration };
}

function factsOf({ name, protocol, baseUrl, credentials }: ProviderConfig): ProviderFacts[] {
	const origin = baseUrl === undefined ? null : new URL(baseUrl).origin;
	return credentials.map(({ id, source }) => ({ id, provider: name, protocol, origin, source }));
}
