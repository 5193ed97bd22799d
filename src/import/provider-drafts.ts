import type { KnownModels } from '../config/known-models.ts';
import { knownProviderAt } from './base-url.ts';
import type { DraftProvider } from './draft.ts';
import type { FailProxyEndpoint } from './failproxy-endpoint.ts';
import { hostName, keyVariable, slug, unique } from './names.ts';
import { breakerFor } from './policy-draft.ts';

/** The providers behind a set of endpoints. */
export interface ProviderDrafts {
	providers: readonly DraftProvider[];
	/** The keys by the variable that is to hold each; `''` where the files themselves name a variable. */
	keys: ReadonlyMap<string, string>;
	/** The name of an endpoint's provider. */
	nameOf: (endpoint: FailProxyEndpoint) => string;
	/** The headers that this endpoint wants and its provider's other endpoints do not. */
	ownHeadersOf: (endpoint: FailProxyEndpoint) => Readonly<Record<string, string>> | undefined;
}

/** One provider for each base URL and key, named after its host, or by what an endpoint is called where hosts repeat. */
export function draftProviders(endpoints: readonly FailProxyEndpoint[], known: KnownModels): ProviderDrafts {
	const groups = [...Map.groupBy(endpoints, identityOf)];
	const hosts = groups.map(([, [first]]) => (first === undefined ? '' : calledByHost(first.baseUrl, known)));
	const taken = new Set<string>();
	const takenVariables = new Set(endpoints.flatMap(({ apiKey }) => variableIn(apiKey) ?? []));
	const keys = new Map<string, string>();
	const names = new Map<string, string>();
	const shared = new Map<string, boolean>();

	const providers = groups.flatMap(([identity, members], index): DraftProvider[] => {
		const [first] = members;
		if (first === undefined) return [];
		const host = hosts[index] ?? '';
		const isRepeated = taken.has(host);
		const name = unique((isRepeated && distinguished(host, first.label)) || host, taken);
		names.set(identity, name);
		const isShared = members.every(({ headers }) => JSON.stringify(headers) === JSON.stringify(first.headers));
		shared.set(identity, isShared);
		const variable = variableFor(first.apiKey, name, known, takenVariables);
		if (variable !== undefined) keys.set(variable, variableIn(first.apiKey) === undefined ? first.apiKey : '');
		const breaker = breakerFor(Math.max(...members.map(({ timeoutMs = 0 }) => timeoutMs)));
		return [
			{
				name,
				baseUrl: withoutKey(first.baseUrl, first.apiKey, variable),
				...(variable !== undefined && { keyVariable: variable }),
				...(isShared && Object.keys(first.headers).length > 0 && { headers: first.headers }),
				...(Object.keys(breaker).length > 0 && { policy: { breaker } }),
			},
		];
	});

	return {
		providers,
		keys,
		nameOf: (endpoint) => names.get(identityOf(endpoint)) ?? '',
		ownHeadersOf: (endpoint) => {
			const isOwn = shared.get(identityOf(endpoint)) === false && Object.keys(endpoint.headers).length > 0;
			return isOwn ? endpoint.headers : undefined;
		},
	};
}

function identityOf({ baseUrl, apiKey }: FailProxyEndpoint): string {
	return `${baseUrl} ${apiKey}`;
}

function calledByHost(baseUrl: string, known: KnownModels): string {
	return knownProviderAt(baseUrl, known) ?? hostName(baseUrl);
}

export function distinguished(host: string, label: string): string {
	const word = slug(label);
	if (word === '' || word === host) return '';
	return word.startsWith(`${host}-`) ? word : `${host}-${word}`;
}

/** Some write `${VAR}` or `$VAR` for a key already: that variable goes on holding it. */
export function variableIn(apiKey: string): string | undefined {
	return /^\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))$/
		.exec(apiKey)
		?.slice(1)
		.find((name) => name !== undefined);
}

export function variableFor(apiKey: string, name: string, known: KnownModels, taken: Set<string>): string | undefined {
	if (apiKey === '') return undefined;
	const own = variableIn(apiKey);
	if (own !== undefined) return own;
	const usual = Object.hasOwn(known.providers, name) ? known.providers[name]?.keys[0] : undefined;
	const wanted = usual ?? keyVariable(name);
	let variable = wanted;
	for (let count = 2; taken.has(variable); count += 1) variable = wanted.replace(/_API_KEY$/, `_${count}_API_KEY`);
	taken.add(variable);
	return variable;
}

/** A key in the address would be a key in the file. One too short to be a key would take the address apart. */
function withoutKey(baseUrl: string, apiKey: string, variable: string | undefined): string {
	const literal = baseUrl.replaceAll('${', '$${');
	if (variable === undefined || apiKey.length < 8 || variableIn(apiKey) !== undefined) return literal;
	return literal.replaceAll(apiKey, `\${${variable}}`);
}
