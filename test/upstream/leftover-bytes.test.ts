import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { DISTRUST_MS } from '../../src/upstream/trust.ts';
import { AttemptBench } from '../helpers/attempt.ts';
import { completionOf } from '../helpers/upstream.ts';

let server: Server;
let bench: AttemptBench;
let connections: Socket[];
/** How the next answer goes out. */
let send: (socket: Socket, answer: string) => void;
let surplusOf: string[];

const honestly = (socket: Socket, answer: string) => void socket.write(answer);

function answerOf(text: string): string {
	const body = JSON.stringify(completionOf(text));
	return `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

beforeEach(async () => {
	connections = [];
	surplusOf = [];
	send = honestly;
	// Answers each request with the last word of its body.
	server = createServer((socket) => {
		connections.push(socket);
		let came = '';
		socket.on('error', () => {});
		socket.on('data', (bytes) => {
			came += bytes.toString();
			const [, word] = /"word":"(\w+)"}$/.exec(came) ?? [];
			if (word === undefined) return;
			came = '';
			send(socket, answerOf(word));
		});
	}).listen(0, '127.0.0.1');
	await once(server, 'listening');
	bench = new AttemptBench(undefined, {
		onSurplus: (origin, wasTrusted) => {
			if (wasTrusted) surplusOf.push(origin);
		},
	});
});

afterEach(async () => {
	vi.useRealTimers();
	await bench.close();
	for (const socket of connections) socket.destroy();
	server.close();
});

async function ask(word: string): Promise<string> {
	const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
	const { is, body } = await bench.start(baseUrl, { json: JSON.stringify({ model: 'm', word }) }).over;
	return is === 'completed' ? JSON.parse(body).choices[0].message.content : is;
}

/** One after the other, as callers would. */
async function askInTurn(...words: string[]): Promise<string[]> {
	const answers: string[] = [];
	for (const word of words) answers.push(await ask(word));
	return answers;
}

const surpluses: [string, string][] = [
	['a whole answer', answerOf('another caller')],
	['an answer behind line breaks', `\r\n\r\n${answerOf('another caller')}`],
	['an interim answer and a whole one', `HTTP/1.1 103 Early Hints\r\n\r\n${answerOf('another caller')}`],
	['the beginning of an answer', 'HTTP/1.1 200 OK\r\ncontent-le'],
	['one letter', 'H'],
	['no answer at all', '<html>'],
];

it.each(surpluses)('%s behind an answer is nobody else’s answer', async (_, surplus) => {
	send = (socket, answer) => socket.write(answer + surplus);
	const words = ['one', 'two', 'three', 'four', 'five'];
	expect(await askInTurn(...words)).toEqual(words);
	expect(connections).toHaveLength(words.length);
	expect(surplusOf).toHaveLength(1);
});

it.each(surpluses)('%s on an idle connection ends it', async (_, surplus) => {
	expect(await ask('one')).toBe('one');
	const [first] = connections;
	const ended = first && once(first, 'close');
	first?.write(surplus);
	await ended;
	expect(await askInTurn('two', 'three')).toEqual(['two', 'three']);
	expect(connections).toHaveLength(3);
	expect(surplusOf).toHaveLength(1);
});

it.each(surpluses)(
	'%s that has come when the next request is about to go out is no answer to it',
	async (_, surplus) => {
		expect(await ask('one')).toBe('one');
		// Its connection is free.
		await new Promise((resolve) => setTimeout(resolve, 50));
		connections[0]?.write(surplus);
		// Nothing is read meanwhile, and the kernel has time to deliver.
		Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
		expect(await ask('two')).toBe('two');
		expect(connections).toHaveLength(2);
	},
);

it('an origin that sent too much gets a new connection for each request, and its trust back after a while', async () => {
	vi.useFakeTimers({ toFake: ['performance'] });
	send = (socket, answer) => socket.write(`${answer}HTTP/1.1`);
	expect(await ask('one')).toBe('one');
	send = honestly;
	expect(await askInTurn('two', 'three', 'four')).toEqual(['two', 'three', 'four']);
	expect(connections).toHaveLength(4);
	vi.advanceTimersByTime(DISTRUST_MS);
	await ask('five');
	const [, , , , kept] = connections;
	expect(kept?.closed).toBe(false);
	// An answer is told a moment before its connection is free.
	await new Promise((resolve) => setTimeout(resolve, 50));
	await ask('six');
	expect(connections).toHaveLength(5);
});

it('an origin that sends what was asked for keeps its connection', async () => {
	for (const word of ['one', 'two', 'three']) {
		expect(await ask(word)).toBe(word);
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
	expect([connections.length, surplusOf]).toEqual([1, []]);
});
