import type { Config, ProviderConfig, RequestConfig, TargetConfig } from './config.ts';
import { factsByName, isKnownToReason } from './known-models.ts';
import { overlayPolicy } from './layers.ts';
import type { PolicyLayer } from './policy-schema.ts';

/** `provider/model`, split at the first slash, with a provider that could be configured. */
export function isTarget(text: string): boolean {
	return /^[!-"$-.0-~]+\/[!-~]([ -~]*[!-~])?$/.test(text);
}

/**
 * Every distinct target that is configured, in a chain or among a provider's models, in the order of the file.
 * @returns each as a request for just this target sees it: defaults ← `policy` ← the provider's policy ← the model's
 */
export function targetsOf(config: Config): TargetConfig[] {
	const chained = Object.values(config.profiles).flatMap((profile) => profile.chain.map(({ target }) => target));
	const listed = Object.values(config.providers).flatMap(({ name, models }) =>
		Object.keys(models).map((model) => `${name}/${model}`),
	);
	return [...new Set([...chained, ...listed])].flatMap((target) => resolveTarget(target, config.providers, []));
}

/**
 * A target with its model's facts and its policy.
 * @param layers the policies of the profiles it stands in, to be laid over the provider's in this order
 * @returns a list of one, or of none when its provider is not configured
 */
export function resolveTarget(
	target: string,
	providers: Readonly<Record<string, ProviderConfig>>,
	layers: readonly (Partial<PolicyLayer> | undefined)[],
): TargetConfig[] {
	const slash = target.indexOf('/');
	const provider = providers[target.slice(0, slash)];
	if (provider === undefined) return [];
	const model = target.slice(slash + 1);
	const known = factsByName(model);
	const {
		contextWindow,
		prefill,
		maxOutputTokens = known.maxOutputTokens,
		input = known.input,
		sameAs = model,
		reasons = isKnownToReason(model),
		request: ofModel,
		policy: modelPolicy,
	} = provider.models[model] ?? {};
	const request = overlayRequest(provider.request, ofModel);
	return [
		{
			target,
			provider: provider.name,
			model,
			...(contextWindow !== undefined && { contextWindow }),
			...(prefill !== undefined && { prefill }),
			reasons,
			...(maxOutputTokens !== undefined && { maxOutputTokens }),
			...(input !== undefined && { input }),
			sameAs,
			weight: 1,
			streamUpstream: streamsUpstream(request, provider.streamUpstream),
			request,
			headers: {},
			policy: layers.reduce(
				overlayPolicy,
				overlayPolicy(reasons ? provider.reasoningPolicy : provider.policy, modelPolicy),
			),
		},
	];
}

/** Each member that a layer gives replaces the whole one below it. */
export function overlayRequest(base: RequestConfig, layer: Partial<RequestConfig> = {}): RequestConfig {
	return { defaults: { ...base.defaults, ...layer.defaults }, force: { ...base.force, ...layer.force } };
}

/** Whether answers are streamed from a target: what its request is forced to be says more than any wish. */
export function streamsUpstream({ force }: RequestConfig, wished: boolean): boolean {
	return Object.hasOwn(force, 'stream') ? force.stream === true : wished;
}
