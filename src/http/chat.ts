import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Service } from '../call.ts';
import { parseChatRequest } from './chat-request.ts';
import { clientRequestId } from './client-request-id.ts';
import { ReplyClient } from './reply-client.ts';
import { chooseRoute, type Directory } from './route.ts';

/**
 * `POST /v1/chat/completions`: parse, choose a profile, hand over. The gateway writes the reply.
 */
export function chatHandler(service: Service, directory: Directory) {
	return (request: FastifyRequest<{ Body: string | undefined }>, reply: FastifyReply): void => {
		const chat = parseChatRequest(request.body ?? '');
		const header = request.headers['x-failover-profile'];
		const route = chooseRoute(chat, [header].flat()[0], directory);
		const client = new ReplyClient(reply, request.id);
		const { id, client: caller, headers } = request;
		const call = { ...chat, id, route, client: caller, clientRequestId: clientRequestId(headers) };
		const running = service.call(call, client);
		reply.raw.on('close', () => running.leave());
		if (chat.stream) reply.raw.on('drain', () => running.resume());
	};
}
