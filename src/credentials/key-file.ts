import { open, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodedText, type FetchedKey, type KeyFetcher, keyIn, MOST_KEY_BYTES, Unfetched } from './fetched-key.ts';

/** How long a file may be empty while it is written, ms. */
const WRITTEN_IN_MS = 200;

/**
 * A file that holds a key and nothing else. It is opened by its name each time, so that it is found behind a link that now
 * leads elsewhere, as in Kubernetes, and where it was replaced, as agents do it.
 * @param file a path from the working directory
 * @param timeoutMs how long it may take to be read
 */
export function keyFile(file: string, timeoutMs: number): KeyFetcher {
	async function read(signal: AbortSignal): Promise<FetchedKey> {
		let text = await textOf(file);
		if (text === '') {
			// Whoever writes it in place empties it first.
			await sleep(WRITTEN_IN_MS, undefined, { signal, ref: false });
			text = await textOf(file);
		}
		return { key: keyIn(text, `the file ${file} holds`) };
	}

	return {
		fetch: (signal) => {
			const late = new Unfetched(`the file ${file} could not be read within ${timeoutMs / 1000} s`);
			return inTime(read(signal), timeoutMs, signal, late);
		},
	};
}

/** A file server that is gone lets nobody hear of it, and nothing ends a read from it. */
async function inTime<T>(work: Promise<T>, limitMs: number, signal: AbortSignal, late: Error): Promise<T> {
	const over = new AbortController();
	const limit = sleep(limitMs, undefined, { signal: AbortSignal.any([signal, over.signal]), ref: false });
	try {
		return await Promise.race([work, limit.then(() => Promise.reject(late))]);
	} finally {
		over.abort();
	}
}

/** @throws Unfetched */
async function textOf(file: string): Promise<string> {
	try {
		// A pipe, or a device, may never end; looking at it does.
		if (!(await stat(file)).isFile()) throw new Unfetched(`${file} is not a file`);
		const handle = await open(file);
		try {
			const { buffer, bytesRead } = await handle.read(Buffer.alloc(MOST_KEY_BYTES + 1), 0, MOST_KEY_BYTES + 1, 0);
			return decodedText(buffer.subarray(0, bytesRead), `the file ${file} holds`);
		} finally {
			await handle.close();
		}
	} catch (error) {
		if (error instanceof Unfetched) throw error;
		const { code = 'its name has a character that no file may have' } = error as NodeJS.ErrnoException;
		throw new Unfetched(
			code === 'ENOENT' ? `the file ${file} does not exist` : `the file ${file} cannot be read (${code})`,
		);
	}
}
