import type { IncomingMessage, ServerResponse } from 'node:http';
import { Server as TlsServer } from 'node:tls';
import Fastify, {
	type FastifyInstance,
	type FastifyReply,
	type FastifyRequest,
	type FastifyServerOptions,
} from 'fastify';
import type { ClientDialect } from '../contract/dialect.ts';
import type { RefusedCall } from '../contract/observer.ts';
import type { Service } from '../contract/service.ts';
import { clientDialects } from '../dialects/dialects.ts';
import { openaiChatClient } from '../dialects/openai-chat/openai-chat.ts';
import { clock } from '../values/clock.ts';
import { newRequestId } from '../values/request-id.ts';
import { type AdminSources, addAdminApi } from './admin/admin-api.ts';
import { adminCheck } from './admin/admin-check.ts';
import { type AccessCheck, type Clients, callerCheck } from './callers/caller-check.ts';
import { CallerLimits } from './callers/caller-limits.ts';
import { LimitCounts } from './callers/limit-counts.ts';
import { monitoringCheck } from './callers/monitoring-check.ts';
import { type CertificateFiles, readCertificate, watchCertificate } from './certificate.ts';
import { Connections } from './connections.ts';
import { allowOrigins, CorsOrigins } from './cors.ts';
import { hasMoreToCome, sendAndClose } from './linger.ts';
import { admission } from './load/admission.ts';
import type { Load } from './load/load.ts';
import { checkLoop } from './loop-check.ts';
import { isBelow, notFound, pathOf } from './not-found.ts';
import { assumeJson, pageCheck } from './page-check.ts';
import { addProbes } from './probes.ts';
import { bodyReader } from './read-body.ts';
import { asRefusal, refuseUnreadable } from './refusing.ts';
import { idHeaders } from './request-ids.ts';
import { pathTaker } from './taken-paths.ts';
import { Uploads } from './uploads.ts';
import { isAnthropicCaller } from './v1/caller-kind.ts';
import { callerRoutes } from './v1/caller-routes.ts';
import { dialectHandler } from './v1/dialect-route.ts';
import { directoryOf, directoryOfVectors, type Routing } from './v1/directory.ts';
import { addModels } from './v1/models.ts';
import { sendFailure } from './v1/reply-sink.ts';

