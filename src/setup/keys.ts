import type { FoundEnvironment } from '../config/dotenv.ts';
import type { Variables } from '../config/interpolate.ts';
import { isApiKey } from '../config/key-schema.ts';
import type { KnownModels, KnownProvider } from '../config/known-models.ts';
import { isModelName } from '../config/provider-schema.ts';
import { isLoopbackHost } from '../values/loopback.ts';

/** A key that was found. The key itself is not in it. */
export interface FoundKey {
	/** A provider of `config/known-models.yaml`. */
	provider: string;
	title: string;
	/** The environment variable that holds it. */
	variable: string;
	source: 'environment' | '.env';
	/** Whether it looks like a key of this provider; `unknown` where nobody knows what these look like. */
	shape: 'fits' | 'unknown' | 'wrong';
	protocol: KnownProvider['protocol'];
	/** The address of the API. Absent where it is not known. */
	baseUrl?: string;
	/** The version of the API that is asked for, where a variable names one. */
	apiVersion?: string;
	/** Models of the user's own resource that variables name. */
	deployments?: readonly string[];
	/** Why it is not used, as one sentence. Absent where nothing speaks against it. */
	problem?: string;
}

/**
 * The keys of the known providers, in the order in which `init` prefers these. They are not tried.
 * @param ownPort where Breakwater listens or will; a provider that is pointed there would be asked in a circle
 */
export function findKeys(known: KnownModels, environment: FoundEnvironment, ownPort: number): FoundKey[] {
	return Object.entries(known.providers).flatMap(([provider, facts]): FoundKey[] => {
		const variable = facts.keys.find((name) => environment.variables[name] !== undefined);
		const key = variable === undefined ? undefined : environment.variables[variable];
		if (variable === undefined || key === undefined) return [];
		const source: FoundKey['source'] = environment.fromFile.has(variable) ? '.env' : 'environment';
		const found = { provider, title: facts.title, variable, source, protocol: facts.protocol };
		const misshapen = mistakeOfKey(known, facts, key);
		if (misshapen !== undefined) return [{ ...found, shape: 'wrong', problem: `${variable} ${misshapen}.` }];
		const shape: FoundKey['shape'] = facts.keyPrefix === undefined ? 'unknown' : 'fits';
		const resource = resourceOf(facts, environment.variables);
		return [{ ...found, shape, ...resource, ...addressOf(facts, environment.variables, ownPort) }];
	});
}

const placeholder = /^(your|my[-_]|x{3,}|\.{3}|…|<|\[|\{|changeme|placeholder|replace|insert|todo)/i;

/** @returns the rest of a sentence that begins with the variable; undefined when the key may be one */
function mistakeOfKey(known: KnownModels, { title, keyPrefix = '' }: KnownProvider, key: string): string | undefined {
	if (!/^[!-~]+$/.test(key)) return 'holds spaces, line breaks or other characters that no key has; copy the key again';
	const foreign = ownerOf(known, key, keyPrefix);
	if (foreign !== undefined) return `looks like a key of ${foreign}, not of ${title}; set it to one of ${title}`;
	if (!key.startsWith(keyPrefix))
		return `does not look like a key of ${title}, which begins with ${keyPrefix}; copy the key again`;
	const rest = key.slice(keyPrefix.length);
	if (rest === '' || placeholder.test(rest)) return `holds a placeholder; set it to a key of ${title}`;
	return undefined;
}

/** Whose key it is by its prefix, where that says more than the expected one, and only one provider has it. */
function ownerOf({ providers }: KnownModels, key: string, expected: string): string | undefined {
	const prefixes = Object.values(providers).flatMap(({ keyPrefix, title }) =>
		keyPrefix !== undefined && key.startsWith(keyPrefix) ? [{ keyPrefix, title }] : [],
	);
	const [longest, next] = prefixes.sort((a, b) => b.keyPrefix.length - a.keyPrefix.length);
	if (longest === undefined || longest.keyPrefix.length <= expected.length) return undefined;
	return longest.keyPrefix === next?.keyPrefix ? undefined : longest.title;
}

function addressOf(facts: KnownProvider, variables: Variables, ownPort: number): Pick<FoundKey, 'baseUrl' | 'problem'> {
	const { baseUrl, baseUrlFrom = '', movedBy = '', needsEndpoint } = facts;
	if (needsEndpoint !== undefined) return endpointOf(facts, needsEndpoint, variables[needsEndpoint]);
	const followed = variables[movedBy]?.replace(/\/+$/, '');
	if (followed !== undefined && !isOwnAddress(followed, ownPort)) return movedTo(followed, movedBy, facts);
	const moved = variables[baseUrlFrom]?.replace(/\/+$/, '');
	if (moved === undefined || moved === baseUrl || isOwnAddress(moved, ownPort)) return { baseUrl };
	return {
		problem: `${baseUrlFrom} points elsewhere than to ${facts.title}, so it is unclear whose key ${facts.keys[0]} is; unset ${baseUrlFrom}, or write that provider into the configuration yourself.`,
	};
}

function isOwnAddress(url: string, ownPort: number): boolean {
	if (!URL.canParse(url)) return false;
	const { hostname, port } = new URL(url);
	return isLoopbackHost(hostname) && port === String(ownPort);
}

/** A tool of the provider's own would send the key there, too. */
function movedTo(
	address: string,
	variable: string,
	{ title, keys }: KnownProvider,
): Pick<FoundKey, 'baseUrl' | 'problem'> {
	if (URL.canParse(address) && isLoopbackHost(new URL(address).hostname)) {
		const problem = `${variable} points to this machine, where Breakwater or another proxy may listen, and not to ${title}, so it is unclear whose key ${keys[0]} is; unset ${variable}, or write that provider into the configuration yourself.`;
		return { problem };
	}
	if (/^https?:\/\/[^\s@?#]+$/i.test(address) && URL.canParse(address)) return { baseUrl: address };
	return { problem: `${variable} is not an http or https address; correct it, or unset it.` };
}

function resourceOf(
	{ versionFrom, deployments }: KnownProvider,
	variables: Variables,
): Pick<FoundKey, 'apiVersion' | 'deployments'> {
	const apiVersion = versionFrom.map((name) => variables[name]).find((value) => value !== undefined);
	const named = deployments.flatMap((name) => variables[name] ?? []).filter(isModelName);
	return {
		...(apiVersion !== undefined && isApiKey(apiVersion) && { apiVersion }),
		...(named.length > 0 && { deployments: [...new Set(named)] }),
	};
}

function endpointOf({ title }: KnownProvider, variable: string, endpoint: string | undefined) {
	if (endpoint === undefined) return { problem: `${title} needs the address of your resource too; set ${variable}.` };
	const isUsable = /^https:\/\/[^\s@?#]+$/i.test(endpoint) && URL.canParse(endpoint);
	if (!isUsable)
		return { problem: `${variable} is not an https address such as https://name.example.com; correct it.` };
	return { baseUrl: endpoint.replace(/\/+$/, '') };
}
