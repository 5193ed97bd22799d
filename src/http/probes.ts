import type { FastifyInstance } from 'fastify';
import type { Service } from '../call.ts';

export interface ProbeOptions {
	version: string;
	/** ms since the epoch. */
	startedAt: number;
	/** Whether the process has been told to stop. */
	isDraining: () => boolean;
}

/**
 * What load balancers ask: `/health`, whether the process is alive, and `/ready`, whether to send requests here. They
 * need no key, and so they tell nothing that is secret.
 */
export function addProbes(server: FastifyInstance, service: Service, options: ProbeOptions): void {
	const { version, startedAt, isDraining } = options;

	server.get('/health', () => {
		const providers = service.health();
		const isWell = Object.values(providers).every(({ state }) => state === 'closed');
		const uptimeSeconds = Math.round((Date.now() - startedAt) / 1000);
		return { status: isWell ? 'ok' : 'degraded', version, uptimeSeconds, providers };
	});

	server.get('/ready', (_request, reply) => {
		const profiles = service.servable();
		const status = isDraining() ? 'draining' : Object.values(profiles).includes(true) ? 'ready' : 'unavailable';
		return reply.code(status === 'ready' ? 200 : 503).send({ status, profiles });
	});
}
