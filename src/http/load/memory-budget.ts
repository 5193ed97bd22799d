import { getHeapStatistics } from 'node:v8';
import type { ShedReason } from '../../contract/load-figures.ts';
import type { MemoryShare } from '../../contract/memory-share.ts';
import type { CallerShares, CallerUse } from './caller-shares.ts';

/** A body is held about this often at its peak: as it came, as its text, and as it is sent on. */
export const BODY_COPIES = 3;

/** How much of the heap requests may hold; the rest is for what is made of them on the way, and for everything else. */
const HEAP_SHARE = 1 / 4;

/** Half-spaces of the young generation where no flag says otherwise, and how many there are, in bytes: V8's default. */
const SEMI_SPACE = 64 * 1024 ** 2;
const SEMI_SPACES = 3;

/**
 * How much of this process's heap requests may hold, bytes. V8 tells the limit of old and young objects together: what is
 * held grows old, so that it has to fit into the old part alone (`--max-old-space-size`).
 * @param flags as they were given to Node
 */
export function heapForRequests(flags = nodeFlags(), heapLimit = getHeapStatistics().heap_size_limit): number {
	const oldSpace = megabytes(flags, 'max-old-space-size');
	const young = (megabytes(flags, 'max-semi-space-size') ?? SEMI_SPACE) * SEMI_SPACES;
	// A limit that leaves nothing for old objects was set by a flag that is not known here.
	return Math.floor((oldSpace ?? Math.max(heapLimit - young, heapLimit / 4)) * HEAP_SHARE);
}

function nodeFlags(): string {
	return [process.env.NODE_OPTIONS ?? '', ...process.execArgv].join(' ');
}

/** The last one counts, as it does for Node. */
function megabytes(flags: string, name: string): number | undefined {
	const [, value] = [...flags.matchAll(new RegExp(`--${name.replaceAll('-', '[-_]')}[= ](\\d+)`, 'g'))].at(-1) ?? [];
	return value === undefined ? undefined : Number(value) * 1024 ** 2;
}

/** The memory of all requests in flight: a count of bytes, and no bytes. */
export class MemoryBudget {
	readonly limit: number;
	readonly #most: number;
	#used = 0;

	/**
	 * @param limit bytes that requests may hold together
	 * @param heap bytes that the heap has for them: more is never held, whoever asks
	 */
	constructor(limit: number, heap: number) {
		this.limit = Math.min(limit, heap);
		this.#most = heap;
	}

	get used(): number {
		return this.#used;
	}

	/**
	 * One request holds more, or less, than it did. What is alone may go beyond the limit of all, as far as the heap allows: the
	 * limits of one body and of one answer are what they say, whatever the limit of all.
	 * @returns false when it is too much; then nothing has changed
	 */
	change(before: number, after: number): boolean {
		const others = this.#used - before;
		if (after > before && others + after > (others === 0 ? this.#most : this.limit)) return false;
		this.#used = others + after;
		return true;
	}
}

/** What one request holds. It is given back as a whole, when its response is over: until then a slow client keeps it. */
export class RequestShare implements MemoryShare {
	/** Whose it is, where callers have keys. */
	readonly caller: CallerUse | undefined;
	readonly #budget: MemoryBudget;
	readonly #callers: CallerShares;
	readonly #onShed: (reason: ShedReason) => void;
	#body = 0;
	#answer = 0;

	/** @param onShed called when an answer is not given the room that it needs */
	constructor(
		budget: MemoryBudget,
		callers: CallerShares,
		caller: CallerUse | undefined,
		onShed: (reason: ShedReason) => void,
	) {
		this.#budget = budget;
		this.#callers = callers;
		this.caller = caller;
		this.#onShed = onShed;
	}

	/**
	 * @param bytes of its body that have come, or are to come
	 * @returns why it cannot have the room for them; undefined when it has it
	 */
	holdBody(bytes: number): ShedReason | undefined {
		const weight = bytes * BODY_COPIES;
		const reason = this.#change(weight + this.#answer);
		if (reason === undefined) this.#body = weight;
		return reason;
	}

	holdAnswer(bytes: number): boolean {
		if (bytes === this.#answer) return true;
		const reason = this.#change(this.#body + bytes);
		if (reason === undefined) this.#answer = bytes;
		else this.#onShed(reason);
		return reason === undefined;
	}

	release(): void {
		this.#change(0);
		this.#body = 0;
		this.#answer = 0;
	}

	#change(after: number): ShedReason | undefined {
		const before = this.#body + this.#answer;
		if (this.#isUnfair(before, after)) return 'caller_share';
		if (!this.#budget.change(before, after)) return 'memory';
		if (this.caller !== undefined) this.caller.bytes += after - before;
		return undefined;
	}

	/** What is alone in the memory takes nothing from anybody, whoever else is there. */
	#isUnfair(before: number, after: number): boolean {
		const { used, limit } = this.#budget;
		if (this.caller === undefined || after <= before || used === before) return false;
		return this.#callers.hasAllBytes(this.caller, after - before, used, limit);
	}
}
