import type { Protocol, ProviderAccount, ProviderAddress, ProviderDialect } from '../../contract/dialect.ts';
import { anthropicMessagesProvider } from '../anthropic-messages/anthropic-messages.ts';
import { anthropicCountProvider } from '../anthropic-messages/count-tokens.ts';
import { jsonHeaders } from './json-headers.ts';

/** The version of the API that every request has to name, where neither the configuration nor the caller names one. */
const usualHeaders = ['anthropic-version', '2023-06-01'];

/** Anthropic's API, and what is made like it. */
export const anthropic: Protocol = {
	name: 'anthropic',
	endpoints: { messages: [anthropicMessagesProvider, anthropicCountProvider] },
	usualEndpoints: () => ['messages'],
	address: anthropicAddress,
};

/** Base URLs are given as Anthropic's own clients take them, without the version, or with it. */
function anthropicAddress(account: ProviderAccount, dialect: ProviderDialect): ProviderAddress {
	const { baseUrl, apiKey, headers, apiVersion } = account;
	const url = new URL(baseUrl);
	const root = url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '');
	const path = `${root}/v1${dialect.path}${url.search}`;
	const credentials: Record<string, string> = apiKey === undefined ? {} : { 'x-api-key': apiKey };
	const version: Record<string, string> = apiVersion === undefined ? {} : { 'anthropic-version': apiVersion };
	return {
		origin: url.origin,
		path: () => path,
		headers: jsonHeaders({ ...version, ...credentials }, headers),
		usualHeaders,
	};
}
