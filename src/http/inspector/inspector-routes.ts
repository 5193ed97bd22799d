import type { FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../contract/refusal.ts';
import type { Feed, Watched } from '../../observe/inspector/feed.ts';
import { listPageFiles, readPageFile } from '../../observe/inspector/page-files.ts';
import { viewerLimits } from '../../observe/inspector/viewer.ts';
import { Viewers } from '../../observe/inspector/viewers.ts';
import { isForeignPage, isLocalVisitor } from '../../values/local-visitor.ts';
import { adminCheck } from '../admin/admin-check.ts';
import type { AccessCheck } from '../callers/caller-check.ts';

export interface InspectorAccess {
	/** `server.adminKey`: shows the inspector to other machines. */
	adminKey?: string | undefined;
	/** Called for each wrong key, with the address that it came from. */
	onWrongKey?: ((address: string) => void) | undefined;
}

const asksForKey =
	'From another machine the inspector needs the admin key; send server.adminKey as Authorization: Bearer KEY.';
const needsKey =
	'Set server.adminKey to see the inspector from elsewhere; without it, open http://127.0.0.1 on its own machine.';

/** Nothing from outside, nothing inline, and no way to make a script out of a text. */
const securityHeaders = {
	'content-security-policy': [
		"default-src 'none'",
		"script-src 'self'",
		"style-src 'self'",
		"img-src 'self'",
		"connect-src 'self'",
		"base-uri 'none'",
		"form-action 'none'",
		"frame-ancestors 'none'",
		"require-trusted-types-for 'script'",
		'trusted-types lit-html',
	].join('; '),
	'x-content-type-options': 'nosniff',
	'referrer-policy': 'no-referrer',
	'cross-origin-resource-policy': 'same-origin',
};

/**
 * The live page: `GET /inspector`, its files below it, and `GET /inspector/events`, the stream that feeds it. The files
 * are for everybody, the stream for whoever looks from this machine, or has the admin key. The streams end as soon as the server closes.
 */
export function inspectorRoutes(
	feed: Feed,
	gateway: Watched,
	{ adminKey, onWrongKey }: InspectorAccess,
): FastifyPluginCallback {
	const files = listPageFiles();
	let checkAdmin: AccessCheck | undefined;
	let opening: Promise<Viewers> | undefined;
	let isClosing = false;

	/** Layout is loaded and done when the first page asks for it. */
	async function openViewers(): Promise<Viewers> {
		const { machineChart } = await import('../../observe/inspector/machine-chart.ts');
		const machine = machineChart();
		return new Viewers({
			watch: (isWatched) => feed.watch(isWatched),
			snapshot: () => JSON.stringify(feed.snapshot(gateway, machine)),
			changes: () => {
				const changes = feed.changes(gateway);
				return changes && JSON.stringify(changes);
			},
		});
	}

	async function sendFile(request: FastifyRequest, reply: FastifyReply, name: string) {
		const path = files.get(name);
		if (path === undefined) return reply.callNotFound();
		const { type, body, tag } = await readPageFile(path);
		reply.headers({ ...securityHeaders, 'cache-control': 'no-cache', etag: tag });
		if (request.headers['if-none-match'] === tag) return reply.code(304).send();
		return reply.type(type).send(body);
	}

	async function stream(request: FastifyRequest, reply: FastifyReply) {
		if (isForeignPage(request)) {
			throw new Refusal('inspector_forbidden', 'The stream is for the inspector’s own page; open /inspector instead.');
		}
		if (!isLocalVisitor(request.raw)) {
			if (adminKey === undefined) throw new Refusal('inspector_forbidden', needsKey);
			if (request.headers.authorization === undefined) {
				throw new Refusal('invalid_admin_key', asksForKey, { headers: { 'www-authenticate': 'Bearer' } });
			}
			await checkAdmin?.(request, reply);
		}
		opening ??= openViewers();
		const viewers = await opening;
		if (isClosing) throw new Refusal('shutting_down', 'Breakwater is shutting down.');
		if (viewers.isFull) {
			const message = `${viewerLimits.most} pages look at the inspector already; close one, or try again later.`;
			throw new Refusal('too_many_viewers', message, { headers: { 'retry-after': '5' } });
		}
		reply.hijack();
		reply.raw.writeHead(200, {
			'content-type': 'text/event-stream; charset=utf-8',
			'cache-control': 'no-store',
			'x-accel-buffering': 'no',
			'x-content-type-options': 'nosniff',
		});
		viewers.add(reply.raw);
	}

	return (server, _options, done) => {
		checkAdmin = adminCheck(server, { adminKey, adminFrom: 'anywhere', onWrongKey });
		server.get('/inspector', (request, reply) => sendFile(request, reply, 'index.html'));
		// Its addresses are relative to the one without the slash.
		server.get('/inspector/', (_request, reply) => reply.redirect('../inspector'));
		server.get('/inspector/events', { exposeHeadRoute: false }, stream);
		server.get<{ Params: { '*': string } }>('/inspector/*', (request, reply) =>
			sendFile(request, reply, request.params['*']),
		);
		server.addHook('preClose', async () => {
			isClosing = true;
			(await opening)?.close();
		});
		done();
	};
}
