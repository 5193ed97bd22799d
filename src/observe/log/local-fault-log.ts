/** The part of a log that is needed here. */
interface Lines {
	error(line: object, text: string): void;
}

/** How long one line stands for all faults of this machine, ms. */
export const LOCAL_FAULT_WINDOW_MS = 10_000;

/**
 * Says that this machine has run out of something: at once, and then once in each window with how often it was met. When
 * descriptors are out, every request meets it, and a line for each would take the disk as well.
 */
export class LocalFaultLog {
	readonly #log: Lines;
	/** Those since the last line. */
	#count = 0;
	#last = '';
	#window: NodeJS.Timeout | undefined;

	constructor(log: Lines) {
		this.#log = log;
	}

	/** @param what a sentence with the code of the error */
	add(what: string): void {
		this.#last = what;
		this.#count += 1;
		if (this.#window === undefined) this.#write();
	}

	#write(): void {
		const faults = this.#count;
		this.#count = 0;
		const advice =
			'no provider is to blame; raise the limits of the process (ulimit -n), or send fewer requests at once';
		this.#log.error({ faults, what: this.#last }, `this machine keeps attempts from being made: ${advice}`);
		this.#window = setTimeout(() => this.#endWindow(), LOCAL_FAULT_WINDOW_MS).unref();
	}

	#endWindow(): void {
		this.#window = undefined;
		if (this.#count > 0) this.#write();
	}
}
