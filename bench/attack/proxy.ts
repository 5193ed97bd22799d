import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { categories } from '../../machines/failure.ts';
import { freePort, start, untilReady } from '../children.ts';
import { residentMB } from '../machine.ts';
import { startOf } from '../systems.ts';

/** Secrets of the configuration: none of them may ever come back, nor stand in the log. */
export const secrets = {
	key: 'PLANTED-key-8c1f6d2e90',
	header: 'PLANTED-header-5b7a3c',
	query: 'PLANTED/query+4d9e==',
} as const;

/** The forms in which a secret may come back. */
const shapes = Object.values(secrets).flatMap((secret) => [
	secret,
	encodeURIComponent(secret),
	Buffer.from(secret).toString('base64').replace(/=+$/, ''),
]);

/** @returns the planted secret that a text has in it */
export function leakIn(text: string): string | undefined {
	return shapes.find((shape) => text.includes(shape));
}

/** How long the proxy may take to end after SIGTERM, ms. */
const STOP_LIMIT_MS = 20_000;

/** The running proxy that is attacked. */
export class AttackedProxy {
	readonly port: number;
	readonly #child: ChildProcess;
	readonly #logFile: string;
	#peakMB: number | undefined;
	readonly #watch: NodeJS.Timeout;

	private constructor(child: ChildProcess, port: number, logFile: string) {
		this.#child = child;
		this.port = port;
		this.#logFile = logFile;
		this.#watch = setInterval(() => this.#look(), 50);
	}

	static async start(directory: string, providers: { hostile: number; good: number }): Promise<AttackedProxy> {
		const port = await freePort();
		const logFile = join(directory, 'proxy.log');
		const file = join(directory, 'attack.yaml');
		writeFileSync(file, stringify(configuration(providers)));
		const { words, env } = startOf(join(import.meta.dirname, '../..'));
		const command = [process.execPath, ...words, '--no-check', '--config', file, '--port', String(port)];
		const child = start({ command, logFile, env: { ...process.env, ...env, LOG_LEVEL: 'info' }, core: undefined });
		await untilReady(child, port, '/health', logFile);
		return new AttackedProxy(child, port, logFile);
	}

	get isAlive(): boolean {
		return this.#child.exitCode === null && this.#child.signalCode === null;
	}

	/** The most memory since it was asked last, MB. */
	takePeak(): number | undefined {
		this.#look();
		const peak = this.#peakMB;
		this.#peakMB = undefined;
		return peak;
	}

	get log(): string {
		return readFileSync(this.#logFile, 'utf8');
	}

	/** @returns whether it ended by itself, in time and in order */
	async stop(): Promise<boolean> {
		clearInterval(this.#watch);
		if (!this.isAlive) return false;
		const gone = once(this.#child, 'exit');
		this.#child.kill('SIGTERM');
		const isInTime = await Promise.race([gone.then(() => true), sleep(STOP_LIMIT_MS, false)]);
		if (!isInTime) this.#child.kill('SIGKILL');
		await gone;
		return isInTime && this.#child.exitCode === 0;
	}

	#look(): void {
		const { pid } = this.#child;
		const now = pid === undefined ? undefined : residentMB(pid);
		if (now !== undefined) this.#peakMB = Math.max(now, this.#peakMB ?? 0);
	}
}

/**
 * `hostile` is asked whatever it did before: no failure means anything to it, so that every attack gets through. `spare` stands
 * behind it, and `calm` serves the calm caller alone.
 */
function configuration({ hostile, good }: { hostile: number; good: number }) {
	const neverOpens = { effects: Object.fromEntries(categories.map((category) => [category, 'none'])) };
	return {
		providers: {
			hostile: {
				baseUrl: `http://127.0.0.1:${hostile}/v1?token=${encodeURIComponent(secrets.query)}`,
				apiKey: secrets.key,
				headers: { 'x-org-pass': secrets.header },
				policy: { breaker: neverOpens },
			},
			spare: { baseUrl: `http://127.0.0.1:${good}/v1`, policy: { breaker: neverOpens } },
			calm: { baseUrl: `http://127.0.0.1:${good}/v1` },
		},
		profiles: {
			attacked: { chain: ['hostile/m', 'spare/m'] },
			held: { chain: ['hostile/m', 'spare/m'], commit: 'complete' },
			calm: { chain: ['calm/m'] },
		},
		policy: {
			timeouts: { connect: '2s', firstToken: '3s', idle: '3s', response: '4s', request: '15s' },
			retry: { backoff: '5ms', maxBackoff: '20ms' },
		},
	};
}
