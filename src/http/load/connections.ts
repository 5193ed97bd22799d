import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Connections beyond the limit that are kept for a moment, so that they can be told why. */
const MOST_TOLD = 256;

/** How long such a connection has to send its request, ms. */
const TOLD_WITHIN_MS = 2000;

/** The connections of a server, and which of them are beyond its limit: those are answered with a refusal, and closed. */
export class ConnectionLimit {
	readonly #limit: number;
	readonly #most: number;
	readonly #onDropped: () => void;
	readonly #excess = new Set<Socket>();
	#open = 0;

	/** @param onDropped called for each connection that is closed without an answer */
	constructor(limit: number, onDropped: () => void) {
		this.#limit = limit;
		this.#most = limit + Math.min(MOST_TOLD, limit);
		this.#onDropped = onDropped;
	}

	get open(): number {
		return this.#open;
	}

	watch(server: Server): void {
		server.maxConnections = this.#most;
		server.on('drop', this.#onDropped);
		server.on('connection', (socket: Socket) => this.#add(socket));
	}

	isExcess(socket: Socket): boolean {
		return this.#excess.size > 0 && this.#excess.has(socket);
	}

	#add(socket: Socket): void {
		// A server drops its own before they come here, and none of those that were handed to it.
		if (this.#open >= this.#most) {
			socket.destroy();
			this.#onDropped();
			return;
		}
		this.#open += 1;
		const isExcess = this.#open > this.#limit;
		const timer = isExcess ? setTimeout(() => socket.destroy(), TOLD_WITHIN_MS) : undefined;
		if (isExcess) this.#excess.add(socket);
		socket.once('close', () => {
			this.#open -= 1;
			if (!isExcess) return;
			clearTimeout(timer);
			this.#excess.delete(socket);
		});
	}
}
