import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Server as Listener, Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import type { RefusedCall } from '../contract/observer.ts';
import { Refusal } from '../contract/refusal.ts';
import { newRequestId } from '../values/request-id.ts';
import { bareAnswer } from './refusing.ts';

/**
 * How long a kept connection stays open without a request after the signal to stop, or after its last answer, ms. A client
 * may have a request on its way; the answer tells it to use another connection, where a connection that is closed at
 * once loses the request.
 */
const GRACE_MS = 1000;

export interface ConnectionOptions {
	/** How many one address may have; absent: any number. */
	perAddress?: number | undefined;
	/** Called for each that is refused. */
	onRefused?: ((refused: RefusedCall) => void) | undefined;
}

/** The connections of a server: how many there may be, and how they end when it stops. */
export class Connections {
	readonly #server: Server;
	readonly #open = new Set<Socket>();
	/** In boxes that are emptied, as in `LiveMap`: else V8 keeps every response until its next full collection. */
	readonly #busy = new Set<{ response: ServerResponse | undefined }>();
	readonly #perAddress = new Map<string, number>();
	readonly #further: { listener: Listener; ended: Promise<void> }[] = [];
	#drainsSince: number | undefined;
	/** When the last answer on a connection ended, since the server drains; by `placeOf`. */
	readonly #endedAt = new Map<string, number>();

	/** @param server before its first connection */
	constructor(server: Server, { perAddress, onRefused }: ConnectionOptions = {}) {
		this.#server = server;
		server.on('connection', (socket) => this.#opened(socket));
		if (perAddress !== undefined) {
			server.prependListener('connection', (socket) => this.#count(socket, perAddress, onRefused));
		}
		// Before the request is handled: one that is answered at once has its head written then.
		const began = (_request: IncomingMessage, response: ServerResponse) => this.#began(response);
		server.prependListener('request', began);
		server.prependListener('checkContinue', began);
	}

	/** What connects there comes to this server as well. */
	takeFrom(listener: Listener): void {
		const ended = new Promise<void>((resolve) => listener.once('close', resolve));
		this.#further.push({ listener, ended });
		listener.on('connection', (socket) => this.#server.emit('connection', socket));
	}

	get furtherAddresses(): readonly AddressInfo[] {
		return this.#further.map(({ listener }) => listener.address() as AddressInfo);
	}

	/** To be called when the server begins to close, which knows of none of them. */
	closeFurther(): void {
		for (const { listener } of this.#further) listener.close();
	}

	/** Resolves when nothing more comes there, and no connection that came there is open any more. */
	async furtherEnded(): Promise<void> {
		await Promise.all(this.#further.map(({ ended }) => ended));
	}

	/** From now on answers tell clients to send nothing more on their connection. */
	drain(): void {
		this.#drainsSince = performance.now();
		for (const { response } of this.#busy) if (response !== undefined) response.shouldKeepAlive = false;
		// A server that closes would close these at once, without their grace; `closeIdle` does it in its place.
		this.#server.closeIdleConnections = () => undefined;
	}

	/** Closes the connections that have been without a request for long enough. To be called again and again while draining. */
	closeIdle(now = performance.now()): void {
		const drainsSince = this.#drainsSince ?? now;
		const busy = new Set([...this.#busy].map(({ response }) => placeOf(response?.socket ?? null)));
		for (const socket of this.#open) {
			const place = placeOf(socket);
			const idleSince = Math.max(drainsSince, this.#endedAt.get(place) ?? drainsSince);
			if (!busy.has(place) && now - idleSince >= GRACE_MS) socket.destroy();
		}
	}

	#opened(socket: Socket): void {
		this.#open.add(socket);
		socket.once('close', () => this.#open.delete(socket));
	}

	#began(response: ServerResponse): void {
		const box: { response: ServerResponse | undefined } = { response };
		this.#busy.add(box);
		if (this.#drainsSince !== undefined) response.shouldKeepAlive = false;
		const { socket } = response;
		response.once('close', () => {
			box.response = undefined;
			this.#busy.delete(box);
			if (this.#drainsSince !== undefined) this.#endedAt.set(placeOf(socket), performance.now());
		});
	}

	#count(socket: Socket, most: number, onRefused: ConnectionOptions['onRefused']): void {
		const { remoteAddress: address } = socket;
		if (address === undefined) return;
		const count = (this.#perAddress.get(address) ?? 0) + 1;
		this.#perAddress.set(address, count);
		socket.once('close', () => {
			const left = (this.#perAddress.get(address) ?? 1) - 1;
			if (left === 0) this.#perAddress.delete(address);
			else this.#perAddress.set(address, left);
		});
		if (count <= most) return;
		const id = newRequestId();
		onRefused?.({ id, code: 'too_many_connections', status: 429, address });
		// Before TLS is agreed on nobody could read an answer.
		if (this.#server instanceof TlsServer) socket.destroy();
		else socket.end(tooMany(id, most), () => socket.destroy());
	}
}

/** The same for the socket of a request and for the one under its TLS. */
function placeOf(socket: Pick<Socket, 'remoteAddress' | 'remotePort'> | null): string {
	return `${socket?.remoteAddress} ${socket?.remotePort}`;
}

function tooMany(id: string, most: number): string {
	const message = `This address has the ${most} connections that it may have (server.limits.connectionsPerAddress); close some.`;
	const { body } = new Refusal('too_many_connections', message).report();
	return bareAnswer('429 Too Many Requests', id, JSON.stringify(body), ['retry-after: 1']);
}
