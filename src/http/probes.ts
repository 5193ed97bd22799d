import type { FastifyInstance } from 'fastify';
import type { ProviderHealth, Service } from '../contract/service.ts';
import { clock } from '../values/clock.ts';
import type { AccessCheck } from './callers/caller-check.ts';

export interface ProbeOptions {
	version: string;
	/** ms of the process's clock. */
	startedAt: number;
	/** Whether the process has been asked to stop. */
	isDraining: () => boolean;
	/** Who may see `/health`; absent: anyone. */
	checkAccess?: AccessCheck | undefined;
}

/**
 * What load balancers ask: `/health`, whether the process is alive, and `/ready`, whether to send requests here. They
 * need no key unless `server.monitoringKey` is set, and so they show nothing that is secret.
 */
export function addProbes(server: FastifyInstance, service: Service, options: ProbeOptions): void {
	const { version, startedAt, isDraining, checkAccess } = options;

	server.get('/health', checkAccess === undefined ? {} : { onRequest: checkAccess }, () => {
		const providers = service.health();
		const profiles = service.servable();
		const isWell =
			Object.values(profiles).every((isServable) => isServable) && Object.values(providers).every(hasNothingAgainstIt);
		const uptimeSeconds = Math.round((clock.now() - startedAt) / 1000);
		return { status: isWell ? 'ok' : 'degraded', version, uptimeSeconds, profiles, providers };
	});

	server.get('/ready', (_request, reply) => {
		const profiles = service.servable();
		const status = isDraining() ? 'draining' : Object.values(profiles).includes(true) ? 'ready' : 'unavailable';
		return reply.code(status === 'ready' ? 200 : 503).send({ status, profiles });
	});
}

/** A closed provider may still have lost a model, and with it a profile. */
function hasNothingAgainstIt({ state, unavailableModels }: ProviderHealth): boolean {
	return state === 'closed' && Object.keys(unavailableModels).length === 0;
}
