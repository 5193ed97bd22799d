import type { Policy } from '../../machines/policy.ts';
import type { Route } from '../gateway/routes.ts';
import { isObject } from '../values/json.ts';
import type { RouteToCheck } from './prove/request/route.ts';

/** All that a provider actor obeys of a policy, and that its failures are made from. */
export function behaviourKey({ breaker, retry, onError }: Policy): string {
	return stableText({ breaker, retry, onError });
}

/**
 * All that a request obeys of a route, what its attempts cost, and all that its providers can say. Names are left out: of them it matters only which
 * are the same, so that routes with one key can be explored once.
 * @param behaviourOf what tells a provider actor, by its id, from those that behave otherwise
 */
export function routeKey(
	{ candidates, policy, commit, costs }: Route & Pick<RouteToCheck, 'costs'>,
	behaviourOf: (id: string) => string,
): string {
	const names = new Numbers();
	const behaviours = new Numbers();
	const policies = new Numbers();
	const anonymous = candidates.map(({ target, provider, credential, gate, model, policy: own, ...facts }) => ({
		...facts,
		names: [target, provider, credential, gate, model].map((name) => names.of(name)),
		behaviours: [credential, gate].map((id) => behaviours.of(behaviourOf(id))),
		policy: policies.of(stableText(own)),
	}));
	return stableText({ anonymous, behaviours: behaviours.all, policies: policies.all, policy, commit, costs });
}

/** Texts, each by a number in the order in which they are met. */
class Numbers {
	readonly #known = new Map<string, number>();

	get all(): string[] {
		return [...this.#known.keys()];
	}

	of(text: string): number {
		const known = this.#known.get(text) ?? this.#known.size;
		this.#known.set(text, known);
		return known;
	}
}

/** The same for what is the same, in whatever order it is written. */
function stableText(data: object): string {
	return JSON.stringify(data, (_key, value: unknown) =>
		isObject(value) ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))) : value,
	);
}
