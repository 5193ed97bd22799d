/** The part of autocannon 9 that the benchmark uses; the package brings no types. */
declare module 'autocannon' {
	import type { EventEmitter } from 'node:events';

	export interface Options {
		url: string;
		method: 'POST';
		headers: Record<string, string>;
		body: string;
		connections: number;
		/** Seconds. */
		duration: number;
	}

	export interface Result {
		'2xx': number;
		non2xx: number;
		/** Requests without an answer, timeouts included. */
		errors: number;
		/** Seconds that the run really took. */
		duration: number;
	}

	/**
	 * Starts a run. The emitter's `response` event carries (client, status, bytes, milliseconds with a fraction);
	 * the result's own latencies are cut to whole milliseconds.
	 */
	export default function autocannon(
		options: Options,
		done: (error: Error | null, result: Result) => void,
	): EventEmitter<{ response: [client: unknown, status: number, bytes: number, durationMs: number] }>;
}
