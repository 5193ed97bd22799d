import type { FastifyReply, FastifyRequest, onRequestHookHandler, preParsingHookHandler } from 'fastify';
import type { ShedReason } from '../../contract/load-figures.ts';
import { Refusal } from '../../contract/refusal.ts';
import type { Load } from './load.ts';
import type { RequestShare } from './memory-budget.ts';

declare module 'fastify' {
	interface FastifyRequest {
		/** What it holds, where that is bounded. */
		share: RequestShare | undefined;
	}
}

/**
 * Bodies up to this size count from their first byte on, by what they are announced to be, bytes. A larger one counts as it
 * comes: whoever only announces much must not take the room of those who send it.
 */
const ANNOUNCED = 16 * 1024;

/** What a caller can do about it is the same for all of them; what an operator can do is in the name of the option. */
const reasons: Readonly<Record<ShedReason, string>> = {
	requests: 'as many requests in flight as it takes on (server.limits.requests)',
	connections: 'as many connections as it takes on (server.limits.connections)',
	memory: 'as many bytes in flight as it takes on (server.limits.memory)',
	event_loop: 'more to do than it can keep up with (server.limits.eventLoopLag)',
	descriptors: 'as many files and connections open as the system lets it have (ulimit -n)',
	caller_share: 'as much of this caller in flight as its equal share while others call, too (server.limits)',
};

/** What a request is told that is turned away. */
export function overloaded(reason: ShedReason): Refusal {
	const message = `Breakwater has ${reasons[reason]}; try again in a second.`;
	const code = reason === 'caller_share' ? 'client_share_exceeded' : 'overloaded';
	return new Refusal(code, message, { headers: { 'retry-after': '1' } });
}

/** Takes requests on, within the bounds of the process: hooks for the routes that cost something. */
export interface Admission {
	/** To come after every check of who it is: a stranger takes nobody's place. */
	onRequest: onRequestHookHandler;
	preParsing: preParsingHookHandler;
}

export function admission(load: Load, bodyLimit: number): Admission {
	return {
		onRequest: (request, reply, done) => {
			const reason = load.reasonAgainst(request.raw, request.client);
			if (reason !== undefined) {
				// Whose connection is one too many is not to send the next request on it.
				if (reason === 'connections') reply.header('connection', 'close');
				load.count(reason, request.client);
				done(overloaded(reason));
				return;
			}
			const share = load.enter(request.client);
			request.share = share;
			reply.raw.once('close', () => load.leave(share));
			done();
		},
		preParsing: (request, reply, payload, done) => {
			const { share } = request;
			const announced = Number(request.headers['content-length']);
			// What is too large is refused without being read.
			if (share === undefined || announced > bodyLimit) done(null, payload);
			else if (announced <= ANNOUNCED) {
				const reason = share.holdBody(announced);
				done(reason === undefined ? null : overloaded(reason), payload);
			} else {
				countBody(request, reply, share);
				done(null, payload);
			}
		},
	};
}

/** Counts a body as it comes, and ends it where it is too much. The listener of whoever reads it is added in this tick. */
function countBody({ raw }: FastifyRequest, reply: FastifyReply, share: RequestShare): void {
	let bytes = 0;
	const count = (piece: Buffer) => {
		bytes += piece.length;
		const reason = share.holdBody(bytes);
		if (reason === undefined) return;
		raw.removeListener('data', count);
		// What is still to come of it is thrown away, and soon not listened to.
		reply.header('connection', 'close');
		raw.emit('error', overloaded(reason));
		raw.resume();
	};
	raw.on('data', count);
}
