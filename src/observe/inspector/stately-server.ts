import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { isLocalVisitor } from '../../values/local-visitor.ts';

const host = '127.0.0.1';
const mostClients = 10;
const mostUnread = 4_000_000;

export interface StatelyServer {
	/** `http://127.0.0.1:8080`. */
	readonly url: string;
	readonly hasClients: boolean;
	broadcast(text: string): void;
	close(): Promise<void>;
}

/**
 * Serves the page that shows the Stately Inspector, and the WebSocket that feeds it. The package's own server listens on
 * every interface, takes a WebSocket from a page of any site, and opens a browser; so this one stands in its place: on
 * loopback, for loopback's own pages, and it opens nothing.
 * @param port 0 is any free one
 * @param greet gives a newcomer its first messages
 * @throws when the port cannot be listened on
 */
export async function startStatelyServer(port: number, greet: () => readonly string[]): Promise<StatelyServer> {
	const server = createServer(answer);
	server.listen(port, host);
	await once(server, 'listening');
	const sockets = new WebSocketServer({ server, maxPayload: 1024, verifyClient });
	sockets.on('connection', (socket) => {
		socket.on('error', () => socket.terminate());
		if (sockets.clients.size > mostClients) {
			socket.terminate();
			return;
		}
		for (const text of greet()) socket.send(text);
	});
	return {
		url: `http://${host}:${(server.address() as AddressInfo).port}`,
		get hasClients() {
			return sockets.clients.size > 0;
		},
		broadcast(text) {
			for (const socket of sockets.clients) sendTo(socket, text);
		},
		async close() {
			for (const socket of sockets.clients) socket.terminate();
			sockets.close();
			server.closeAllConnections();
			server.close();
			await once(server, 'close');
		},
	};
}

/** One that does not read is dropped, never waited for. */
function sendTo(socket: WebSocket, text: string): void {
	if (socket.bufferedAmount > mostUnread) socket.terminate();
	else socket.send(text);
}

/** A WebSocket is not held back by the same-origin rule: any page in the browser may open one, unless it is asked. */
function verifyClient({ origin, req }: { origin: string | undefined; req: IncomingMessage }): boolean {
	const isOwnPage = origin === undefined || origin === `http://${req.headers.host}`;
	return isOwnPage && isLocalVisitor(req);
}

function answer(request: IncomingMessage, response: ServerResponse): void {
	const file = isLocalVisitor(request) ? files[request.url ?? ''] : undefined;
	if (file === undefined) {
		response.writeHead(404, { 'content-type': 'text/plain' }).end('There is nothing here.\n');
		return;
	}
	response.writeHead(200, {
		'content-type': file.type,
		'content-security-policy':
			"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-src https://stately.ai; frame-ancestors 'none'",
		'x-content-type-options': 'nosniff',
		'referrer-policy': 'no-referrer',
	});
	response.end(file.body);
}

/** Stately's page is a frame in this one: messages go from here to there inside the browser of whoever opened it. */
const files: Readonly<Record<string, { type: string; body: string }>> = {
	'/': {
		type: 'text/html; charset=utf-8',
		body: `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Breakwater in the Stately Inspector</title><link rel="stylesheet" href="/bridge.css"></head>
<body><iframe title="Stately Inspector" src="https://stately.ai/inspect"></iframe><script src="/bridge.js"></script></body>
</html>
`,
	},
	'/bridge.css': {
		type: 'text/css; charset=utf-8',
		body: 'html, body { height: 100%; margin: 0 } iframe { width: 100%; height: 100%; border: 0; display: block }\n',
	},
	'/bridge.js': {
		type: 'text/javascript; charset=utf-8',
		body: `const frame = document.querySelector('iframe');
const stately = 'https://stately.ai';
const waiting = [];
let isReady = false;
const pass = (message) => frame.contentWindow.postMessage(message, stately);
addEventListener('message', ({ origin, data }) => {
	if (origin !== stately || data?.type !== '@statelyai.connected') return;
	isReady = true;
	for (const message of waiting.splice(0)) pass(message);
});
new WebSocket('ws://' + location.host).addEventListener('message', ({ data }) => {
	const message = JSON.parse(data);
	if (isReady) return pass(message);
	waiting.push(message);
	if (waiting.length > 500) waiting.shift();
});
`,
	},
};
