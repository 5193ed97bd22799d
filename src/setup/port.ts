import { once } from 'node:events';
import { createServer } from 'node:net';
import type { ServerConfig } from '../config/config.ts';
import { asObject } from '../values/json.ts';
import { askLocal } from './ask-local.ts';
import { ownCertificate, type Speaking } from './own-certificate.ts';

/** Who has the port on which Breakwater listens. */
export interface PortOwner {
	host: string;
	port: number;
	/** `unusable`: this user or this machine cannot listen there at all. */
	owner: 'nobody' | 'breakwater' | 'other' | 'unusable';
	/** Of the Breakwater that has it. */
	version?: string;
	/** Of the Breakwater that has it: `ok` or `degraded`. */
	status?: string;
	/** What to do about it, as one sentence; absent when it is free or a Breakwater's. */
	problem?: string;
}

/** Where a proxy listens, and how it speaks there. */
export type Listening = Pick<ServerConfig, 'host' | 'port'> & Speaking;

const TIMEOUT_MS = 1500;

/** Looks who has a port, by listening there for a moment and, where that fails, by asking for `/health`. */
export async function findPortOwner(server: Listening): Promise<PortOwner> {
	const { host, port } = server;
	const code = await listenProblem(host, port);
	const at = { host, port };
	if (code === undefined) return { ...at, owner: 'nobody' };
	if (code !== 'EADDRINUSE') {
		const problem = `Nothing can listen on ${host}:${port} (${code}); choose another address or port.`;
		return { ...at, owner: 'unusable', problem };
	}
	const health = await askHealth(localAddress(server), server);
	if (health !== undefined) return { ...at, owner: 'breakwater', ...health };
	const problem = `Port ${port} on ${host} is in use by another program; end that, or choose another port with --port or server.port.`;
	return { ...at, owner: 'other', problem };
}

/** Where a server that listens so is reached from this machine: `http://127.0.0.1:4010`. */
export function localAddress({ host, port, tls }: Listening): string {
	const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
	const scheme = tls === undefined ? 'http' : 'https';
	return `${scheme}://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

/**
 * @param server the configuration of the proxy that is expected there
 * @returns what `/health` says; undefined when no such Breakwater answers there
 */
export async function askHealth(
	address: string,
	server: Speaking,
): Promise<{ version: string; status: string } | undefined> {
	const answer = await askLocal(`${address}/health`, TIMEOUT_MS, ownCertificate(server));
	const body = answer.is === 'answer' && answer.status === 200 ? asObject(answer.body) : undefined;
	const { status, version, uptimeSeconds, providers } = body ?? {};
	const isBreakwater = typeof uptimeSeconds === 'number' && asObject(providers) !== undefined;
	if (!isBreakwater || typeof status !== 'string' || typeof version !== 'string') return undefined;
	// They come from a stranger, and are printed.
	return /^[\w.+-]{1,40}$/.test(version) && /^\w{1,20}$/.test(status) ? { version, status } : undefined;
}

/** @returns the code of the error that listening ended in; undefined when it was possible */
async function listenProblem(host: string, port: number): Promise<string | undefined> {
	const server = createServer();
	try {
		server.listen({ host, port, exclusive: true });
		await once(server, 'listening');
		server.close();
		await once(server, 'close');
		return undefined;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code ?? 'unknown';
	}
}
