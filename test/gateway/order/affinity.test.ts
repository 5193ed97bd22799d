import { afterEach, describe, expect, it } from 'vitest';
import { Affinity } from '../../../src/gateway/order/affinity.ts';
import { conversationKey } from '../../../src/http/v1/conversation-key.ts';
import { startGateway, type TestGateway } from '../../helpers/gateway.ts';
import { type Behaviour, completionOf, status } from '../../helpers/upstream.ts';

describe('what is remembered of conversations', () => {
	const a = { target: 'a/m', credential: 'a' };
	const b = { target: 'b/m', credential: 'b#2' };

	it('is where one was answered, until its time is over', () => {
		const affinity = new Affinity();
		affinity.noteAnswer('one', a, 1000, 5000);
		expect(affinity.placesOf('one', 5999)).toMatchObject([a]);
		expect(affinity.placesOf('one', 6000)).toEqual([]);
		expect(affinity.placesOf('two', 5000)).toEqual([]);
	});

	it('is the own place first, and behind it who stood in, who takes its place once its time is over', () => {
		const affinity = new Affinity();
		affinity.noteAnswer('one', a, 1000, 5000);
		affinity.noteAnswer('one', b, 1000, 5500);
		expect(affinity.placesOf('one', 5600)).toMatchObject([a, b]);
		expect(affinity.placesOf('one', 6200)).toMatchObject([b]);
		affinity.noteAnswer('one', a, 1000, 6300);
		expect(affinity.placesOf('one', 6400)).toMatchObject([b, a]);
	});

	it('is bounded: what was answered the longest ago is forgotten', () => {
		const affinity = new Affinity(2);
		for (const name of ['one', 'two', 'one', 'three']) affinity.noteAnswer(name, a, 1000, 5000);
		expect(affinity.size).toBe(2);
		expect(['one', 'two', 'three'].map((name) => affinity.placesOf(name, 5000).length)).toEqual([1, 0, 1]);
	});

	it('is a hash, in which two lists of texts are never one', () => {
		expect(conversationKey(['a', 'bc'])).toBe(conversationKey(['a', 'bc']));
		expect(conversationKey(['a', 'bc'])).not.toBe(conversationKey(['ab', 'c']));
		expect(conversationKey(['secret'])).toMatch(/^[\w-]{43}$/);
	});
});

/** Four characters a token. */
const tokensIn = (text: string) => Math.ceil(text.length / 4);

/** A provider that caches what it has read, for each key: of a prompt it counts as cached what another one began with. */
function caching(): { behaviour: Behaviour; cached: () => number; read: () => number } {
	const seen = new Set<string>();
	let [cached, read] = [0, 0];
	const behaviour: Behaviour = async ({ request, response }) => {
		const { messages } = request.json as { messages: unknown[] };
		const prefixes = messages.map(
			(_, at) => `${request.headers.authorization} ${JSON.stringify(messages.slice(0, at + 1))}`,
		);
		const known = prefixes.findLast((prefix) => seen.has(prefix));
		for (const prefix of prefixes) seen.add(prefix);
		const usage = {
			prompt_tokens: tokensIn(prefixes.at(-1) ?? ''),
			completion_tokens: 1,
			total_tokens: tokensIn(prefixes.at(-1) ?? '') + 1,
			prompt_tokens_details: { cached_tokens: known === undefined ? 0 : tokensIn(known) },
		};
		cached += usage.prompt_tokens_details.cached_tokens;
		read += usage.prompt_tokens;
		response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(completionOf('ok', { usage })));
	};
	return { behaviour, cached: () => cached, read: () => read };
}

let breakwater: TestGateway | undefined;
afterEach(() => breakwater?.close());

const names = ['a', 'b', 'c'];
const chain = names.map((name) => `${name}/model-${name}`);

async function started(profile: object, others: object = {}) {
	breakwater = await startGateway({ names, profiles: { default: { chain, ...profile } }, ...others });
	const caches = names.map((name) => {
		const cache = caching();
		(breakwater as TestGateway).upstream(name).always(cache.behaviour);
		return cache;
	});
	const sum = (amounts: number[]) => amounts.reduce((total, amount) => total + amount, 0);
	return {
		breakwater,
		cachedShare: () => sum(caches.map(({ cached }) => cached())) / sum(caches.map(({ read }) => read())),
	};
}

/** The messages of one conversation up to one of its turns. */
function turnOf(conversation: number, turn: number) {
	const opening = { role: 'system', content: `Instructions for conversation ${conversation}. ${'x'.repeat(2000)}` };
	const turns = Array.from({ length: turn + 1 }, (_, at) => [
		{ role: 'user', content: `Question ${at} of conversation ${conversation}. ${'y'.repeat(300)}` },
		{ role: 'assistant', content: `Answer ${at}. ${'z'.repeat(300)}` },
	]);
	return { messages: [opening, ...turns.flat().slice(0, -1)] };
}

async function ask(breakwater: TestGateway, body: object, headers: Record<string, string> = {}): Promise<string> {
	const response = await breakwater.post(body, { headers });
	await response.text();
	return response.headers.get('x-breakwater-target') ?? String(response.status);
}

