import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CheckEnded } from '../../../machines/health-check/machine.ts';
import { usualTiming } from '../../../src/credentials/key-life.ts';
import { packageRoot } from '../../../src/values/package-paths.ts';
import { contentOf, type GatewaySetup, soon, startGateway, type TestGateway } from '../../helpers/gateway.ts';
import { freePort } from '../../helpers/model-server.ts';
import { answers, type Behaviour, completes, completionOf, hangs, resets, status } from '../../helpers/upstream.ts';

const run = promisify(execFile);

let gateway: TestGateway | undefined;
let local: Server | undefined;
let ended: CheckEnded[];
let changes: string[];
beforeEach(() => {
	[ended, changes] = [[], []];
});
afterEach(async () => {
	await gateway?.close();
	gateway = undefined;
	local?.closeAllConnections();
	local?.close();
	local = undefined;
});

const listOfModels = { object: 'list', data: [{ id: 'model-a' }] };

/** A provider that has a list of models, and answers all else as told. */
function listing(otherwise: Behaviour = answers('ok'), list: Behaviour = completes(listOfModels)): Behaviour {
	return async (exchange) => (exchange.request.method === 'GET' ? list : otherwise)(exchange);
}

async function startWith(health: object, setup: GatewaySetup = {}): Promise<TestGateway> {
	const { a = {}, ...others } = setup.providers ?? {};
	gateway = await startGateway({
		names: ['a', 'b'],
		observe: () => ({
			healthChecked: (_id, check) => void ended.push(check),
			providerChanged: (id, from, to) => void changes.push(`${id}: ${from} → ${to}`),
		}),
		...setup,
		providers: { a: { health, ...a }, ...others },
	});
	return gateway;
}

const checksOf = (name = 'a') => gateway?.upstream(name).requests.filter(({ path }) => path === '/v1/models') ?? [];
const results = () => ended.map(({ result }) => result);
const stateOf = (id = 'a') => gateway?.gateway.health()[id]?.state;

async function startLocal(port: string): Promise<void> {
	local = createServer((request, response) => {
		response.setHeader('content-type', 'application/json');
		response.end(JSON.stringify(request.method === 'GET' ? listOfModels : completionOf('from a')));
	});
	local.listen(Number(port), '127.0.0.1');
	await once(local, 'listening');
}

describe('a local server', () => {
	it('opens while nobody asks it, and is noticed within one interval when it is back, with no request failed', async () => {
		const port = await freePort();
		const { post } = await startWith(
			{ every: '200ms' },
			{ providers: { a: { baseUrl: `http://127.0.0.1:${port}/v1` } } },
		);
		await soon(() => expect(stateOf()).toBe('open'));
		expect(results().slice(0, 3)).toEqual(['failed', 'failed', 'failed']);
		expect(ended[0]?.failure).toMatchObject({ category: 'NETWORK_ERROR', reason: 'refused' });
		// Looks in vain change nothing.
		const seen = ended.length;
		await soon(() => expect(ended.length).toBeGreaterThan(seen + 2));
		expect(changes).toEqual(['a: closed → open']);
		expect(await contentOf(await post())).toBe('ok');

		await startLocal(port);
		const backAt = performance.now();
		await soon(() => expect(stateOf()).toBe('closed'));
		// One interval, and what a busy machine adds; its cooldown would have been a minute.
		expect(performance.now() - backAt).toBeLessThan(20_000);
		expect(changes).toEqual(['a: closed → open', 'a: open → half-open', 'a: half-open → closed']);
		const answer = await post();
		expect(answer.headers.get('x-breakwater-attempts')).toBe('1');
		expect(await contentOf(answer)).toBe('from a');
		expect(gateway?.records.map(({ outcome, trace }) => [outcome, trace.flatMap((step) => step.did)])).toEqual([
			['done', ['deny', 'attempt']],
			['done', ['attempt']],
		]);
	});

	it('that answers with errors of a model is not closed by its list of models', async () => {
		const { post, upstream } = await startWith({ every: '100ms' });
		upstream('a').always(listing(status(500, { error: { message: 'the model fell over' } })));
		for (let request = 0; request < 3; request += 1) await post();
		expect(stateOf()).toBe('open');
		const seen = checksOf().length;
		await sleep(500);
		expect(stateOf()).toBe('open');
		// One may have been under way.
		expect(checksOf().length - seen).toBeLessThanOrEqual(1);
		expect(ended.filter(({ result }) => result === 'failed')).toEqual([]);
	});

	it('that answers with errors of a model is closed by an answer of it', async () => {
		const { post, upstream } = await startWith({ every: '100ms', with: 'chat' });
		upstream('a').always(status(500, { error: { message: 'the model fell over' } }));
		for (let request = 0; request < 3; request += 1) await post();
		expect(stateOf()).toBe('open');
		await soon(() => expect(results()).toContain('failed'));
		upstream('a').always(answers('ok'));
		await soon(() => expect(stateOf()).toBe('closed'));
		const { json } = upstream('a').requests.at(-1) ?? {};
		expect(json).toMatchObject({ model: 'model-a', max_tokens: 1, messages: [{ role: 'user', content: 'Hi' }] });
	});

	it('that hangs opens, has one check at a time, and is not asked for longer than a first token may take', async () => {
		const timeouts = { firstToken: '100ms', response: '60s', connect: '60s' };
		const { upstream } = await startWith({ every: '100ms' }, { providers: { a: { policy: { timeouts } } } });
		upstream('a').always(hangs());
		await soon(() => expect(stateOf()).toBe('open'));
		expect(ended[0]?.failure).toMatchObject({ category: 'TIMEOUT', reason: 'response' });
		const { requests } = upstream('a');
		expect(requests.length - ended.length).toBeLessThanOrEqual(1);
		upstream('a').always(listing());
		await soon(() => expect(stateOf()).toBe('closed'));
	});
});

