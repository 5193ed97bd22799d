import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { end, freePort, start, untilReady } from '../children.ts';
import type { Speech } from './clients.ts';
import { deeds } from './provider/model.ts';
import { chainOf, kinds, profileOf, type Trial } from './trials.ts';

/** What Breakwater is asked. */
interface Asked {
	readonly trials: readonly Trial[];
	readonly speaks: Speech;
}

/** A running Breakwater. Its process ends with this one, or before. */
export interface Proxy {
	readonly port: number;
	stop(): Promise<void>;
}

/**
 * Starts Breakwater with a profile for each of the trials.
 * @param directory exists; for its configuration and log
 */
export async function startProxy(directory: string, providersPort: number, asked: Asked): Promise<Proxy> {
	const port = await freePort();
	const logFile = join(directory, 'proxy.log');
	const file = join(directory, 'clients.yaml');
	writeFileSync(file, stringify(configuration(providersPort, asked)));
	const program = join(import.meta.dirname, '../../src/cli.ts');
	const command = [process.execPath, program, 'serve', '--config', file, '--port', String(port)];
	const child = start({ command, logFile, env: { ...process.env, LOG_LEVEL: 'info' }, core: undefined });
	await untilReady(child, port, '/health', logFile);
	return { port, stop: () => end(child) };
}

/** Breakers never open, so that each trial meets the providers that its profile names. */
function configuration(port: number, { trials, speaks }: Asked) {
	// Vectors of different models cannot stand in for each other, and these are all the same.
	const models = Object.fromEntries(deeds.map((deed) => [deed, { sameAs: 'fake' }]));
	const providers = Object.entries(kinds).flatMap(([kind, { protocol, endpoints }]) =>
		['a', 'b'].map((letter) => {
			const name = `${kind}-${letter}`;
			return [name, { protocol, endpoints, baseUrl: `http://127.0.0.1:${port}/${name}/v1`, models }] as const;
		}),
	);
	const profiles = trials.map((trial) => {
		const chain = chainOf(trial).map(({ provider, deed }) => `${provider}/${deed}`);
		return [profileOf(trial), { chain, for: speaks === 'embeddings' ? 'embeddings' : 'answers' }] as const;
	});
	return {
		providers: Object.fromEntries(providers),
		profiles: Object.fromEntries(profiles),
		server: { unknownModel: 'reject' },
		policy: {
			retry: { backoff: '5ms', maxBackoff: '20ms' },
			breaker: { failureThreshold: 10_000, minimumVolume: 1_000_000 },
		},
	};
}
