/**
 * Fake providers for the clients: every endpoint of OpenAI and of Anthropic, with models that do what their names say.
 * `node bench/clients/provider/provider.ts 4900` serves them at http://127.0.0.1:4900/NAME/v1 for any NAME.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { chat } from './chat-wire.ts';
import { completions } from './completions-wire.ts';
import { embeddings } from './embeddings-wire.ts';
import { messages } from './messages-wire.ts';
import { type Deed, deedOf, isUnavailable, sayingTo } from './model.ts';
import { responses } from './responses-wire.ts';
import type { Wire } from './wire.ts';

/** One request that came to a fake provider. */
export interface Visit {
	/** The name of the provider, from its address. */
	readonly provider: string;
	/** `/chat/completions` */
	readonly path: string;
	readonly deed: Deed;
	/** It is to go on with an answer that broke off; else it is what the client asked. */
	readonly isContinuation: boolean;
	/** The mistake for which it was refused. */
	readonly mistake?: string;
}

export interface FakeProviders {
	readonly port: number;
	/** What has come since it was asked last. */
	takeVisits(): Visit[];
	close(): void;
}

// Each reads the bodies of its own path only.
const wires = [chat, completions, embeddings, messages, responses] as unknown as readonly Wire<unknown>[];

/** @param port any free one where it is 0 */
export async function startFakeProviders(port = 0): Promise<FakeProviders> {
	let visits: Visit[] = [];
	const server = createServer((incoming, response) => {
		answer(incoming, response, (visit) => visits.push(visit)).catch((error: unknown) => {
			console.error(`The fake provider failed at ${incoming.url}:`, error);
			response.destroy();
		});
	}).listen(port, '127.0.0.1');
	await once(server, 'listening');
	return {
		port: (server.address() as AddressInfo).port,
		takeVisits() {
			const all = visits;
			visits = [];
			return all;
		},
		close: () => close(server),
	};
}

function close(server: Server): void {
	server.close();
	server.closeAllConnections();
}

async function answer(incoming: IncomingMessage, response: ServerResponse, note: (visit: Visit) => void) {
	const [, provider = '', path = ''] = /^\/([^/]+)\/v1(\/[^?]*)/.exec(incoming.url ?? '') ?? [];
	const wire = wires.find((one) => one.path === path);
	if (wire === undefined) return send(response, 404, { error: { message: `Nothing is at ${incoming.url}.` } });
	const body: unknown = JSON.parse(await readText(incoming));
	const mistake = wire.mistakeIn(body, provider);
	const question = wire.read(body);
	const deed = deedOf(question);
	note({ provider, path, deed, isContinuation: question.said !== '', ...(mistake === undefined ? {} : { mistake }) });
	if (mistake !== undefined) return send(response, 400, wire.failure('invalid_request_error', mistake));
	if (isUnavailable(question)) {
		return send(response, 503, wire.failure('server_error', 'The server had an error while processing your request.'));
	}
	const saying = sayingTo(question);
	const pieces = question.stream
		? wire.events(saying, body, provider)
		: [JSON.stringify(wire.document(saying, body, provider))];
	response.writeHead(200, { 'content-type': question.stream ? 'text/event-stream' : 'application/json' });
	if (deed === 'breaks') return await sendBeginning(response, pieces);
	response.end(pieces.join(''));
}

/** The connection breaks when half of the events are at the other end; of a document none is. */
async function sendBeginning(response: ServerResponse, pieces: readonly string[]): Promise<void> {
	response.flushHeaders();
	for (const piece of pieces.slice(0, pieces.length / 2)) response.write(piece);
	await sleep(50);
	response.destroy();
}

function send(response: ServerResponse, status: number, body: object): void {
	response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

if (import.meta.main) {
	const { port } = await startFakeProviders(Number(process.argv[2] ?? 0));
	console.log(`http://127.0.0.1:${port}/NAME/v1`);
}
