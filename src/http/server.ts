import type { Socket } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { ClientDialect } from '../contract/dialect.ts';
import type { RefusedCall } from '../contract/observer.ts';
import { Refusal } from '../contract/refusal.ts';
import type { Service } from '../contract/service.ts';
import { clientDialects } from '../dialects/dialects.ts';
import { openaiChatClient } from '../dialects/openai-chat/openai-chat.ts';
import { newRequestId } from '../values/request-id.ts';
import { type AdminSources, addAdminApi } from './admin/admin-api.ts';
import { adminCheck } from './admin/admin-check.ts';
import { type Clients, callerCheck } from './callers/caller-check.ts';
import { allowOrigins, CorsOrigins } from './cors.ts';
import { isBelow, notFound, pathOf } from './not-found.ts';
import { pageCheck } from './page-check.ts';
import { addProbes } from './probes.ts';
import { idHeaders } from './request-ids.ts';
import { dialectHandler } from './v1/dialect-route.ts';
import { directoryOf, type Routing } from './v1/directory.ts';
import { sendFailure } from './v1/reply-sink.ts';

declare module 'fastify' {
	interface FastifyContextConfig {
		/** In which the requests of a route come, and its errors are written. */
		dialect?: ClientDialect;
	}
}

export interface ServerOptions {
	/** How callers may speak, each at its own path; default: all that Breakwater knows. */
	dialects?: readonly ClientDialect[];
	/** Bytes of the largest request body. */
	bodyLimit: number;
	unknownModel: 'default' | 'reject';
	/** Whether a request body that is not quite JSON is repaired; default false. */
	repairJson?: boolean;
	/** How requests that name no profile find one; absent: they go to the default one. */
	routing?: Routing | undefined;
	/** Who may call; absent: anyone. */
	clients?: Clients | undefined;
	/** Further names of this machine that callers may use who need no key. */
	hosts?: readonly string[];
	/** Origins of pages that may call, `*` for all; default: none. */
	corsOrigins?: readonly string[];
	/** The key of the admin API, which nobody can use without one. */
	adminKey?: string | undefined;
	/** From where the admin API may be used; default `loopback`. */
	adminFrom?: 'loopback' | 'anywhere';
	/** What the admin API shows; without it there is none. */
	admin?: AdminSources;
	/** What `/metrics` shows; without it there is none. */
	metrics?: { readonly contentType: string; text(): Promise<string> };
	/** Called for each wrong key for the admin API, with the address that it came from. */
	onWrongAdminKey?: (address: string) => void;
	/** Called for each request that is refused before any provider is asked. */
	onRefused?: (refused: RefusedCall) => void;
	/** Called where the default profile serves a `model` that nobody knows. */
	onUnknownModel?: (model: string, route: string) => void;
	/** Whether the process has been asked to stop; `/ready` says so. */
	isDraining?: () => boolean;
	/** Called for a fault of ours that a request met. */
	onCrash?: (error: unknown, requestId: string) => void;
	/** Shown by `/health`. */
	version: string;
}

/**
 * The HTTP face of a gateway. It parses, hands over and writes; it decides nothing about failover.
 * @returns a Fastify instance that does not listen yet
 */
export function createServer(service: Service, options: ServerOptions): FastifyInstance {
	const refuse = (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
		const refusal = asRefusal(error, options.bodyLimit);
		const { id, client, ip: address } = request;
		const report = refusal.report();
		const { status } = report;
		if (refusal.code === 'internal_error') options.onCrash?.(error, id);
		options.onRefused?.({ id, code: refusal.code, status, client, address });
		const { failure, contentTypes } = request.routeOptions?.config.dialect ?? openaiChatClient;
		sendFailure(reply, id, report, failure(report), contentTypes.document);
	};
	const server = Fastify({
		bodyLimit: options.bodyLimit,
		genReqId: newRequestId,
		// The ids of providers and requests stand in addresses, and are longer than Fastify expects.
		routerOptions: { maxParamLength: 1000 },
		// Open requests on kept connections are finished while the server drains, not turned away.
		return503OnClosing: false,
		forceCloseConnections: 'idle',
		frameworkErrors: refuse,
		clientErrorHandler: (error, socket) => refuseUnreadable(error, socket, options.onRefused),
	});
	const startedAt = Date.now();
	const { version, clients, adminKey, adminFrom = 'loopback', isDraining = () => false } = options;
	const directory = directoryOf(service, options);

	server.removeAllContentTypeParsers();
	server.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => done(null, body));
	server.decorateRequest('client', undefined);
	// Answers of providers are written past this, with the same headers.
	server.addHook('onSend', async ({ id }, reply) => {
		reply.headers(idHeaders(reply, id));
	});
	checkPages(server, options);
	if (clients !== undefined || adminKey !== undefined)
		server.register(import('@fastify/rate-limit'), { global: false });

	const checkCaller = clients === undefined ? undefined : callerCheck(server, clients);
	const checkAdmin = adminCheck(server, { adminKey, adminFrom, onWrongKey: options.onWrongAdminKey });

	const checked = checkCaller === undefined ? {} : { onRequest: checkCaller };
	for (const dialect of options.dialects ?? clientDialects) {
		const handler = dialectHandler(dialect, service, directory, {
			repairJson: options.repairJson === true,
			onUnknownModel: options.onUnknownModel,
		});
		server.post<{ Body: string | undefined }>(dialect.path, { ...checked, config: { dialect } }, handler);
	}
	server.get('/v1/models', checked, () => ({ object: 'list', data: modelList(service, startedAt) }));
	server.get<{ Params: { '*': string } }>('/v1/models/*', checked, (request) => {
		const model = modelList(service, startedAt).find(({ id }) => id === request.params['*']);
		if (model !== undefined) return model;
		throw new Refusal('model_not_found', 'There is no such profile or target; GET /v1/models lists them.', 'model');
	});
	const { metrics } = options;
	if (metrics !== undefined) {
		server.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()));
	}
	addProbes(server, service, { version, startedAt, isDraining });
	if (options.admin !== undefined) addAdminApi(server, service, checkAdmin, options.admin);

	server.setNotFoundHandler(async (request, reply) => {
		const path = pathOf(request);
		// Which paths exist is said only to callers who may use them.
		if (isBelow(path, '/v1')) await checkCaller?.(request, reply);
		if (isBelow(path, '/admin')) await checkAdmin(request, reply);
		throw notFound(request.method, path);
	});
	server.setErrorHandler(refuse);
	return server;
}

