import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { connect as connectTls, Server as TlsServer } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readCertificate, watchCertificate } from '../../src/http/certificate.ts';
import { createServer } from '../../src/http/server.ts';
import { firstCertificate, secondCertificate, type TestCertificate } from '../helpers/certificates.ts';
import { messages, soon, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { chunksOf, streams } from '../helpers/upstream.ts';

let folder: string;
let files: { cert: string; key: string };

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'breakwater-tls-'));
	files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
	write(firstCertificate);
});

afterEach(() => rmSync(folder, { recursive: true }));

function write({ cert, key }: TestCertificate): void {
	writeFileSync(files.cert, cert);
	writeFileSync(files.key, key);
}

describe('a server with server.tls', () => {
	let breakwater: TestGateway;
	let server: ReturnType<typeof createServer>;
	let port: number;

	beforeEach(async () => {
		breakwater = await startGateway({ names: ['a'] });
		server = createServer(breakwater.gateway, {
			bodyLimit: 10_000,
			unknownModel: 'default',
			version: '0',
			tls: files,
			timeouts: { head: 1000, body: 1000 },
			limits: { connectionsPerAddress: 5 },
		});
		const address = await server.listen({ host: '127.0.0.1', port: 0 });
		expect(address).toMatch(/^https:/);
		port = Number(new URL(address).port);
	});

	afterEach(async () => {
		server.server.closeAllConnections();
		await server.close();
		await breakwater.close();
	});

	async function ask(path: string, body?: object): Promise<IncomingMessage> {
		const headers = { 'content-type': 'application/json' };
		const method = body === undefined ? 'GET' : 'POST';
		const options = { host: '127.0.0.1', port, path, method, headers, agent: false, ca: firstCertificate.cert };
		const sent = request(options);
		sent.end(body === undefined ? undefined : JSON.stringify(body));
		const [response] = (await once(sent, 'response')) as [IncomingMessage];
		return response;
	}

	test('speaks https, whole and streamed, and refuses as it does over http', async () => {
		expect((await ask('/health')).statusCode).toBe(200);
		expect(JSON.parse(await readText(await ask('/v1/chat/completions', { messages })))).toMatchObject({
			object: 'chat.completion',
		});
		breakwater.upstream('a').next(streams(chunksOf('some words')));
		expect(await readText(await ask('/v1/chat/completions', { messages, stream: true }))).toContain('[DONE]');
		const large = await ask('/v1/chat/completions', { messages: 'x'.repeat(20_000) });
		expect([large.statusCode, large.headers.connection]).toEqual([413, 'close']);
	});

	test.each([
		['who speaks http', 'GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n'],
		['who speaks nothing', ''],
		['who begins to speak TLS', '\x16\x03\x01'],
	])('does not keep %s', async (_name, text) => {
		const socket = connect(port, '127.0.0.1');
		socket.on('error', () => undefined);
		socket.write(text, 'latin1');
		socket.resume();
		await once(socket, 'close');
		expect((await ask('/health')).statusCode).toBe(200);
	});

	test('stops without waiting for connections that are idle, or have not agreed on TLS', async () => {
		const silent = connect(port, '127.0.0.1');
		silent.on('error', () => undefined);
		await once(silent, 'connect');
		await readText(await ask('/health'));
		server.connections.drain();
		const idle = setInterval(() => server.connections.closeIdle(), 20);
		await server.close();
		clearInterval(idle);
	});
});

describe('the files of a certificate', () => {
	test('that cannot be used are an error that names the option', () => {
		const absent = { ...files, key: join(folder, 'nothing.pem') };
		expect(() => readCertificate(absent)).toThrow(/^server\.tls\.key: .*nothing\.pem cannot be read \(ENOENT\)/);
		write({ cert: firstCertificate.cert, key: secondCertificate.key });
		expect(() => readCertificate(files)).toThrow(/^server\.tls: .* are no certificate and its key in PEM/);
		write({ cert: 'planted', key: firstCertificate.key });
		expect(() => readCertificate(files)).toThrow(/^server\.tls: /);
	});

	test('are taken over when they are renewed, and not while they do not fit', async () => {
		const server = new TlsServer(readCertificate(files));
		const problems: string[] = [];
		const unwatch = watchCertificate(server, files, (problem) => problems.push(problem), 20);
		server.listen(0, '127.0.0.1');
		await once(server, 'listening');
		const { port } = server.address() as { port: number };
		const shown = async () => {
			const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
			await once(socket, 'secureConnect');
			const { CN } = socket.getPeerCertificate().subject;
			socket.destroy();
			return CN;
		};
		expect(await shown()).toBe('first.test');
		writeFileSync(files.cert, secondCertificate.cert);
		await soon(() => expect(problems.length).toBeGreaterThan(0));
		expect(await shown()).toBe('first.test');
		writeFileSync(files.key, secondCertificate.key);
		await soon(async () => expect(await shown()).toBe('second.test'));
		unwatch();
		server.close();
	});
});