describe('a check', () => {
	it('of a list of models is a GET with the key', async () => {
		const { upstream } = await startWith({ every: '100ms' }, { providers: { a: { apiKey: 'key-of-a' } } });
		upstream('a').always(listing());
		await soon(() => expect(results()).toContain('passed'));
		const [check] = checksOf();
		expect(check).toMatchObject({ method: 'GET', path: '/v1/models', text: '' });
		expect(check?.headers.authorization).toBe('Bearer key-of-a');
		expect(check?.headers['content-length']).toBeUndefined();
	});

	it('is left out while requests have answers, and made when they end', async () => {
		const { post, upstream } = await startWith({ every: '1s' });
		upstream('a').always(listing());
		await post();
		const until = performance.now() + 2500;
		let answeredAt = performance.now();
		let pauses = 0;
		while (performance.now() < until) {
			await post();
			if (performance.now() - answeredAt > 900) pauses += 1;
			answeredAt = performance.now();
			await sleep(20);
		}
		// The first one may have been due before the first answer, and a machine that is held up answers late.
		expect(checksOf().length).toBeLessThanOrEqual(1 + pauses);
		await soon(() => expect(checksOf().length).toBeGreaterThanOrEqual(2));
	});

	it('is made beside requests where it is said so', async () => {
		const { post, upstream } = await startWith({ every: '100ms', onlyWhenIdle: false });
		upstream('a').always(listing());
		await soon(async () => {
			await post();
			expect(checksOf().length).toBeGreaterThan(3);
		});
	});

	it('becomes rarer while it fails', async () => {
		const { upstream } = await startWith({ every: '100ms', backoff: { factor: 100, max: '1h' } });
		upstream('a').always(listing(answers('ok'), resets()));
		await soon(() => expect(results()).toEqual(['failed']));
		const nextMs = Date.parse(gateway?.gateway.health().a?.check?.nextAt ?? '') - Date.now();
		expect(nextMs).toBeGreaterThan(5000);
		expect(nextMs).toBeLessThanOrEqual(10_000);
		await sleep(400);
		expect(checksOf()).toHaveLength(1);
	});

	it('is made with no dead key, and kills one that nobody has used', async () => {
		const { upstream } = await startWith({ every: '100ms' }, { providers: { a: { apiKey: 'dead-key' } } });
		upstream('a').always(listing(answers('ok'), status(401, { error: { message: 'no such key' } })));
		await soon(() => expect(gateway?.gateway.health().a).toMatchObject({ state: 'open', reason: 'auth' }));
		await sleep(400);
		expect(checksOf()).toHaveLength(1);
	});

	it.each([
		[404, 'Not Found'],
		[405, 'Method Not Allowed'],
		[501, 'Not implemented'],
		[403, 'Missing scopes: api.model.read'],
	])('that finds no list of models for it says nothing: %d', async (code, message) => {
		const { upstream } = await startWith({ every: '100ms', onlyWhenIdle: false });
		upstream('a').always(listing(answers('ok'), status(code, { error: { message } })));
		await soon(() => expect(results().slice(0, 4)).toEqual(['unproved', 'unproved', 'unproved', 'unproved']));
		expect(gateway?.gateway.health().a).toMatchObject({
			state: 'closed',
			consecutiveFailures: 0,
			unavailableModels: {},
		});
	});

	it('whose fetched key has died on the way is made again with the next key', async () => {
		const folder = mkdtempSync(join(tmpdir(), 'health-'));
		try {
			const file = join(folder, 'key');
			writeFileSync(file, 'old-key');
			const apiKey = { command: ['cat', file] };
			const keyTiming = { ...usualTiming, shortestPauseMs: 10 };
			const { upstream } = await startWith({ every: '100ms' }, { providers: { a: { apiKey } }, keyTiming });
			writeFileSync(file, 'new-key');
			const list: Behaviour = async (exchange) => {
				const isNew = exchange.request.headers.authorization === 'Bearer new-key';
				await (isNew ? completes(listOfModels) : status(401, {}))(exchange);
			};
			upstream('a').always(listing(answers('ok'), list));
			await soon(() => expect(results()).toContain('passed'));
			expect(results().slice(0, 2)).toEqual(['unproved', 'passed']);
			expect(changes).toEqual([]);
		} finally {
			rmSync(folder, { recursive: true });
		}
	});

	it('that finds a web page in place of the list fails', async () => {
		const { upstream } = await startWith({ every: '100ms' });
		const page: Behaviour = async ({ response, end }) => {
			response.setHeader('content-type', 'text/html');
			await end('<!doctype html><title>Log in</title>');
		};
		upstream('a').always(listing(answers('ok'), page));
		await soon(() => expect(results()).toContain('failed'));
	});

	it('leaves the failures of a model alone while the provider is closed', async () => {
		const { post, upstream } = await startWith({ every: '100ms', onlyWhenIdle: false });
		upstream('a').always(listing(status(500, {})));
		await post();
		await post();
		const seen = ended.length;
		await soon(() => expect(ended.length).toBeGreaterThan(seen + 2));
		expect(gateway?.gateway.health().a).toMatchObject({
			consecutiveFailures: 2,
			recentResults: { total: 2, failed: 2 },
		});
		await post();
		expect(stateOf()).toBe('open');
	});

	it('is made as often a day as it may be', async () => {
		const { upstream } = await startWith({ every: '100ms', maxPerDay: 2 });
		upstream('a').always(listing());
		await soon(() => expect(checksOf()).toHaveLength(2));
		await sleep(400);
		expect(checksOf()).toHaveLength(2);
	});

	it('costs no more a day than it may', async () => {
		const price = { input: 1, output: 100, perRequest: 0.01 };
		const models = { 'model-a': { price } };
		const { upstream } = await startWith(
			{ every: '100ms', with: 'chat', maxCostPerDay: 0.035 },
			{ providers: { a: { models } } },
		);
		const usage = { prompt_tokens: 8, completion_tokens: 1, total_tokens: 9 };
		upstream('a').always(completes(completionOf('Hi', { usage })));
		await soon(() => expect(upstream('a').requests).toHaveLength(3));
		await sleep(400);
		expect(upstream('a').requests).toHaveLength(3);
	});

	it('asks a model that wants another limit of tokens in its words', async () => {
		const { upstream } = await startWith({ every: '100ms', with: 'chat' });
		const picky: Behaviour = async (exchange) => {
			const isOld = 'max_tokens' in (exchange.request.json as object);
			const refusal = status(400, {
				error: { message: 'Unsupported parameter: max_tokens', type: 'invalid_request_error' },
			});
			await (isOld ? refusal : answers('ok'))(exchange);
		};
		upstream('a').always(picky);
		await soon(() => expect(results().slice(0, 3)).toEqual(['unproved', 'passed', 'passed']));
		expect(stateOf()).toBe('closed');
	});

	it.each([
		['models', 'GET', '/v1/models'],
		['chat', 'POST', '/v1/messages'],
	])('with %s is put in the words of the provider', async (how, method, path) => {
		const a = { protocol: 'anthropic', apiKey: 'key-of-a' };
		const { upstream } = await startWith({ every: '100ms', with: how }, { providers: { a } });
		const message = {
			type: 'message',
			role: 'assistant',
			content: [{ type: 'text', text: 'H' }],
			stop_reason: 'max_tokens',
		};
		upstream('a').always(listing(completes(message)));
		await soon(() => expect(results()).toContain('passed'));
		const [check] = upstream('a').requests;
		expect(check).toMatchObject({ method, path });
		expect(check?.headers).toMatchObject({ 'x-api-key': 'key-of-a', 'anthropic-version': '2023-06-01' });
		expect(check?.json).toEqual(how === 'models' ? undefined : expect.objectContaining({ max_tokens: 1 }));
	});

	it('of what makes vectors alone asks for one', async () => {
		const profiles = { default: { chain: ['b/model-b'] }, vectors: { for: 'embeddings', chain: ['a/model-a'] } };
		const { upstream } = await startWith({ every: '100ms', with: 'chat' }, { profiles });
		upstream('a').always(completes({ object: 'list', data: [{ object: 'embedding', index: 0, embedding: [0.5] }] }));
		await soon(() => expect(results()).toContain('passed'));
		expect(upstream('a').requests[0]).toMatchObject({
			path: '/v1/embeddings',
			json: { model: 'model-a', input: 'Hi' },
		});
	});

	it('of a simulated provider passes', async () => {
		const a = { protocol: 'simulated', baseUrl: undefined };
		await startWith({ every: '100ms' }, { providers: { a } });
		await soon(() => expect(results()).toContain('passed'));
	});

	it('asks every key by itself', async () => {
		const { upstream } = await startWith(
			{ every: '100ms' },
			{ providers: { a: { apiKey: ['good-key', 'dead-key'] } } },
		);
		const list: Behaviour = async (exchange) => {
			const isDead = exchange.request.headers.authorization === 'Bearer dead-key';
			await (isDead ? status(401, {}) : completes(listOfModels))(exchange);
		};
		upstream('a').always(listing(answers('ok'), list));
		await soon(() => expect([stateOf('a#1'), stateOf('a#2')]).toEqual(['closed', 'open']));
	});
});

