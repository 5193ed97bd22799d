import type { Policy } from '../../machines/policy.ts';
import type { Limits } from '../../machines/provider/rate.ts';
import { policyOfKey, policyOfModel } from '../../machines/provider/scopes.ts';
import type { Config, ProviderConfig, TargetLimits } from './config.ts';
import { targetsOf } from './targets.ts';

/** One provider actor, as the configuration describes it. */
export interface ActorConfig {
	/** The provider's name, with `#n` for one of several credentials, and `/model` where it stands for one model. */
	readonly id: string;
	/** The provider's name. */
	readonly provider: string;
	/** The id of the actor of its key; its own where it is that. */
	readonly credential: string;
	/** The model that it stands for; absent where it stands for the key. */
	readonly model?: string;
	/** Where its credential stands in the file: `providers.openai.apiKey[0]`. */
	readonly source: string;
	readonly policy: Policy;
	/** How many attempts may be in flight; absent for a model without a limit of its own, whose key's actor sees to it. */
	readonly concurrent?: number;
	/** What may be granted in any minute; absent where nothing is limited so. */
	readonly rates?: Limits;
}

/**
 * Every provider actor: one for each key, and, where a key has several models in use, one for each of them too, behind the
 * key's.
 * @param config checked and resolved
 */
export function actorsOf(config: Config): ActorConfig[] {
	const modelsOf = Map.groupBy(targetsOf(config), ({ provider }) => provider);
	return Object.values(config.providers).flatMap((provider) => {
		const models = (modelsOf.get(provider.name) ?? []).map(({ model }) => model);
		return provider.credentials.flatMap((credential) => actorsOfKey(provider, credential, models));
	});
}

function actorsOfKey(
	{ name: provider, policy, limits, models: facts }: ProviderConfig,
	{ id, source }: ProviderConfig['credentials'][number],
	models: readonly string[],
): ActorConfig[] {
	const key = { id, provider, credential: id, source };
	const [only] = models;
	const limitsOf = (model: string | undefined) => facts[model ?? '']?.limits ?? {};
	// Where one model alone is in use the key's actor stands for both, and obeys both.
	if (models.length < 2) return [{ ...key, policy, ...smaller(limits, limitsOf(only)) }];
	const ofModel = policyOfModel(policy);
	const { learn, ...ofKey } = limits;
	return [
		// What a provider says is left is said of a model.
		{ ...key, policy: policyOfKey(policy), ...limitsOfActor(ofKey) },
		...models.map((model) => ({
			...key,
			id: `${id}/${model}`,
			model,
			policy: ofModel,
			...limitsOfActor({ ...(learn !== undefined && { learn }), ...limitsOf(model) }),
		})),
	];
}

function limitsOfActor({ concurrent, ...rates }: TargetLimits): Pick<ActorConfig, 'concurrent' | 'rates'> {
	return {
		...(concurrent !== undefined && { concurrent }),
		...(Object.keys(rates).length > 0 && { rates }),
	};
}

/** What obeys both. */
function smaller(one: TargetLimits, other: TargetLimits): Pick<ActorConfig, 'concurrent' | 'rates'> {
	const least = (name: 'concurrent' | 'requestsPerMinute' | 'tokensPerMinute') => {
		const given = [one[name], other[name]].filter((limit) => limit !== undefined);
		return given.length === 0 ? {} : { [name]: Math.min(...given) };
	};
	const learn = other.learn ?? one.learn;
	return limitsOfActor({
		...least('concurrent'),
		...least('requestsPerMinute'),
		...least('tokensPerMinute'),
		...(learn !== undefined && { learn }),
	});
}

/** The ids of the actors that a request asks. */
export interface Gates {
	/** @returns the id of the actor to ask for this model through this key */
	of(credential: string, model: string): string;
}

/** Looked up in one step: a file may have a hundred thousand actors, and asks for each. */
export function gatesOf(actors: readonly ActorConfig[]): Gates {
	const idsOfModels = new Map<string, Map<string, string>>();
	for (const { id, credential, model } of actors) {
		if (model === undefined) continue;
		const ids = idsOfModels.get(credential) ?? new Map<string, string>();
		idsOfModels.set(credential, ids.set(model, id));
	}
	return { of: (credential, model) => idsOfModels.get(credential)?.get(model) ?? credential };
}
