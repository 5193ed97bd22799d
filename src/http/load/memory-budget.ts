import { getHeapStatistics } from 'node:v8';
import type { ShedReason } from '../../contract/load-figures.ts';
import type { MemoryShare } from '../../contract/memory-share.ts';
import type { CallerShares, CallerUse } from './caller-shares.ts';

/**
 * A body is there about this often until it is read and sent on: the pieces that came, all of them together, their text, what is
 * parsed of it, and the text that is sent on with its bytes.
 */
export const READ_COPIES = 6;

/** From then on it is held this often: as its text, as the text that was sent on, and as the bytes of that. */
export const BODY_COPIES = 3;

/** Two of these are texts, which V8 holds in two bytes a character where one of them is not ASCII. */
const TEXT_COPIES = 2;
const WIDE_CHARACTER = 2;

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

/** This share of the limit is left to all others where one request has the rest, or more. */
const RESERVE_SHARE = 1 / 8;

/** The memory of all requests in flight: a count of bytes, and no bytes. */
export class MemoryBudget {
	readonly limit: number;
	readonly #most: number;
	readonly #reserve: number;
	#used = 0;
	/** What the one request holds that has more than all but the reserve; 0 where there is none. */
	#largest = 0;

	/**
	 * @param limit bytes that requests may hold together
	 * @param heap bytes that the heap has for them: more is never held, whoever asks
	 */
	constructor(limit: number, heap: number) {
		this.limit = Math.min(limit, heap);
		this.#most = heap;
		this.#reserve = this.limit * RESERVE_SHARE;
	}

	get used(): number {
		return this.#used;
	}

	/**
	 * One request holds more, or less, than it did. While the others hold no more than the reserve, one may go beyond the limit of
	 * all, as far as the heap allows: the limits of one body and of one answer are what they say, whatever the limit of all. The
	 * others keep the reserve meanwhile: one large request must not shut all small ones out.
	 * @returns false when it is too much; then nothing has changed
	 */
	change(before: number, after: number): boolean {
		const others = this.#used - before;
		const largest = this.#isLarge(before) ? 0 : this.#largest;
		if (after > before && !this.#hasRoom(after, others, largest)) return false;
		this.#used = others + after;
		this.#largest = this.#isLarge(after) ? after : largest;
		return true;
	}

	/** @param largest what another one of the others holds that is large */
	#hasRoom(after: number, others: number, largest: number): boolean {
		if (this.#isLarge(after)) return others <= this.#reserve && others + after <= this.#most;
		return others - largest + after <= (largest > 0 ? this.#reserve : this.limit);
	}

	#isLarge(bytes: number): boolean {
		return bytes > this.limit - this.#reserve;
	}
}

/** What one request holds. It is given back as a whole, when its response is over: until then a slow client keeps it. */
export class RequestShare implements MemoryShare {
	/** Whose it is, where callers have keys. */
	readonly caller: CallerUse | undefined;
	readonly #budget: MemoryBudget;
	readonly #callers: CallerShares;
	readonly #onShed: (reason: ShedReason) => void;
	/** The most that it has held at once, bytes. */
	most = 0;
	#body = 0;
	#answer = 0;

	/** @param onShed called when a body or an answer is not given the room that it needs, with why */
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
	 * @param bytes of its body that have come, or are to come, and what is decoded of them
	 * @returns why it cannot have the room for them; undefined when it has it
	 */
	holdBody(bytes: number): ShedReason | undefined {
		return this.#holdBody(bytes * READ_COPIES);
	}

	/**
	 * Its body is whole.
	 * @param bytes of it
	 * @param characters of its text: fewer than bytes where they are not all ASCII
	 * @returns why it cannot have the room for them; undefined when it has it
	 */
	holdText(bytes: number, characters: number): ShedReason | undefined {
		if (characters === bytes) return this.#holdBody(bytes * BODY_COPIES);
		return this.#holdBody(bytes * (BODY_COPIES - TEXT_COPIES) + characters * TEXT_COPIES * WIDE_CHARACTER);
	}

	holdAnswer(bytes: number): boolean {
		if (bytes === this.#answer) return true;
		if (this.#change(this.#body + bytes) !== undefined) return false;
		this.#answer = bytes;
		return true;
	}

	release(): void {
		this.#change(0);
		this.#body = 0;
		this.#answer = 0;
	}

	#holdBody(weight: number): ShedReason | undefined {
		const reason = this.#change(weight + this.#answer);
		if (reason === undefined) this.#body = weight;
		// It is turned away, and what has come of it is thrown away: it must not keep room from others until its client is told.
		else this.release();
		return reason;
	}

	#change(after: number): ShedReason | undefined {
		const before = this.#body + this.#answer;
		const reason = this.#reasonAgainst(before, after);
		if (after > this.most) this.most = after;
		if (reason !== undefined) this.#onShed(reason);
		else if (this.caller !== undefined) this.caller.bytes += after - before;
		return reason;
	}

	#reasonAgainst(before: number, after: number): ShedReason | undefined {
		if (this.#isUnfair(before, after)) return 'caller_share';
		return this.#budget.change(before, after) ? undefined : 'memory';
	}

	/** What is alone in the memory takes nothing from anybody, whoever else is there. */
	#isUnfair(before: number, after: number): boolean {
		const { used, limit } = this.#budget;
		if (this.caller === undefined || after <= before || used === before) return false;
		return this.#callers.hasAllBytes(this.caller, after - before, used, limit);
	}
}
