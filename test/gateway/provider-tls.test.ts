import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { selfcheckCredential } from '../../src/setup/selfcheck/provider.ts';
import { noProxies } from '../../src/upstream/proxies.ts';
import { problemsOf, read } from '../config/read.ts';
import { testCertificate } from '../helpers/forward-proxy.ts';
import { startGateway } from '../helpers/gateway.ts';
import { loopbackCertificate } from '../helpers/loopback-certificate.ts';
import { completionOf } from '../helpers/openai-shapes.ts';

let folder: string;
let provider: Server;
/** By request: whom the provider was shown. */
let shown: (string | undefined)[];

beforeEach(async () => {
	folder = mkdtempSync(join(tmpdir(), 'breakwater-'));
	for (const [name, text] of Object.entries({
		...loopbackCertificate,
		otherKey: testCertificate.key,
		none: 'nothing',
	})) {
		writeFileSync(file(name), text);
	}
	shown = [];
	const options = {
		...loopbackCertificate,
		requestCert: true,
		rejectUnauthorized: false,
		ca: loopbackCertificate.cert,
	};
	provider = createServer(options, (incoming, response) => {
		incoming.resume().on('end', () => {
			const subject = (incoming.socket as TLSSocket).getPeerCertificate().subject?.CN;
			shown.push([subject].flat()[0]);
			response.setHeader('content-type', 'application/json');
			const isList = incoming.url?.endsWith('/models') === true;
			response.end(JSON.stringify(isList ? { data: [{ id: 'm' }] } : completionOf('ok')));
		});
	});
	await new Promise<void>((listening) => provider.listen(0, '127.0.0.1', listening));
});

afterEach(async () => {
	provider.closeAllConnections();
	await new Promise((closed) => provider.close(closed));
	rmSync(folder, { recursive: true });
});

const file = (name: string) => join(folder, `${name}.pem`);
const baseUrl = () => `https://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`;

async function asked(...settings: (object | undefined)[]): Promise<{ status: number; errors: (string | null)[] }[]> {
	const names = settings.map((_, index) => `p${index}`);
	const providers = settings.map((tls) => ({ baseUrl: baseUrl(), ...(tls && { tls }) }));
	const breakwater = await startGateway({
		names,
		providers: Object.fromEntries(names.map((name, index) => [name, providers[index] ?? {}])),
	});
	try {
		const answers: { status: number; errors: (string | null)[] }[] = [];
		for (const name of names) {
			const response = await breakwater.post({ model: `${name}/model-${name}` });
			const { failover } = (await response.json()) as { failover?: { attempts: { reason: string | null }[] } };
			const errors = (failover?.attempts ?? []).map(({ reason }) => reason);
			answers.push({ status: response.status, errors });
		}
		return answers;
	} finally {
		await breakwater.close();
	}
}

describe('a provider with certificates of its own', () => {
	test('is believed by its own authority only, and shown a certificate where there is one', async () => {
		const ca = file('cert');
		const answers = await asked(undefined, { ca }, { ca, cert: file('cert'), key: file('key') }, { ca });
		expect(answers.map(({ status }) => status)).toEqual([502, 200, 200, 200]);
		expect(answers[0]?.errors).toEqual(['tls']);
		// One origin, and no connection of the one that has a certificate for the others.
		expect(shown).toEqual([undefined, '127.0.0.1', undefined]);
	});

	test('is asked by selfcheck in the same way', async () => {
		const check = (tls: object) => {
			const config = read(
				JSON.stringify({ providers: { a: { baseUrl: baseUrl(), tls } }, profiles: { x: { chain: ['a/m'] } } }),
			);
			const { a } = config.providers;
			const [credential] = a?.credentials ?? [];
			if (a === undefined || credential === undefined) throw new Error('the test has no provider');
			const classify = Object.assign(() => ({ failure: { category: 'SERVER_ERROR' as const }, message: '' }), {});
			return selfcheckCredential(a, credential, { config, classify, timeoutMs: 9000, proxies: noProxies });
		};
		const right = await check({ ca: file('cert'), cert: file('cert'), key: file('key') });
		expect(right.findings).toMatchObject([{ outcome: 'ok' }]);
		expect(shown).toContain('127.0.0.1');
		const wrong = await check({ ca: file('absent') });
		expect(wrong.findings).toMatchObject([{ outcome: 'fail' }]);
		expect(wrong.findings[0]?.text).toMatch(
			/providers\.a\.tls\.ca cannot be used: .*absent\.pem cannot be read \(ENOENT\)/,
		);
	});

	test.each<[string, Record<string, string>, RegExp]>([
		[
			'absent',
			{ ca: 'absent' },
			/^providers\.p0\.tls\.ca cannot be used: .*absent\.pem cannot be read \(ENOENT\); name a file/,
		],
		['no certificate', { ca: 'none' }, /^providers\.p0\.tls\.ca cannot be used: .*none\.pem has no certificate in PEM/],
		['a key', { cert: 'key', key: 'key' }, /^providers\.p0\.tls\.cert cannot be used: .*key\.pem has no certificate/],
		['no key', { cert: 'cert', key: 'none' }, /^providers\.p0\.tls\.key cannot be used: .*none\.pem is not the key of/],
		[
			'the key of another',
			{ cert: 'cert', key: 'otherKey' },
			/^providers\.p0\.tls\.key cannot be used: .*is not the key of/,
		],
	])('does not start with a file that is %s', async (_name, names, said) => {
		const tls = Object.fromEntries(Object.entries(names).map(([option, name]) => [option, file(name)]));
		const failed = await asked(tls).catch((error: Error) => error.message);
		expect(failed).toMatch(said);
		expect(failed).not.toContain('BEGIN');
	});
});

test('certificates are for https, and a certificate goes with its key', () => {
	const problems = problemsOf(`providers:
  a: { baseUrl: http://a.example/v1, tls: { ca: a.pem } }
  b: { baseUrl: https://b.example/v1, tls: { cert: a.pem } }
  c: { baseUrl: https://c.example/v1, tls: { key: a.pem } }
  d: { protocol: simulated, tls: {} }
profiles:
  default: { chain: [a/m, b/m, c/m, d/m] }
`);
	expect(problems).toEqual([
		expect.stringMatching(/^2:38: .*tls.* is only for a `baseUrl` with https/),
		expect.stringMatching(/^3:\d+: .*cert.* is of no use without `key`; add it/),
		expect.stringMatching(/^4:\d+: .*key.* is of no use without `cert`; add it/),
		expect.stringMatching(/^5:\d+: .*tls.* is only for a `baseUrl` with https/),
	]);
});
