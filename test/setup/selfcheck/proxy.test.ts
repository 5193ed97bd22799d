import { describe, expect, test } from 'vitest';
import type { SelfcheckFinding } from '../../../src/setup/selfcheck/selfcheck-run.ts';
import { version } from '../../../src/values/package-paths.ts';
import {
	answers,
	type Behaviour,
	chunksOf,
	completes,
	hangs,
	resets,
	status,
	streams,
} from '../../helpers/upstream.ts';
import { about, key, list, selfcheckPerTest } from './selfcheck-per-test.ts';

const { check, upstream } = selfcheckPerTest();

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
