/**
 * @typedef {import('../messages.ts').Snapshot} Snapshot
 * @typedef {import('../messages.ts').Changes} Changes
 * @typedef {import('../messages.ts').ProviderView} ProviderView
 * @typedef {import('../messages.ts').CallView} CallView
 * @typedef {import('../messages.ts').Mark} Mark
 */

/** Requests that the page keeps; older ones go. */
const mostCalls = 250;
const mostMarks = 30;
const mostSpans = 600;

/** What the page knows of the server: a snapshot, and what has changed since. */
export class Store {
	/** @type {Snapshot | undefined} */
	#snapshot;
	/** @type {Map<number, CallView>} */
	#calls = new Map();
	/** The server's clock less this browser's, ms. */
	#offset = 0;
	#lastHeard = 0;

	/** @returns {Snapshot | undefined} undefined until the first snapshot has come */
	get snapshot() {
		return this.#snapshot;
	}

	/** The server's time, ms since the epoch. */
	get now() {
		return Date.now() + this.#offset;
	}

	/** When the server last said something, by its own clock. */
	get lastHeard() {
		return this.#lastHeard;
	}

	/** Requests, newest first. */
	get calls() {
		return [...this.#calls.values()].sort((a, b) => b.key - a.key);
	}

	/** @param {Snapshot} snapshot */
	begin(snapshot) {
		this.#snapshot = snapshot;
		this.#hear(snapshot.now);
		this.#calls = new Map(snapshot.calls.map((call) => [call.key, call]));
	}

	/**
	 * @param {Changes} changes
	 * @returns {{ id: string, mark: Mark }[]} what happened to providers
	 */
	apply(changes) {
		if (this.#snapshot === undefined) return [];
		this.#hear(changes.now);
		const { health = {}, marks = [], unservable, traffic, load, waiting } = changes;
		const providers = this.#snapshot.providers.map((provider) => {
			const own = marks.filter(({ id }) => id === provider.id).map(({ mark }) => mark);
			// A provider may be called `constructor`, which every object seems to have.
			const told = Object.hasOwn(health, provider.id) ? health[provider.id] : undefined;
			return own.length === 0 && told === undefined ? provider : grown(provider, told, own);
		});
		this.#snapshot = {
			...this.#snapshot,
			providers,
			unservable: unservable ?? this.#snapshot.unservable,
			traffic: traffic ?? this.#snapshot.traffic,
			load: load ?? this.#snapshot.load,
			waiting: waiting ?? this.#snapshot.waiting,
		};
		for (const call of changes.calls ?? []) this.#calls.set(call.key, call);
		this.#forgetOldCalls();
		return [...marks];
	}

	/** @param {number} now */
	#hear(now) {
		this.#lastHeard = now;
		this.#offset = now - Date.now();
	}

	/** Those under way go last: they are what somebody waits for. */
	#forgetOldCalls() {
		const over = this.#calls.size - mostCalls;
		if (over <= 0) return;
		const keys = [...this.#calls.values()].sort(
			(a, b) => Number(b.end !== null) - Number(a.end !== null) || a.key - b.key,
		);
		for (const { key } of keys.slice(0, over)) this.#calls.delete(key);
	}
}

/**
 * @param {ProviderView} provider
 * @param {ProviderView['health'] | undefined} health
 * @param {Mark[]} marks
 * @returns {ProviderView}
 */
function grown(provider, health, marks) {
	const entered = marks.flatMap((mark) => (mark.kind === 'change' ? [{ from: mark.at, state: mark.to }] : []));
	return {
		...provider,
		health: health ?? provider.health,
		history: [...provider.history, ...entered].slice(-mostSpans),
		marks: [...provider.marks, ...marks].slice(-mostMarks),
	};
}