/** Seven conversations of five turns each, one turn of each at a time. @returns the share of the tokens that came from a cache */
async function cachedShareWith(profile: object, others: object = {}): Promise<number> {
	const { breakwater, cachedShare } = await started(profile, others);
	for (let turn = 0; turn < 5; turn += 1) {
		// Of seven in a round, so that no conversation comes back to the same of three by its turn alone.
		for (let conversation = 0; conversation < 7; conversation += 1) await ask(breakwater, turnOf(conversation, turn));
	}
	await breakwater.close();
	return cachedShare();
}

it('makes more of prompts come from caches, at targets in turn and at keys in turn', async () => {
	const affinity = { for: '10m' };
	const targets = [
		await cachedShareWith({ order: 'round-robin' }),
		await cachedShareWith({ order: 'round-robin', affinity }),
	] as const;
	const providers = { a: { apiKey: ['k1', 'k2', 'k3'], keys: 'round-robin' } };
	const keys = [await cachedShareWith({}, { providers }), await cachedShareWith({ affinity }, { providers })] as const;
	for (const [without, withIt] of [targets, keys]) {
		expect(without).toBeCloseTo(0.29, 2);
		expect(withIt).toBeCloseTo(0.73, 2);
	}
});

describe('a conversation', () => {
	const affinity = { for: '10m' };

	it('stays where it was answered, and others go on in turn', async () => {
		const { breakwater } = await started({ order: 'round-robin', affinity });
		const taken = [];
		for (const [conversation, turn] of [
			[1, 0],
			[2, 0],
			[1, 1],
			[2, 1],
			[1, 2],
		] as const) {
			taken.push(await ask(breakwater, turnOf(conversation, turn)));
		}
		expect(taken).toEqual(['a/model-a', 'b/model-b', 'a/model-a', 'b/model-b', 'a/model-a']);
		expect(breakwater.records.at(-1)?.order?.targets[0]).toBe('a/model-a (answered before)');
	});

	it.each([
		['prompt_cache_key', { prompt_cache_key: 'k' }],
		['session_id', { session_id: 's' }],
		['user', { user: 'u' }],
		['metadata.user_id', { metadata: { user_id: 'm' } }],
	])('is known by %s, whatever its messages say', async (_name, naming) => {
		const { breakwater } = await started({ order: 'round-robin', affinity });
		const first = await ask(breakwater, { ...turnOf(1, 0), ...naming });
		await ask(breakwater, turnOf(5, 0));
		expect(await ask(breakwater, { ...turnOf(2, 0), ...naming })).toBe(first);
	});

	it.each([
		['/v1/messages', (messages: object[]) => ({ max_tokens: 10, system: 'S', messages })],
		['/v1/responses', (input: object[]) => ({ instructions: 'S', input })],
	])('stays where it was answered at %s too', async (path, bodyOf) => {
		const { breakwater } = await started({ order: 'round-robin', affinity });
		const taken = [];
		const opening = { role: 'user', content: 'Hello' };
		const further = [opening, { role: 'assistant', content: 'Hi' }, { role: 'user', content: 'And?' }];
		for (const messages of [[opening], [{ role: 'user', content: 'Others' }], further]) {
			const init = { method: 'POST', headers: { 'content-type': 'application/json' } };
			const body = JSON.stringify({ model: 'default', ...bodyOf(messages) });
			const response = await fetch(`${breakwater.origin}${path}`, { ...init, body });
			await response.text();
			taken.push(response.headers.get('x-breakwater-target'));
		}
		expect(taken).toEqual(['a/model-a', 'b/model-b', 'a/model-a']);
	});

	it('is not known by a message alone that opens others under other instructions', async () => {
		const { breakwater } = await started({ order: 'round-robin', affinity });
		const question = { role: 'user', content: 'Hello' };
		const said = (system: string) => ({ messages: [{ role: 'system', content: system }, question] });
		expect(await ask(breakwater, said('one'))).toBe('a/model-a');
		expect(await ask(breakwater, said('another'))).toBe('b/model-b');
	});

	it('is answered by the next target while its own fails, stays with that one, and returns when its own is well', async () => {
		const { breakwater } = await started({ order: 'round-robin', affinity });
		const upstream = breakwater.upstream('a');
		const well = caching().behaviour;
		expect(await ask(breakwater, turnOf(1, 0))).toBe('a/model-a');
		upstream.always(status(500));
		const standIn = await ask(breakwater, turnOf(1, 1));
		expect(standIn).not.toBe('a/model-a');
		expect([await ask(breakwater, turnOf(1, 2)), await ask(breakwater, turnOf(1, 3))]).toEqual([standIn, standIn]);
		upstream.always(well);
		breakwater.gateway.operate('a', { type: 'operator.reset', now: Date.now() });
		expect(await ask(breakwater, turnOf(1, 4))).toBe('a/model-a');
	});

	it('is not held to a target that succeeds too seldom', async () => {
		const { breakwater } = await started({ affinity, skipBelow: 0.9 });
		expect(await ask(breakwater, turnOf(1, 0))).toBe('a/model-a');
		breakwater.upstream('a').next(status(500));
		await ask(breakwater, turnOf(2, 0));
		expect(await ask(breakwater, turnOf(1, 1))).toBe('b/model-b');
	});

	it('leaves nothing of its words in a record', async () => {
		const { breakwater } = await started({ affinity });
		await ask(breakwater, { ...turnOf(1, 0), prompt_cache_key: 'the-name-of-it' });
		expect(JSON.stringify(breakwater.records)).not.toMatch(/the-name-of-it|Instructions|Question/);
	});
});
