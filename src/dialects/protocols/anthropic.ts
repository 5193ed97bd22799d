import type { Protocol, ProviderAccount, ProviderAddress, ProviderDialect } from '../../contract/dialect.ts';
import { jsonHeaders } from './json-headers.ts';

/** The version of the API that every request has to name; the caller's own wins. */
const apiVersion = '2023-06-01';

/** Anthropic's API, and what is made like it. */
export const anthropic: Protocol = {
	name: 'anthropic',
	endpoints: {},
	usualEndpoints: () => ['messages'],
	address: anthropicAddress,
};

/** Base URLs are given as Anthropic's own clients take them, without the version, or with it. */
function anthropicAddress(account: ProviderAccount, dialect: ProviderDialect): ProviderAddress {
	const { baseUrl, apiKey, headers } = account;
	const url = new URL(baseUrl);
	const root = url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '');
	const path = `${root}/v1${dialect.path}${url.search}`;
	const credentials: Record<string, string> = apiKey === undefined ? {} : { 'x-api-key': apiKey };
	const version = { 'anthropic-version': account.apiVersion ?? apiVersion };
	return { origin: url.origin, path: () => path, headers: jsonHeaders({ ...version, ...credentials }, headers) };
}
