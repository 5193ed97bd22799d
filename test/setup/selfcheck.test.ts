import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type SelfcheckFinding, selfcheck } from '../../src/setup/selfcheck/selfcheck-run.ts';
import { version } from '../../src/values/package-paths.ts';
import { type GatewaySetup, startGateway, type TestGateway } from '../helpers/gateway.ts';
import {
	answers,
	type Behaviour,
	chunksOf,
	completes,
	compressed,
	hangs,
	raw,
	resets,
	startUpstream,
	status,
	streams,
	type Upstream,
} from '../helpers/upstream.ts';

const key = 'PLANTEDKEY-0001';
let folder: string;
const opened: { close(): Promise<void> }[] = [];

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'breakwater-'));
});

afterEach(async () => {
	await Promise.all(opened.splice(0).map((one) => one.close()));
	rmSync(folder, { recursive: true });
});

async function upstream(behaviour: Behaviour): Promise<Upstream> {
	const started = await startUpstream();
	opened.push(started);
	started.always(behaviour);
	return started;
}

async function gateway(setup: GatewaySetup = {}): Promise<TestGateway> {
	const started = await startGateway(setup);
	opened.push(started);
	return started;
}

function configFile(content: object): string {
	const file = join(folder, 'gateway.yaml');
	writeFileSync(file, stringify(content));
	return file;
}

const simulated = { providers: { s: { protocol: 'simulated' } }, profiles: { default: { chain: ['s/m'] } } };

async function check(options: {
	url?: string;
	config?: string;
	key?: string;
	timeoutMs?: number;
}): Promise<SelfcheckFinding[]> {
	const config = options.config ?? configFile(simulated);
	const findings = await selfcheck({ timeoutMs: 60_000, env: {}, ...options, config });
	expect(JSON.stringify(findings)).not.toContain('PLANTEDKEY');
	for (const { text } of findings) expect(text).toMatch(/^\P{Cc}+[.…]$/u);
	return findings;
}

const shown = (findings: readonly SelfcheckFinding[]) =>
	findings.map(({ outcome, about, text }) => `${outcome} ${about}: ${text}`);
const about = (findings: readonly SelfcheckFinding[], name: string) =>
	shown(findings.filter((finding) => finding.about.startsWith(name)));

interface Paths {
	list?: Behaviour;
	chat?: Behaviour;
}

const list = (...ids: string[]) => completes({ object: 'list', data: ids.map((id) => ({ id })) });
const wrongKey = status(401, { error: { message: `Incorrect API key provided: ${key}`, code: 'invalid_api_key' } });
const whoShows =
	(wanted: string, then: Behaviour): Behaviour =>
	(exchange) =>
		exchange.request.headers.authorization === `Bearer ${wanted}` ? then(exchange) : wrongKey(exchange);
const provider =
	({ list: onList = list('m'), chat = answers('OK') }: Paths): Behaviour =>
	(exchange) =>
		exchange.request.path.split('?')[0]?.endsWith('/models') ? onList(exchange) : chat(exchange);

/** What is found about one provider `p`, with its model `m` in a chain and no proxy running. */
async function providerFindings(
	behaviour: Behaviour,
	fields: object = { apiKey: key },
	options: { timeoutMs?: number } = {},
): Promise<string[]> {
	const { baseUrl } = await upstream(behaviour);
	const config = configFile({ providers: { p: { baseUrl, ...fields } }, profiles: { default: { chain: ['p/m'] } } });
	return about(await check({ config, url: 'http://127.0.0.1:1', ...options }), 'provider');
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
		expect(about(await check({ config, url: 'http://127.0.0.1:1' }), 'provider')).toEqual([
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
		expect(about(await check({ config, url: 'http://127.0.0.1:1' }), 'provider')).toEqual([
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
			url: 'http://127.0.0.1:1',
		});
		expect(asked.requests[0]).toMatchObject({ path: '/v1/models?api-version=1', headers: { 'x-team': 'blue' } });
		expect(asked.requests[0]?.headers.authorization).toBeUndefined();
	});
});

