import type { Client, ClientAuth } from 'oauth4webapi';
import { type Dispatcher, request } from 'undici';
import type { OAuthClient } from '../config/config.ts';
import { parseObject } from '../values/json.ts';
import { isLoopbackHost } from '../values/loopback.ts';
import { type FetchedKey, type KeyFetcher, keyIn, MOST_KEY_BYTES, Unfetched } from './fetched-key.ts';
import { type Life, lifeInSeconds } from './key-life.ts';

export interface ClientCredentialsOptions {
	/** What leads to the server; it is destroyed with the fetcher. */
	dispatcher: Dispatcher;
	/** How long one token may take, ms. */
	timeoutMs: number;
}

type Library = typeof import('oauth4webapi');

/** What came of one request. */
interface Reply {
	status: number;
	life: Life;
}

/**
 * Tokens that an OAuth server gives for client credentials (RFC 6749, section 4.4). Every server takes the secret in the
 * `authorization` header; one that does not is sent it in the body, and from then on only there.
 */
export function clientCredentials(oauth: OAuthClient, { dispatcher, timeoutMs }: ClientCredentialsOptions): KeyFetcher {
	const { tokenUrl, clientId, clientSecret, scope, audience } = oauth;
	const { origin, hostname } = new URL(tokenUrl);
	const server = { issuer: origin, token_endpoint: tokenUrl };
	const client: Client = { client_id: clientId };
	const asked = { ...(scope !== undefined && { scope }), ...(audience !== undefined && { audience }) };
	let isSentInBody = false;

	async function tokenWith(library: Library, authentication: ClientAuth, signal: AbortSignal): Promise<FetchedKey> {
		const reply: Reply = { status: 0, life: {} };
		const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
		try {
			const response = await library.clientCredentialsGrantRequest(server, client, authentication, asked, {
				[library.allowInsecureRequests]: isLoopbackHost(hostname),
				[library.customFetch]: (url, options) => exchange(url, options, { dispatcher, signal: limit, reply }),
			});
			const { access_token: token } = await library.processClientCredentialsResponse(server, client, response);
			return { key: keyIn(token, 'the OAuth server gave a token of'), ...reply.life };
		} catch (error) {
			if (error instanceof Unfetched) throw error;
			if (limit.aborted) throw new Unfetched(`the OAuth server did not answer within ${timeoutMs / 1000} s`);
			const code = error instanceof library.ResponseBodyError ? error.error : undefined;
			throw new Refused(error, reply.status, code);
		}
	}

	return {
		fetch: async (signal) => {
			// Few configurations need it, and none should wait for it.
			const library = await import('oauth4webapi');
			if (isSentInBody) return tokenWith(library, library.ClientSecretPost(clientSecret), signal);
			try {
				return await tokenWith(library, library.ClientSecretBasic(clientSecret), signal);
			} catch (error) {
				if (!(error instanceof Refused) || !error.isOfClient) throw error;
				const inBody = library.ClientSecretPost(clientSecret);
				const fetched = await tokenWith(library, inBody, signal).catch(() => undefined);
				if (fetched === undefined) throw error;
				isSentInBody = true;
				return fetched;
			}
		},
		close: () => dispatcher.destroy(),
	};
}

/** The server gave no token. */
class Refused extends Unfetched {
	/** It does not believe who asks. */
	readonly isOfClient: boolean;

	/** @param code of the standard, where the server gave one */
	constructor(error: unknown, status: number, code: string | undefined) {
		super(whyRefused(error, status, code));
		this.isOfClient = status === 401 || code === 'invalid_client';
	}
}

/** A code of the standard, a status or the code of an error: nothing else of what the server said. */
function whyRefused(error: unknown, status: number, code = ''): string {
	if (status === 0) return `the OAuth server cannot be reached (${codeOf(error)})`;
	const named = /^[a-z_]{1,40}$/.test(code) ? `${code}, ` : '';
	if (status !== 200) return `the OAuth server refused (${named}status ${status})`;
	return 'the OAuth server answered without a bearer token';
}

function codeOf(error: unknown): string {
	if (!(error instanceof Error)) return 'error';
	const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
	return /^\w{1,60}$/.test(code) ? code : 'error';
}

interface Exchange {
	dispatcher: Dispatcher;
	signal: AbortSignal;
	reply: Reply;
}

/**
 * One request of the library's. What it would refuse a whole token for, a life that cannot be, is taken out of the answer.
 * Not `fetch`, which refuses ports that a server may well have.
 */
async function exchange(
	url: string,
	{ method, headers, body }: { method: string; headers: Record<string, string>; body?: unknown },
	{ dispatcher, signal, reply }: Exchange,
): Promise<Response> {
	const response = await request(url, {
		method: method as Dispatcher.HttpMethod,
		headers: { 'user-agent': 'breakwater', ...headers },
		body: String(body),
		dispatcher,
		signal,
	});
	const text = await boundedText(response.body);
	reply.status = response.statusCode;
	const { expires_in: expiresIn, ...others } = parseObject(text) ?? {};
	reply.life = lifeOf(expiresIn);
	const isToken = typeof others.access_token === 'string';
	const told = new Headers();
	for (const name of ['content-type', 'www-authenticate']) {
		const value = [response.headers[name] ?? []].flat()[0];
		if (value !== undefined) told.set(name, value);
	}
	const isEmpty = [204, 205, 304].includes(response.statusCode);
	return new Response(isEmpty ? null : isToken ? JSON.stringify(others) : text, {
		status: response.statusCode,
		headers: told,
	});
}

/** A token without a life is allowed, and makes renewal a guess. */
function lifeOf(expiresIn: unknown): Life {
	if (expiresIn === undefined || expiresIn === null)
		return {
			doubt: 'does not say how long it lives: it is renewed each hour, and when the provider refuses it',
		};
	return lifeInSeconds(expiresIn);
}

async function boundedText(body: Dispatcher.ResponseData['body']): Promise<string> {
	const pieces: Buffer[] = [];
	let bytes = 0;
	for await (const piece of body as AsyncIterable<Buffer>) {
		bytes += piece.length;
		if (bytes > MOST_KEY_BYTES)
			throw new Unfetched('the OAuth server answered with more than 64 kB, which is no token');
		pieces.push(piece);
	}
	return Buffer.concat(pieces).toString('utf8');
}
