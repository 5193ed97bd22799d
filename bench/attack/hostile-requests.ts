import { createConnection } from 'node:net';
import type { Random } from '../soak-random.ts';
import { chatBody } from './calls.ts';

/** A piece of a request that is not what it should be. */
const values = [
	'null',
	'true',
	'0',
	'-1',
	'1.5',
	'1e400',
	'1e-400',
	'""',
	'"\\ud800"',
	'[]',
	'{}',
	'[[]]',
	'"a"',
	'[null]',
	'{"a":{}}',
	'"\\u0000"',
	'99999999999999999999',
	`"${'x'.repeat(5000)}"`,
	`${'['.repeat(6000)}${']'.repeat(6000)}`,
	'NaN',
	'undefined',
	"'a'",
];
const members = [
	'model',
	'messages',
	'stream',
	'stream_options',
	'n',
	'tools',
	'models',
	'prompt',
	'failover',
	'metadata',
	'max_tokens',
	'temperature',
	'meta',
];
const paths = [
	'/v1/chat/completions',
	'/v1//chat/completions',
	'/chat/completions',
	'/v1/models',
	'/v1/models/%00',
	'/',
	'/health',
	'/metrics',
	'/ready',
	'/inspector',
	'/admin/providers',
	`/${'a'.repeat(20_000)}`,
	'/%',
	'/v1/chat/completions?x=%E0%A4%A',
	'/../etc/passwd',
	'//evil',
];
const methods = ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'HEAD', 'TRACE', 'CONNECT', 'BREW'];

/** The bytes of a request that nobody in their right mind sends. */
export function hostileRequest(random: Random, number: number): Buffer {
	const body = hostileBody(random, number);
	const kind = random.integer(0, 9);
	const path = kind < 6 ? '/v1/chat/completions' : random.pick(paths);
	const method = kind < 6 ? 'POST' : random.pick(methods);
	const length = kind === 5 ? random.integer(0, 2 * body.length) : body.length;
	const heads = [
		`${method} ${path} HTTP/1.1`,
		random.chance(0.95) ? 'host: 127.0.0.1' : 'host: evil.example',
		random.chance(0.9)
			? 'content-type: application/json'
			: `content-type: ${random.pick(['text/plain', 'application/xml', '', 'multipart/form-data; boundary=x'])}`,
		random.chance(0.9) ? `content-length: ${length}` : 'transfer-encoding: chunked',
		...(random.chance(0.1) ? [`content-encoding: ${random.pick(['gzip', 'br', 'zstd', 'deflate', 'x'])}`] : []),
		...(random.chance(0.1)
			? [`authorization: ${random.pick(['Bearer', 'Bearer x', 'Basic eDp5', 'x'.repeat(9000)])}`]
			: []),
		...(random.chance(0.05) ? ['expect: 100-continue'] : []),
		...(random.chance(0.05)
			? [`x-${'y'.repeat(random.integer(1, 200))}: ${'z'.repeat(random.integer(1, 20_000))}`]
			: []),
		'connection: close',
	];
	return Buffer.concat([Buffer.from(`${heads.join('\r\n')}\r\n\r\n`), body]);
}

function hostileBody(random: Random, number: number): Buffer {
	const kind = random.integer(0, 4);
	if (kind === 0) return Buffer.from(Array.from({ length: random.integer(0, 300) }, () => random.integer(0, 255)));
	const right = chatBody('attacked', `right #${number}`);
	if (kind === 1) return Buffer.from(right.slice(0, random.integer(0, right.length - 1)));
	const pairs = Array.from(
		{ length: random.integer(1, 3) },
		() => `${JSON.stringify(random.pick(members))}:${random.pick(values)}`,
	);
	if (kind === 2) return Buffer.from(`{${pairs.join()}}`);
	return Buffer.from(`${right.slice(0, -1)},${pairs.join()}}`);
}

/** @returns all that comes back until the connection is closed; undefined where it is not in time */
export function sendRaw(port: number, bytes: Buffer, limitMs: number): Promise<string | undefined> {
	return new Promise((resolve) => {
		const pieces: Buffer[] = [];
		const socket = createConnection({ port, host: '127.0.0.1' });
		const limit = setTimeout(() => {
			resolve(undefined);
			socket.destroy();
		}, limitMs);
		socket.on('data', (piece) => pieces.push(piece));
		socket.on('error', () => {});
		socket.on('close', () => {
			clearTimeout(limit);
			resolve(Buffer.concat(pieces).toString());
		});
		socket.end(bytes);
	});
}
