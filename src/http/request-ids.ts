import type { FastifyReply } from 'fastify';
import { clientRequestId } from './callers/caller-request-id.ts';

/** The caller's own id goes back where others, such as the OpenAI SDKs, look for one; ours, where there is none. */
export function idHeaders({ request }: Pick<FastifyReply, 'request'>, requestId: string): Record<string, string> {
	return {
		'x-request-id': clientRequestId(request.headers) ?? requestId,
		'x-breakwater-request-id': requestId,
	};
}
