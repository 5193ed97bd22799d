import type { errors, Pool } from 'undici';

/** How long connections are not kept after bytes came that belong to no answer, ms. */
export const DISTRUST_MS = 10 * 60_000;

/**
 * Whether a request may go out on a connection of an origin that has carried another one. undici ends a connection on which
 * bytes come while no request is open, and believes none of them. Bytes that come a moment later, behind the next request,
 * would be its answer, and look like one: an origin that has once sent more than it was asked for gets a new connection for
 * each request, so that it can answer nobody but whom it was asked by.
 */
export class Trust {
	#deniedUntil = 0;

	/** @param onSurplus called for each connection that ends so, with whether trust was given until then */
	constructor(pool: Pool, onSurplus: (wasTrusted: boolean) => void) {
		pool.on('disconnect', (_origin, _path, error) => {
			if (!isSurplus(error)) return;
			const wasTrusted = this.isGiven;
			this.#deniedUntil = performance.now() + DISTRUST_MS;
			onSurplus(wasTrusted);
		});
	}

	get isGiven(): boolean {
		return this.#deniedUntil === 0 || performance.now() >= this.#deniedUntil;
	}
}

/** What undici ends a connection with when anything begins on it that nobody waits for. */
function isSurplus({ code, message }: errors.UndiciError): boolean {
	return code === 'UND_ERR_SOCKET' && message === 'bad response';
}
