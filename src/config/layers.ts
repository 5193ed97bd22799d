import type { BreakerPolicy, ErrorPolicy, Fallback, Policy } from '../../machines/policy.ts';
import { categoryOf } from './failure-keys.ts';
import type { PolicyLayer } from './policy-schema.ts';

type ErrorLayer = { retries?: number; then?: Fallback | Fallback[] };
type ErrorTable = Policy['onError'];

/**
 * Lays one layer of policy over a complete one: each field that the layer gives replaces the one below it.
 * @returns a new, complete policy
 */
export function overlayPolicy(base: Policy, layer: Partial<PolicyLayer> | undefined): Policy {
	if (layer === undefined) return base;
	return {
		timeouts: overlay(base.timeouts, layer.timeouts),
		retry: overlay(base.retry, layer.retry),
		breaker: overlayBreaker(base.breaker, layer.breaker),
		onError: overlayErrors(base.onError, layer.onError),
		continuation: overlay(base.continuation, layer.continuation),
		whenAllDenied: layer.whenAllDenied ?? base.whenAllDenied,
		emptyAnswer: layer.emptyAnswer ?? base.emptyAnswer,
		clientRetryWithin: layer.clientRetryWithin ?? base.clientRetryWithin,
	};
}

function overlay<T extends object>(base: T, layer: Partial<T> | undefined): T {
	return { ...base, ...layer };
}

function overlayBreaker(base: BreakerPolicy, layer: PolicyLayer['breaker']): BreakerPolicy {
	return overlay(base, { ...layer, effects: { ...base.effects, ...layer?.effects } });
}

/**
 * An entry is completed from the same key of the layers below, else from its category. Categories come first, so that
 * `BAD_REQUEST.context_length` is completed from the `BAD_REQUEST` of its own layer, wherever that stands.
 */
function overlayErrors(base: ErrorTable, layer: Readonly<Record<string, ErrorLayer>> = {}): ErrorTable {
	const errors = { ...base };
	const keys = Object.keys(layer).sort((a, b) => Number(a.includes('.')) - Number(b.includes('.')));
	for (const key of keys) {
		const below = base[key] ?? errors[categoryOf(key)] ?? { retries: 0, then: ['fail'] };
		errors[key] = complete(layer[key] ?? {}, below);
	}
	return errors;
}

function complete(entry: ErrorLayer, below: ErrorPolicy): ErrorPolicy {
	return { retries: entry.retries ?? below.retries, then: fallbacksOf(entry.then, below.then) };
}

function fallbacksOf(then: ErrorLayer['then'], below: readonly Fallback[]): readonly Fallback[] {
	if (then === undefined) return below;
	if (typeof then === 'object') return then;
	// Alone it would mean `fail` once the credentials are used up, which nobody who writes it for failover intends.
	if (then === 'credential') return ['credential', ...below.filter((fallback) => fallback !== 'credential')];
	return [then];
}
