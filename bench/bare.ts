/**
 * The yardstick: the least that a proxy of this kind does, `node bench/bare.ts PORT UPSTREAM_ORIGIN`. Fastify parses
 * the body, the model is replaced, undici forwards it and streams the answer back. It checks nothing.
 *
 * undici writes straight into the raw reply on purpose: handing Fastify the body as a stream (`reply.send(body)`) is
 * shorter and costs more than a third of the throughput, which would flatter every system compared with it.
 */
import Fastify from 'fastify';
import { Pool } from 'undici';
import { upstreamModel } from './chat.ts';

const [port, upstreamOrigin = ''] = process.argv.slice(2);
const pool = new Pool(upstreamOrigin);
const app = Fastify();

app.get('/health', async () => ({ status: 'ok' }));

app.post<{ Body: Record<string, unknown> }>('/v1/chat/completions', (request, reply) => {
	request.body.model = upstreamModel;
	reply.hijack();
	const forwarded = pool.stream(
		{
			method: 'POST',
			path: '/v1/chat/completions',
			headers: { 'content-type': 'application/json', authorization: request.headers.authorization ?? '' },
			body: JSON.stringify(request.body),
		},
		({ statusCode, headers }) => reply.raw.writeHead(statusCode, { 'content-type': String(headers['content-type']) }),
	);
	forwarded.catch(() => {
		if (reply.raw.headersSent) return reply.raw.destroy();
		reply.raw.writeHead(502).end();
	});
});

await app.listen({ port: Number(port), host: '127.0.0.1' });
