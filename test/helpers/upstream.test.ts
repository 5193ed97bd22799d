import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { bodyOf, requestRaw } from './raw-client.ts';
import {
	answers,
	type Behaviour,
	completes,
	compressed,
	delayed,
	hangs,
	raw,
	resets,
	stallsAfter,
	startUpstream,
	status,
	streams,
	trickles,
	truncates,
	type Upstream,
} from './upstream.ts';

let upstream: Upstream;

beforeEach(async () => {
	upstream = await startUpstream();
});

afterEach(() => upstream.close());

/** Queues a behaviour and asks for it. */
function ask(behaviour: Behaviour, body: object = {}) {
	upstream.next(behaviour);
	return requestRaw(upstream.baseUrl, body);
}

/** Queues a behaviour and fetches it, for answers that are right on the wire. */
function fetched(behaviour: Behaviour, body: object = {}) {
	upstream.next(behaviour);
	return fetch(`${upstream.baseUrl}/chat/completions`, { method: 'POST', body: JSON.stringify(body) });
}

/** Waits for something that is about to become true. */
function soon(check: () => void) {
	return vi.waitFor(check, { interval: 5, timeout: 100_000 });
}

test('records what it got, in order, and JSON as a value', async () => {
	await fetch(`${upstream.baseUrl}/models?limit=1`, { headers: { 'x-test': 'yes' } });
	await fetched(answers('hi'), { model: 'm' });
	expect(upstream.requests).toMatchObject([
		{ method: 'GET', path: '/v1/models?limit=1', text: '', json: undefined, headers: { 'x-test': 'yes' } },
		{ method: 'POST', path: '/v1/chat/completions', text: '{"model":"m"}', json: { model: 'm' } },
	]);
});

test('behaves as queued, one each, then as always', async () => {
	upstream.always(status(500));
	upstream.next(answers('first'), status(429, { error: { code: 'slow_down' } }, { 'retry-after': '7' }));
	const replies = [];
	for (let i = 0; i < 3; i += 1) replies.push(await fetch(upstream.baseUrl));
	expect(replies.map((reply) => reply.status)).toEqual([200, 429, 500]);
	expect(replies[1]?.headers.get('retry-after')).toBe('7');
	expect(await replies[1]?.json()).toEqual({ error: { code: 'slow_down' } });
	expect(await replies[2]?.json()).toHaveProperty('error.message');
});

test('answers JSON with a right content-length, the asked model and the extra fields', async () => {
	const reply = await fetched(answers('two words', { system_fingerprint: 'fp' }), { model: 'm' });
	const text = await reply.text();
	expect(reply.headers.get('content-length')).toBe(String(text.length));
	expect(JSON.parse(text)).toMatchObject({
		object: 'chat.completion',
		model: 'm',
		system_fingerprint: 'fp',
		choices: [{ message: { role: 'assistant', content: 'two words' }, finish_reason: 'stop' }],
		usage: { completion_tokens: 2 },
	});
});

test('answers SSE when asked to stream: role, words, finish reason, usage, [DONE]', async () => {
	const reply = await fetched(answers('two words'), { stream: true, stream_options: { include_usage: true } });
	expect(reply.headers.get('content-type')).toBe('text/event-stream');
	const data = (await reply.text())
		.trim()
		.split('\n\n')
		.map((event) => event.slice('data: '.length));
	expect(data.pop()).toBe('[DONE]');
	const chunks = data.map((text) => JSON.parse(text));
	expect(chunks.map((chunk) => chunk.choices[0]?.delta)).toEqual([
		{ role: 'assistant', content: '' },
		{ content: 'two ' },
		{ content: 'words' },
		{},
		undefined,
	]);
	expect(chunks.map((chunk) => chunk.choices[0]?.finish_reason)).toEqual([null, null, null, 'stop', undefined]);
	expect(chunks[4].usage.completion_tokens).toBe(2);
});

test('completes with any JSON, and status with text as it is', async () => {
	expect(await (await fetched(completes([1]))).json()).toEqual([1]);
	const reply = await fetched(status(502, '<html>', { 'content-type': 'text/html' }));
	expect([reply.status, reply.headers.get('content-type'), await reply.text()]).toEqual([502, 'text/html', '<html>']);
});

test('raw sends exactly its bytes, then FIN', async () => {
	const client = ask(raw('HTTP/1.1 299 Odd\r\ncontent-length: 9\r\n\r\nhalf'));
	expect(await client.ended).toBe('fin');
	expect(client.received.toString()).toBe('HTTP/1.1 299 Odd\r\ncontent-length: 9\r\n\r\nhalf');
});

test('resets with RST, before any byte', async () => {
	const client = ask(resets());
	expect(await client.ended).toBe('rst');
	expect(client.received.byteLength).toBe(0);
});

