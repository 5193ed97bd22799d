import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { type AddressInfo, createServer as createListener, type Server } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import type { FastifyInstance } from 'fastify';

type LookUp = (name: string, options: { all: true }) => Promise<readonly { readonly address: string }[]>;

/**
 * Has a server listen. `localhost` may have two addresses, 127.0.0.1 and ::1: what comes to the second is handed to the
 * same server, so that it is counted, bounded and ended as what comes to the first. Fastify would make it a server of its own.
 * @param lookUp finds the addresses of `localhost`; default: the system's
 * @returns every address that it listens on
 * @throws the error of the system where it cannot
 */
export async function listenAt(
	server: FastifyInstance,
	{ host, port }: { host: string; port: number },
	lookUp: LookUp = lookup,
): Promise<readonly AddressInfo[]> {
	const named = host === 'localhost' ? (await lookUp(host, { all: true })).map(({ address }) => address) : [host];
	const [first = host, ...others] = new Set(named);
	await server.listen({ host: first, port });
	const { port: bound } = server.server.address() as AddressInfo;
	const isTls = server.server instanceof TlsServer;
	for (const address of others) {
		const listener = createListener({ allowHalfOpen: !isTls, noDelay: true });
		const isListening = await canListen(listener, address, bound).catch(async (error) => {
			await server.close();
			throw error;
		});
		if (isListening) server.connections.takeFrom(listener);
	}
	return [...(server.addresses() as AddressInfo[]), ...server.connections.furtherAddresses];
}

/** @returns false where the machine has no such address: `localhost` is ::1 even in systems without IPv6 */
async function canListen(listener: Server, host: string, port: number): Promise<boolean> {
	listener.listen({ host, port });
	try {
		await once(listener, 'listening');
		return true;
	} catch (error) {
		const { code = '' } = error as NodeJS.ErrnoException;
		if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT') return false;
		throw error;
	}
}