describe('where several models are in use', () => {
	const profiles = { default: { chain: ['a/model-a', 'a/other', 'b/model-b'] } };

	it('the line of their key is opened and closed by lists of models, and no model is touched', async () => {
		const { upstream } = await startWith({ every: '100ms' }, { profiles });
		upstream('a').always(resets());
		await soon(() => expect(stateOf('a')).toBe('open'));
		expect([stateOf('a/model-a'), stateOf('a/other')]).toEqual(['closed', 'closed']);
		upstream('a').always(listing());
		await soon(() => expect(stateOf('a')).toBe('closed'));
	});

	it('the cheapest one answers checks', async () => {
		const models = { 'model-a': { price: { input: 5, output: 5 } }, other: { price: { input: 1, output: 1 } } };
		const { upstream } = await startWith({ every: '100ms', with: 'chat' }, { profiles, providers: { a: { models } } });
		await soon(() => expect(results()).toContain('passed'));
		expect(upstream('a').requests[0]?.json).toMatchObject({ model: 'other' });
	});
});

it('a provider has no checks unless it is said so, or while it is said that it has none', async () => {
	const { upstream } = await startWith({}, { providers: { a: { health: 'off' } } });
	await sleep(300);
	expect([upstream('a').requests, upstream('b').requests]).toEqual([[], []]);
	expect(gateway?.gateway.health().a?.check).toBeUndefined();
});

