import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { startGateway, type TestGateway } from '../../helpers/gateway.ts';
import type { Behaviour } from '../../helpers/upstream.ts';
import {
	type Caller,
	chatCaller,
	completionsCaller,
	embeddingsCaller,
	type Heard,
	messagesCaller,
	responsesCaller,
} from './heard.ts';
import {
	anthropicMessages,
	chat,
	completions,
	type ErrorName,
	embeddings,
	responses,
	type Said,
	type Spoken,
} from './spoken.ts';

/** A caller's dialect, its providers', and its own as a provider speaks it. */
export type Pair = readonly [caller: Caller, spoken: Spoken, own: Spoken];

const dialects = {
	chat: [chatCaller, chat],
	responses: [responsesCaller, responses],
	messages: [messagesCaller, anthropicMessages],
	completions: [completionsCaller, completions],
	embeddings: [embeddingsCaller, embeddings],
} as const;

function pair(caller: keyof typeof dialects, provider: keyof typeof dialects): Pair {
	return [dialects[caller][0], dialects[provider][1], dialects[caller][1]];
}

/** What is asked in each dialect, and of which providers. */
const pairs: readonly Pair[] = [
	pair('chat', 'chat'),
	pair('responses', 'responses'),
	pair('messages', 'messages'),
	pair('completions', 'completions'),
	pair('embeddings', 'embeddings'),
	pair('chat', 'messages'),
	pair('messages', 'chat'),
	pair('responses', 'chat'),
	pair('chat', 'responses'),
	pair('responses', 'messages'),
	pair('messages', 'responses'),
];

/** With their names, for `describe.each`. */
export const namedPairs = pairs.map((pair) => [`${pair[0].name} → ${pair[1].name}`, pair] as const);

/** Those that can break in the middle. */
export const streamedPairs = namedPairs.filter(([, [, spoken]]) => spoken.streams);

export const wall: Said = {
	text: 'The harbour wall was built in 1862, and it has kept the storms out of the town ever since.',
};
export const called: Said = { text: 'Let me see…', call: { id: 'call_1', name: 'age', json: '{"of":"the wall"}' } };

/**
 * One gateway for all faults of a pair. Providers `a` and `b` speak the dialect of the pair, `own` the caller's; to `silent`
 * and to `stalls` there are timeouts that a test waits out, and that nothing else is asked of.
 */
async function startPair([, spoken, own]: Pair): Promise<TestGateway> {
	const { settings } = spoken;
	const kind = spoken.name === 'embeddings' ? { for: 'embeddings' } : {};
	const profile = (...names: string[]) => ({ ...kind, chain: names.map((name) => `${name}/one`) });
	return startGateway({
		names: ['a', 'b', 'own', 'silent', 'stalls'],
		providers: {
			a: settings,
			b: settings,
			own: own.settings,
			silent: { ...settings, policy: { timeouts: { firstToken: '40ms', response: '40ms' } } },
			stalls: { ...settings, policy: { timeouts: { idle: '40ms' } } },
		},
		profiles: {
			default: profile('a', 'b'),
			mixed: profile('a', 'own'),
			long: profile('a', 'b', 'own'),
			collected: { ...profile('a', 'b'), streamUpstream: true },
			picky: { ...profile('a', 'b'), policy: { onError: { 'BAD_REQUEST.content_policy': { then: 'next' } } } },
			silent: profile('silent', 'b'),
			mute: profile('silent'),
			stalling: profile('stalls', 'b'),
		},
		policy: { onError: { AUTH_ERROR: { then: 'next' } } },
	});
}

/** One gateway for all tests of a pair; its upstreams are told anew by each. @returns what has it */
export function gatewayFor(pair: Pair): () => TestGateway {
	let running: TestGateway | undefined;
	const started = () => running ?? expect.fail('the gateway has not started');
	beforeAll(async () => {
		running = await startPair(pair);
	});
	afterEach(() => {
		resetAll(started());
		expect(started().crashes).toEqual([]);
	});
	afterAll(() => running?.close());
	return started;
}

/** Everybody is trusted again. */
export function resetAll({ gateway }: TestGateway): void {
	for (const name of ['a', 'b', 'own', 'silent', 'stalls']) {
		gateway.operate(name, { type: 'operator.reset', now: Date.now() }, 'test');
	}
}

export interface Asked {
	response: Response;
	/** Undefined for an error response. */
	heard: Heard | undefined;
	/** Of an error response, its body. */
	failure: Record<string, unknown> | undefined;
}

/** What a stream has to be, whatever happened to its providers. */
export const wholeStream = { problems: [], isWhole: true, error: undefined, ids: [expect.any(String)] };

/** Asks as a caller does, and reads what comes. */
export async function ask(running: TestGateway, caller: Caller, members: object = {}): Promise<Asked> {
	const response = await fetch(`${running.origin}${caller.path}`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ model: 'default', ...caller.question, ...members }),
	});
	const text = await response.text();
	if (response.status !== 200) return { response, heard: undefined, failure: JSON.parse(text) };
	const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
	return { response, heard: isStream ? caller.hear(text) : caller.read(JSON.parse(text)), failure: undefined };
}

// What providers do.

const eventStream = 'text/event-stream';

/** A 200 with this body; then its end, or that of the connection, or silence. */
export function sends(
	body: string | Buffer,
	{ type = eventStream, end = 'close' as 'close' | 'fin' | 'rst' | 'stall' } = {},
): Behaviour {
	return async (exchange) => {
		exchange.response.setHeader('content-type', type);
		if (end === 'close') return exchange.end(body);
		if (body.length === 0) exchange.response.flushHeaders();
		else await exchange.write(body);
		if (end !== 'stall') exchange.hangUp(end);
	};
}

export function sendsJson(value: unknown): Behaviour {
	return sends(JSON.stringify(value), { type: 'application/json' });
}

/** Answers right, in the form that it is asked for. */
export function says(spoken: Spoken, said: Said): Behaviour {
	return (exchange) => {
		const asked = exchange.request.json as { stream?: boolean };
		const whole = { ...said, text: spoken.restOf(asked, said.text) };
		if (asked.stream !== true) return sendsJson(spoken.document(whole))(exchange);
		return sends(wireOf(spoken, whole))(exchange);
	};
}

export function wireOf(spoken: Spoken, said: Said): string {
	const { begin, content, finish, mark } = spoken.pieces(said);
	return spoken.wire([...begin, ...content, ...finish]) + mark;
}

/** The beginning of a stream: so many pieces of its content, then these events. */
export function beginning(spoken: Spoken, said: Said, pieces: number, ...then: object[]): string {
	const { begin, content } = spoken.pieces(said);
	return spoken.wire([...begin, ...content.slice(0, pieces), ...(then as Record<string, unknown>[])]);
}

export function fails(spoken: Spoken, name: ErrorName, headers: Record<string, string> = {}): Behaviour {
	return (exchange) => {
		const [code, body] = spoken.error(name);
		exchange.response.writeHead(code, { 'content-type': 'application/json', ...headers });
		return exchange.end(JSON.stringify(body));
	};
}
