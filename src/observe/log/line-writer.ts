import { write, writeSync } from 'node:fs';

/** What is gathered before it is written: a system call for every line costs more than the line. Characters. */
const GATHERED_LENGTH = 8192;
const GATHERED_MS = 200;

/** Lines that wait for a reader or for room on a disk are dropped past this, before they fill the memory. Characters. */
export const MOST_WAITING_LENGTH = 4 * 1024 ** 2;

/** How soon a pipe that is full is tried again, ms. */
const BLOCKED_RETRY_MS = 100;
/** How soon a write that failed is tried again, ms. */
const FAILED_RETRY_MS = 1000;
/** How long a flush waits for a reader, ms. */
const FLUSH_MS = 1000;
const LINE_BREAK = 10;

export interface LineWriterEvents {
	/** The first failure since a write succeeded: the error's code, `EAGAIN` when the reader does not read and lines were lost. */
	onBroken(code: string): void;
	/** All that waits is written again; `lost` lines were dropped meanwhile, and never will be. */
	onMended(lost: number): void;
	/** So many lines were dropped. */
	onLost(lines: number): void;
}

/**
 * Writes lines to a file descriptor without ever throwing, emitting an error, or waiting for its reader: an error of the log that
 * became a line of the log would go round for ever. Lines wait in memory, up to a bound, while nobody reads or a disk is full.
 *
 * The descriptor must not block (`O_NONBLOCK`, where it is a pipe or a socket): a thread that is stuck in a write holds up the
 * end of the process.
 */
export class LineWriter {
	readonly #descriptor: number;
	readonly #events: LineWriterEvents;
	readonly #gatheredLength: number;
	/** Not yet handed to the system, whole lines. */
	#waiting = '';
	#waitingLines = 0;
	/** What a write left over, to be written before anything else. */
	#rest: Buffer | undefined;
	/** Whether a write is on its way; its bytes are in `#rest` until then. */
	#isWriting = false;
	#retry: NodeJS.Timeout | undefined;
	#isBroken = false;
	#lost = 0;
	#flushes: (() => void)[] = [];

	/** @param gatheredLength how much is gathered before it is written, characters; for at most 200 ms */
	constructor(descriptor: number, events: LineWriterEvents, gatheredLength = GATHERED_LENGTH) {
		this.#descriptor = descriptor;
		this.#events = events;
		this.#gatheredLength = gatheredLength;
		setInterval(() => this.#writeOut(), GATHERED_MS).unref();
	}

	/** @param line with its line break */
	write(line: string): void {
		if (this.#waiting.length + line.length > MOST_WAITING_LENGTH) {
			this.#lose(1);
			this.#break('EAGAIN');
			return;
		}
		this.#waiting += line;
		this.#waitingLines += 1;
		if (this.#waiting.length >= this.#gatheredLength) this.#writeOut();
	}

	/** Calls back when every line is written, when a write has failed, or when its reader has not read for a second. */
	flush(done: () => void): void {
		const overdue = setTimeout(() => this.#flushed(), FLUSH_MS);
		this.#flushes.push(() => {
			clearTimeout(overdue);
			done();
		});
		this.#writeOut();
	}

	/** Writes what can be written at once, for a process that is about to end. */
	flushNow(): void {
		// The bytes of a write on its way would come out twice.
		const parts = [...(this.#isWriting || this.#rest === undefined ? [] : [this.#rest]), Buffer.from(this.#waiting)];
		this.#rest = undefined;
		this.#waiting = '';
		try {
			for (let bytes = Buffer.concat(parts); bytes.length > 0; ) {
				bytes = bytes.subarray(writeSync(this.#descriptor, bytes));
			}
		} catch {
			// A process that ends has nobody left to tell.
		}
	}

	#writeOut(): void {
		if (this.#isWriting || this.#retry !== undefined) return;
		if (this.#rest === undefined) {
			if (this.#waiting === '') {
				this.#flushed();
				return;
			}
			this.#rest = Buffer.from(this.#waiting);
			this.#waiting = '';
			this.#waitingLines = 0;
		}
		this.#isWriting = true;
		write(this.#descriptor, this.#rest, (error, written) => {
			this.#isWriting = false;
			if (error === null) this.#wrote(written);
			else this.#failed(error.code ?? error.name);
		});
	}

	#wrote(bytes: number): void {
		const rest = this.#rest?.subarray(bytes);
		this.#rest = rest?.length === 0 ? undefined : rest;
		const isBehind = this.#rest !== undefined || this.#waiting.length >= GATHERED_LENGTH;
		if (this.#isBroken && !isBehind) {
			const lost = this.#lost;
			this.#isBroken = false;
			this.#lost = 0;
			this.#events.onMended(lost);
		}
		const isDue = this.#waiting.length > 0 && this.#waiting.length >= this.#gatheredLength;
		if (isBehind || isDue || this.#flushes.length > 0) this.#writeOut();
	}

	#failed(code: string): void {
		const isBlocked = code === 'EAGAIN' || code === 'EBUSY';
		// Nobody will ever read what was meant for a reader that has gone.
		if (code === 'EPIPE') this.#loseAll();
		if (!isBlocked) {
			this.#break(code);
			this.#flushed();
		}
		this.#retry = setTimeout(
			() => {
				this.#retry = undefined;
				this.#writeOut();
			},
			isBlocked ? BLOCKED_RETRY_MS : FAILED_RETRY_MS,
		).unref();
	}

	#break(code: string): void {
		if (this.#isBroken) return;
		this.#isBroken = true;
		this.#events.onBroken(code);
	}

	#lose(lines: number): void {
		this.#lost += lines;
		this.#events.onLost(lines);
	}

	#loseAll(): void {
		const inRest = this.#rest?.reduce((lines, byte) => lines + (byte === LINE_BREAK ? 1 : 0), 0) ?? 0;
		const lines = inRest + this.#waitingLines;
		this.#rest = undefined;
		this.#waiting = '';
		this.#waitingLines = 0;
		if (lines > 0) this.#lose(lines);
	}

	#flushed(): void {
		const flushes = this.#flushes;
		this.#flushes = [];
		for (const done of flushes) done();
	}
}
