import { isApiKey } from '../config/key-schema.ts';

/** What one fetch of a key brought. */
export interface FetchedKey {
	readonly key: string;
	/** How long it lives from now on, ms; undefined where nobody says. */
	readonly lifeMs?: number | undefined;
	/** What is odd about its life, as the rest of a sentence that begins with where it came from. */
	readonly doubt?: string | undefined;
}

/** Where a key is fetched. */
export interface KeyFetcher {
	/** @throws Unfetched, or anything once the signal is aborted */
	fetch(signal: AbortSignal): Promise<FetchedKey>;
	/** Ends the connections that it keeps. */
	close?(): Promise<void>;
}

/** No key could be fetched. Its message is a clause that quotes nothing of what came: `the command printed 2 lines`. */
export class Unfetched extends Error {}

/** More is no key, bytes. */
export const MOST_KEY_BYTES = 65_536;

/**
 * @param whose the beginning of a clause: `the command printed`
 * @returns the text, where it is UTF-8
 * @throws Unfetched
 */
export function decodedText(bytes: Uint8Array, whose: string): string {
	if (bytes.length > MOST_KEY_BYTES) throw new Unfetched(`${whose} more than 64 kB, which is no key`);
	try {
		return new TextDecoder('utf-8', { fatal: true }).decode(bytes).trim();
	} catch {
		throw new Unfetched(`${whose} bytes that are not UTF-8 text`);
	}
}

/**
 * @param text without space around it
 * @param whose the beginning of a clause: `the file holds`
 * @returns the key that is all of the text
 * @throws Unfetched
 */
export function keyIn(text: string, whose: string): string {
	if (text === '') throw new Unfetched(`${whose} nothing`);
	const lines = text.split(/\r\n|\r|\n/).length;
	if (lines > 1) throw new Unfetched(`${whose} ${lines} lines, where a key is one`);
	if (!isApiKey(text)) throw new Unfetched(`${whose} characters that no HTTP header can carry, such as a space`);
	return text;
}
