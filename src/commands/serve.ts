import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Config } from '../config/config.ts';
import { createGateway, type Gateway } from '../gateway.ts';
import { createServer } from '../http/server.ts';
import { createLog, type Logger, logObserver } from '../log.ts';
import { version } from '../paths.ts';
import { banner } from './banner.ts';
import { findConfig } from './find-config.ts';
import { UserError } from './user-error.ts';

export interface ServeOptions {
	config?: string;
	host?: string;
	port?: number;
}

/**
 * Runs the proxy until a signal ends it.
 * @throws ConfigError, or UserError when the address cannot be listened on
 */
export async function serve(options: ServeOptions): Promise<void> {
	const { config, isEmbedded } = findConfig(options.config);
	const log = createLog(process.env.LOG_LEVEL);
	const observer = logObserver(log);
	const gateway = await createGateway(config, observer);
	const server = createServer(gateway, {
		bodyLimit: config.server.bodyLimit,
		unknownModel: config.server.unknownModel,
		onCrash: (error, requestId) => observer.crashed?.(error, requestId),
		version,
	});
	const address = await listen(server, config, options).catch(async (error) => {
		// Simulated providers listen too, and would keep the process alive.
		await gateway.close();
		throw error;
	});
	stopOnSignal(server, gateway, log, config.server.drainTimeout);
	// Requests are isolated from each other; a fault that escaped one must not cut off the streams of all the others.
	process.on('uncaughtException', (error) => observer.crashed?.(error, 'outside any request'));
	process.stdout.write(banner(config, gateway, address, isEmbedded));
	if (!isLoopback(server))
		log.warn('anyone who reaches this address can spend on your keys: it asks its callers for none');
}

async function listen(server: FastifyInstance, config: Config, options: ServeOptions): Promise<string> {
	const host = options.host ?? config.server.host;
	const port = options.port ?? config.server.port;
	try {
		await server.listen({ host, port });
		const { port: bound } = server.server.address() as AddressInfo;
		return `http://${host.includes(':') ? `[${host}]` : host}:${bound}`;
	} catch (error) {
		throw new UserError(listenProblem(error as NodeJS.ErrnoException, host, port));
	}
}

function isLoopback(server: FastifyInstance): boolean {
	const { address } = server.server.address() as AddressInfo;
	return address === '::1' || address.startsWith('127.');
}

function listenProblem({ code, message }: NodeJS.ErrnoException, host: string, port: number): string {
	if (code === 'EADDRINUSE') {
		return `Port ${port} on ${host} is in use; end the program that has it, or choose another with --port or server.port.`;
	}
	if (code === 'EACCES')
		return `Port ${port} may not be used by this user; choose one above 1023 with --port or server.port.`;
	if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
		return `${host} is not an address of this machine; set server.host or --host to one that is, such as 127.0.0.1.`;
	}
	return `Cannot listen on ${host}:${port}: ${message}.`;
}

/** @returns a function that closes every connection on which no request is open */
function watchConnections(server: Server): () => void {
	const open = new Set<Socket>();
	const busy = new Set<Socket>();
	server.on('connection', (socket) => {
		open.add(socket);
		socket.once('close', () => open.delete(socket));
	});
	server.on('request', ({ socket }, response) => {
		busy.add(socket);
		response.once('close', () => busy.delete(socket));
	});
	return () => {
		for (const socket of open) if (!busy.has(socket)) socket.destroy();
	};
}

/** The first signal lets open requests finish, for a bounded time; a second one does not wait. */
function stopOnSignal(server: FastifyInstance, gateway: Gateway, log: Logger, drainTimeoutMs: number): void {
	let isStopping = false;
	const closeIdle = watchConnections(server.server);
	const stop = async (signal: NodeJS.Signals) => {
		if (isStopping) process.exit(0);
		isStopping = true;
		log.info(`${signal}: finishing open requests, for at most ${drainTimeoutMs} ms`);
		const cutOff = setTimeout(() => {
			log.warn('requests were still open after server.drainTimeout and have been cut off');
			gateway.interrupt();
			// A client that does not even read its error has had its time.
			setTimeout(() => server.server.closeAllConnections(), 1000).unref();
		}, drainTimeoutMs);
		// Node counts a connection as idle only after its first request, and keeps one whose last answer ends now alive.
		const idle = setInterval(closeIdle, 50);
		await server.close();
		clearInterval(idle);
		clearTimeout(cutOff);
		await gateway.close();
		log.flush(() => process.exit(0));
	};
	process.on('SIGTERM', stop);
	process.on('SIGINT', stop);
}
