import { closeSync, constants, openSync, readSync } from 'node:fs';

/** How long a pipe may take to be written, as `--config <(command)` is, ms. */
const LONGEST_WAIT_MS = 5000;
const WAIT_MS = 10;
const PIECE_BYTES = 65_536;

/** The code of the error when a file is longer than it may be, and when a pipe is not written in time. */
export const FILE_TOO_LARGE = 'EFBIG';
export const PIPE_TOO_SLOW = 'ETIMEDOUT';

/**
 * Reads a file of at most so many bytes. Unlike `readFileSync` it also ends on a device or a pipe that never does.
 * @throws the error of the system, or one with the code `EFBIG` or `ETIMEDOUT`
 */
export function readBounded(file: string, mostBytes: number): Buffer {
	const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
	try {
		const pieces: Buffer[] = [];
		let bytes = 0;
		let waitedMs = 0;
		for (;;) {
			const piece = Buffer.allocUnsafe(PIECE_BYTES);
			const count = readNow(descriptor, piece);
			if (count === 0) return Buffer.concat(pieces);
			if (count === undefined) {
				if (waitedMs >= LONGEST_WAIT_MS) throw coded(PIPE_TOO_SLOW, `nothing came for ${LONGEST_WAIT_MS} ms`);
				sleep(WAIT_MS);
				waitedMs += WAIT_MS;
				continue;
			}
			pieces.push(piece.subarray(0, count));
			bytes += count;
			if (bytes > mostBytes) throw coded(FILE_TOO_LARGE, `longer than ${mostBytes} bytes`);
		}
	} finally {
		closeSync(descriptor);
	}
}

/** @returns undefined when a pipe has nothing yet */
function readNow(descriptor: number, piece: Buffer): number | undefined {
	try {
		return readSync(descriptor, piece);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
		throw error;
	}
}

function coded(code: string, message: string): NodeJS.ErrnoException {
	return Object.assign(new Error(message), { code });
}

function sleep(ms: number): void {
	Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
