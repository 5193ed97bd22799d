import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';

export interface TokenRequest {
	headers: IncomingHttpHeaders;
	form: URLSearchParams;
}

/** Answers one request for a token. */
export type TokenBehaviour = (response: ServerResponse, request: TokenRequest) => void;

export interface TokenServer {
	/** `http://127.0.0.1:43210/token`. */
	readonly url: string;
	readonly requests: readonly TokenRequest[];
	/** The most that were answered at one time. */
	readonly mostAtOnce: number;
	/** What answers from now on. */
	answer(behaviour: TokenBehaviour): void;
	close(): Promise<void>;
}

/** A token with whatever is said of it. */
export function token(value: string, more: object = {}): TokenBehaviour {
	return json(200, { access_token: value, token_type: 'Bearer', ...more });
}

export function json(status: number, body: unknown): TokenBehaviour {
	return (response) => {
		response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
	};
}

/** An OAuth server on a free port of loopback, which answers as it is told. */
export async function startTokenServer(): Promise<TokenServer> {
	const requests: TokenRequest[] = [];
	let behaviour = token('token-1', { expires_in: 3600 });
	let open = 0;
	let mostAtOnce = 0;
	const server = createServer(async (incoming, response) => {
		open += 1;
		mostAtOnce = Math.max(mostAtOnce, open);
		response.on('close', () => {
			open -= 1;
		});
		const request = { headers: incoming.headers, form: new URLSearchParams(await readText(incoming)) };
		requests.push(request);
		behaviour(response, request);
	});
	await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
		requests,
		get mostAtOnce() {
			return mostAtOnce;
		},
		answer(next) {
			behaviour = next;
		},
		close: async () => {
			server.closeAllConnections();
			await new Promise((closed) => server.close(closed));
		},
	};
}