test.each([
	['hangs', hangs(), ''],
	['raw that stalls', raw('HTTP/1.1 200 OK\r\n', 'stall'), 'HTTP/1.1 200 OK\r\n'],
	['stallsAfter a beginning', stallsAfter('{"half'), '{"half'],
	['stallsAfter events', stallsAfter([{ a: 1 }]), 'data: {"a":1}\n\n'],
])('%s: keeps the connection and says no more', async (_name, behaviour, beginning) => {
	const client = ask(behaviour);
	await soon(() => expect(upstream.requests).toHaveLength(1));
	await client.has(beginning);
	const quiet = new Promise((resolve) => setTimeout(resolve, 30, 'quiet'));
	expect(await Promise.race([client.ended, quiet])).toBe('quiet');
	expect(upstream.openSockets).toBe(1);
	expect(client.received.toString()).not.toContain('\r\n0\r\n');
});

test('truncates: less body than its content-length, then FIN', async () => {
	const client = ask(truncates({ answer: 'whole' }));
	expect(await client.ended).toBe('fin');
	expect(client.received.toString()).toContain('content-length: 18\r\n');
	expect(bodyOf(client.received).toString()).toBe('{"answer"');
});

test('streams strings, objects and verbatim bytes', async () => {
	const reply = await fetched(streams(['not json', { a: 1 }, Buffer.from(': comment\n\n')]));
	expect(await reply.text()).toBe('data: not json\n\ndata: {"a":1}\n\n: comment\n\ndata: [DONE]\n\n');
});

test('a stream that closes ends properly without [DONE]; one that is cut does not end', async () => {
	expect(await (await fetched(streams(['x'], { end: 'close' }))).text()).toBe('data: x\n\n');
	const cut = ask(streams(['x'], { end: 'cut' }));
	expect(await cut.ended).toBe('fin');
	expect(bodyOf(cut.received).toString()).toBe('9\r\ndata: x\n\n\r\n');
});

test('streams in pieces that split a character', async () => {
	const client = ask(streams(['é'], { end: 'close', chunkBytes: 7, delayMs: 2 }));
	await client.has('0\r\n\r\n');
	const body = bodyOf(client.received);
	expect(body.subarray(0, 10)).toEqual(Buffer.concat([Buffer.from('7\r\ndata: '), Buffer.from([0xc3])]));
	expect(client.pieceBytes.length).toBeGreaterThan(2);
});

test('trickles the body of another behaviour byte by byte', async () => {
	const client = ask(trickles(completes({ a: 1 }), { delayMs: 2 }));
	await client.has('0\r\n\r\n');
	expect(bodyOf(client.received).toString()).toBe(
		`${[...'{"a":1}'].map((byte) => `1\r\n${byte}\r\n`).join('')}0\r\n\r\n`,
	);
	expect(client.pieceBytes.length).toBeGreaterThanOrEqual(7);
});

test.each([
	['gzip', gunzipSync],
	['deflate', inflateSync],
	['br', brotliDecompressSync],
] as const)('compresses with %s', async (encoding, decompress) => {
	const client = ask(compressed(encoding, completes({ a: 1 })));
	await client.has('\r\n\r\n');
	expect(client.received.toString('latin1')).toContain(`content-encoding: ${encoding}\r\n`);
	expect(decompress(bodyOf(client.received)).toString()).toBe('{"a":1}');
	const streamed = await fetched(compressed(encoding, streams(['x'])));
	expect(await streamed.text()).toBe('data: x\n\ndata: [DONE]\n\n');
});

test('delays another behaviour', async () => {
	const start = performance.now();
	expect(await (await fetched(delayed(40, completes(1)))).json()).toBe(1);
	expect(performance.now() - start).toBeGreaterThanOrEqual(38);
});

test('counts a client that leaves, and neither whole answers nor its own faults', async () => {
	await (await fetched(answers('whole'))).text();
	await ask(resets()).ended;
	await ask(truncates()).ended;
	await ask(streams(['x'], { end: 'cut' })).ended;
	await ask(raw('HTTP/1.1 200 OK\r\n\r\n')).ended;
	const client = ask(stallsAfter(['x']));
	await client.has('data: x');
	expect(upstream.aborted).toBe(0);
	client.socket.destroy();
	await soon(() => expect(upstream.aborted).toBe(1));
});

test('a client that leaves ends the waits of its behaviour', async () => {
	const inner = vi.fn();
	const hasEnded = vi.fn();
	const client = ask(async (exchange) => {
		try {
			await delayed(3_600_000, inner)(exchange);
		} finally {
			hasEnded();
		}
	});
	await soon(() => expect(upstream.requests).toHaveLength(1));
	client.socket.destroy();
	await soon(() => expect([upstream.aborted, upstream.openSockets]).toEqual([1, 0]));
	await soon(() => expect(hasEnded).toHaveBeenCalledOnce());
	expect(inner).not.toHaveBeenCalled();
});

test('close drops a hung connection at once, without counting it', async () => {
	const other = await startUpstream();
	other.always(hangs());
	const client = requestRaw(other.baseUrl);
	await soon(() => expect(other.requests).toHaveLength(1));
	await other.close();
	expect(['fin', 'rst']).toContain(await client.ended);
	expect([other.aborted, other.openSockets]).toEqual([0, 0]);
});

test('close rejects with the error of a behaviour that threw', async () => {
	const other = await startUpstream();
	other.always(() => {
		throw new Error('wrong behaviour');
	});
	await requestRaw(other.baseUrl).ended;
	await expect(other.close()).rejects.toThrow('wrong behaviour');
});
