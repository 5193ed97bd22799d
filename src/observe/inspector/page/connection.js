/**
 * @typedef {'connecting' | 'live' | 'lost' | 'closing' | 'barred' | 'full'} Phase
 *
 * @typedef {object} Status
 * @property {Phase} phase
 * @property {number} since when the phase began, ms since the epoch by this browser's clock
 * @property {number} retryAt when the next try is due; 0 while none is
 * @property {string} message what the server said, where it refused
 */

/** The server says something every second; after this silence the line is dead, ms. */
const silenceMs = 5000;
const firstWaitMs = 500;
const longestWaitMs = 10_000;

/**
 * The event stream, kept up: read with fetch, because EventSource cannot send a key. After a loss it comes back with
 * growing waits, and begins again with a whole snapshot.
 */
export class Connection {
	/** @type {Status} */
	status = { phase: 'connecting', since: Date.now(), retryAt: 0, message: '' };
	#listeners;
	#waitMs = firstWaitMs;
	/** @type {AbortController | undefined} */
	#running;
	/** @type {ReturnType<typeof setTimeout> | undefined} */
	#timer;

	/**
	 * @param {object} listeners
	 * @param {(event: string, data: unknown) => void} listeners.event
	 * @param {() => void} listeners.status called when `status` has changed
	 * @param {() => string | undefined} listeners.key the admin key, where one was given
	 * @param {() => void} listeners.keyRefused
	 */
	constructor(listeners) {
		this.#listeners = listeners;
		// A laptop that wakes up, or a network that is back, need not wait any longer.
		addEventListener('online', () => this.retryNow());
		document.addEventListener('visibilitychange', () => {
			if (document.visibilityState === 'visible' && this.status.phase === 'lost') this.retryNow();
		});
	}

	/** Connects now, whatever is left of the wait. */
	retryNow() {
		if (this.#running !== undefined) return;
		clearTimeout(this.#timer);
		void this.#connect();
	}

	async #connect() {
		const running = new AbortController();
		this.#running = running;
		let deadline = setTimeout(() => running.abort(), silenceMs);
		const isAlive = () => {
			clearTimeout(deadline);
			deadline = setTimeout(() => running.abort(), silenceMs);
		};
		try {
			const key = this.#listeners.key();
			const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
			const response = await fetch('inspector/events', { headers, cache: 'no-store', signal: running.signal });
			if (response.ok && response.body !== null) await this.#read(response.body, isAlive);
			else this.#refused(response.status, await messageOf(response));
		} catch {
			// A line that breaks says nothing that a person could use: that it broke is shown.
		}
		clearTimeout(deadline);
		this.#running = undefined;
		this.#lost();
	}

	/**
	 * @param {ReadableStream<Uint8Array>} body
	 * @param {() => void} isAlive
	 */
	async #read(body, isAlive) {
		const reader = body.getReader();
		const decoder = new TextDecoder();
		let text = '';
		for (;;) {
			const { done, value } = await reader.read();
			if (done) return;
			isAlive();
			text += decoder.decode(value, { stream: true });
			const events = text.split('\n\n');
			text = events.pop() ?? '';
			for (const event of events) this.#take(event);
		}
	}

	/** @param {string} event as it stands in the stream */
	#take(event) {
		const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(event) ?? [];
		if (name === undefined || data === undefined) return;
		if (name === 'snapshot') {
			this.#waitMs = firstWaitMs;
			this.#enter('live');
		}
		if (name === 'closing') this.#enter('closing');
		else this.#listeners.event(name, JSON.parse(data));
	}

	/**
	 * @param {number} status
	 * @param {string} message
	 */
	#refused(status, message) {
		if (status === 401) this.#listeners.keyRefused();
		this.#enter(status === 401 || status === 403 ? 'barred' : 'full', message);
	}

	#lost() {
		const { phase, since, message } = this.status;
		// Without another key the answer would be the same.
		if (phase === 'barred') return;
		const wait = this.#waitMs * (0.75 + Math.random() / 2);
		this.#waitMs = Math.min(longestWaitMs, this.#waitMs * 2);
		const isNew = phase === 'live' || phase === 'connecting';
		this.status = {
			phase: isNew ? 'lost' : phase,
			since: isNew ? Date.now() : since,
			retryAt: Date.now() + wait,
			message,
		};
		this.#timer = setTimeout(() => this.#connect(), wait);
		this.#listeners.status();
	}

	/**
	 * @param {Phase} phase
	 * @param {string} message
	 */
	#enter(phase, message = '') {
		const since = this.status.phase === phase ? this.status.since : Date.now();
		this.status = { phase, since, retryAt: 0, message };
		this.#listeners.status();
	}
}

/**
 * The sentence of an error in OpenAI's shape.
 * @param {Response} response
 */
export async function messageOf(response) {
	try {
		const { error } = await response.json();
		return String(error.message);
	} catch {
		return `The server answered with status ${response.status}.`;
	}
}
