import type { Policy } from '../machines/policy.ts';
import type { Rung } from '../machines/walk.ts';
import type { Config, TargetConfig } from './config/config.ts';
import { resolveTarget, streamsUpstream, targetsOf } from './config/targets.ts';
import { type RungSettings, rungSettings } from './rung-settings.ts';

/** A rung as the configuration describes it: all but the actor of its provider. */
export type RungPlan = Omit<Rung, 'actor'>;

/** What a route leads to: the rungs in order, and the policy of the request itself. */
export interface Route {
	readonly rungs: readonly RungPlan[];
	readonly policy: Policy;
	readonly commit: 'first-token' | 'complete';
}

/** A route with what the machines need not know of it. */
export interface ConfiguredRoute extends Route {
	/** What is set in the requests of each rung, by its position. */
	readonly settings: readonly (RungSettings | undefined)[];
}

/**
 * Every profile, and every configured target by itself. Profiles win where the names are the same.
 * @param config checked and resolved
 */
export function routesOf(config: Config): ReadonlyMap<string, ConfiguredRoute> {
	const targets = targetsOf(config).map((target): [string, ConfiguredRoute] => [
		target.target,
		routeOf(config, [target], target.policy, 'first-token'),
	]);
	const profiles = Object.values(config.profiles).map(({ name, chain, policy, commit }): [string, ConfiguredRoute] => [
		name,
		routeOf(config, chain, policy, commit),
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
	const routes = targetsOf(config).flatMap(({ target }) =>
		resolveTarget(target, config.providers, policyLayers).map((resolved): [string, ConfiguredRoute] => {
			const wished = streamUpstream ?? resolved.streamUpstream;
			const rung = { ...resolved, streamUpstream: streamsUpstream(resolved.request, wished) };
			return [target, routeOf(config, [rung], policy, commit)];
		}),
	);
	return new Map(routes);
}

function routeOf(
	config: Config,
	chain: readonly TargetConfig[],
	policy: Policy,
	commit: Route['commit'],
): ConfiguredRoute {
	const rungs = chain.flatMap((target, link) => rungsOf(config, target, link));
	return { rungs: rungs.map(({ rung }) => rung), settings: rungs.map(({ settings }) => settings), policy, commit };
}

/** One rung for each credential of a target. */
function rungsOf(config: Config, rung: TargetConfig, link: number) {
	const { target, provider, model, contextWindow, prefill, streamUpstream, policy, request, headers } = rung;
	const credentials = config.providers[provider]?.credentials;
	if (credentials === undefined) throw new Error(`${provider} is in a chain, and not among the providers`);
	const settings = rungSettings(request, headers);
	return credentials.map(({ id: credential }) => ({
		rung: { link, target, provider, credential, model, contextWindow, prefill, streamUpstream, policy },
		settings,
	}));
}
