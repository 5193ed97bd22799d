import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import type { KeyTrouble } from '../../src/contract/key-news.ts';
import type { GatewayObserver } from '../../src/contract/observer.ts';
import { type KeyTiming, usualTiming } from '../../src/credentials/key-life.ts';
import { contentOf, failureOf, soon, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { json, startTokenServer, type TokenServer, token } from '../helpers/token-server.ts';
import { answers, type Behaviour, chunksOf, status, streams } from '../helpers/upstream.ts';

const quickTiming: KeyTiming = {
	...usualTiming,
	shortestPauseMs: 50,
	backoffMs: 20,
	maxBackoffMs: 40,
	fileCheckMs: 50,
	timeoutMs: 60_000,
};

let server: TokenServer;
let folder: string;
let gateway: TestGateway | undefined;
let fetched: string[];
let troubles: KeyTrouble[];
let doubts: string[];
beforeEach(async () => {
	server = await startTokenServer();
	folder = mkdtempSync(join(tmpdir(), 'keys-'));
	[fetched, troubles, doubts] = [[], [], []];
});
afterEach(async () => {
	await gateway?.close();
	gateway = undefined;
	await server.close();
	rmSync(folder, { recursive: true, force: true });
});

const watching: GatewayObserver = {
	keyFetched: (id, source) => void fetched.push(`${id} ${source}`),
	keyTroubled: (_id, _source, trouble) => void troubles.push(trouble),
	keyDoubted: (_id, _source, what) => void doubts.push(what),
};

type Setup = NonNullable<Parameters<typeof startGateway>[0]>;

async function startWith(apiKey: unknown, setup: Setup = {}): Promise<TestGateway> {
	gateway = await startGateway({
		names: ['a'],
		providers: { a: { apiKey } },
		keyTiming: quickTiming,
		observe: () => watching,
		...setup,
	});
	return gateway;
}

const oauth = () => ({ oauth: { tokenUrl: server.url, clientId: 'breakwater', clientSecret: 'planted-secret' } });
const keyOf = (headers: Record<string, unknown>) => String(headers.authorization).replace('Bearer ', '');
const keysUsed = (name = 'a') => gateway?.upstream(name).requests.map(({ headers }) => keyOf(headers)) ?? [];

/** Refuses whatever key is not among these, as a provider does. */
function takesOnly(accepts: (key: string) => boolean, otherwise: Behaviour = answers('ok')): Behaviour {
	return async (exchange) => {
		const key = keyOf(exchange.request.headers);
		const refusal = status(401, { error: { message: `Incorrect key ${key}`, code: 'invalid_api_key' } });
		await (accepts(key) ? otherwise : refusal)(exchange);
	};
}

test('each kind of key is fetched at the start, and sent as any other', async () => {
	writeFileSync(join(folder, 'key'), 'key-of-file\n');
	const { post } = await startWith([
		{ command: 'echo key-of-command' },
		{ file: join(folder, 'key') },
		oauth(),
		'written',
	]);
	gateway?.upstream('a').next(status(401, {}), status(401, {}), status(401, {}), answers('ok'));
	expect((await post()).status).toBe(200);
	// A key that is refused, and comes again, has died; the next one has its turn.
	expect([...new Set(keysUsed())]).toEqual(['key-of-command', 'key-of-file', 'token-1', 'written']);
	expect(fetched).toEqual(expect.arrayContaining(['a#1 providers.a.apiKey[0]', 'a#3 providers.a.apiKey[2]']));
});

describe('a key that is refused', () => {
	let number: number;
	beforeEach(() => {
		number = 0;
		server.answer((...exchange) => {
			number += 1;
			token(`token-${number}`, { expires_in: 3600 })(...exchange);
		});
	});

	it('is renewed, and the same target asked once more, without a failure for anybody', async () => {
		const { post, upstream, records, health } = await startWith(oauth());
		await sleep(60);
		upstream('a').always(takesOnly((key) => key !== 'token-1'));
		expect((await post()).status).toBe(200);
		expect(await contentOf(await post({ stream: true }))).toBe('ok');
		expect(keysUsed()).toEqual(['token-1', 'token-2', 'token-2']);
		expect(records.map(({ trace }) => trace.map(({ did }) => did))).toEqual([['attempt'], ['attempt']]);
		expect((await health()).a).toMatchObject({ state: 'closed', consecutiveFailures: 0 });
		expect(doubts).toEqual(['gave one that was refused long before the end of the life that it was said to have']);
	});

	it('with the next one refused as well, is what a refused key always is', async () => {
		const { post, upstream, health } = await startWith(oauth());
		await sleep(60);
		upstream('a').always(status(401, {}));
		expect((await failureOf(await post())).error.code).toBe('provider_auth_failed');
		expect(keysUsed()).toEqual(['token-1', 'token-2']);
		expect((await health()).a).toMatchObject({ state: 'open', reason: 'auth' });
	});

	it('is left where the provider is: the next key lets it be tried at once', async () => {
		const file = join(folder, 'key');
		writeFileSync(file, 'dead');
		const { post, upstream, health } = await startWith({ file });
		upstream('a').always(takesOnly((key) => key === 'alive'));
		expect((await post()).status).toBe(502);
		expect((await health()).a).toMatchObject({ state: 'open', reason: 'auth' });
		writeFileSync(file, 'alive');
		await soon(async () => expect((await health()).a?.state).toBe('half-open'));
		expect((await post()).status).toBe(200);
		expect((await health()).a?.state).toBe('closed');
	});

	it('while the request is given up, is not asked with again', async () => {
		const { post, upstream, records } = await startWith(oauth());
		await sleep(60);
		const renewal = Promise.withResolvers<void>();
		server.answer((...exchange) => void renewal.promise.then(() => token('token-9')(...exchange)));
		upstream('a').always(takesOnly(() => false));
		const leave = new AbortController();
		const left = post({}, { signal: leave.signal }).catch(() => 'left');
		await soon(() => expect(server.requests).toHaveLength(2));
		leave.abort();
		expect(await left).toBe('left');
		await soon(() => expect(records.map(({ outcome }) => outcome)).toEqual(['aborted']));
		renewal.resolve();
		await soon(() => expect(fetched).toHaveLength(2));
		await sleep(50);
		expect(keysUsed()).toEqual(['token-1']);
	});

	it('is not waited for longer than a connection would be', async () => {
		const { post, upstream } = await startWith(oauth(), {
			names: ['a', 'b'],
			providers: { a: { apiKey: oauth() } },
			policy: { timeouts: { connect: '100ms' }, onError: { AUTH_ERROR: { then: 'next' } } },
		});
		await sleep(60);
		server.answer(() => {});
		upstream('a').always(status(401, {}));
		const response = await post();
		expect(response.headers.get('x-breakwater-target')).toBe('b/model-b');
	});

	it('in the midst of an answer does not make that begin again', async () => {
		const { post, upstream } = await startWith(oauth(), { policy: { continuation: { maxContinuations: 0 } } });
		await sleep(60);
		const broken = { error: { message: 'expired', code: 'invalid_api_key' } };
		upstream('a').next(streams([...chunksOf('Hello there').slice(0, 2), broken]));
		expect(await (await post({ stream: true })).text()).toContain('error');
		expect(keysUsed()).toEqual(['token-1']);
	});
});

describe('a key that cannot be fetched', () => {
	it('at the start, keeps its provider out of traffic until there is one', async () => {
		const file = join(folder, 'key');
		const { post, upstream, origin, health } = await startWith({ file });
		const ready = async () => (await fetch(`${origin}/ready`)).status;
		expect(await ready()).toBe(503);
		expect((await health()).a).toMatchObject({ state: 'open', reason: 'auth' });
		expect(troubles).toMatchObject([{ what: `the file ${file} does not exist`, hasKey: false }]);
		expect((await post()).status).toBe(502);
		expect(keysUsed()).toEqual([]);
		writeFileSync(file, 'key-1');
		await soon(async () => expect(await ready()).toBe(200));
		expect(await contentOf(await post())).toBe('ok');
		expect(keysUsed()).toEqual(['key-1']);
		expect(upstream('a').requests).toHaveLength(1);
	});

	it('leaves requests to the other keys of its provider', async () => {
		const { post } = await startWith([{ command: 'exit 3' }, 'written']);
		expect((await post()).status).toBe(200);
		expect(keysUsed()).toEqual(['written']);
		expect(troubles[0]?.what).toBe('the command ended with the code 3');
	});

	it('is asked for by a request that comes before it is there', async () => {
		server.answer(json(503, {}));
		const { post, gateway: running } = await startWith(oauth());
		const fetching = Promise.withResolvers<void>();
		server.answer((...exchange) => void fetching.promise.then(() => token('token-5')(...exchange)));
		const before = server.requests.length;
		await soon(() => expect(server.requests.length).toBeGreaterThan(before));
		// As when the cooldown of a provider without a key is over.
		running.operate('a', { type: 'operator.reset', now: Date.now() }, undefined);
		const answering = post();
		await sleep(20);
		fetching.resolve();
		expect((await answering).status).toBe(200);
		expect(keysUsed()).toEqual(['token-5']);
	});

	it('is told to the caller, where nothing else helps', async () => {
		const { post, gateway: running } = await startWith({ file: join(folder, 'key') });
		running.operate('a', { type: 'operator.reset', now: Date.now() }, undefined);
		const { error } = await failureOf(await post());
		expect(error.message).toBe(
			'a/model-a was not asked, for its key could not be fetched: see providers.a.apiKey in the configuration and the log of Breakwater; the key you sent is not involved.',
		);
	});

	it('is trouble before the present one dies, and requests do not notice', async () => {
		let isWell = true;
		server.answer((...exchange) => (isWell ? token('token-1', { expires_in: 1 }) : json(503, {}))(...exchange));
		const { post } = await startWith(oauth());
		isWell = false;
		await soon(() => expect(troubles).toHaveLength(1));
		const [trouble] = troubles;
		expect(trouble).toMatchObject({ what: 'the OAuth server refused (status 503)', hasKey: true });
		expect((trouble?.diesAt ?? 0) - (trouble?.retryAt ?? 0)).toBeGreaterThan(0);
		expect((await post()).status).toBe(200);
		const before = fetched.length;
		isWell = true;
		await soon(() => expect(fetched.length).toBe(before + 1));
	});
});

test('a file is read again when a link to it leads elsewhere, as in Kubernetes', async () => {
	for (const version of ['1', '2']) {
		mkdirSync(join(folder, version));
		writeFileSync(join(folder, version, 'key'), `key-${version}\n`);
	}
	symlinkSync('1', join(folder, '..data'));
	symlinkSync(join('..data', 'key'), join(folder, 'key'));
	const { post } = await startWith({ file: join(folder, 'key') });
	await post();
	symlinkSync('2', join(folder, '..data_tmp'));
	renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
	await soon(() => expect(fetched).toHaveLength(2));
	await post();
	expect(keysUsed()).toEqual(['key-1', 'key-2']);
});

test('an old key is taken out of what a provider says, and so is the next', async () => {
	const file = join(folder, 'key');
	writeFileSync(file, 'opaque-key-1');
	const { post, upstream } = await startWith({ file });
	writeFileSync(file, 'opaque-key-2');
	await soon(() => expect(fetched).toHaveLength(2));
	upstream('a').always(
		status(400, { error: { message: 'opaque-key-1 was better than opaque-key-2, or opaque-key-3' } }),
	);
	expect((await failureOf(await post())).error.message).toBe('[redacted] was better than [redacted], or opaque-key-3');
});

test('fifty requests under way, and each token dies when the next is given: no request is lost', async () => {
	const lifeMs = 2000;
	let number = 0;
	server.answer((...exchange) => {
		// It takes its time, in which the old one serves on.
		setTimeout(() => {
			number += 1;
			token(`token-${number}`, { expires_in: lifeMs / 1000 })(...exchange);
		}, 100);
	});
	const { post, upstream, records, health } = await startWith(oauth());
	const slowly: Behaviour = async (exchange) => {
		await sleep(500);
		await answers('ok')(exchange);
	};
	upstream('a').always(takesOnly((key) => key === `token-${number}`, slowly));
	const statuses: number[] = [];
	const caller = async () => {
		while (new Set(keysUsed()).size < 3) {
			const response = await post();
			await response.text();
			statuses.push(response.status);
			await sleep(500);
		}
	};
	await Promise.all(Array.from({ length: 50 }, caller));
	expect(statuses.filter((one) => one !== 200)).toEqual([]);
	expect(statuses.length).toBeGreaterThan(50);
	expect(server.mostAtOnce).toBe(1);
	expect(records.every(({ trace }) => trace.length === 1)).toBe(true);
	expect((await health()).a).toMatchObject({ state: 'closed', consecutiveFailures: 0 });
	expect(troubles).toEqual([]);
});

test('tokens that die without warning under load are renewed once each, and no request is lost', async () => {
	let number = 1;
	server.answer((...exchange) => token(`token-${number}`)(...exchange));
	const { post, upstream } = await startWith(oauth());
	upstream('a').always(takesOnly((key) => key === `token-${number}`));
	for (let death = 0; death < 3; death += 1) {
		await sleep(60);
		number += 1;
		const responses = await Promise.all(Array.from({ length: 50 }, () => post()));
		expect(responses.filter((response) => response.status !== 200)).toEqual([]);
		await Promise.all(responses.map((response) => response.text()));
		expect(server.requests).toHaveLength(number);
	}
});
