import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../contract/refusal.ts';
import { callerKey, Keyring, keyHeaders, refuseTwoKeys } from './keyring.ts';
import { WrongKeys } from './wrong-keys.ts';

declare module 'fastify' {
	interface FastifyRequest {
		/** The name of the caller, where callers have keys. */
		client: string | undefined;
	}
}

/** Lets a request pass, or throws a Refusal. */
export type AccessCheck = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

/** Who may call, by name. */
export type Clients = Readonly<Record<string, CallingClient>>;

export interface CallingClient {
	readonly key: readonly string[];
	/** Absent where it has no limit, as in those below. */
	readonly requestsPerMinute?: number | undefined;
	/** Of prompts and answers. */
	readonly tokensPerMinute?: number | undefined;
	/** Requests in flight. */
	readonly concurrent?: number | undefined;
	/** Those that it may ask; absent: all. */
	readonly profiles?: readonly string[] | undefined;
}

const WINDOW_MS = 60_000;

/**
 * Who may use `/v1` where callers have keys: whoever sends one (`callerKey`), and no more often than
 * the limit of that client. Wrong keys are slowed down; a right key is always accepted.
 * @param server with the rate limit plugin registered
 */
export function callerCheck(server: FastifyInstance, clients: Clients): AccessCheck {
	const keyring = new Keyring(clients);
	const limits = new Map(Object.entries(clients).map(([name, { requestsPerMinute }]) => [name, requestsPerMinute]));
	const limitOf = ({ client = '' }: FastifyRequest) => limits.get(client) ?? Number.POSITIVE_INFINITY;
	const wrongKeys = new WrongKeys(server);
	let countRequest: ReturnType<FastifyInstance['createRateLimit']> | undefined;

	return async (request, reply) => {
		const { headers } = request;
		refuseTwoKeys(request.raw);
		const key = callerKey(headers);
		request.client = key === undefined ? undefined : keyring.ownerOf(key);
		if (request.client === undefined) {
			if (key !== undefined) await wrongKeys.add(request);
			throw key === undefined ? noKey() : wrongKey(keyHeaders(headers));
		}
		if (!Number.isFinite(limitOf(request))) return;

		// The plugin is there only once the server is ready.
		countRequest ??= server.createRateLimit({
			max: limitOf,
			timeWindow: WINDOW_MS,
			keyGenerator: ({ client = '' }) => client,
		});
		const count = await countRequest(request);
		if (count.isAllowed) return;
		// On the bare response: the answers of providers are written past Fastify.
		reply.raw.setHeader('x-ratelimit-limit', count.max);
		reply.raw.setHeader('x-ratelimit-remaining', count.remaining);
		reply.raw.setHeader('x-ratelimit-reset', count.ttlInSeconds);
		if (count.isExceeded) throw tooOften(request.client, count.max, count.ttlInSeconds);
	};
}

function noKey(): Refusal {
	return unauthorized('This request has no API key');
}

/** @param headers those with a key, the one that counted first */
function wrongKey([counted, ...others]: readonly string[]): Refusal {
	const ignored =
		others.length === 0 ? '' : ` What is in ${others.join(' and ')} was not looked at: ${counted} counts first.`;
	return unauthorized(`The API key in ${counted} is not one of those given out`, ignored);
}

function unauthorized(what: string, more = ''): Refusal {
	const message = `${what}; send one of server.clients as Authorization: Bearer KEY, x-api-key or api-key.${more}`;
	return new Refusal('invalid_api_key', message, { headers: { 'www-authenticate': 'Bearer' } });
}

function tooOften(client: string, max: number, seconds: number): Refusal {
	const message = `The client '${client}' may make ${max} requests a minute (server.clients); try again in ${seconds} s.`;
	return new Refusal('client_rate_limited', message, { headers: { 'retry-after': String(seconds) } });
}
