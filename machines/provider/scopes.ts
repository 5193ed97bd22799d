import type { BreakerPolicy, Effect, Policy } from '../policy.ts';

/**
 * What counts where, for a key of which several models are in use: the line to a provider, the key and the account are the
 * key's, whichever model was asked; all else that counts is the model's own. Where one model alone is in use the key's actor
 * stands for both, and obeys the policy as it is.
 */

/** The policy of a key's actor beside those of its models: what counts for a model does not count here. */
export function policyOfKey(policy: Policy): Policy {
	return withEffects(policy, (name, effect) => (counts(effect) && !isOfLine(name) ? 'none' : effect));
}

/** The policy of a model's actor: what is the key's means nothing here. */
export function policyOfModel(policy: Policy): Policy {
	return withEffects(policy, (name, effect) => (counts(effect) && !isOfLine(name) ? effect : 'none'));
}

const counts = (effect: Effect) => effect === 'count' || effect === 'cool';

/** A connection that does not come about is part of a category whose other reasons are the model's. */
const CONNECT = 'TIMEOUT.connect';

/** @param name `CATEGORY` or `CATEGORY.reason` */
export function isOfLine(name: string): boolean {
	return name === CONNECT || name === 'NETWORK_ERROR' || name.startsWith('NETWORK_ERROR.');
}

function withEffects(policy: Policy, meaning: (name: string, effect: Effect) => Effect): Policy {
	const { effects } = policy.breaker;
	const told: BreakerPolicy['effects'] = { ...effects, [CONNECT]: effects[CONNECT] ?? effects.TIMEOUT ?? 'none' };
	const meant = Object.entries(told).map(([name, effect]) => [name, meaning(name, effect)]);
	return { ...policy, breaker: { ...policy.breaker, effects: Object.fromEntries(meant) } };
}
