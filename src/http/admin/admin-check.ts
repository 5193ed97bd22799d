import type { FastifyInstance } from 'fastify';
import { Refusal } from '../../contract/refusal.ts';
import { isLoopback } from '../../values/loopback.ts';
import type { AccessCheck } from '../callers/caller-check.ts';
import { bearerKey, Keyring, refuseTwoKeys } from '../callers/keyring.ts';
import { WrongKeys } from '../callers/wrong-keys.ts';

export interface AdminCheckOptions {
	/** Absent: nobody is let in. */
	adminKey?: string | undefined;
	adminFrom: 'loopback' | 'anywhere';
	/** Called for each wrong key, until there are too many from its address. */
	onWrongKey?: ((address: string) => void) | undefined;
}

/**
 * Who may use `/admin`. Where a request comes from is read from its socket: anybody can write an `X-Forwarded-For`. The
 * right key is accepted however many wrong ones came before: otherwise anybody could lock the operator out in an outage.
 * @param server with the rate limit plugin registered
 */
export function adminCheck(server: FastifyInstance, options: AdminCheckOptions): AccessCheck {
	const { adminKey, adminFrom, onWrongKey } = options;
	const keyring = adminKey === undefined ? undefined : new Keyring({ operator: { key: [adminKey] } });
	const wrongKeys = new WrongKeys(server);

	return async (request) => {
		if (adminFrom === 'loopback' && !isLoopback(request.socket.remoteAddress)) {
			throw new Refusal(
				'admin_not_local',
				'The admin API can be used from this machine only, unless server.adminFrom is set to anywhere.',
			);
		}
		if (keyring === undefined) throw unauthorized('The admin API needs server.adminKey in the configuration');
		refuseTwoKeys(request.raw);
		const key = bearerKey(request.headers);
		if (key === undefined) throw unauthorized('The admin API needs a key');
		if (keyring.ownerOf(key) !== undefined) return;
		await wrongKeys.add(request);
		onWrongKey?.(request.ip);
		throw unauthorized('This is not the key of the admin API');
	};
}

function unauthorized(what: string): Refusal {
	const message = `${what}; send server.adminKey as Authorization: Bearer KEY.`;
	return new Refusal('invalid_admin_key', message, { headers: { 'www-authenticate': 'Bearer' } });
}
