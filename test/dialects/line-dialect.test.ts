import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import type { CallRecord } from '../../src/contract/call-record.ts';
import { clientDialects } from '../../src/dialects/dialects.ts';
import { openai } from '../../src/dialects/protocols/openai.ts';
import { createGateway } from '../../src/gateway/gateway.ts';
import { createServer } from '../../src/http/server.ts';
import { configText, contentOf, messages } from '../helpers/gateway.ts';
import { type Behaviour, chunksOf, startUpstream, streams, type Upstream } from '../helpers/upstream.ts';
import { wallAnswer } from '../helpers/wall-answer.ts';
import { lineClient, lineProtocol } from './line-dialect.ts';

const { text, half } = wallAnswer;

const opened: (() => Promise<unknown>)[] = [];
afterEach(async () => {
	for (const close of opened.splice(0).reverse()) await close();
});

/** Two providers behind one Breakwater that speaks lines, too. @param chat the providers that speak chat completions */
async function start(chat: readonly string[] = []) {
	const upstreams: Record<string, Upstream> = { a: await startUpstream(), b: await startUpstream() };
	const baseUrls = Object.fromEntries(Object.entries(upstreams).map(([name, { baseUrl }]) => [name, baseUrl]));
	const config = parseConfig(configText({}, baseUrls), { file: 'test.yaml', env: {} });
	const records: CallRecord[] = [];
	const crashes: unknown[] = [];
	const gateway = await createGateway(
		config,
		{ callEnded: (record) => void records.push(record), crashed: (error) => void crashes.push(error) },
		{ protocolOf: ({ name }) => (chat.includes(name) ? openai : lineProtocol) },
	);
	const server = createServer(gateway, {
		...config.server,
		version: '0.0.0',
		dialects: [
			...clientDialects.map((dialect) => ({ ...dialect, askedIn: [...dialect.askedIn, 'lines'] })),
			lineClient,
		],
		onCrash: (error) => void crashes.push(error),
	});
	await server.listen({ host: '127.0.0.1', port: 0 });
	opened.push(
		...Object.values(upstreams).map((upstream) => () => upstream.close()),
		() => gateway.close(),
		() => server.close(),
	);
	const origin = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
	const headers = { 'content-type': 'application/json' };
	const post = (path: string, body: string) => fetch(`${origin}${path}`, { method: 'POST', headers, body });
	return {
		post,
		records,
		crashes,
		upstream: (name: 'a' | 'b') => upstreams[name] as Upstream,
		/** In lines. */
		ask: (...lines: string[]) => post('/lines', [...lines, 'ask How old is it?', ''].join('\n')),
		/** In chat completions. */
		chat: (body: object = {}) => post('/v1/chat/completions', JSON.stringify({ messages, ...body })),
	};
}

/** Answers these lines, then ends the body, or the connection. */
function lines(said: readonly string[], { cut = false, status = 200, form = '' } = {}): Behaviour {
	return async ({ response, write, end, hangUp }) => {
		response.writeHead(status, { 'content-type': 'text/plain', 'x-form': form });
		for (const line of said) await write(`${line}\n`);
		if (cut) hangUp('rst');
		else await end();
	};
}

const spoken = (part: string) => `+ ${JSON.stringify(part)}`;
const saidIn = (answer: string) =>
	answer
		.split('\n')
		.filter((line) => line.startsWith('+ '))
		.map((line) => JSON.parse(line.slice(2)))
		.join('');

