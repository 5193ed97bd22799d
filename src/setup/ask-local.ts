import { Agent, request } from 'undici';
import { parseJson } from '../values/json.ts';
import type { OwnCertificate } from './own-certificate.ts';

/** What an HTTP server on this machine said, or why there is nothing. */
export type LocalAnswer =
	| { is: 'answer'; status: number; body: unknown }
	/** Nobody listens. */
	| { is: 'absent' }
	/** The connection stands, and no whole answer came in time. */
	| { is: 'hangs' }
	/** Something else than HTTP, or than JSON. */
	| { is: 'other' };

/** Lists of models and health pages are far smaller. */
const MOST_BYTES = 4_000_000;

/**
 * Asks a server for a JSON document, for a bounded time and size, and follows no redirect: it is a stranger.
 * @param timeoutMs for the whole exchange
 * @param tls what the connection is made with, where it is no stranger
 */
export async function askLocal(url: string, timeoutMs: number, tls?: OwnCertificate): Promise<LocalAnswer> {
	const signal = AbortSignal.timeout(timeoutMs);
	const dispatcher = tls && new Agent({ connect: { ...tls } });
	try {
		const { statusCode, body } = await request(url, {
			signal,
			reset: true,
			headers: { accept: 'application/json' },
			...(dispatcher && { dispatcher }),
		});
		return { is: 'answer', status: statusCode, body: await readJson(body) };
	} catch (error) {
		if (signal.aborted) return { is: 'hangs' };
		return { is: hasCode(error, 'ECONNREFUSED') ? 'absent' : 'other' };
	} finally {
		await dispatcher?.destroy();
	}
}

async function readJson(body: AsyncIterable<Uint8Array>): Promise<unknown> {
	const pieces: Uint8Array[] = [];
	let bytes = 0;
	for await (const piece of body) {
		bytes += piece.length;
		if (bytes > MOST_BYTES) throw new Error('the answer is too long');
		pieces.push(piece);
	}
	return parseJson(Buffer.concat(pieces).toString('utf8'));
}

/** A name such as localhost has several addresses, and the error of each is inside. */
function hasCode(error: unknown, code: string): boolean {
	if (!(error instanceof Error)) return false;
	if ('code' in error && error.code === code) return true;
	if (error instanceof AggregateError) return error.errors.every((one) => hasCode(one, code));
	return hasCode(error.cause, code);
}