describe('a whole Breakwater', () => {
	const configOf = ({ upstream: of }: TestGateway) =>
		configFile({
			providers: { a: { baseUrl: of('a').baseUrl }, b: { baseUrl: of('b').baseUrl } },
			profiles: { default: { chain: ['a/model-a', 'b/model-b'] } },
		});

	test('that is well has nothing but ok', async () => {
		const proxy = await gateway();
		for (const name of ['a', 'b']) proxy.upstream(name).always(provider({ list: list(`model-${name}`) }));
		const findings = await check({ url: proxy.origin, config: configOf(proxy) });
		expect(shown(findings)).toEqual([
			expect.stringMatching(/^warn proxy: .* is Breakwater 0\.0\.0, and this command is of /),
			'ok ready: It takes requests for default.',
			expect.stringMatching(/^ok profile default, whole: Answered by a\/model-a in \d+ ms\.$/),
			expect.stringMatching(/^ok profile default, streamed: Answered by a\/model-a in \d+ ms\.$/),
			expect.stringMatching(/^ok provider a: It answers, without a key: 1 model/),
			expect.stringMatching(/^ok provider b: It answers, without a key: 1 model/),
			'ok clock: This clock agrees with 2 servers.',
		]);
		expect(proxy.upstream('a').requests.filter(({ path }) => path.endsWith('/completions'))).toMatchObject([
			{ json: { max_tokens: 64, stream: false } },
			{ json: { max_tokens: 64, stream: true } },
		]);
	});

	test('whose first provider is down answers by a detour, and that is reported', async () => {
		const proxy = await gateway();
		proxy.upstream('a').always(status(503));
		proxy.upstream('b').always(provider({ list: list('model-b') }));
		const findings = await check({ url: proxy.origin, config: configOf(proxy) });
		expect(about(findings, 'profile')).toEqual([
			expect.stringMatching(/^warn .*whole: Answered by b\/model-b, but only after 2 attempts/),
			expect.stringMatching(/^warn .*streamed: Answered by b\/model-b, but only after 2 attempts/),
		]);
		expect(about(findings, 'provider a')).toEqual([expect.stringMatching(/^fail .*answered with 503/)]);
	});

	test('that can answer nobody says why', async () => {
		const proxy = await gateway();
		for (const name of ['a', 'b']) proxy.upstream(name).always(status(503));
		const findings = await check({ url: proxy.origin });
		expect(about(findings, 'profile')).toEqual([
			expect.stringMatching(/^fail profile default, whole: It answers 50\d: /),
			expect.stringMatching(/^fail profile default, streamed: It answers 50\d: /),
		]);
	});

	test('that was started with another configuration', async () => {
		const proxy = await gateway({ profiles: { other: { chain: ['b/model-b'] } } });
		const found = about(await check({ url: proxy.origin, config: configOf(proxy) }), 'configuration');
		expect(found).toEqual([
			expect.stringMatching(/^warn .*has the profiles default, other, and .* has default; restart/),
		]);
	});

	test('that wants a key of its callers', async () => {
		const proxy = await gateway({ server: { clients: { me: { key: `${key}-client` } } } });
		expect(about(await check({ url: proxy.origin }), 'client')).toEqual([
			expect.stringMatching(/^fail client key: The proxy wants a key .*BREAKWATER_KEY/),
		]);
		const wrong = await check({ url: proxy.origin, key: 'PLANTEDKEY-of-nobody' });
		expect(about(wrong, 'client')).toEqual([
			expect.stringMatching(/^fail client key: The proxy does not take the key/),
		]);
		expect(about(wrong, 'profile')).toEqual([]);
		const right = await check({ url: proxy.origin, key: `${key}-client` });
		expect(about(right, 'client')).toEqual(['ok client key: The proxy takes requests with this key.']);
		expect(about(right, 'profile')).toHaveLength(2);
	});
});

