import type { Policy } from '../../machines/policy.ts';
import type { Candidate } from '../../machines/request/progress.ts';
import { actorsOf, type Gates, gatesOf } from '../config/actors.ts';
import type { Config, TargetConfig } from '../config/config.ts';
import { resolveTarget, streamsUpstream, targetsOf } from '../config/targets.ts';
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
	/** What is set in the requests of each target, by its position. */
	readonly settings: readonly (RequestSettings | undefined)[];
}

/**
 * Every profile, and every configured target by itself. Profiles win where the names are the same.
 * @param config checked and resolved
 */
export function routesOf(config: Config): ReadonlyMap<string, ConfiguredRoute> {
	const gates = gatesOf(actorsOf(config));
	const targets = targetsOf(config).map((target): [string, ConfiguredRoute] => [
		target.target,
		routeOf(config, gates, [target], target.policy, 'first-token'),
	]);
	const profiles = Object.values(config.profiles).map(({ name, chain, policy, commit }): [string, ConfiguredRoute] => [
		name,
		routeOf(config, gates, chain, policy, commit),
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
	const { policy, policyLayers, commit, streamUpstream } = profile;
	const gates = gatesOf(actorsOf(config));
	const routes = targetsOf(config).flatMap(({ target }) =>
		resolveTarget(target, config.providers, policyLayers).map((resolved): [string, ConfiguredRoute] => {
			const wished = streamUpstream ?? resolved.streamUpstream;
			const candidate = { ...resolved, streamUpstream: streamsUpstream(resolved.request, wished) };
			return [target, routeOf(config, gates, [candidate], policy, commit)];
		}),
	);
	return new Map(routes);
}

function routeOf(
	config: Config,
	gates: Gates,
	chain: readonly TargetConfig[],
	policy: Policy,
	commit: Route['commit'],
): ConfiguredRoute {
	const candidates = chain.flatMap((target, link) => candidatesOf(config, gates, target, link));
	return {
		candidates: candidates.map(({ candidate }) => candidate),
		settings: candidates.map(({ settings }) => settings),
		policy,
		commit,
	};
}

/** One target for each credential of a target. */
function candidatesOf(config: Config, gates: Gates, candidate: TargetConfig, link: number) {
	const { target, provider, model, contextWindow, prefill, reasons, streamUpstream, policy, request, headers } =
		candidate;
	const credentials = config.providers[provider]?.credentials;
	if (credentials === undefined) throw new Error(`${provider} is in a chain, and not among the providers`);
	const settings = requestSettings(request, headers);
	const facts = { model, contextWindow, prefill, reasons, streamUpstream, policy };
	return credentials.map(({ id: credential }) => {
		const gate = gates.of(credential, model);
		return { candidate: { link, target, provider, credential, gate, ...facts }, settings };
	});
}
