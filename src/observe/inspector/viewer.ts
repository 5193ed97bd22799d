import type { ServerResponse } from 'node:http';
import { clock } from '../../values/clock.ts';

export const viewerLimits = {
	/** At once; the next one is turned away. */
	most: 50,
	/** Between two messages, ms. */
	interval: 100,
	/**
	 * What a viewer may leave unread of the changes, bytes. One that reads more slowly is dropped, never waited for. The
	 * snapshot does not count: in a large outage it is large for everybody, and those who look need it most then.
	 */
	backlog: 4_000_000,
	/** For how long it may take nothing at all of what is sent, ms. */
	patience: 15_000,
};

/** So many bytes are handed to the connection at a time: what it has taken tells a slow viewer from a silent one. */
const pieceBytes = 64 * 1024;

/**
 * Somebody who looks at the inspector, and what is still to be sent there. Messages are shared by all viewers, so that
 * what one leaves unread costs no memory of its own, and its connection holds one piece at most.
 */
export class Viewer {
	readonly #response: ServerResponse;
	#queue: Buffer[] = [];
	/** Bytes in the queue, without the snapshot's. */
	#unread = 0;
	/** Bytes that are still in the queue of the snapshot; it comes first. */
	#snapshotLeft = 0;
	#isSending = false;
	/** When it last took something, or last had nothing to take; ms since the epoch. */
	#tookAt = clock.now();

	/** @param response whose head is written */
	constructor(response: ServerResponse) {
		this.#response = response;
	}

	/** The first message. */
	begin(snapshot: Buffer): void {
		this.#snapshotLeft = snapshot.length;
		this.#add(snapshot);
	}

	tell(news: Buffer): void {
		this.#unread += news.length;
		this.#add(news);
	}

	/** The last message: it goes out before what is still unread, which nobody waits for. */
	end(last: Buffer): void {
		const rest = this.#queue.splice(0);
		// A message that has begun must be whole, or the last one would be taken for a part of it.
		this.#response.end(Buffer.concat([...rest.slice(0, 1), last]));
	}

	/**
	 * Whether it does not keep up: it has taken nothing for too long, or leaves too much unread of what has changed.
	 * @param now ms since the epoch
	 */
	isSlow(now: number): boolean {
		if (this.#unread > viewerLimits.backlog) return true;
		return this.#isSending && now - this.#tookAt > viewerLimits.patience;
	}

	drop(): void {
		this.#response.destroy();
	}

	#add(message: Buffer): void {
		this.#queue.push(message);
		if (!this.#isSending) this.#send();
	}

	#send(): void {
		const [message] = this.#queue;
		this.#isSending = message !== undefined && !this.#response.writableEnded;
		this.#tookAt = clock.now();
		if (message === undefined || !this.#isSending) return;
		const piece = message.subarray(0, pieceBytes);
		const rest = message.subarray(pieceBytes);
		if (rest.length > 0) this.#queue[0] = rest;
		else this.#queue.shift();
		this.#response.write(piece, (error) => {
			if (error) return;
			this.#count(piece.length);
			this.#send();
		});
	}

	#count(taken: number): void {
		const ofSnapshot = Math.min(taken, this.#snapshotLeft);
		this.#snapshotLeft -= ofSnapshot;
		this.#unread -= taken - ofSnapshot;
	}
}
