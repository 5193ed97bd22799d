import { setTimeout as sleep } from 'node:timers/promises';
import pRetry from 'p-retry';
import { Agent, type Dispatcher, request } from 'undici';

export interface WebhookOptions {
	url: string;
	/** Names in lower case; they win over what is sent by default. */
	headers: Readonly<Record<string, string>>;
	timing: DeliveryTiming;
	/** What leads to the receiver in the place of a connection of its own, such as a proxy; it is destroyed with the webhook. */
	dispatcher?: Dispatcher | undefined;
}

/** How patiently a message is delivered. */
export interface DeliveryTiming {
	/** Further POSTs of one message after the first. */
	retries: number;
	/** The wait before the first of them, ms; each further one is twice as long. */
	backoffMs: number;
	maxBackoffMs: number;
	/** The longest wait that a receiver may ask for (`retry-after`), ms. */
	maxRetryAfterMs: number;
	/** How long one POST may take, ms. */
	timeoutMs: number;
}

/** About ten minutes: a receiver's own restart, not its outage; what lasts longer is reported again by the reminder. */
export const patientTiming: DeliveryTiming = {
	retries: 10,
	backoffMs: 1000,
	maxBackoffMs: 120_000,
	maxRetryAfterMs: 300_000,
	timeoutMs: 10_000,
};

export type DeliveryOutcome =
	| { is: 'delivered' }
	/** `why` is a status or the code of an error: nothing of what the receiver said, nor of its address. */
	| { is: 'failed'; attempts: number; why: string }
	/** It never had its turn: the process ended. */
	| { is: 'dropped' };

/** The way to one receiver, for one message at a time. */
export class Webhook {
	readonly #options: WebhookOptions;
	readonly #url: URL;
	readonly #agent: Dispatcher;
	readonly #stop = new AbortController();

	constructor(options: WebhookOptions) {
		this.#options = options;
		this.#url = new URL(options.url);
		const { timeoutMs } = options.timing;
		this.#agent = options.dispatcher ?? new Agent({ connections: 1, connect: { timeout: timeoutMs } });
	}

	/** All of its address that may be shown. */
	get origin(): string {
		return this.#url.origin;
	}

	/** Ends what is under way; what comes after it is dropped. */
	stop(): void {
		this.#stop.abort();
	}

	/** Stops, and closes the connection. */
	async close(): Promise<void> {
		this.stop();
		await this.#agent.destroy();
	}

	/** Never throws; resolves when the fate of this message is known. */
	async deliver(body: string): Promise<DeliveryOutcome> {
		if (this.#stop.signal.aborted) return { is: 'dropped' };
		const { retries, backoffMs, maxBackoffMs } = this.#options.timing;
		let attempts = 0;
		let why = 'stopped';
		const attempt = async () => {
			attempts += 1;
			await this.#post(body);
		};
		try {
			await pRetry(attempt, {
				retries,
				minTimeout: backoffMs,
				maxTimeout: maxBackoffMs,
				factor: 2,
				randomize: true,
				signal: this.#stop.signal,
				unref: true,
				onFailedAttempt: async ({ error, retriesLeft, retryDelay }) => {
					why = error instanceof Undelivered ? error.why : 'error';
					if (retriesLeft > 0 && error instanceof Undelivered) await this.#obey(error.retryAfterMs, retryDelay);
				},
			});
			return { is: 'delivered' };
		} catch {
			return { is: 'failed', attempts, why };
		}
	}

	/** What the receiver asks for, beyond the backoff that follows anyway. */
	async #obey(retryAfterMs: number, backoffMs: number): Promise<void> {
		const restMs = Math.min(retryAfterMs, this.#options.timing.maxRetryAfterMs) - backoffMs;
		if (restMs > 0) await sleep(restMs, undefined, { signal: this.#stop.signal, ref: false });
	}

	/** @throws Undelivered unless the receiver said 2xx; a redirection is no delivery, and is not followed */
	async #post(body: string): Promise<void> {
		const { headers, timing } = this.#options;
		const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(timing.timeoutMs)]);
		const response = await request(this.#url, {
			method: 'POST',
			headers: { 'content-type': 'application/json', 'user-agent': 'breakwater', ...headers },
			body,
			signal,
			dispatcher: this.#agent,
		}).catch((error: unknown) => {
			throw new Undelivered(errorCode(error), 0);
		});
		// What it answers is not read: it may never end, and the status says it all.
		response.body.on('error', () => {}).destroy();
		const { statusCode } = response;
		if (statusCode >= 200 && statusCode < 300) return;
		throw new Undelivered(`status ${statusCode}`, retryAfterMs(response.headers['retry-after'], Date.now()));
	}
}

class Undelivered extends Error {
	readonly why: string;
	readonly retryAfterMs: number;

	constructor(why: string, waitMs: number) {
		super(why);
		this.why = why;
		this.retryAfterMs = waitMs;
	}
}

/** The code of a foreign error, or its name: its message may quote the address. */
function errorCode(error: unknown): string {
	if (!(error instanceof Error)) return 'error';
	const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
	return /^\w{1,60}$/.test(code) ? code : 'error';
}

/**
 * RFC 9110, section 10.2.3: seconds, or a date.
 * @returns ms; 0 where it says nothing usable
 */
export function retryAfterMs(header: string | string[] | undefined, now: number): number {
	const value = [header ?? ''].flat()[0]?.trim() ?? '';
	if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
	const date = Date.parse(value);
	return /[a-z]/i.test(value) && Number.isFinite(date) ? Math.max(0, date - now) : 0;
}
