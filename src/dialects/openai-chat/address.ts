import type { ProviderAccount, ProviderAddress } from '../../contract/dialect.ts';

const documentHeaders = { accept: 'application/json', 'accept-encoding': 'gzip, deflate, br' };
/** Compressed streams tend to be held back until a block is full. */
const streamHeaders = { accept: 'text/event-stream', 'accept-encoding': 'identity' };

/** Where chat completions of one credential are asked for. Its headers are the same in every request, so they are made once. */
export function chatAddress({ baseUrl, apiKey, headers }: ProviderAccount): ProviderAddress {
	const url = new URL(baseUrl);
	const path = `${url.pathname.replace(/\/+$/, '')}/chat/completions${url.search}`;
	const own = {
		'content-type': 'application/json',
		'user-agent': 'breakwater',
		...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
		...headers,
	};
	const ofDocument = Object.entries({ ...documentHeaders, ...own }).flat();
	const ofStream = Object.entries({ ...streamHeaders, ...own }).flat();
	return { path: () => path, headers: ({ stream }) => (stream ? ofStream : ofDocument) };
}
