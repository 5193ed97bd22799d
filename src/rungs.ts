import type { Policy } from '../machines/policy.ts';
import type { Rung } from '../machines/walk.ts';
import type { Config, TargetConfig } from './config/config.ts';
import { targetsOf } from './config/targets.ts';

/** A rung as the configuration describes it: all but the actor of its provider. */
export type RungPlan = Omit<Rung, 'actor'>;

/** What a route leads to: the rungs in order, and the policy of the request itself. */
export interface Route {
	readonly rungs: readonly RungPlan[];
	readonly policy: Policy;
	readonly commit: 'first-token' | 'complete';
}

/**
 * Every profile, and every configured target by itself. Profiles win where the names are the same.
 * @param config checked and resolved
 */
export function routesOf(config: Config): ReadonlyMap<string, Route> {
	const targets = targetsOf(config).map((target): [string, Route] => [
		target.target,
		{ rungs: rungsOf(config, [target]), policy: target.policy, commit: 'first-token' },
	]);
	const profiles = Object.values(config.profiles).map(({ name, chain, policy, commit }): [string, Route] => [
		name,
		{ rungs: rungsOf(config, chain), policy, commit },
	]);
	return new Map([...targets, ...profiles]);
}

/** One rung for each credential of each target. */
function rungsOf(config: Config, chain: readonly TargetConfig[]): RungPlan[] {
	return chain.flatMap(({ target, provider, model, contextWindow, prefill, streamUpstream, policy }, link) => {
		const credentials = config.providers[provider]?.credentials;
		if (credentials === undefined) throw new Error(`${provider} is in a chain, and not among the providers`);
		return credentials.map(({ id: credential }) => ({
			link,
			target,
			provider,
			credential,
			model,
			contextWindow,
			prefill,
			streamUpstream,
			policy,
		}));
	});
}
