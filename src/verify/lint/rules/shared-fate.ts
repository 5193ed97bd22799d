import type { ProviderConfig } from '../../../config/config.ts';
import { identityOf } from '../../../config/secrets.ts';
import type { Finding, Rule } from '../rule.ts';
import type { LintedProfile } from '../subject.ts';

/** Scheme, host and port; undefined for a simulated provider, which shares its own with nobody. */
export function originOf({ baseUrl }: ProviderConfig): string | undefined {
	return baseUrl === undefined ? undefined : new URL(baseUrl).origin;
}

/** Its only key, where it has exactly one. Never to be shown. */
function onlyKey({ credentials }: ProviderConfig): string | undefined {
	const [first, another] = credentials;
	return first === undefined || another !== undefined ? undefined : identityOf(first);
}

/** All of these have this, and it is the same. */
function isShared<T>(values: readonly T[]): boolean {
	return values[0] !== undefined && new Set(values).size === 1;
}

function fateOf({ candidates }: LintedProfile): Pick<Finding, 'reason' | 'severity' | 'about'> | undefined {
	const providers = [...new Set(candidates.map(({ provider }) => provider))];
	const [first] = providers;
	if (first === undefined) return undefined;
	if (providers.length === 1) {
		const isSoft = first.protocol === 'simulated' || first.credentials.length > 1;
		return {
			about: 'provider',
			severity: isSoft ? 'note' : 'warning',
			reason: `all ${candidates.length} targets are with the provider \`${first.name}\`, so its outage${isSoft ? '' : ', a rejected key or an empty account'} fails all of them`,
		};
	}
	if (isShared(providers.map(onlyKey)) && isShared(providers.map(originOf))) {
		return {
			about: 'credential',
			reason: `all ${candidates.length} targets are behind one credential, that of \`${first.name}\`, under ${providers.length} names, so one rejected key or empty account fails all of them`,
		};
	}
	if (!isShared(providers.map(originOf))) return undefined;
	return {
		about: 'origin',
		reason: `all ${candidates.length} targets are behind one origin, ${originOf(first)}, so its outage fails all of them`,
	};
}

function sharedFate(profile: LintedProfile): Finding[] {
	if (profile.candidates.length < 2) return [];
	const fate = fateOf(profile);
	if (fate === undefined) return [];
	return [{ ...fate, at: [profile.chainAt], concerns: profile.concerns, advice: 'add a target elsewhere' }];
}

function alone({ candidates, chainAt, concerns }: LintedProfile): Finding[] {
	const [only] = candidates;
	if (only === undefined || candidates.length > 1) return [];
	const hasKeys = only.provider.credentials.length > 1;
	return [
		{
			at: [chainAt],
			concerns,
			reason: `the chain has one target, \`${only.target.target}\`, so there is no failover${hasKeys ? ' but to another key of the same provider' : ''}`,
			advice: 'add a second target if you want failover',
		},
	];
}

export const fateRules: readonly Rule[] = [
	{
		id: 'no-failover',
		severities: ['note'],
		finds: 'a chain of one target',
		find: ({ profiles }) => profiles.flatMap(alone),
	},
	{
		id: 'shared-fate',
		severities: ['warning', 'note'],
		finds: 'a chain with all targets behind one provider, one credential or one origin',
		find: ({ profiles }) => profiles.flatMap(sharedFate),
	},
];
