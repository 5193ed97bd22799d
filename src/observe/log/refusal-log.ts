import type { RefusedCall } from '../../contract/observer.ts';

/** The part of a log that is needed here. */
interface Lines {
	info(line: object, text: string): void;
	warn(line: object, text: string): void;
}

/** How many refused requests have a line of their own in each window, ms. */
export const refusalLogLimits = { lines: 20, windowMs: 10_000 };

/** What somebody should look at: a wrong key, and a caller that comes too often. */
const worrying = [401, 429];

/**
 * Writes one line for each refused request, and one for all that are too many: whoever sends refused requests, which cost
 * nothing, must not be able to fill a disk with them, nor to drown the other lines.
 */
export class RefusalLog {
	readonly #log: Lines;
	#lines = 0;
	/** How many had no line, by their codes. */
	#withoutLine: Record<string, number> = {};
	#window: NodeJS.Timeout | undefined;

	constructor(log: Lines) {
		this.#log = log;
	}

	add({ id, code, status, client, address }: RefusedCall): void {
		// Faults of Breakwater itself have a line that says more.
		if (code === 'internal_error') return;
		this.#window ??= setTimeout(() => this.#endWindow(), refusalLogLimits.windowMs).unref();
		if (this.#lines === refusalLogLimits.lines) {
			this.#withoutLine[code] = (this.#withoutLine[code] ?? 0) + 1;
			return;
		}
		this.#lines += 1;
		this.#write(worrying.includes(status), { requestId: id, code, status, client, address }, `refused: ${code}`);
	}

	#endWindow(): void {
		const codes = this.#withoutLine;
		this.#window = undefined;
		this.#withoutLine = {};
		this.#lines = 0;
		const refused = Object.values(codes).reduce((sum, count) => sum + count, 0);
		if (refused === 0) return;
		const text = `${refused} more requests were refused in the last ${refusalLogLimits.windowMs / 1000} s`;
		this.#log.warn({ refused, codes }, text);
	}

	#write(isWorrying: boolean, line: object, text: string): void {
		if (isWorrying) this.#log.warn(line, text);
		else this.#log.info(line, text);
	}
}
