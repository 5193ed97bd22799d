import type { ProviderConfig } from '../../config/config.ts';
import type { Finding, Rule } from './rule.ts';
import type { JudgedProfile } from './subject.ts';

/** Scheme, host and port; undefined for a simulated provider, which shares its own with nobody. */
export function originOf({ baseUrl }: ProviderConfig): string | undefined {
	return baseUrl === undefined ? undefined : new URL(baseUrl).origin;
}

/** Its only key, where it has exactly one. Never to be shown. */
function onlyKey({ credentials }: ProviderConfig): string | undefined {
	return credentials.length === 1 ? credentials[0]?.apiKey : undefined;
}

/** All of these have this, and it is the same. */
function isShared<T>(values: readonly T[]): boolean {
	return values[0] !== undefined && new Set(values).size === 1;
}

function fateOf({ rungs }: JudgedProfile): Pick<Finding, 'reason' | 'severity' | 'about'> | undefined {
	const providers = [...new Set(rungs.map(({ provider }) => provider))];
	const [first] = providers;
	if (first === undefined) return undefined;
	if (providers.length === 1) {
		const isSoft = first.protocol === 'simulated' || first.credentials.length > 1;
		return {
			about: 'provider',
			severity: isSoft ? 'note' : 'warning',
			reason: `all ${rungs.length} rungs are with the provider \`${first.name}\`, so its outage${isSoft ? '' : ', a rejected key or an empty account'} takes all of them`,
		};
	}
	if (isShared(providers.map(onlyKey)) && isShared(providers.map(originOf))) {
		return {
			about: 'credential',
			reason: `all ${rungs.length} rungs are behind one credential, that of \`${first.name}\`, under ${providers.length} names, so one rejected key or empty account takes all of them`,
		};
	}
	if (!isShared(providers.map(originOf))) return undefined;
	return {
		about: 'origin',
		reason: `all ${rungs.length} rungs are behind one origin, ${originOf(first)}, so its outage takes all of them`,
	};
}

function sharedFate(profile: JudgedProfile): Finding[] {
	if (profile.rungs.length < 2) return [];
	const fate = fateOf(profile);
	if (fate === undefined) return [];
	return [{ ...fate, at: [profile.chainAt], concerns: profile.concerns, advice: 'add a target elsewhere' }];
}

function alone({ rungs, chainAt, concerns }: JudgedProfile): Finding[] {
	const [only] = rungs;
	if (only === undefined || rungs.length > 1) return [];
	const hasKeys = only.provider.credentials.length > 1;
	return [
		{
			at: [chainAt],
			concerns,
			reason: `the chain has one rung, \`${only.target.target}\`, so there is no failover${hasKeys ? ' but to another key of the same provider' : ''}`,
			advice: 'add a second target if there shall be',
		},
	];
}

export const fateRules: readonly Rule[] = [
	{
		id: 'no-failover',
		severities: ['note'],
		finds: 'a chain of one rung',
		find: ({ profiles }) => profiles.flatMap(alone),
	},
	{
		id: 'shared-fate',
		severities: ['warning', 'note'],
		finds: 'a chain with all rungs behind one provider, one credential or one origin',
		find: ({ profiles }) => profiles.flatMap(sharedFate),
	},
];
