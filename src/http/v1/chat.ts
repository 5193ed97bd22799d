import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../contract/refusal.ts';
import type { Service } from '../../contract/service.ts';
import { clientRequestId } from '../callers/caller-request-id.ts';
import { type ChatRequest, parseChatRequest } from './chat-request.ts';
import { repairJson } from './repair.ts';
import { headerValue, ReplySink } from './reply-sink.ts';
import { chooseRoute, type Directory, type RouteHeaders } from './route.ts';

export interface ChatOptions {
	/** Whether a body that is not quite JSON is repaired. */
	repairJson: boolean;
}

/**
 * `POST /v1/chat/completions`: parse, choose a profile, hand over. The gateway writes the reply.
 */
export function chatHandler(service: Service, directory: Directory, options: ChatOptions) {
	const takesHints = directory.hints !== undefined;
	const tellsReason = takesHints || directory.heuristics !== undefined;

	return (request: FastifyRequest<{ Body: string | undefined }>, reply: FastifyReply): void => {
		const { id, client: caller, headers } = request;
		const { chat, repaired } = read(request.body ?? '', { takesHints, ...options });
		// On the bare response: the answers of providers are written past Fastify.
		if (repaired) reply.raw.setHeader('x-breakwater-repaired', 'true');
		const { route, targets, reason } = chooseRoute(chat, routeHeaders(headers), directory);
		if (tellsReason) reply.raw.setHeader('x-breakwater-route-reason', headerValue(reason));
		const { json, stream, includeUsage, choices, isContinuable } = chat;
		const asked = { json, stream, includeUsage, choices, isContinuable, repaired };
		const call = { ...asked, id, route, targets, client: caller, clientRequestId: clientRequestId(headers) };
		const running = service.call(call, new ReplySink(reply, id));
		reply.raw.on('close', () => running.leave());
		if (stream) reply.raw.on('drain', () => running.resume());
	};
}

function routeHeaders(headers: IncomingHttpHeaders): RouteHeaders {
	return {
		profile: first(headers['x-failover-profile']),
		taskType: first(headers['x-task-type']),
		quality: first(headers['x-quality']),
	};
}

function first(header: string | string[] | undefined): string | undefined {
	return Array.isArray(header) ? header[0] : header;
}

/** @throws Refusal; of a body that was not even repaired to a request, the one about the body as it came */
function read(body: string, options: ChatOptions & { takesHints: boolean }): { chat: ChatRequest; repaired: boolean } {
	try {
		return { chat: parseChatRequest(body, options), repaired: false };
	} catch (error) {
		const isBroken = error instanceof Refusal && error.code === 'invalid_json' && body.trim() !== '';
		const text = isBroken && options.repairJson ? repairJson(body) : undefined;
		if (text === undefined) throw error;
		return { chat: parseRepaired(text, options, error), repaired: true };
	}
}

/** A guess that leads to no request was a wrong guess. */
function parseRepaired(text: string, options: { takesHints: boolean }, cause: unknown): ChatRequest {
	try {
		return parseChatRequest(text, options);
	} catch {
		throw cause;
	}
}
