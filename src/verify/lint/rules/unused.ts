import type { Config, ProfileConfig } from '../../../config/config.ts';
import { identityOf } from '../../../config/secrets.ts';
import { isLoopbackUrl, keyPath } from '../addresses.ts';
import type { Finding, Rule } from '../rule.ts';
import type { LintSubject } from '../subject.ts';
import { namesText } from '../words.ts';
import { originOf } from './shared-fate.ts';

function unusedProviders({ providers }: LintSubject): Finding[] {
	return providers
		.filter(({ candidates }) => candidates.length === 0)
		.map(({ provider: { name, models, credentials } }) => {
			const isNamed = Object.keys(models).length > 0;
			const withKey = credentials.some((credential) => identityOf(credential) !== undefined) ? ', with its key,' : '';
			return {
				at: [['providers', name]],
				severity: isNamed ? 'note' : 'warning',
				reason: isNamed
					? `the provider \`${name}\` stands in no chain, so only requests that name one of its models ever reach it`
					: `the provider \`${name}\`${withKey} is never used: it stands in no chain and lists no models`,
				advice: 'add it to the chain of a profile, or remove it',
			} as const;
		});
}

/** Keys are compared, and never shown. */
function sameKeyInList({ config, positions }: LintSubject): Finding[] {
	return Object.values(config.providers).flatMap(({ name, credentials }) =>
		credentials.flatMap((credential, index) => {
			const key = identityOf(credential);
			const first = credentials.findIndex((other) => identityOf(other) === key);
			if (key === undefined || first === index) return [];
			return {
				at: [keyPath(positions, name, index)],
				reason: `key ${index + 1} of \`${name}\` has the same value as key ${first + 1}, so a request that moves on from one of them reaches the same account`,
				advice: 'remove one of the two, or set its variable to another key',
			};
		}),
	);
}

function keyOfTwoProviders({ config, positions }: LintSubject): Finding[] {
	const seen = new Map<string, Config['providers'][string]>();
	const findings: Finding[] = [];
	for (const provider of Object.values(config.providers)) {
		for (const [index, credential] of provider.credentials.entries()) {
			const key = identityOf(credential);
			if (key === undefined) continue;
			const other = seen.get(key);
			if (other === undefined) seen.set(key, provider);
			// Servers on this machine are often given any word for a key.
			if (other === undefined || other === provider || isLoopbackUrl(provider.baseUrl) || isLoopbackUrl(other.baseUrl))
				continue;
			const isOneAccount = originOf(provider) === originOf(other);
			findings.push({
				at: [keyPath(positions, provider.name, index)],
				reason: isOneAccount
					? `\`${provider.name}\` and \`${other.name}\` are one account under two names: what a breaker learns of its quota or its key, the other does not know`
					: `\`${provider.name}\` is sent the same key as \`${other.name}\`, which is at another address: one of them gets a key that is not meant for it`,
				advice: isOneAccount ? 'make them one provider if they need no different policies' : 'give each its own key',
			});
		}
	}
	return findings;
}

function sameProfiles({ config, positions }: LintSubject): Finding[] {
	const alike = Map.groupBy(Object.values(config.profiles), chainText);
	return [...alike.values()].flatMap((group) => {
		const behaviours = group.length === 1 ? [] : [...Map.groupBy(group, behaviourText).values()];
		return behaviours.flatMap(([first, ...others]) => {
			const [second] = others;
			if (first === undefined || second === undefined) return [];
			const isOne = others.length === 1;
			return {
				at: [['profiles', second.name]],
				reason: `the profile${isOne ? '' : 's'} ${namesText(others.map(({ name }) => name))} ${isOne ? 'does' : 'do'} exactly what \`${first.name}\` in line ${positions.locate(['profiles', first.name]).line} does`,
				advice: isOne ? 'nothing to do if both names are wanted' : 'nothing to do if all these names are wanted',
			};
		});
	});
}

function chainText({ chain }: ProfileConfig): string {
	return JSON.stringify(chain.map(({ target }) => target));
}

function behaviourText({ chain, commit, policy }: ProfileConfig): string {
	return JSON.stringify([chain, commit, policy]);
}

export const unusedRules: readonly Rule[] = [
	{
		id: 'unused-provider',
		severities: ['warning', 'note'],
		finds: 'a provider, with its key, that is in no chain',
		find: unusedProviders,
	},
	{
		id: 'same-key-twice',
		severities: ['warning'],
		finds: 'the same key twice in one list',
		find: sameKeyInList,
	},
	{
		id: 'shared-key',
		severities: ['warning'],
		finds: 'the same key for two providers',
		find: keyOfTwoProviders,
	},
	{
		id: 'same-profile',
		severities: ['note'],
		finds: 'a profile that does exactly what another one does',
		find: sameProfiles,
	},
];
