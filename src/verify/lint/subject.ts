import type { Effect, Policy } from '../../../machines/policy.ts';
import type { Config, ProfileConfig, ProviderConfig, TargetConfig } from '../../config/config.ts';
import { categoryOf } from '../../config/failure-keys.ts';
import type { ReadConfig } from '../../config/load.ts';
import { defaultPolicy } from '../../config/policy-schema.ts';
import type { Positions } from '../../config/positions.ts';
import type { Path } from '../../config/tree.ts';

/** What the lint rules look at: a configuration as it works, and for each part of it the layers of the file that it comes from. */
export interface LintSubject {
	config: Config;
	positions: Positions;
	providers: readonly LintedProvider[];
	profiles: readonly LintedProfile[];
}

/** A policy that was made of layers. */
export interface Layered {
	concerns: Concern;
	policy: Policy;
	/** The paths of the layers, the one that wins first. */
	layers: readonly Path[];
}

export interface LintedProvider extends Layered {
	provider: ProviderConfig;
	/** As the profiles use it. */
	candidates: readonly LintedCandidate[];
}

export interface LintedProfile extends Layered {
	profile: ProfileConfig;
	/** The profile itself, then those that it extends. */
	lineage: readonly string[];
	/** Where its chain is written. */
	chainAt: Path;
	candidates: readonly LintedCandidate[];
}

export interface LintedCandidate extends Layered {
	target: TargetConfig;
	provider: ProviderConfig;
	profile: string;
	/** Of the profile's chain. */
	index: number;
	at: Path;
}

export function lintSubjectOf({ config, positions }: ReadConfig): LintSubject {
	const profiles = Object.values(config.profiles).map((profile) => lintedProfile(profile, config, positions));
	const candidates = Map.groupBy(
		profiles.flatMap((profile) => profile.candidates),
		({ provider }) => provider.name,
	);
	const providers = Object.values(config.providers).map((provider) => ({
		provider,
		concerns: { kind: 'provider' as const, name: provider.name },
		policy: provider.policy,
		layers: [['providers', provider.name, 'policy'], ['policy']],
		candidates: candidates.get(provider.name) ?? [],
	}));
	return { config, positions, providers, profiles };
}

function lintedProfile(profile: ProfileConfig, config: Config, positions: Positions): LintedProfile {
	const { name, chain, policy } = profile;
	const lineage = positions.lineageOf(name);
	const withChain = lineage.find((member) => positions.isGiven(['profiles', member, 'chain'])) ?? name;
	const chainAt = ['profiles', withChain, 'chain'];
	const own = lineage.map((member) => ['profiles', member, 'policy']);
	const concerns = { kind: 'profile' as const, name };
	const candidates = chain.flatMap((target, index): LintedCandidate[] => {
		const provider = config.providers[target.provider];
		if (provider === undefined) return [];
		const ofModel = ['providers', provider.name, 'models', target.model, 'policy'];
		const ofProvider = ['providers', provider.name, 'policy'];
		const layers = [[...chainAt, index, 'policy'], ...own, ofModel, ofProvider, ['policy']];
		return [
			{ target, provider, profile: name, index, concerns, policy: target.policy, layers, at: [...chainAt, index] },
		];
	});
	return { profile, concerns, policy, lineage, chainAt, candidates, layers: [...own, ['policy']] };
}

/**
 * Where settings may be written, layer by layer: of several that together are wrong, the one in the most special layer
 * is the one that was set against the others.
 */
export function written({ layers }: Layered, ...settings: readonly Path[]): Path[] {
	return layers.flatMap((layer) => settings.map((setting) => [...layer, ...setting]));
}

/** Where a field of an `onError` entry may be written: in the entry, or in that of its category, which completes it. */
export function writtenOnError(layered: Layered, key: string, field: 'retries' | 'then'): Path[] {
	const keys = [...new Set([key, categoryOf(key)])];
	const fields = keys.flatMap((name) => written(layered, ['onError', name, field]));
	return [...fields, ...written(layered, ['onError', key])];
}

/** Does the file itself say where a request goes after this failure, in any layer of this policy? */
export function saysWhereTo({ layers }: Layered, key: string, positions: Positions): boolean {
	const keys = [key, categoryOf(key)];
	return layers.some((layer) => keys.some((name) => positions.isGiven([...layer, 'onError', name, 'then'])));
}

/** Are the targets of a profile always asked in the order in which its chain is written? */
export function isInChainOrder({ profile: { order } }: LintedProfile): boolean {
	return order.by === 'fixed' && order.skipBelow === undefined;
}

/** Is one of these durations of a policy not the default? */
export function differsFromDefault(
	{ policy }: Layered,
	section: 'timeouts' | 'breaker',
	...fields: readonly string[]
): boolean {
	return fields.some((field) => Reflect.get(policy[section], field) !== Reflect.get(defaultPolicy[section], field));
}

/** What a failure with this key of `onError` or `effects` means to a provider. */
export function effectAt({ policy }: ProviderConfig, key: string): Effect {
	const { effects } = policy.breaker;
	return effects[key] ?? effects[categoryOf(key)] ?? 'none';
}

/** A part of the configuration by its name. All findings of a rule are about parts of one kind. */
export interface Concern {
	kind: 'profile' | 'provider';
	name: string;
}