describe('what claims to be a Breakwater', () => {
	const health = { status: 'ok', version, uptimeSeconds: 1, providers: { a: { state: 'closed' } } };
	const ready = { status: 'ready', profiles: { default: true } };

	interface Faked {
		health?: Behaviour;
		ready?: Behaviour;
		models?: Behaviour;
		chat?: Behaviour;
	}

	async function findingsOn(faked: Faked, options: { timeoutMs?: number } = {}): Promise<SelfcheckFinding[]> {
		const { baseUrl } = await upstream((exchange) => {
			const { path } = exchange.request;
			if (path === '/health') return (faked.health ?? completes(health))(exchange);
			if (path === '/ready') return (faked.ready ?? completes(ready))(exchange);
			if (path === '/v1/models') return (faked.models ?? list())(exchange);
			return (faked.chat ?? answers('OK'))(exchange);
		});
		return check({ url: new URL(baseUrl).origin, key, ...options });
	}

	/** With a limit that only what hangs meets; a longer one, where the machine was too slow to get so far within it. */
	async function findingsInTime(
		faked: Faked,
		before: string,
	): Promise<{ findings: SelfcheckFinding[]; limit: string }> {
		for (let timeoutMs = 400; ; timeoutMs *= 2) {
			const findings = await findingsOn(faked, { timeoutMs });
			const [found] = about(findings, before);
			if (found?.startsWith('ok')) return { findings, limit: `within ${timeoutMs / 1000} s` };
			// Another fault than slowness.
			expect(found).toContain('did not answer in full within');
		}
	}

	test('of the same version, with all well', async () => {
		expect(about(await findingsOn({}), 'proxy')).toEqual([expect.stringMatching(/^ok proxy: .* is Breakwater /)]);
	});

	test.each<[string, Faked, string, RegExp]>([
		['is nobody', { health: resets() }, 'proxy', /^fail .*cannot be asked: the proxy reset the connection/],
		['is another program', { health: completes({ status: 'ok' }) }, 'proxy', /^fail .*it is not Breakwater/],
		['is a page', { health: status(200, '<html>') }, 'proxy', /^fail .*it is not Breakwater/],
		['leads elsewhere', { health: status(302, '', { location: '/x' }) }, 'proxy', /^fail .*it is not Breakwater/],
		[
			'has an open provider',
			{ health: completes({ ...health, providers: { a: { state: 'open' } } }) },
			'proxy',
			/^warn .*a is open/,
		],
		['is stopping', { ready: status(503, { status: 'draining', profiles: {} }) }, 'ready', /^fail .*stopping/],
		[
			'can serve nobody',
			{ ready: status(503, { status: 'unavailable', profiles: { default: false } }) },
			'ready',
			/^fail .*No profile could be served/,
		],
		[
			'can serve some',
			{ ready: completes({ status: 'ready', profiles: { default: true, x: false } }) },
			'ready',
			/^warn .*but not for x:/,
		],
		['says nothing of being ready', { ready: status(404, 'no') }, 'ready', /^fail .*answers 404/],
		['fails at its models', { models: status(500) }, 'client key', /^fail .*answers 500/],
		['answers without a choice', { chat: completes({ choices: [] }) }, 'profile default, whole', /^fail .*not whole/],
		['answers with a page', { chat: status(200, 'hello') }, 'profile default, whole', /^fail .*not whole/],
		['drops the connection', { chat: resets() }, 'profile default, whole', /^fail .*No answer/],
		['streams no stream', { chat: completes({}) }, 'profile default, streamed', /^fail .*did not come as a stream/],
		[
			'streams without [DONE]',
			{ chat: streams(chunksOf('OK'), { end: 'close' }) },
			'profile default, streamed',
			/^fail .*ended without \[DONE\]/,
		],
		[
			'streams without a finish reason',
			{ chat: streams(chunksOf('OK').slice(0, -1)) },
			'profile default, streamed',
			/^fail .*gave no finish reason/,
		],
		[
			'breaks a stream off with an error',
			{ chat: streams([...chunksOf('OK'), { error: { message: `gone\u001b[2J ${key}` } }]) },
			'profile default, streamed',
			/^fail .*broke off/,
		],
	])('but %s', async (_what, faked, name, pattern) => {
		expect(about(await findingsOn(faked), name)).toEqual([expect.stringMatching(pattern)]);
	});

	test('but hangs', async () => {
		expect(about(await findingsOn({ health: hangs() }, { timeoutMs: 700 }), 'proxy')).toEqual([
			expect.stringMatching(/^fail .*did not answer in full within 0\.7 s/),
		]);
	});

	test('but hangs when asked', async () => {
		const { findings, limit } = await findingsInTime({ chat: hangs() }, 'client key');
		expect(about(findings, 'profile default, whole')).toEqual([
			expect.stringMatching(new RegExp(`^fail .*${limit}; wait longer`)),
		]);
	});

	test('but stalls in a stream', async () => {
		const stalls: Behaviour = (exchange) => {
			const { stream } = exchange.request.json as { stream?: boolean };
			return (stream ? streams(chunksOf('OK'), { end: 'stall' }) : answers('OK'))(exchange);
		};
		const { findings, limit } = await findingsInTime({ chat: stalls }, 'profile default, whole');
		expect(about(findings, 'profile default, streamed')).toEqual([
			expect.stringMatching(new RegExp(`^fail .*${limit}`)),
		]);
	});

	test('what is not Breakwater gets no key', async () => {
		const other = await upstream(answers('OK'));
		await check({ url: new URL(other.baseUrl).origin, key });
		expect(other.requests.map(({ path, headers }) => [path, headers.authorization])).toEqual([['/health', undefined]]);
	});
});

