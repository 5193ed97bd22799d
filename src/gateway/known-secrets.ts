import { everyKeyLike, keyLike, LONGEST_LOOKED_FOR, type Redact, secretPattern } from './redact.ts';

/** Keys of one credential that are remembered: of one that is renewed every hour, those of four days. */
export const KEYS_REMEMBERED = 100;

/** A secret that became known later. */
interface Later {
	readonly secret: string;
	/** Undefined for one that is too short to be looked for. */
	readonly pattern: RegExp | undefined;
	/** No text that is shorter can hold it, in whatever way it is written; characters. */
	readonly shortest: number;
}

/**
 * Every secret of a process: those of its configuration, and the keys that it fetches while it runs, which are looked for also
 * when they are no longer used, the last hundred of each credential.
 */
export class KnownSecrets {
	readonly #configured: RegExp | undefined;
	/** The same, to be looked for once. */
	readonly #search: RegExp | undefined;
	/** By whose they are, the oldest first. */
	readonly #later = new Map<string, Later[]>();
	/** All of them. */
	#all: readonly Later[] = [];

	/** @param configured ones shorter than 4 characters are let be */
	constructor(configured: readonly string[]) {
		this.#configured = secretPattern(configured);
		this.#search = this.#configured && new RegExp(this.#configured.source);
	}

	/** @param owner whose it is: the id of a credential */
	add(owner: string, secret: string): void {
		const known = this.#later.get(owner) ?? [];
		const others = known.filter((other) => other.secret !== secret);
		const pattern = secretPattern([secret]);
		const added = { secret, pattern, shortest: Math.min(secret.length, LONGEST_LOOKED_FOR) };
		// Now, and not in the midst of the first text: an expression is made ready when it is first used.
		if (pattern !== undefined) secret.search(pattern);
		this.#later.set(owner, [...others, added].slice(-KEYS_REMEMBERED));
		this.#all = [...this.#later.values()].flat();
	}

	/** Takes every secret, and whatever looks like a key, out of a text. */
	readonly redact: Redact = (text) => {
		const found = this.#all.filter((later) => holds(text, later)).flatMap(({ pattern }) => pattern ?? []);
		const patterns = this.#configured === undefined ? found : [this.#configured, ...found];
		return cut(text, patterns).replace(everyKeyLike, '[redacted]');
	};

	/** Whether `redact` would take anything out. Texts of every healthy answer are asked about, so it replaces nothing. */
	readonly hasSecret = (text: string): boolean =>
		this.#search?.test(text) || keyLike.test(text) || this.#all.some((later) => holds(text, later));
}

function holds(text: string, { pattern, shortest }: Later): boolean {
	return pattern !== undefined && text.length >= shortest && text.search(pattern) !== -1;
}

/** What one secret leaves of another must not stay: all are found in the text as it came. */
function cut(text: string, patterns: readonly RegExp[]): string {
	const [only] = patterns;
	if (only === undefined) return text;
	if (patterns.length === 1) return text.replace(only, '[redacted]');
	const spans = patterns
		.flatMap((pattern) =>
			[...text.matchAll(pattern)].map(({ 0: { length }, index }) => ({ from: index, to: index + length })),
		)
		.sort((a, b) => a.from - b.from);
	let left = '';
	let end = 0;
	for (const { from, to } of spans) {
		if (from >= end) left += `${text.slice(end, from)}[redacted]`;
		end = Math.max(end, to);
	}
	return left + text.slice(end);
}