describe('a dialect of one file', () => {
	it('fails over before the first word, by its own words for an error, and passes its lines on as they came', async () => {
		const { ask, upstream, records } = await start();
		upstream('a').next(lines(['! overloaded_error Too busy'], { status: 503 }));
		const came = [spoken('The   harbour'), spoken(' wall.'), 'used 3 4', '.'];
		upstream('b').next(lines(came));
		const response = await ask('stream');
		expect(await response.text()).toBe(`${came.join('\n')}\n`);
		expect(response.headers.get('content-type')).toBe('text/lines');
		expect(response.headers.get('x-breakwater-target')).toBe('b/model-b');
		expect(records[0]).toMatchObject({ outcome: 'done', tokens: [{ target: 'b/model-b', input: 3, output: 4 }] });
		expect(records[0]?.trace).toMatchObject([
			{ target: 'a/model-a', failure: { category: 'SERVER_ERROR', reason: 'overloaded', status: 503 } },
			{ target: 'b/model-b', outcome: 'succeeded' },
		]);
		const [{ headers, text: sent, path }] = upstream('b').requests as [Upstream['requests'][number]];
		expect([path, sent]).toEqual(['/v1/lines', 'model model-b\nstream\nask How old is it?\n']);
		expect(headers['x-signature']).toBe(`nobody:${sent.length}`);
	});

	it('carries a broken stream on, with one end and the usage of both', async () => {
		const { ask, upstream, records } = await start();
		upstream('a').next(lines([spoken(half), 'used 5 6'], { cut: true }));
		upstream('b').next(lines([spoken(text.slice(text.indexOf('1862'))), 'used 7 8', '.']));
		const answer = await (await ask('stream')).text();
		expect(saidIn(answer)).toBe(text);
		expect(answer.match(/^\.$/gm)).toHaveLength(1);
		expect(answer).toContain('used 12 14\n.\n');
		expect(upstream('b').requests[0]?.text).toContain(`so far ${JSON.stringify(half)}`);
		expect(records[0]?.trace).toMatchObject([
			{ target: 'a/model-a', outcome: 'failed' },
			{
				target: 'b/model-b',
				way: 'instruct',
				seam: { sent: half.length, trimmed: half.length - text.indexOf('1862') },
			},
		]);
	});

	it('takes no half answer for a whole one, streamed or not', async () => {
		const { ask, upstream } = await start();
		for (const name of ['a', 'b'] as const) upstream(name).always(lines([spoken(half)]));
		const broken = await (await ask('stream')).text();
		expect(broken).toMatch(/^! stream_interrupted /m);
		expect(broken).not.toMatch(/^\.$/m);
		for (const name of ['a', 'b'] as const) upstream(name).always(lines([spoken(half)], { form: 'document' }));
		const failed = await ask();
		expect([failed.status, (await failed.text()).slice(0, 22)]).toEqual([502, '! all_targets_failed E']);
	});

	it('gives a document as it came, or puts one together', async () => {
		const { ask, upstream } = await start();
		const came = [spoken(text), 'used 1 2', '.'];
		upstream('a').next(lines(came, { form: 'document' }));
		upstream('a').next(lines([spoken(half), spoken(text.slice(half.length)), '.'], { form: 'events' }));
		expect(await (await ask()).text()).toBe(`${came.join('\n')}\n`);
		expect(await (await ask()).text()).toBe(`${spoken(text)}\n.\n`);
	});

	it('says in its own words that a request is wrong', async () => {
		const { post, upstream, records } = await start();
		const refused = await post('/lines', 'model x\n');
		expect([refused.status, await refused.text()]).toEqual([400, '! invalid_request Write a line "ask TEXT".\n']);
		expect([upstream('a').requests, records]).toEqual([[], []]);
	});
});

describe('behind a client of chat completions', () => {
	it('an answer in lines goes on in chunks, and in those of a provider that speaks chat completions itself', async () => {
		const { chat, upstream, records, crashes } = await start(['b']);
		upstream('a').next(lines([spoken(half), 'used 5 6'], { cut: true }));
		upstream('b').next(streams(chunksOf(text.slice(text.indexOf('1862')))));
		const response = await chat({ stream: true, stream_options: { include_usage: true } });
		const body = await response.text();
		const chunks = body
			.split('\n\n')
			.filter((event) => event.startsWith('data: {'))
			.map((event) => JSON.parse(event.slice('data: '.length)));
		expect(crashes).toEqual([]);
		expect(chunks.map(({ choices }) => choices[0]?.delta?.content ?? '').join('')).toBe(text);
		expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
		expect(chunks[0]).toMatchObject({
			object: 'chat.completion.chunk',
			model: 'model-a',
			choices: [{ delta: { role: 'assistant' } }],
		});
		expect(chunks.filter(({ choices }) => choices[0]?.finish_reason === 'stop')).toHaveLength(1);
		expect(body.endsWith('data: [DONE]\n\n')).toBe(true);
		expect(records[0]).toMatchObject({ outcome: 'done', target: 'b/model-b' });
	});

	it('a document in lines becomes a completion', async () => {
		const { chat, upstream } = await start();
		upstream('a').next(lines([spoken(text), 'used 1 2', '.'], { form: 'document' }));
		const response = await chat();
		expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
		const completion = await response.clone().json();
		expect(completion).toMatchObject({ object: 'chat.completion', usage: { prompt_tokens: 1, completion_tokens: 2 } });
		expect(await contentOf(response)).toBe(text);
	});
});
