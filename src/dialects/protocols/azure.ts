import type { Protocol, ProviderAccount, ProviderAddress, ProviderDialect } from '../../contract/dialect.ts';
import { jsonHeaders } from './json-headers.ts';
import { openai } from './openai.ts';

/**
 * OpenAI's API as Azure has it: the model is the name of a deployment. With a dated `apiVersion` the deployment stands in the
 * address (`/openai/deployments/NAME/chat/completions?api-version=…`); without one, addresses are those of its v1 API.
 */
export const azure: Protocol = {
	name: 'azure',
	endpoints: openai.endpoints,
	usualEndpoints,
	address: azureAddress,
};

/** The first dated version with Responses. https://learn.microsoft.com/azure/ai-services/openai/api-version-lifecycle */
const firstWithResponses = '2025-03-01';

function usualEndpoints({ baseUrl, apiVersion }: Pick<Partial<ProviderAccount>, 'baseUrl' | 'apiVersion'>) {
	const version = baseUrl === undefined ? apiVersion : versionOf(new URL(baseUrl), apiVersion);
	const isTooOld = isDated(version) && version < firstWithResponses;
	return ['chat', 'embeddings', ...(isTooOld ? [] : ['responses'])];
}

function azureAddress(account: ProviderAccount, endpoint: Pick<ProviderDialect, 'path'>): ProviderAddress {
	const { baseUrl, apiKey, headers, apiVersion } = account;
	const url = new URL(baseUrl);
	const credentials: Record<string, string> = apiKey === undefined ? {} : { 'api-key': apiKey };
	return {
		origin: url.origin,
		path: pathOf(rootOf(url), endpoint.path, versionOf(url, apiVersion)),
		headers: jsonHeaders(credentials, headers),
	};
}

/** The address of a resource is copied from the portal with as much of a path as its page shows. */
function rootOf({ pathname }: URL): string {
	return pathname.replace(/\/+$/, '').replace(/\/openai(\/v1)?$/, '');
}

function versionOf({ searchParams }: URL, apiVersion: string | undefined): string | undefined {
	return apiVersion ?? searchParams.get('api-version') ?? undefined;
}

function pathOf(root: string, endpoint: string, version: string | undefined): ProviderAddress['path'] {
	const query = version === undefined ? '' : `?api-version=${encodeURIComponent(version)}`;
	if (!isDated(version)) return () => `${root}/openai/v1${endpoint}${query}`;
	// These are not of one deployment, even there.
	if (endpoint === '/responses' || endpoint === '/models') return () => `${root}/openai${endpoint}${query}`;
	return (model) => `${root}/openai/deployments/${encodeURIComponent(model)}${endpoint}${query}`;
}

function isDated(version: string | undefined): version is string {
	return version !== undefined && /^\d{4}-/.test(version);
}