declare module 'fastify' {
	interface FastifyInstance {
		/** Those of the server that `createServer` made. */
		connections: Connections;
	}
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
	/** How long the head and the body of a request may take, ms. */
	timeouts?: { head: number; body: number };
	limits?: { connectionsPerAddress?: number };
	unknownModel: 'default' | 'reject';
	/** How much is asked of the process; absent: whatever comes is taken on. */
	load?: Load;
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
	/** The key of `/metrics` and `/health` from other machines; absent: they are open. */
	monitoringKey?: string | undefined;
	/** With which it speaks https; absent: it speaks http. */
	tls?: CertificateFiles;
	/** Told why a renewed certificate is not used. */
	onCertificateProblem?: (message: string) => void;
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

/** Used where the options give none, ms. */
const defaultTimeouts = { head: 15_000, body: 30_000 };

/**
 * The HTTP face of a gateway. It parses, hands over and writes; it decides nothing about failover.
 * @returns a Fastify instance that does not listen yet
 */
export function createServer(service: Service, options: ServerOptions): FastifyInstance {
	const { dialects = clientDialects, monitoringKey, tls } = options;
	const posted = dialects.map(({ path }) => path);
	const uploads = new Uploads();
	const anthropic = dialects.find(({ name }) => name === 'anthropic-messages');
	/** In which an error is written: the one of its path, else that of the client. */
	const dialectOf = (request: FastifyRequest) =>
		request.routeOptions?.config.dialect ??
		(isBelow(pathOf(request), '/v1') && isAnthropicCaller(request.headers) ? anthropic : undefined) ??
		openaiChatClient;
	const refuse = (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
		const refusal = asRefusal(error);
		const { id, client, ip: address } = request;
		const refused = refusal.report();
		const { failure, contentTypes, statusOf } = dialectOf(request);
		const status = statusOf?.(refused) ?? refused.status;
		const report = { ...refused, status };
		if (refusal.code === 'internal_error') options.onCrash?.(error, id);
		options.onRefused?.({ id, code: refusal.code, status, client, address });
		const answer = [reply, id, report, failure(report, id), contentTypes.document] as const;
		const send = () => (hasMoreToCome(request.raw) ? sendAndClose(...answer, uploads) : sendFailure(...answer));
		// What is on its way in the same packet has come by then, and the connection can be kept.
		if (hasMoreToCome(request.raw)) setImmediate(send);
		else send();
	};
	const { head: headersTimeout, body: timeoutMs } = options.timeouts ?? defaultTimeouts;
	const http = { headersTimeout, connectionsCheckingInterval: Math.ceil(headersTimeout / 4) };
	const server = Fastify({
		bodyLimit: options.bodyLimit,
		genReqId: newRequestId,
		rewriteUrl: pathTaker([...posted, '/v1/models']),
		...(tls === undefined
			? { http }
			: { https: { ...http, ...readCertificate(tls), handshakeTimeout: headersTimeout } }),
		// The ids of providers and requests stand in addresses, and are longer than Fastify expects.
		routerOptions: { maxParamLength: 1000 },
		// Open requests on kept connections are finished while the server drains, not turned away.
		return503OnClosing: false,
		forceCloseConnections: 'idle',
		frameworkErrors: refuse,
		clientErrorHandler: (error, socket) => refuseUnreadable(error, socket, options.onRefused),
	} as FastifyServerOptions);
	if (tls !== undefined && server.server instanceof TlsServer) {
		const unwatch = watchCertificate(server.server, tls, options.onCertificateProblem ?? (() => undefined));
		server.addHook('onClose', async () => unwatch());
	}
	const startedAt = clock.now();
	const { version, clients, adminKey, adminFrom = 'loopback', isDraining = () => false } = options;
	const directory = directoryOf(service, options);
	const ofVectors = directoryOfVectors(directory, service.embeddings);

	server.removeAllContentTypeParsers();
	const waiting = new WeakMap<IncomingMessage, ServerResponse>();
	server.addContentTypeParser(
		['application/json', 'text/json'],
		bodyReader({ limit: options.bodyLimit, timeoutMs, uploads, waiting }),
	);
	// Who waits for leave to send a body gets it only when the request has passed every check.
	server.server.on('checkContinue', (request, response) => {
		waiting.set(request, response);
		server.routing(request, response);
	});
	server.addHook('preClose', async () => uploads.stop());
	const perAddress = options.limits?.connectionsPerAddress;
	server.decorate('connections', new Connections(server.server, { perAddress, onRefused: options.onRefused }));
	server.addHook('preClose', async () => server.connections.closeFurther());
	server.decorateRequest('client', undefined);
	server.decorateRequest('share', undefined);
	// Answers of providers are written past this, with the same headers.
	server.addHook('onSend', async ({ id }, reply) => {
		reply.headers(idHeaders(reply, id));
	});
	if ([clients, adminKey, monitoringKey].some((key) => key !== undefined))
		server.register(import('@fastify/rate-limit'), { global: false, store: LimitCounts });

	const checkCaller = clients === undefined ? undefined : callerCheck(server, clients);
	const checkAdmin = adminCheck(server, { adminKey, adminFrom, onWrongKey: options.onWrongAdminKey });

	const checked = checkCaller === undefined ? {} : { onRequest: checkCaller };
	const { load } = options;
	load?.watch(server.server);
	const admitted = load === undefined ? undefined : admission(load, options.bodyLimit);
	const taken =
		admitted === undefined
			? checked
			: {
					onRequest: checkCaller === undefined ? admitted.onRequest : [checkCaller, admitted.onRequest],
					preParsing: admitted.preParsing,
				};
	const routes = callerRoutes(clients, service);
	const callerLimits = new CallerLimits(clients);
	for (const dialect of dialects) {
		const handler = dialectHandler(dialect, service, dialect.needsOneModel ? ofVectors : directory, {
			routes,
			limits: callerLimits,
			repairJson: options.repairJson === true,
			onUnknownModel: options.onUnknownModel,
		});
		server.post<{ Body: string | undefined }>(dialect.path, { ...taken, config: { dialect } }, handler);
	}
	addModels(server, service, { checked, startedAt, routes });
	const checkAccess = monitoringKey === undefined ? undefined : monitoringCheck(server, monitoringKey);
	const monitored = checkAccess === undefined ? {} : { onRequest: checkAccess };
	const { metrics } = options;
	if (metrics !== undefined) {
		server.get('/metrics', monitored, async (_request, reply) =>
			reply.type(metrics.contentType).send(await metrics.text()),
		);
	}
	addProbes(server, service, { version, startedAt, isDraining, checkAccess });
	if (options.admin !== undefined) addAdminApi(server, service, checkAdmin, options.admin);

	const refusePath = async (request: FastifyRequest, reply: FastifyReply) => {
		const path = pathOf(request);
		// Which paths exist is said only to callers who may use them.
		if (isBelow(path, '/v1')) await checkCaller?.(request, reply);
		if (isBelow(path, '/admin')) await checkAdmin(request, reply);
		throw notFound(request.method, path, posted);
	};
	server.setNotFoundHandler(refusePath);
	addArrivalHook(server, options, refusePath);
	server.setErrorHandler(refuse);
	return server;
}

/**
 * What comes before everything else: a preflight carries no key, and the body of a request of a stranger's page, or to a
 * path that is not there, is not worth waiting for.
 */
function addArrivalHook(
	server: FastifyInstance,
	{ clients, hosts = [], corsOrigins = [] }: ServerOptions,
	refusePath: AccessCheck,
): void {
	const origins = new CorsOrigins(corsOrigins);
	const allow = corsOrigins.length === 0 ? undefined : allowOrigins(origins);
	const check = clients === undefined ? pageCheck(hosts, origins) : undefined;

	server.addHook('onRequest', (request, reply, done) => {
		// Nobody reads the body of a GET, and its connection must not be kept open for it.
		if (request.method !== 'POST' && hasMoreToCome(request.raw)) reply.raw.shouldKeepAlive = false;
		checkLoop(request.headers);
		if (allow?.(request, reply)) {
			reply.code(204).send();
			return;
		}
		if (check !== undefined) {
			check(request);
			assumeJson(request);
		}
		if (request.is404) refusePath(request, reply).catch(done);
		else done();
	});
}
