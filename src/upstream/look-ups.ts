import { type LookupAddress, type LookupOptions, lookup as systemLookUp } from 'node:dns';
import { closeSync, openSync } from 'node:fs';
import type { LookupFunction } from 'node:net';
import { devNull } from 'node:os';
import type { LookUpTrouble } from '../contract/observer.ts';

/** How long what the system said of a name is taken without asking again, ms. */
const FRESH_MS = 30_000;

/** How long it is taken while it is asked again, ms after it was said. */
const SERVED_MS = 5 * 60_000;

/** How long it is taken where the system does not answer any more, ms after it was said. */
const KEPT_MS = 60 * 60_000;

/** How long a look-up is waited for where an older answer could do, ms. */
const PATIENCE_MS = 1_000;

/** How soon the system is asked again after it failed, where an older answer does, ms. */
const RETRY_MS = 5_000;

/** How long after a descriptor was lacking a failed look-up is put down to that, ms. */
const SHORTAGE_MS = 1_000;

/** How long a look-up may take before it counts as late, ms: resolvers ask the next server after as much. */
const LATE_MS = 5_000;

/** Asks the system, as `dns.lookup` does: what it says holds for /etc/hosts and mDNS, too. */
export type AskSystem = (
	hostname: string,
	options: LookupOptions & { all: true },
	callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export interface LookUpOptions {
	/** The resolver; default: that of the system. */
	ask?: AskSystem;
	/** ms, by a clock that never goes back. */
	now?: () => number;
	/** Called for each look-up that fails, and for each that is late. */
	onTrouble?: (trouble: LookUpTrouble) => void;
}

type Callback = Parameters<LookupFunction>[2];

interface Waiting {
	readonly all: boolean;
	readonly callback: Callback;
}

interface Name {
	/** The last answer, never empty; undefined before the first one, and once the name has ceased to exist. */
	addresses: readonly LookupAddress[] | undefined;
	saidAt: number;
	/** Until when it is taken without asking. */
	freshUntil: number;
	/** Until when it is taken while it is asked for again. */
	servedUntil: number;
	isAsked: boolean;
	waiting: Waiting[];
	/** Runs while somebody waits who can do with the older answer. */
	patience: NodeJS.Timeout | undefined;
}

/**
 * Names and their addresses, through the system's resolver, which has a few threads only: each name has one look-up at a
 * time, or requests to one whose servers are silent would take all threads, and keep every other name from being found.
 */
export class LookUps {
	readonly #ask: AskSystem;
	readonly #now: () => number;
	readonly #onTrouble: (trouble: LookUpTrouble) => void;
	/** As many as there are in the configuration. */
	readonly #names = new Map<string, Name>();
	#shortageAt = Number.NEGATIVE_INFINITY;

	constructor({ ask = systemLookUp, now = () => performance.now(), onTrouble = () => {} }: LookUpOptions = {}) {
		this.#ask = ask;
		this.#now = now;
		this.#onTrouble = onTrouble;
	}

	/** The `lookup` of `net.connect`. It calls back before it returns where the name is known. */
	readonly find: LookupFunction = (hostname, options, callback) => {
		const key = `${hostname} ${options.family ?? 0} ${options.hints ?? 0}`;
		const name = this.#names.get(key) ?? newName();
		this.#names.set(key, name);
		const now = this.#now();
		const { all = false } = options;
		const isServed = name.addresses !== undefined && now < name.servedUntil;
		if (!isServed) name.waiting.push({ all, callback });
		if (now >= name.freshUntil && !name.isAsked) this.#askAgain(name, hostname, options);
		if (isServed) answer({ all, callback }, name.addresses ?? []);
		else if (name.isAsked && isKept(name, now)) {
			// A resolver that is silent must not make an address of no use that was right a moment ago.
			name.patience ??= setTimeout(() => this.#settle(name), PATIENCE_MS).unref();
		}
	};

	/**
	 * No connection came about: the name may have moved, so that the next one looks it up. What is known of it is kept for
	 * where that fails.
	 */
	noteFailedConnection(hostname: string, error: Error): void {
		if (isShortage(error)) {
			this.#shortageAt = this.#now();
			return;
		}
		for (const [key, name] of this.#names) if (key.startsWith(`${hostname} `)) name.freshUntil = name.servedUntil = 0;
	}

	#askAgain(name: Name, hostname: string, { family = 0, hints = 0 }: LookupOptions): void {
		name.isAsked = true;
		const lateness = setTimeout(() => this.#onTrouble('late'), LATE_MS).unref();
		this.#ask(hostname, { family, hints, all: true }, (error, addresses) => {
			clearTimeout(lateness);
			const now = this.#now();
			name.isAsked = false;
			if (error === null && addresses.length > 0) {
				name.addresses = addresses;
				name.saidAt = now;
				name.freshUntil = now + FRESH_MS;
				name.servedUntil = now + SERVED_MS;
				this.#settle(name);
				return;
			}
			this.#onTrouble('failed');
			const cause = this.#causeOf(error ?? notFound(hostname), hostname);
			// The system knows that there is no such name: whoever has its address now is somebody else.
			if (cause.code === 'ENOTFOUND') name.addresses = undefined;
			else if (isKept(name, now)) name.freshUntil = name.servedUntil = Math.min(now + RETRY_MS, name.saidAt + KEPT_MS);
			this.#settle(name, isKept(name, now) ? undefined : cause);
		});
	}

	/** Resolvers that cannot open the hosts file or a socket say that there is no such name, or to try again. */
	#causeOf(error: NodeJS.ErrnoException, hostname: string): NodeJS.ErrnoException {
		const lacking = descriptorsLacking();
		if (lacking === undefined && this.#now() - this.#shortageAt > SHORTAGE_MS) return error;
		const { code = 'EMFILE' } = lacking ?? {};
		return Object.assign(new Error(`no file descriptor for a look-up: ${code}`, { cause: error }), { code, hostname });
	}

	/** @param error why nothing is known of it; default: something is */
	#settle(name: Name, error?: NodeJS.ErrnoException): void {
		clearTimeout(name.patience);
		name.patience = undefined;
		for (const waiting of name.waiting.splice(0)) {
			if (error === undefined) answer(waiting, name.addresses ?? []);
			else waiting.callback(error, []);
		}
	}
}

function newName(): Name {
	const never = { addresses: undefined, saidAt: 0, freshUntil: 0, servedUntil: 0 };
	return { ...never, isAsked: false, waiting: [], patience: undefined };
}

function isKept({ addresses, saidAt }: Name, now: number): boolean {
	return addresses !== undefined && now < saidAt + KEPT_MS;
}

function answer({ all, callback }: Waiting, addresses: readonly LookupAddress[]): void {
	const [first] = addresses;
	if (all || first === undefined) callback(null, [...addresses]);
	else callback(null, first.address, first.family);
}

function notFound(hostname: string): NodeJS.ErrnoException {
	return Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND', hostname });
}

function isShortage(error: unknown): boolean {
	const { code = '' } = error as NodeJS.ErrnoException;
	return code === 'EMFILE' || code === 'ENFILE';
}

/** @returns why no file can be opened now; undefined where one can */
function descriptorsLacking(): NodeJS.ErrnoException | undefined {
	try {
		closeSync(openSync(devNull, 'r'));
		return undefined;
	} catch (error) {
		return isShortage(error) ? (error as NodeJS.ErrnoException) : undefined;
	}
}
