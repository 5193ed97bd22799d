import type { FastifyInstance } from 'fastify';
import { isLoopback } from '../loopback.ts';
import type { Door } from './client-door.ts';
import { Refusal } from './errors.ts';
import { bearerKey, Keyring } from './keyring.ts';

export interface OperatorDoorOptions {
	/** Absent: nobody is let in. */
	adminKey?: string | undefined;
	adminFrom: 'loopback' | 'anywhere';
	/** Told of each wrong key, as far as they are heard at all. */
	onWrongKey?: ((address: string) => void) | undefined;
}

/** Wrong keys that one address may show in the window; after them not even the right one is heard until it is over. */
const wrongKeys = { max: 10, timeWindow: 60_000 };

/**
 * The door to `/admin`. Where a request comes from is told by its socket: anybody can write an `X-Forwarded-For`.
 * @param server with the rate limit plugin registered
 */
export function operatorDoor(server: FastifyInstance, options: OperatorDoorOptions): Door {
	const { adminKey, adminFrom, onWrongKey } = options;
	const keyring = adminKey === undefined ? undefined : new Keyring({ operator: { key: [adminKey] } });
	let countWrongKeys: ReturnType<FastifyInstance['createRateLimit']> | undefined;

	return async (request) => {
		if (adminFrom === 'loopback' && !isLoopback(request.socket.remoteAddress)) {
			throw new Refusal(
				'admin_not_local',
				'The operator API is for this machine only; use it there, or set server.adminFrom: anywhere.',
			);
		}
		if (keyring === undefined) throw unauthorized('The operator API needs server.adminKey in the configuration');
		const key = bearerKey(request.headers);
		if (key === undefined) throw unauthorized('The operator API needs its key');

		const isRight = keyring.ownerOf(key) !== undefined;
		countWrongKeys ??= server.createRateLimit(wrongKeys);
		// The wrong are counted before anyone is answered: guesses that come at once are no more than those in a row.
		const count = await countWrongKeys(request, { increment: !isRight });
		if (!count.isAllowed && count.isExceeded) throw tooManyWrongKeys(count.ttlInSeconds);
		if (isRight) return;
		onWrongKey?.(request.ip);
		throw unauthorized('This is not the key of the operator API');
	};
}

function unauthorized(what: string): Refusal {
	const message = `${what}; send server.adminKey as Authorization: Bearer KEY.`;
	return new Refusal('invalid_admin_key', message, { headers: { 'www-authenticate': 'Bearer' } });
}

function tooManyWrongKeys(seconds: number): Refusal {
	const message = `Too many wrong keys came from this address; none is heard for the next ${seconds} s.`;
	return new Refusal('too_many_wrong_keys', message, { headers: { 'retry-after': String(seconds) } });
}