/** Before everything else: a preflight carries no key, and a stranger's page is not worth a look at its body. */
function checkPages(server: FastifyInstance, { clients, hosts = [], corsOrigins = [] }: ServerOptions): void {
	const origins = new CorsOrigins(corsOrigins);
	if (corsOrigins.length > 0) {
		const allow = allowOrigins(origins);
		server.addHook('onRequest', (request, reply, done) => {
			if (allow(request, reply)) reply.code(204).send();
			else done();
		});
	}
	if (clients !== undefined) return;
	const check = pageCheck(hosts, origins);
	server.addHook('onRequest', (request, _reply, done) => {
		check(request);
		done();
	});
}

/** What is not HTTP never becomes a request: it is answered on the bare socket. */
function refuseUnreadable({ code }: { code?: string }, socket: Socket, onRefused: ServerOptions['onRefused']): void {
	if (!socket.writable) {
		socket.destroy();
		return;
	}
	const id = newRequestId();
	const isTooLarge = code === 'HPE_HEADER_OVERFLOW';
	const message = isTooLarge
		? 'The headers are too large; send fewer or shorter ones.'
		: 'This is not an HTTP request.';
	const refusal = new Refusal('invalid_request', message);
	const body = JSON.stringify(refusal.report().body);
	onRefused?.({ id, code: refusal.code, status: isTooLarge ? 431 : 400, address: socket.remoteAddress });
	socket.end(
		[
			`HTTP/1.1 ${isTooLarge ? '431 Request Header Fields Too Large' : '400 Bad Request'}`,
			'connection: close',
			'content-type: application/json; charset=utf-8',
			`content-length: ${Buffer.byteLength(body)}`,
			`x-request-id: ${id}`,
			`x-breakwater-request-id: ${id}`,
			'',
			body,
		].join('\r\n'),
	);
}

function asRefusal(error: unknown, bodyLimit: number): Refusal {
	if (error instanceof Refusal) return error;
	const { code, statusCode } = error as { code?: string; statusCode?: number };
	if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
		return new Refusal(
			'unsupported_media_type',
			'Send the body as JSON, with the header Content-Type: application/json.',
		);
	}
	if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
		return new Refusal('body_too_large', `The body is larger than server.bodyLimit allows (${bodyLimit} bytes).`);
	}
	if (code === 'FST_ERR_BAD_URL') {
		return new Refusal(
			'invalid_request',
			'The path of the address has a % that begins no escape of UTF-8; write a % itself as %25.',
		);
	}
	if (code === 'FST_ERR_CTP_EMPTY_JSON_BODY')
		return new Refusal('invalid_json', 'The body is empty; it must be a JSON object.');
	if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
		return new Refusal('invalid_request', 'The request could not be read; check its headers and its Content-Length.');
	}
	return new Refusal(
		'internal_error',
		'Breakwater failed on this request; its log says why. Other requests are not affected.',
	);
}

function modelList({ profiles, targets }: Service, startedAt: number) {
	const created = Math.floor(startedAt / 1000);
	return [
		...profiles.map((id) => ({ id, object: 'model', created, owned_by: 'breakwater' })),
		...targets.map(({ target, provider }) => ({ id: target, object: 'model', created, owned_by: provider })),
	];
}
