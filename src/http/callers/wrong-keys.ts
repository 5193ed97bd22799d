import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Refusal } from '../../contract/refusal.ts';

/** Wrong keys from one address that are answered as wrong, in each window (ms); more of them are answered with 429. */
const limit = { max: 10, timeWindow: 60_000 };

/**
 * Counts the wrong keys that come from each address, so that who guesses is slowed down and fills no log. Only wrong ones
 * are counted and refused: a limit that the right key met too would let anybody on a machine shut out everybody on it.
 */
export class WrongKeys {
	readonly #server: FastifyInstance;
	#count: ReturnType<FastifyInstance['createRateLimit']> | undefined;

	/** @param server with the rate limit plugin registered */
	constructor(server: FastifyInstance) {
		this.#server = server;
	}

	/**
	 * Counts one more, which has been compared with the right ones already.
	 * @throws Refusal from the eleventh in a minute on
	 */
	async add(request: FastifyRequest): Promise<void> {
		// The plugin is there only once the server is ready.
		this.#count ??= this.#server.createRateLimit(limit);
		const count = await this.#count(request);
		if (!count.isAllowed && count.isExceeded) throw tooManyWrongKeys(count.ttlInSeconds);
	}
}

function tooManyWrongKeys(seconds: number): Refusal {
	const message = `Too many wrong keys came from this address, this one too; send the right one, or try again in ${seconds} s.`;
	return new Refusal('too_many_wrong_keys', message, {
		// An SDK that tries again by itself would send the same key.
		headers: { 'retry-after': String(seconds), 'x-should-retry': 'false' },
	});
}
