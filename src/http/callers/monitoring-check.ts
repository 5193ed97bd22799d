import type { FastifyInstance } from 'fastify';
import { Refusal } from '../../contract/refusal.ts';
import { isLocalVisitor } from '../../values/local-visitor.ts';
import type { AccessCheck } from './caller-check.ts';
import { callerKey, Keyring, refuseTwoKeys } from './keyring.ts';
import { WrongKeys } from './wrong-keys.ts';

/**
 * Who may see `/metrics` and `/health` where they have a key: whoever sends it, and whoever looks from this machine.
 * @param server with the rate limit plugin registered
 */
export function monitoringCheck(server: FastifyInstance, key: string): AccessCheck {
	const keyring = new Keyring({ monitoring: { key: [key] } });
	const wrongKeys = new WrongKeys(server);

	return async (request) => {
		if (isLocalVisitor(request.raw)) return;
		refuseTwoKeys(request.raw);
		const given = callerKey(request.headers);
		if (given !== undefined && keyring.ownerOf(given) !== undefined) return;
		if (given !== undefined) await wrongKeys.add(request);
		const what = given === undefined ? 'This needs a key' : 'This is not the key of /metrics and /health';
		const message = `${what}; send server.monitoringKey as Authorization: Bearer KEY. GET /ready needs none.`;
		throw new Refusal('invalid_monitoring_key', message, { headers: { 'www-authenticate': 'Bearer' } });
	};
}
