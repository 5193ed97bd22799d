declare module 'pino-roll' {
	import type pino from 'pino';

	/** The part of its options that is used here; the rest are those of the stream. */
	interface RollOptions {
		/** Path and beginning of the name of every file. */
		file: string;
		frequency: 'daily';
		dateFormat: string;
		/** A number and `b`, `k`, `m` or `g`. */
		size: string;
		sync: boolean;
		minLength: number;
		maxLength: number;
		periodicFlush: number;
	}

	export default function roll(options: RollOptions): Promise<ReturnType<typeof pino.destination>>;
}
