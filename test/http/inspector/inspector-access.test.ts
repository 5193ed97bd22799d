import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { viewerLimits } from '../../../src/observe/inspector/viewer.ts';
import { soon } from '../../helpers/gateway.ts';
import { type InspectedGateway, operatorsKey, startInspected } from '../../observe/inspector/inspected-gateway.ts';
import { openViewer } from '../../observe/inspector/viewer.ts';

let locked: InspectedGateway;
let open: InspectedGateway;

beforeAll(async () => {
	locked = await startInspected({ server: { adminKey: operatorsKey } });
	open = await startInspected();
});

afterAll(async () => {
	await locked.close();
	await open.close();
});

async function statusOf({ origin }: InspectedGateway, headers: Record<string, string> = {}): Promise<number> {
	const { response, close } = await openViewer(origin, headers);
	close();
	return response.statusCode ?? 0;
}

/** A path exactly as it is written, which fetch would tidy up. */
async function get(path: string, headers: Record<string, string> = {}): Promise<IncomingMessage & { body: string }> {
	const sent = request(`${open.origin}`, { path, headers, agent: false });
	sent.end();
	const [response] = (await once(sent, 'response')) as [IncomingMessage];
	let body = '';
	for await (const piece of response.setEncoding('utf8')) body += piece;
	return Object.assign(response, { body });
}

describe('the stream is shown', () => {
	test.each([['127.0.0.1:4010'], ['localhost:4010'], ['[::1]:4010'], ['LOCALHOST']])(
		'to this machine under the name %s, without a key',
		async (host) => {
			expect(await statusOf(locked, { host })).toBe(200);
			expect(await statusOf(open, { host })).toBe(200);
		},
	);

	test.each([
		['a stranger’s name that points here', { host: 'evil.example:4010' }],
		['a name that begins like ours', { host: '127.0.0.1.evil.example' }],
		['what a proxy passed on', { 'x-forwarded-for': '203.0.113.9' }],
		['what another proxy passed on', { forwarded: 'for=203.0.113.9' }],
		...[
			'x-real-ip',
			'x-forwarded-host',
			'x-forwarded-proto',
			'x-forwarded-server',
			'x-original-forwarded-for',
			'x-client-ip',
			'x-cluster-client-ip',
			'x-envoy-external-address',
			'x-azure-clientip',
			'x-amzn-trace-id',
			'true-client-ip',
			'cf-connecting-ip',
			'cf-ray',
			'cdn-loop',
			'fastly-client-ip',
			'fly-client-ip',
			'via',
		].map((name): [string, Record<string, string>] => [
			`what a proxy passed on with ${name}`,
			{ [name]: '203.0.113.9' },
		]),
	])('to %s with the key only', async (_name, headers) => {
		expect(await statusOf(locked, headers)).toBe(401);
		expect(await statusOf(locked, { ...headers, authorization: `Bearer ${operatorsKey}` })).toBe(200);
		expect(await statusOf(open, headers)).toBe(403);
	});

	test('to what nginx passes on when it is told nothing else, with the key only', async () => {
		const socket = connect(Number(new URL(locked.origin).port), '127.0.0.1');
		socket.setEncoding('utf8').write('GET /inspector/events HTTP/1.0\r\nhost: 127.0.0.1:4010\r\n\r\n');
		const [answer] = await once(socket, 'data');
		expect(answer).toMatch(/^HTTP\/1\.\d 401 /);
		socket.destroy();
	});

	test('to this machine whatever key its browser still remembers', async () => {
		const headers = { authorization: 'Bearer of-another-time' };
		expect([await statusOf(locked, headers), await statusOf(open, headers)]).toEqual([200, 200]);
	});

	test.each(['cross-site', 'same-site', 'of-another-time'])('to no page but its own: %s', async (site) => {
		expect(await statusOf(open, { 'sec-fetch-site': site })).toBe(403);
		const headers = { 'sec-fetch-site': site, authorization: `Bearer ${operatorsKey}` };
		expect(await statusOf(locked, headers)).toBe(403);
	});

	test.each(['same-origin', 'none'])('to its own page, or to a person who typed its address: %s', async (site) => {
		expect(await statusOf(open, { 'sec-fetch-site': site })).toBe(200);
	});

	test('to nobody with a wrong key, who cannot go on guessing either', async () => {
		const own = await startInspected({ server: { adminKey: operatorsKey } });
		const elsewhere = { 'x-forwarded-for': '203.0.113.9' };
		const codes = new Set<number>();
		for (let guess = 0; guess < 15; guess += 1)
			codes.add(await statusOf(own, { ...elsewhere, authorization: `Bearer guess-${guess}` }));
		expect([...codes]).toEqual([401, 429]);
		expect(await statusOf(own)).toBe(200);
		await own.close();
	});

	test('to so many at once, and to the next when one has left', async () => {
		const own = await startInspected();
		const viewers = await Promise.all(Array.from({ length: viewerLimits.most }, () => openViewer(own.origin)));
		expect(viewers.map(({ response }) => response.statusCode)).toEqual(viewers.map(() => 200));
		const turnedAway = await openViewer(own.origin);
		expect(turnedAway.response.statusCode).toBe(503);
		expect(turnedAway.response.headers['retry-after']).toBe('5');
		await soon(() => expect(turnedAway.text).toContain('too_many_viewers'));
		viewers[0]?.close();
		await soon(async () => expect(await statusOf(own)).toBe(200));
		for (const { close } of viewers) close();
		await own.close();
	});
});

describe('the page’s files', () => {
	test('are served with a policy that lets nothing in from outside, nor anything inline', async () => {
		const page = await get('/inspector');
		expect(page.statusCode).toBe(200);
		expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
		const policy = page.headers['content-security-policy'] ?? '';
		expect(policy).toContain("default-src 'none'");
		expect(policy).not.toMatch(/unsafe|https?:|\*/);
		expect(page.body).not.toMatch(/https?:\/\/|<script>|style=|onclick/);
	});

	test('are all there: each module that one of them imports', async () => {
		const seen = new Set<string>();
		const queue = ['/inspector/app.js'];
		for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
			if (seen.has(path)) continue;
			seen.add(path);
			const file = await get(path);
			expect(`${path} ${file.statusCode} ${file.headers['content-type']}`).toBe(
				`${path} 200 text/javascript; charset=utf-8`,
			);
			for (const [, name = ''] of file.body.matchAll(/(?:from|import)\s*["'](\.[^"']+)["']/g)) {
				queue.push(new URL(name, `http://x${path}`).pathname);
			}
		}
		expect(seen).toContain('/inspector/vendor/lit-html.js');
		expect(seen.size).toBeGreaterThan(15);
	});

	test('are known again by their tag', async () => {
		const { headers } = await get('/inspector/app.js');
		const again = await get('/inspector/app.js', { 'if-none-match': headers.etag ?? '' });
		expect([again.statusCode, again.body]).toEqual([304, '']);
	});

	test.each([
		'/inspector/../../package.json',
		'/inspector/..%2f..%2fpackage.json',
		'/inspector/%2e%2e/package.json',
		'/inspector/vendor/../../feed.ts',
		'/inspector/tsconfig.json',
		'/inspector/__proto__',
		'/inspector/nothing.js',
	])('are none but its own: %s', async (path) => {
		expect((await get(path)).statusCode).toBe(404);
	});

	test('are found with a slash at the end of the address, too', async () => {
		const { statusCode, headers } = await get('/inspector/');
		expect([statusCode, headers.location]).toEqual([302, '../inspector']);
	});
});
