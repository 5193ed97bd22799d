import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A local model server that never was, on a free loopback port. */
export interface ModelServer {
	port: string;
	close(): void;
}

export async function startServer(answer: RequestListener): Promise<ModelServer> {
	const server = createServer(answer).listen(0, '127.0.0.1');
	await once(server, 'listening');
	const close = () => {
		server.closeAllConnections();
		server.close();
	};
	return { port: String((server.address() as AddressInfo).port), close };
}

/** Lists these models, as Ollama does. */
export function listing(...models: (string | object)[]): RequestListener {
	const data = models.map((model) =>
		typeof model === 'string' ? { id: model, object: 'model', owned_by: 'library' } : model,
	);
	return (_request, response) => {
		response.setHeader('content-type', 'application/json').end(JSON.stringify({ object: 'list', data }));
	};
}

/** An environment in which no local server is found, whatever runs on this machine: nobody listens on port 1. */
export const noLocalServers = { OLLAMA_HOST: '1', LM_STUDIO_HOST: '1', VLLM_HOST: '1', LLAMA_CPP_HOST: '1' };

/** A port on which nobody listens now. */
export async function freePort(): Promise<string> {
	const server = await startServer(() => {});
	server.close();
	return server.port;
}