describe('the clock', () => {
	const hourOff =
		(behaviour: Behaviour): Behaviour =>
		(exchange) => {
			exchange.response.setHeader('date', new Date(Date.now() + 3_600_000).toUTCString());
			return behaviour(exchange);
		};
	const clockOf = async (...behaviours: Behaviour[]): Promise<string[]> => {
		const urls = await Promise.all(behaviours.map(async (behaviour) => (await upstream(behaviour)).baseUrl));
		const providers = Object.fromEntries(urls.map((baseUrl, index) => [`p${index}`, { baseUrl }]));
		const config = configFile({ providers, profiles: { default: { chain: ['p0/m'] } } });
		return about(await check({ config, url: 'http://127.0.0.1:1' }), 'clock');
	};
	const right = provider({});
	const wrong = hourOff(right);

	test('agrees with others', async () => {
		expect(await clockOf(right)).toEqual(['ok clock: This clock agrees with the one server that sent the time.']);
	});

	test('that most disagree with is wrong', async () => {
		expect(await clockOf(wrong, wrong, right)).toEqual([
			expect.stringMatching(/^fail clock: This machine's clock is 60 min behind of 2 servers/),
		]);
	});

	test("that only one disagrees with is right, and that one's is wrong", async () => {
		expect(await clockOf(wrong, right, right)).toEqual([
			expect.stringMatching(/^warn clock: The clock of p0 is 60 min ahead of this machine's/),
		]);
	});

	test('an old answer out of a cache says how old it is', async () => {
		const cached: Behaviour = (exchange) => {
			exchange.response.setHeader('date', new Date(Date.now() - 3_600_000).toUTCString());
			exchange.response.setHeader('age', '3600');
			return right(exchange);
		};
		expect(await clockOf(cached)).toEqual([expect.stringMatching(/^ok clock/)]);
	});

	test('that nobody could be asked about is not called right', async () => {
		const found = about(await check({ url: 'http://127.0.0.1:1' }), 'clock');
		expect(found).toEqual([expect.stringMatching(/^warn clock: No other server sent the time/)]);
	});
});

describe('the configuration', () => {
	test('that is broken is reported line by line, and the proxy is checked all the same', async () => {
		const proxy = await gateway();
		const config = join(folder, 'broken.yaml');
		writeFileSync(config, `providers:\n  p: { baseUrl: https://p.example/v1, apiKey: "\${NOT_SET}" }\nprofiles: {}\n`);
		const findings = await check({ url: proxy.origin, config });
		expect(about(findings, 'configuration')).toEqual([
			expect.stringMatching(/^fail configuration: .*broken\.yaml:2:\d+: .*NOT_SET/),
			expect.stringMatching(/^fail configuration: .*broken\.yaml:3:/),
		]);
		expect(about(findings, 'profile')).toHaveLength(2);
	});

	test('says where the proxy listens', async () => {
		const proxy = await gateway();
		const config = configFile({
			server: { port: Number(new URL(proxy.origin).port) },
			providers: { a: { baseUrl: proxy.upstream('a').baseUrl } },
			profiles: { default: { chain: ['a/model-a'] } },
		});
		expect(about(await check({ config }), 'ready')).toEqual(['ok ready: It takes requests for default.']);
	});
});