it('no check goes on when the gateway is closed', async () => {
	const { upstream, close } = await startWith({ every: '100ms' });
	upstream('a').always(hangs());
	await soon(() => expect(checksOf()).toHaveLength(1));
	const { requests } = upstream('a');
	await close();
	gateway = undefined;
	const seen = requests.length;
	await sleep(300);
	expect(requests).toHaveLength(seen);
	expect(ended).toEqual([]);
});

it('checks keep no process alive', async () => {
	const script = `
		import { parseConfig } from './src/config/load.ts';
		import { createGateway } from './src/gateway/gateway.ts';
		const text = 'providers: { a: { baseUrl: "http://127.0.0.1:1/v1", health: { every: 1h } } }\\nprofiles: { default: { chain: [a/m] } }\\n';
		const gateway = await createGateway(parseConfig(text, { file: 'test.yaml', env: {} }));
		console.log(typeof gateway.health().a.check.nextAt);
	`;
	const options = { cwd: packageRoot, timeout: 60_000 };
	const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], options);
	expect(stdout).toBe('string\n');
});

it('health shows the last check and the next one', async () => {
	const { upstream, health } = await startWith({ every: '1h' }, {});
	upstream('a').always(listing());
	const { a, b } = await health();
	expect(a?.check).toMatchObject({ with: 'models', result: null, at: null, category: null, reason: null });
	expect(Date.parse(a?.check?.nextAt ?? '')).toBeGreaterThan(Date.now() - 1000);
	expect(b).not.toHaveProperty('check');
});
