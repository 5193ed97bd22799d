import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Refusal } from '../../contract/refusal.ts';

/** Knows whose a key is, and keeps no key: only hashes. */
export class Keyring {
	readonly #hashes: readonly { owner: string; digest: Buffer }[];

	/** @param owners by name, each with its keys */
	constructor(owners: Readonly<Record<string, { readonly key: readonly string[] }>>) {
		this.#hashes = Object.entries(owners).flatMap(([owner, { key }]) =>
			key.map((one) => ({ owner, digest: digestOf(one) })),
		);
	}

	/** Compares with every key, whichever it is, so that the time it takes tells nothing. */
	ownerOf(key: string): string | undefined {
		const given = digestOf(key);
		let found: string | undefined;
		for (const { owner, digest } of this.#hashes) {
			if (timingSafeEqual(digest, given)) found = owner;
		}
		return found;
	}
}

/** The key of `Authorization: Bearer KEY`. */
export function bearerKey({ authorization = '' }: IncomingHttpHeaders): string | undefined {
	return /^Bearer +(\S+)$/i.exec(authorization)?.[1];
}

/**
 * The key of a caller, wherever its client puts it: `Authorization: Bearer KEY`, or the key alone there, `x-api-key` as
 * Anthropic's clients send it, or `api-key` as Azure's do.
 */
export function callerKey(headers: IncomingHttpHeaders): string | undefined {
	const [other] = [headers['x-api-key'] ?? headers['api-key']].flat();
	return bearerKey(headers) ?? other ?? aloneIn(headers);
}

/** The key of `Authorization: KEY`. */
function aloneIn({ authorization = '' }: IncomingHttpHeaders): string | undefined {
	return /^[^\s,]+$/.exec(authorization)?.[0];
}

/** The headers in which a request has a key, the one that counts first. */
export function keyHeaders(headers: IncomingHttpHeaders): readonly string[] {
	const inOthers = ['x-api-key', 'api-key'].filter((name) => headers[name] !== undefined);
	if (bearerKey(headers) !== undefined) return ['Authorization', ...inOthers];
	return aloneIn(headers) === undefined ? inOthers : [...inOthers, 'Authorization'];
}

/**
 * Of two headers Node shows the first, and a proxy in front of Breakwater may have checked the other.
 * @throws Refusal when there is more than one `Authorization`
 */
export function refuseTwoKeys({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>): void {
	let count = 0;
	for (let index = 0; index < rawHeaders.length; index += 2) {
		if (rawHeaders[index]?.toLowerCase() === 'authorization') count += 1;
	}
	if (count < 2) return;
	throw new Refusal('invalid_request', 'There is more than one Authorization header; send one.', 'Authorization');
}

function digestOf(key: string): Buffer {
	return hash('sha256', key, 'buffer');
}
