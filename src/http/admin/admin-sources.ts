import { type ActorConfig, actorsOf } from '../../config/actors.ts';
import type { Config } from '../../config/config.ts';
import type { RecentRequests } from '../../observe/recent-requests.ts';
import { readDuration } from '../../values/durations.ts';
import type { AdminSources, ProviderFacts } from './admin-api.ts';

/** What the admin API shows beside the state of the provider actors. */
export function adminSources(config: Config, requests: RecentRequests): AdminSources {
	return { providers: actorsOf(config).map((actor) => factsOf(actor, config)), requests, readDuration };
}

function factsOf({ id, provider, model, source }: ActorConfig, { providers }: Config): ProviderFacts {
	const { protocol = '', baseUrl } = providers[provider] ?? {};
	const origin = baseUrl === undefined ? null : new URL(baseUrl).origin;
	return { id, provider, model: model ?? null, protocol, origin, source };
}
