import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { Random } from '../soak-random.ts';
import { documentOf, endMark, eventsOf } from './good-provider.ts';
import { secrets } from './proxy.ts';

/** What one request to the hostile provider meets. */
interface Meeting {
	prompt: string;
	stream: boolean;
	incoming: IncomingMessage;
	response: ServerResponse;
	socket: Socket;
	random: Random;
}

type Deed = (meeting: Meeting) => void;

const LIE = 'this answer belongs to nobody';

/** Something that is no answer, or no whole one: whoever asked may get an error, or the right text from elsewhere. */
const deeds: Readonly<Record<string, Deed>> = {
	'cut anywhere': (meeting) => {
		const bytes = wholeAnswer(meeting);
		const end = meeting.random.integer(0, bytes.length - 2);
		meeting.socket.write(bytes.subarray(0, end));
		if (meeting.random.chance(0.5)) meeting.socket.end();
		else meeting.socket.resetAndDestroy();
	},
	'shorter than announced': (meeting) => {
		const body = bodyOf(meeting);
		const kept = body.slice(0, meeting.random.integer(1, body.length - 1));
		meeting.socket.end(`${headOf(meeting, body.length)}${kept}`);
	},
	'longer than announced': (meeting) => {
		const body = bodyOf(meeting);
		meeting.socket.end(`${headOf(meeting, meeting.random.integer(1, body.length - 1))}${body}`);
	},
	'bytes behind the answer': (meeting) => {
		const body = bodyOf(meeting);
		const lie = JSON.stringify({
			choices: [{ index: 0, message: { role: 'assistant', content: LIE }, finish_reason: 'stop' }],
		});
		const surplus = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${lie.length}\r\n\r\n${lie}`;
		meeting.socket.write(`${headOf(meeting, Buffer.byteLength(body))}${body}${surplus}`);
	},
	'events that are none': ({ prompt, response, random }) => {
		const events = eventsOf(prompt);
		const strays = [
			'data: {\n\n',
			'data: null\n\n',
			'data: []\n\n',
			': a comment\n\n',
			'event: ping\ndata: {}\n\n',
			'id: 1\n\n',
			'data: "text"\n\n',
			'retry: 1\n\n',
		];
		for (let times = 0; times < 4; times++) events.splice(random.integer(0, events.length), 0, random.pick(strays));
		response.setHeader('content-type', 'text/event-stream').end(events.join('') + endMark);
	},
	'bytes that are no text': ({ prompt, response, random }) => {
		const bytes = Buffer.from(eventsOf(prompt).join('') + endMark);
		const garbage = Buffer.from(Array.from({ length: 40 }, () => random.integer(0, 255)));
		const at = random.integer(0, bytes.length);
		response.setHeader('content-type', 'text/event-stream');
		response.end(Buffer.concat([bytes.subarray(0, at), garbage, Buffer.from('\n\n'), bytes.subarray(at)]));
	},
	'an end without a finish': ({ prompt, response }) => {
		response.setHeader('content-type', 'text/event-stream').end(eventsOf(prompt).slice(0, -1).join('') + endMark);
	},
	'an error in mid-sentence': ({ prompt, response, random }) => {
		const events = eventsOf(prompt);
		const error = `data: ${JSON.stringify({ error: { message: `no ${secrets.key} ${secrets.header}`, code: 'server_error' } })}\n\n`;
		response
			.setHeader('content-type', 'text/event-stream')
			.end([...events.slice(0, random.integer(0, events.length - 2)), error].join(''));
	},
	'a page': ({ response, random }) => {
		response.statusCode = random.pick([200, 403, 502]);
		response.setHeader('content-type', 'text/html').end(`<html><body>${secrets.query} denied</body></html>`);
	},
	'an error with secrets': ({ incoming, response, random }) => {
		response.statusCode = random.pick([400, 401, 402, 404, 409, 413, 422, 429, 500, 503, 529, 599]);
		const said = `${incoming.headers.authorization} ${incoming.headers['x-org-pass']} ${incoming.url} ${Buffer.from(secrets.key).toString('base64')}`;
		response.setHeader('x-request-id', secrets.key).setHeader('content-type', 'application/json');
		response.end(JSON.stringify({ error: { message: said, code: said, type: said, param: said } }));
	},
	nothing: ({ response }) => void response.end(),
	'brackets without end': ({ prompt, response, stream }) => {
		const deep = '['.repeat(5000) + ']'.repeat(5000);
		const body = stream
			? `data: {"choices":[{"index":0,"delta":{"content":"a","x":${deep}},"finish_reason":null}]}\n\n${eventsOf(prompt).at(-1)}${endMark}`
			: `{"choices":[{"index":0,"message":{"content":"a","x":${deep}},"finish_reason":"stop"}]}`;
		response.setHeader('content-type', stream ? 'text/event-stream' : 'application/json');
		// It is what was asked for, but for its text.
		response.end(body.replaceAll('"a"', '""'));
	},
	'heads without end': ({ socket }) => {
		socket.write(`HTTP/1.1 200 OK\r\n`);
		for (let line = 0; line < 2000; line++) socket.write(`x-${line}: ${'v'.repeat(100)}\r\n`);
		socket.end('\r\n');
	},
	'no HTTP': ({ socket, random }) => {
		socket.end(Buffer.from(Array.from({ length: 200 }, () => random.integer(0, 255))));
	},
	'gzip that is none': ({ response, prompt }) => {
		response
			.setHeader('content-encoding', 'gzip')
			.setHeader('content-type', 'application/json')
			.end(documentOf(prompt));
	},
	'a status of its own': ({ socket, random }) => {
		socket.end(
			`HTTP/1.1 ${random.pick(['100 Continue', '101 Switching Protocols', '204 No Content', '301 Moved', '304 Not Modified', '999 What'])}\r\ncontent-length: 0\r\n\r\n`,
		);
	},
};

export const answerAttacks = Object.keys(deeds);

const bomb = gzipSync(Buffer.alloc(200 * 1024 ** 2, ' '));

/** What is no question of the answer, but of what it costs. */
const drains: Readonly<Record<string, Deed>> = {
	'black hole': () => {},
	'gzip bomb': ({ response }) => {
		response.setHeader('content-encoding', 'gzip').setHeader('content-type', 'application/json').end(bomb);
	},
	'endless stream': ({ prompt, response }) => {
		response.setHeader('content-type', 'text/event-stream');
		const [event = ''] = eventsOf(prompt);
		const piece = event.repeat(400);
		const write = () => {
			while (!response.destroyed && response.write(piece));
			if (!response.destroyed) response.once('drain', write);
		};
		write();
	},
};

export interface HostileProvider {
	readonly port: number;
	readonly server: Server;
	/** How often it was asked so far. */
	asked(): number;
}

export async function startHostileProvider(seed: number): Promise<HostileProvider> {
	let asked = 0;
	const server = createServer(async (incoming, response) => {
		// A proxy that gives a request up in its middle is none of our business.
		const text = await readText(incoming).catch(() => undefined);
		if (text === undefined) return;
		const { messages, stream } = JSON.parse(text);
		const prompt = String(messages?.[0]?.content);
		const name = prompt.slice(0, prompt.lastIndexOf(' #'));
		asked += 1;
		const random = new Random(seed, 'hostile', asked);
		const deed = deeds[name] ?? drains[name] ?? right;
		deed({ prompt, stream: stream === true, incoming, response, socket: incoming.socket, random });
	});
	// Connections that the proxy gives up are ended by it.
	server.on('connection', (socket) => socket.on('error', () => {}));
	server.keepAliveTimeout = 60_000;
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	return { port: (server.address() as AddressInfo).port, server, asked: () => asked };
}

const right: Deed = ({ prompt, stream, response }) => {
	response.setHeader('content-type', stream ? 'text/event-stream' : 'application/json');
	response.end(stream ? eventsOf(prompt).join('') + endMark : documentOf(prompt));
};

function bodyOf({ prompt, stream }: Meeting): string {
	return stream ? eventsOf(prompt).join('') + endMark : documentOf(prompt);
}

function headOf({ stream }: Meeting, length: number): string {
	return `HTTP/1.1 200 OK\r\ncontent-type: ${stream ? 'text/event-stream' : 'application/json'}\r\ncontent-length: ${length}\r\n\r\n`;
}

function wholeAnswer(meeting: Meeting): Buffer {
	const body = bodyOf(meeting);
	return Buffer.from(`${headOf(meeting, Buffer.byteLength(body))}${body}`);
}
