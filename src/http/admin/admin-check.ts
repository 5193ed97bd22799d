import type { FastifyInstance } from 'fastify';
import { Refusal } from '../../contract/refusal.ts';
import { isLoopback } from '../../values/loopback.ts';
import type { Door } from '../callers/caller-check.ts';
import { bearerKey, Keyring, refuseTwoKeys } from '../callers/keyring.ts';
import { WrongKeys } from '../callers/wrong-keys.ts';

export interface OperatorDoorOptions {
	/** Absent: nobody is let in. */
	adminKey?: string | undefined;
	adminFrom: 'loopback' | 'anywhere';
	/** Told of each wrong key, until there are too many from its address. */
	onWrongKey?: ((address: string) => void) | undefined;
}

/**
 * The door to `/admin`. Where a request comes from is told by its socket: anybody can write an `X-Forwarded-For`. The right
 * key is always heard: whoever could shut the operator out would choose the moment at which one is needed.
 * @param server with the rate limit plugin registered
 */
export function operatorDoor(server: FastifyInstance, options: OperatorDoorOptions): Door {
	const { adminKey, adminFrom, onWrongKey } = options;
	const keyring = adminKey === undefined ? undefined : new Keyring({ operator: { key: [adminKey] } });
	const wrongKeys = new WrongKeys(server);

	return async (request) => {
		if (adminFrom === 'loopback' && !isLoopback(request.socket.remoteAddress)) {
			throw new Refusal(
				'admin_not_local',
				'The operator API is for this machine only; use it there, or set server.adminFrom: anywhere.',
			);
		}
		if (keyring === undefined) throw unauthorized('The operator API needs server.adminKey in the configuration');
		refuseTwoKeys(request.raw);
		const key = bearerKey(request.headers);
		if (key === undefined) throw unauthorized('The operator API needs its key');
		if (keyring.ownerOf(key) !== undefined) return;
		await wrongKeys.add(request);
		onWrongKey?.(request.ip);
		throw unauthorized('This is not the key of the operator API');
	};
}

function unauthorized(what: string): Refusal {
	const message = `${what}; send server.adminKey as Authorization: Bearer KEY.`;
	return new Refusal('invalid_admin_key', message, { headers: { 'www-authenticate': 'Bearer' } });
}
