import { describe, expect, test } from 'vitest';
import { answers, type Behaviour, compressed, hangs, raw, resets, status } from '../../helpers/upstream.ts';
import { about, key, list, nowhere, provider, selfcheckPerTest, wrongKey } from './selfcheck-per-test.ts';

const { check, configFile, upstream } = selfcheckPerTest();

const whoShows =
	(wanted: string, then: Behaviour): Behaviour =>
	(exchange) =>
		exchange.request.headers.authorization === `Bearer ${wanted}` ? then(exchange) : wrongKey(exchange);

/** What is found about one provider `p`, with its model `m` in a chain and no proxy running. */
async function providerFindings(
	behaviour: Behaviour,
	fields: object = { apiKey: key },
	options: { timeoutMs?: number } = {},
): Promise<string[]> {
	const { baseUrl } = await upstream(behaviour);
	const config = configFile({ providers: { p: { baseUrl, ...fields } }, profiles: { default: { chain: ['p/m'] } } });
	return about(await check({ config, url: nowhere, ...options }), 'provider');
}

describe('a provider', () => {
	test('whose list of models wants a key that it takes', async () => {
		const works = whoShows(key, provider({}));
		expect(await providerFindings(works)).toEqual([
			expect.stringMatching(/^ok provider p: The key works: 1 model in /),
		]);
	});

	test('whose list is for everybody is asked for a token, which tells a dead key', async () => {
		const found = await providerFindings(provider({ chat: wrongKey }));
		expect(found).toEqual([
			expect.stringMatching(/^fail provider p: The key is rejected with 401; .*`providers\.p\.apiKey`/),
		]);
		const works = await providerFindings(provider({ chat: whoShows(key, answers('OK')) }));
		expect(works).toEqual([expect.stringMatching(/^ok provider p: The key works: m answered in /)]);
	});

	test('that rejects the key everywhere', async () => {
		expect(await providerFindings(wrongKey)).toEqual([
			expect.stringMatching(/^fail provider p: The key is rejected with 401/),
		]);
	});

	test('whose key is fetched', async () => {
		const works = whoShows(key, provider({}));
		expect(await providerFindings(works, { apiKey: { command: `echo ${key}` } })).toEqual([
			expect.stringMatching(/^ok provider p: The key works: 1 model in /),
		]);
		expect(
			await providerFindings(works, { apiKey: [{ command: `echo ${key}; echo` }, { command: `echo ${key} x` }] }),
		).toEqual([
			expect.stringMatching(/^ok provider p#1: The key works: 1 model in /),
			'fail provider p#2: Its key cannot be fetched: the command printed characters that no HTTP header can carry, such as a space; put right what providers.p.apiKey[1] names.',
		]);
	});

	test('that repeats a key which was fetched', async () => {
		const repeats = status(429, { error: { message: `Slow down, PLANTEDKEY/fetched.` } });
		expect(await providerFindings(repeats, { apiKey: { command: 'echo PLANTEDKEY/fetched' } })).toEqual([
			'warn provider p: It is rate limited now (Slow down, [redacted]); ask again later.',
		]);
	});

	test('whose key may chat but not list', async () => {
		const restricted = provider({ list: status(403, { error: { message: 'Missing scopes: api.model.read' } }) });
		expect(await providerFindings(restricted)).toEqual([
			expect.stringMatching(/^ok provider p: The key works: m answered/),
		]);
	});

	test('that compresses unasked', async () => {
		const works = whoShows(key, compressed('gzip', provider({})));
		expect(await providerFindings(works)).toEqual([expect.stringMatching(/^ok provider p: The key works: 1 model/)]);
	});

	test.each([404, 405, 501])('that has no list (%i) is asked for a token', async (code) => {
		const asked = await upstream(provider({ list: status(code, 'no') }));
		const config = configFile({
			providers: { p: { baseUrl: asked.baseUrl, apiKey: key } },
			profiles: { d: { chain: ['p/m'] } },
		});
		expect(about(await check({ config, url: nowhere }), 'provider')).toEqual([
			expect.stringMatching(/^ok provider p: The key works: m answered/),
		]);
		expect(asked.requests.at(-1)?.json).toMatchObject({ model: 'm', max_tokens: 1 });
	});

	test('whose models know only max_completion_tokens', async () => {
		const unsupported = status(400, {
			error: { message: 'Unsupported parameter: max_tokens', code: 'unsupported_parameter' },
		});
		const chat: Behaviour = (exchange) =>
			'max_tokens' in (exchange.request.json as object) ? unsupported(exchange) : answers('OK')(exchange);
		expect(await providerFindings(provider({ list: status(404, 'no'), chat }))).toEqual([
			expect.stringMatching(/^ok provider p: The key works/),
		]);
	});

	test.each<[string, Behaviour, RegExp]>([
		[
			'no credit',
			status(429, { error: { message: 'You exceeded your quota', code: 'insufficient_quota' } }),
			/^fail .*no credit or quota/,
		],
		['too many requests', status(429, { error: { message: 'slow down' } }), /^warn .*rate limited now/],
		['an error of its own', status(500, { error: { message: `broken ${key}` } }), /^fail .*answered with 500/],
		['a reset', resets(), /^fail .*cannot be asked/],
		['something else than HTTP', raw('SSH-2.0-x\r\n'), /^fail .*cannot be asked/],
		['a page', status(200, '<html>\u001b[2J'), /^fail .*answered with 200/],
		['a compressed page', compressed('br', status(200, '<html>')), /^fail .*answered with 200/],
		['a redirect', status(302, '', { location: 'http://127.0.0.1:1/' }), /^fail .*answered with 302/],
	])('that answers with %s', async (_what, behaviour, pattern) => {
		expect(await providerFindings(behaviour)).toEqual([expect.stringMatching(pattern)]);
	});

	test('that answers with silence', async () => {
		expect(await providerFindings(hangs(), { apiKey: key }, { timeoutMs: 700 })).toEqual([
			expect.stringMatching(/^fail .*did not answer in full within 0\.7 s/),
		]);
	});

	test('that needs no key, that wants one it has not, and that is simulated', async () => {
		expect(await providerFindings(provider({}), {})).toEqual([expect.stringMatching(/^ok .*without a key: 1 model/)]);
		expect(await providerFindings(wrongKey, {})).toEqual([
			expect.stringMatching(/^fail .*It wants a key and has none/),
		]);
		const config = configFile({ providers: { s: { protocol: 'simulated' } }, profiles: { d: { chain: ['s/m'] } } });
		expect(about(await check({ config, url: nowhere }), 'provider')).toEqual([
			'ok provider s: It is simulated, and needs no key.',
		]);
	});

	test('that repeats a key, however short it is', async () => {
		const echo = status(500, { error: { message: 'cannot use k-3y5, sorry' } });
		const [found] = await providerFindings(echo, { apiKey: 'k-3y5' });
		expect(found).toContain('sorry');
		expect(found).not.toContain('k-3y5');
	});

	test('with several keys has each tried alone', async () => {
		const found = await providerFindings(whoShows('PLANTEDKEY-0002', provider({})), {
			apiKey: [key, 'PLANTEDKEY-0002'],
		});
		expect(found).toEqual([
			expect.stringMatching(/^fail provider p#1: .*`providers\.p\.apiKey\[0\]`/),
			expect.stringMatching(/^ok provider p#2: /),
		]);
	});

	test('that does not list a model of a chain', async () => {
		expect(await providerFindings(whoShows(key, provider({ list: list('other', 'm2') })))).toEqual([
			expect.stringMatching(/^ok /),
			expect.stringMatching(/^warn provider p: Its list of models does not have m;/),
		]);
		expect(await providerFindings(whoShows(key, provider({ list: list('m:latest') })))).toHaveLength(1);
	});

	test('is asked with its own headers and the query of its address', async () => {
		const asked = await upstream(provider({}));
		const p = { baseUrl: `${asked.baseUrl}?api-version=1`, headers: { 'x-team': 'blue' } };
		await check({
			config: configFile({ providers: { p }, profiles: { d: { chain: ['p/m'] } } }),
			url: nowhere,
		});
		expect(asked.requests[0]).toMatchObject({ path: '/v1/models?api-version=1', headers: { 'x-team': 'blue' } });
		expect(asked.requests[0]?.headers.authorization).toBeUndefined();
	});
});
