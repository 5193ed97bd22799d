import type { Policy } from '../../machines/policy.ts';
import type { Candidate } from '../../machines/request/progress.ts';
import { actorsOf, type Gates, gatesOf } from '../config/actors.ts';
import type { Config, ProfileConfig, TargetConfig } from '../config/config.ts';
import { resolveTarget, streamsUpstream, targetsOf } from '../config/targets.ts';
import type { ModelAbilities } from '../contract/dialect.ts';
import { type RouteOrder, routeOrderOf } from './order/route-order.ts';
import { type RequestSettings, requestSettings } from './request-settings.ts';

/** A target as the configuration describes it: all but the actor of its provider. */
export type CandidatePlan = Omit<Candidate, 'actor'>;

/** What a route leads to: the targets in order, and the policy of the request itself. */
export interface Route {
	readonly candidates: readonly CandidatePlan[];
	readonly policy: Policy;
	readonly commit: 'first-token' | 'complete';
}

/** A route with what the machines need not know of it. */
export interface ConfiguredRoute extends Route {
	/** How each target is asked, by its position. */
	readonly asking: readonly Asking[];
	/** It is asked for embeddings: its targets are one model. */
	readonly isForEmbeddings: boolean;
	/** It is one target, which the caller names. */
	readonly isOneTarget: boolean;
	/** Targets are asked without what they cannot be told. */
	readonly sendsWithout: boolean;
	/** What a request may be estimated to cost, USD; undefined: whatever it does. */
	readonly maxUsd: number | undefined;
	/** Which target is asked first; undefined: the chain as it is written, and keys as they are listed. */
	readonly order: RouteOrder | undefined;
}

/** How one target is asked. */
export interface Asking {
	readonly settings: RequestSettings | undefined;
	readonly abilities: ModelAbilities;
	/** The endpoints in which its model is said to answer; undefined: in the usual ones of its provider. */
	readonly endpoints: readonly string[] | undefined;
	/** The name under which it is the same model as others. */
	readonly sameAs: string;
}

/**
 * Every profile, and every configured target by itself. Profiles win where the names are the same.
 * @param config checked and resolved
 */
export function routesOf(config: Config): ReadonlyMap<string, ConfiguredRoute> {
	const gates = gatesOf(actorsOf(config));
	const targets = targetsOf(config).map((target): [string, ConfiguredRoute] => [
		target.target,
		routeOf(config, gates, [target], { ...alone, policy: target.policy }),
	]);
	const profiles = Object.values(config.profiles).map((profile): [string, ConfiguredRoute] => [
		profile.name,
		routeOf(config, gates, profile.chain, profile),
	]);
	return new Map([...targets, ...profiles]);
}

/**
 * Every configured target as a request that names its own chain meets it: under the default profile's policy, as if that
 * profile had this chain.
 * @param config checked and resolved
 * @returns routes of one target each, by the target
 */
export function singleRoutesOf(config: Config): ReadonlyMap<string, ConfiguredRoute> {
	const profile = config.profiles[config.defaultProfile];
	if (profile === undefined) throw new Error(`${config.defaultProfile} is not among the profiles`);
	const { policyLayers, streamUpstream } = profile;
	const gates = gatesOf(actorsOf(config));
	const routes = targetsOf(config).flatMap(({ target }) =>
		resolveTarget(target, config.providers, policyLayers).map((resolved): [string, ConfiguredRoute] => {
			const wished = streamUpstream ?? resolved.streamUpstream;
			const candidate = { ...resolved, streamUpstream: streamsUpstream(resolved.request, wished) };
			return [target, routeOf(config, gates, [candidate], { ...profile, for: undefined, order: undefined })];
		}),
	);
	return new Map(routes);
}

interface RouteSettings extends Pick<ProfileConfig, 'policy' | 'commit' | 'whenNotCarried' | 'maxCostPerRequest'> {
	/** Undefined: the chain as it is written, as one that a caller names. */
	readonly order: ProfileConfig['order'] | undefined;
	/** Undefined: of a target that the caller names. */
	readonly for: ProfileConfig['for'] | undefined;
}

/** Of a target that is asked by its own name. */
const alone = { order: undefined, commit: 'first-token', for: undefined, whenNotCarried: 'pass-over' } as const;

function routeOf(
	config: Config,
	gates: Gates,
	chain: readonly TargetConfig[],
	settings: RouteSettings,
): ConfiguredRoute {
	const candidates = chain.flatMap((target, link) => candidatesOf(config, gates, target, link));
	return {
		candidates: candidates.map(({ candidate }) => candidate),
		asking: candidates.map(({ asking }) => asking),
		policy: settings.policy,
		commit: settings.commit,
		isForEmbeddings: settings.for === 'embeddings',
		isOneTarget: settings.for === undefined,
		sendsWithout: settings.whenNotCarried === 'send-without',
		maxUsd: settings.maxCostPerRequest,
		order: routeOrderOf(settings.order, chain, config.providers),
	};
}

/** One target for each credential of a target. */
function candidatesOf(config: Config, gates: Gates, candidate: TargetConfig, link: number) {
	const { target, provider, model, contextWindow, prefill, reasons, streamUpstream, policy, request, headers } =
		candidate;
	const { maxOutputTokens, input, sameAs } = candidate;
	const { credentials, models, endpoints } = config.providers[provider] ?? {};
	if (credentials === undefined) throw new Error(`${provider} is in a chain, and not among the providers`);
	const asking = {
		settings: requestSettings(request, headers),
		abilities: { maxOutputTokens, input, reasons },
		endpoints: models?.[model]?.endpoints ?? endpoints,
		sameAs,
	};
	const facts = { model, contextWindow, prefill, reasons, streamUpstream, policy };
	return credentials.map(({ id: credential }) => {
		const gate = gates.of(credential, model);
		return { candidate: { link, target, provider, credential, gate, ...facts }, asking };
	});
}
