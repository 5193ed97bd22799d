import { describe, expect, test } from 'vitest';
import type { TestGateway } from '../../helpers/gateway.ts';
import { status } from '../../helpers/upstream.ts';
import { about, key, list, provider, selfcheckPerTest, shown } from './selfcheck-per-test.ts';

const { check, configFile, folder, gateway } = selfcheckPerTest();

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

describe('the configuration', () => {
	test('that is broken is reported line by line, and the proxy is checked all the same', async () => {
		const proxy = await gateway();
		const config = folder.write(
			'broken.yaml',
			`providers:\n  p: { baseUrl: https://p.example/v1, apiKey: "\${NOT_SET}" }\nprofiles: {}\n`,
		);
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
