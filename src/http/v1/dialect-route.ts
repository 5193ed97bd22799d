import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Call, RunningCall } from '../../contract/call.ts';
import type { ClientDialect, ReadOptions } from '../../contract/dialect.ts';
import { Refusal } from '../../contract/refusal.ts';
import type { Service } from '../../contract/service.ts';
import type { CallerLimits } from '../callers/caller-limits.ts';
import { clientRequestId } from '../callers/caller-request-id.ts';
import { callerHeaders } from './caller-headers.ts';
import type { CallerRoutes } from './caller-routes.ts';
import { callerTimeout } from './caller-timeout.ts';
import { chooseRoute, type Directory, type RouteHeaders } from './choose-route.ts';
import { repairJson } from './repair.ts';
import { headerValue, ReplySink } from './reply-sink.ts';

export interface DialectOptions {
	/** By the name of the caller, for those that may not go everywhere. */
	routes: ReadonlyMap<string, CallerRoutes>;
	limits: CallerLimits;
	/** Whether a body that is not quite JSON is repaired. */
	repairJson: boolean;
	/** Called where a `model` is neither a profile nor a target, and the default profile serves. */
	onUnknownModel?: ((model: string, route: string) => void) | undefined;
}

/**
 * A request in one of the dialects of callers: read, choose a profile, hand over. The gateway writes the reply.
 */
export function dialectHandler(
	dialect: ClientDialect,
	service: Service,
	directory: Directory,
	options: DialectOptions,
) {
	const takesHints = directory.hints !== undefined;
	const ofVectors = new Set(service.embeddings.map(({ profile }) => profile));
	const suits = (profile: string) => ofVectors.has(profile) === (dialect.needsOneModel === true);
	const directories = new Map(
		[...options.routes].map(([client, routes]) => [client, routes.directoryFrom(directory, suits)]),
	);
	const tellsReason = takesHints || directory.heuristics !== undefined;

	return (request: FastifyRequest<{ Body: string | undefined }>, reply: FastifyReply): void => {
		const { id, client: caller, headers } = request;
		const { asked, repaired } = read(dialect, request.body ?? '', { takesHints, repairJson: options.repairJson });
		// On the bare response: the answers of providers are written past Fastify.
		if (repaired) reply.raw.setHeader('x-breakwater-repaired', 'true');
		const timeoutMs = callerTimeout(headers);
		const own = caller === undefined ? undefined : directories.get(caller);
		const choice = chooseRoute(asked.wish, routeHeaders(headers), own ?? directory);
		if (caller !== undefined) options.routes.get(caller)?.check(caller, choice);
		const { route, targets, reason, unknownModel } = choice;
		if (unknownModel !== undefined) options.onUnknownModel?.(unknownModel, route);
		if (tellsReason || unknownModel !== undefined)
			reply.raw.setHeader('x-breakwater-route-reason', headerValue(reason));
		// To count tokens uses none.
		const tokens = dialect.estimate === undefined ? asked.request.tokens : 0;
		const admitted = options.limits.admit(caller, tokens);
		for (const name in admitted?.headers) reply.raw.setHeader(name, admitted.headers[name] ?? 0);
		const call = {
			id,
			route,
			targets,
			request: asked.request,
			dialect,
			repaired,
			client: caller,
			clientRequestId: clientRequestId(headers),
			timeoutMs,
			onEnd: admitted?.end,
			headers: callerHeaders(headers),
			memory: request.share,
		};
		const running = begun(service, call, new ReplySink(reply, id));
		reply.raw.on('close', () => running.leave());
		if (asked.request.stream) reply.raw.on('drain', () => running.resume());
	};
}

/** @throws Refusal; then there is no call, and what it has taken of the caller's limits is given back */
function begun(service: Service, call: Call, sink: ReplySink): RunningCall {
	try {
		return service.call(call, sink);
	} catch (error) {
		call.onEnd?.(undefined);
		throw error;
	}
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

type Asked = ReturnType<ClientDialect['read']>;

/** @throws Refusal; of a body that was not even repaired to a request, the one about the body as it came */
function read(
	dialect: ClientDialect,
	body: string,
	{ repairJson: repairs, takesHints }: Pick<DialectOptions, 'repairJson'> & ReadOptions,
): { asked: Asked; repaired: boolean } {
	try {
		return { asked: dialect.read(body, { takesHints }), repaired: false };
	} catch (error) {
		const isBroken = error instanceof Refusal && error.code === 'invalid_json' && body.trim() !== '';
		const text = isBroken && repairs ? repairJson(body) : undefined;
		if (text === undefined) throw error;
		return { asked: readRepaired(dialect, text, { takesHints }, error), repaired: true };
	}
}

/** A guess that leads to no request was a wrong guess. */
function readRepaired(dialect: ClientDialect, text: string, options: ReadOptions, cause: unknown): Asked {
	try {
		return dialect.read(text, options);
	} catch {
		throw cause;
	}
}
