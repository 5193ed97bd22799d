import type { KnownModels } from '../config/known-models.ts';
import { knownProviderAt } from './base-url.ts';
import type { DraftFacts, DraftProvider } from './draft.ts';
import type { Account } from './litellm-address.ts';
import type { Deployment } from './litellm-deployment.ts';
import { variableText } from './litellm-values.ts';
import { hostName, keyVariable, unique } from './names.ts';
import { breakerFor } from './policy-draft.ts';
import { distinguished, variableFor, variableIn } from './provider-drafts.ts';

export interface LitellmProviders {
	providers: readonly DraftProvider[];
	/** The keys by the variable that is to hold each; `''` where the file itself names a variable. */
	keys: ReadonlyMap<string, string>;
	variables: readonly string[];
	/** `provider/model`. */
	targetOf: (deployment: Deployment) => string;
}

/**
 * One provider for each address, key and set of headers, named as LiteLLM does, and by the group where that name is taken.
 * @param sameAs what model a deployment is where its name does not say so
 */
export function draftLitellmProviders(
	deployments: readonly Deployment[],
	known: KnownModels,
	sameAs: ReadonlyMap<Deployment, string>,
): LitellmProviders {
	const names = new Map<string, string>();
	const keys = new Map<string, string>();
	const taken = new Set<string>();
	const takenVariables = new Set(deployments.flatMap(({ account }) => variableIn(account.apiKey) ?? []));
	const providers = [...Map.groupBy(deployments, identityOf)].flatMap(([identity, members]): DraftProvider[] => {
		const [first] = members;
		if (first === undefined) return [];
		const { account, headers, group } = first;
		const usual = usualName(account, known);
		const name = unique((taken.has(usual) && distinguished(usual, group)) || usual, taken);
		names.set(identity, name);
		const variable = variableFor(account.apiKey, name, known, takenVariables);
		if (variable !== undefined) keys.set(variable, variableIn(account.apiKey) === undefined ? account.apiKey : '');
		const breaker = breakerFor(Math.max(...members.map(({ timeoutMs = 0 }) => timeoutMs)));
		const models = factsOf(members, sameAs);
		const open = withoutSecrets(headers, name, takenVariables, keys);
		return [
			{
				name,
				...(account.protocol !== 'openai' && { protocol: account.protocol }),
				...(account.baseUrl !== undefined && { baseUrl: account.baseUrl }),
				...(account.apiVersion !== undefined && { apiVersion: account.apiVersion }),
				...(variable !== undefined && { keyVariable: variable }),
				...(Object.keys(headers).length > 0 && { headers: open }),
				...(Object.keys(breaker).length > 0 && { policy: { breaker } }),
				...(Object.keys(models).length > 0 && { models }),
			},
		];
	});
	return {
		providers,
		keys,
		variables: [...new Set(deployments.flatMap(({ account }) => account.variables))],
		targetOf: (deployment) => `${names.get(identityOf(deployment)) ?? ''}/${deployment.model}`,
	};
}

function identityOf({ account, headers }: Deployment): string {
	const { name, protocol, baseUrl, apiVersion, apiKey } = account;
	return JSON.stringify([name, protocol, baseUrl, apiVersion, apiKey, headers]);
}

/** An address of the user's own says more than that it is spoken to like OpenAI. */
function usualName({ name, protocol, baseUrl }: Account, known: KnownModels): string {
	if (protocol !== 'openai' || baseUrl === undefined || !URL.canParse(baseUrl)) return name;
	const isOwn = name === 'openai' || name.startsWith('custom') || name.endsWith('like');
	return knownProviderAt(baseUrl, known) ?? (isOwn ? hostName(baseUrl) : name);
}

/** The first word on a model counts. */
function factsOf(
	members: readonly Deployment[],
	sameAs: ReadonlyMap<Deployment, string>,
): Readonly<Record<string, DraftFacts>> {
	const facts = new Map<string, DraftFacts>();
	for (const member of members) {
		const same = sameAs.get(member);
		const told = { ...member.facts, ...(same !== undefined && same !== member.model && { sameAs: same }) };
		if (Object.keys(told).length > 0) facts.set(member.model, { ...told, ...facts.get(member.model) });
	}
	return Object.fromEntries(facts);
}

const secretHeader = /key|token|secret|pass|auth|cookie|credential/i;

/** A header may be a key as well, and no key is written into a configuration. */
function withoutSecrets(
	headers: Readonly<Record<string, string>>,
	provider: string,
	taken: Set<string>,
	keys: Map<string, string>,
): Record<string, string> {
	const entries = Object.entries(headers).map(([name, text]) => {
		const given = variableIn(text);
		if (given !== undefined) keys.set(given, keys.get(given) ?? '');
		if (given !== undefined || !secretHeader.test(name)) return [name, text];
		const wanted = keyVariable(`${provider}-${name}`).replace(/_API_KEY$/, '');
		let variable = wanted;
		for (let count = 2; taken.has(variable); count += 1) variable = `${wanted}_${count}`;
		taken.add(variable);
		keys.set(variable, text.replaceAll('$${', '${'));
		return [name, variableText(variable)];
	});
	return Object.fromEntries(entries);
}
