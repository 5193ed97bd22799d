import { Agent } from 'undici';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { clientCredentials } from '../../src/credentials/client-credentials.ts';
import type { KeyFetcher } from '../../src/credentials/fetched-key.ts';
import { json, startTokenServer, type TokenBehaviour, type TokenServer, token } from '../helpers/token-server.ts';

const never = new AbortController().signal;
let server: TokenServer;
let fetcher: KeyFetcher;
beforeEach(async () => {
	server = await startTokenServer();
	fetcher = fetcherWith({});
});
afterEach(async () => {
	await fetcher.close?.();
	await server.close();
});

function fetcherWith(more: { scope?: string; audience?: string; tokenUrl?: string }, timeoutMs = 60_000) {
	const oauth = { tokenUrl: server.url, clientId: 'who', clientSecret: 'p:w&é', ...more };
	return clientCredentials(oauth, { dispatcher: new Agent(), timeoutMs });
}

describe('a token for client credentials', () => {
	it('is asked for with the secret in a header, as the standard wants it', async () => {
		fetcher = fetcherWith({ scope: 'a b', audience: 'https://api.example.com' });
		expect(await fetcher.fetch(never)).toEqual({ key: 'token-1', lifeMs: 3_600_000 });
		const [request] = server.requests;
		expect(Object.fromEntries(request?.form ?? [])).toEqual({
			grant_type: 'client_credentials',
			scope: 'a b',
			audience: 'https://api.example.com',
		});
		const basic = Buffer.from('who:p%3Aw%26%C3%A9').toString('base64');
		expect(request?.headers.authorization).toBe(`Basic ${basic}`);
	});

	it('is asked for with the secret in the body where the server wants that, and from then on only so', async () => {
		server.answer((response, request) =>
			request.form.get('client_secret') === 'p:w&é'
				? token('token-2', { expires_in: 60 })(response, request)
				: json(401, { error: 'invalid_client' })(response, request),
		);
		expect(await fetcher.fetch(never)).toEqual({ key: 'token-2', lifeMs: 60_000 });
		await fetcher.fetch(never);
		expect(server.requests.map(({ form }) => form.get('client_id'))).toEqual([null, 'who', 'who']);
	});
});

describe('what a server says of the life of its token', () => {
	const ignored = 'which is taken for nothing said: it is renewed each hour, and when the provider refuses it';
	test.each<[what: string, expiresIn: unknown, doubt: string]>([
		['nothing', undefined, 'does not say how long it lives: it is renewed each hour, and when the provider refuses it'],
		['none', 0, `says that it is dead already, ${ignored}`],
		['less than none', -5, `says that it is dead already, ${ignored}`],
		['a word', 'forever', `says in no number how long it lives, ${ignored}`],
		['too much', 1e12, `says that it lives for more than a year, ${ignored}`],
		['more than a number holds', '1e999', `says that it lives for more than a year, ${ignored}`],
		['an object', {}, `says in no number how long it lives, ${ignored}`],
	])('%s', async (_what, expiresIn, doubt) => {
		server.answer(token('token-3', { expires_in: expiresIn }));
		expect(await fetcher.fetch(never)).toEqual({ key: 'token-3', doubt });
	});
});

describe('a server without a token: why, and nothing of what it said', () => {
	const hidden = 'client p:w&é of tenant 7f3a9c1e77b2';
	const notJson: TokenBehaviour = (response) => void response.end(hidden);
	const challenge: TokenBehaviour = (response) => {
		response.writeHead(401, { 'www-authenticate': `Basic realm="${hidden}"` }).end();
	};
	test.each<[what: string, behaviour: TokenBehaviour, sentence: string]>([
		['a code', json(400, { error: 'invalid_scope', error_description: hidden }), 'refused (invalid_scope, status 400)'],
		['a wrong secret', json(401, { error: 'invalid_client' }), 'refused (invalid_client, status 401)'],
		['a challenge', challenge, 'refused (status 401)'],
		['a code that is none', json(400, { error: hidden }), 'refused (status 400)'],
		['a status', json(503, {}), 'refused (status 503)'],
		['a page', notJson, 'answered without a bearer token'],
		['no token', json(200, { token_type: 'bearer' }), 'answered without a bearer token'],
		['a token of another kind', json(200, { access_token: 'a', token_type: 'mac' }), 'answered without a bearer token'],
		['a token of nothing', token(''), 'answered without a bearer token'],
		['a token with a line end', token('a\nb'), 'gave a token of 2 lines, where a key is one'],
		['far too much', token('a'.repeat(70_000)), 'answered with more than 64 kB, which is no token'],
		['silence', () => {}, 'did not answer within 0.2 s'],
		['a broken connection', (response) => response.destroy(), 'cannot be reached (UND_ERR_SOCKET)'],
	])('%s', async (_what, behaviour, sentence) => {
		fetcher = fetcherWith({}, sentence.includes('0.2 s') ? 200 : 60_000);
		server.answer(behaviour);
		await expect(fetcher.fetch(never)).rejects.toHaveProperty('message', `the OAuth server ${sentence}`);
	});

	it('nobody is there', async () => {
		await server.close();
		await expect(fetcher.fetch(never)).rejects.toThrow('the OAuth server cannot be reached (ECONNREFUSED)');
	});
});
