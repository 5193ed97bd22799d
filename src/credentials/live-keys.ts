import { Agent, type Dispatcher } from 'undici';
import type { Config, KeySource } from '../config/config.ts';
import { type Proxies, proxyAgent } from '../upstream/proxies.ts';
import type { TlsMaterial } from '../upstream/tls-files.ts';
import { clientCredentials } from './client-credentials.ts';
import type { KeyFetcher } from './fetched-key.ts';
import { keyCommand } from './key-command.ts';
import { keyFile } from './key-file.ts';
import { type KeyTiming, usualTiming } from './key-life.ts';
import { LiveKey, type LiveKeyListener } from './live-key.ts';

export interface LiveKeysOptions {
	/** @param id of the credential @param source where it stands in the file */
	listenerOf: (id: string, source: string) => LiveKeyListener;
	proxies: Proxies;
	/** What connections of a provider are made with, by its name; also those to its OAuth server. */
	tls: ReadonlyMap<string, TlsMaterial>;
	timing?: KeyTiming | undefined;
}

/**
 * The keys of a configuration that are fetched. Nothing is, before `start`.
 * @returns by the id of the credential
 */
export function liveKeysOf(
	{ providers }: Pick<Config, 'providers'>,
	{ listenerOf, proxies, tls, timing = usualTiming }: LiveKeysOptions,
): Map<string, LiveKey> {
	const keys = new Map<string, LiveKey>();
	for (const { name, credentials } of Object.values(providers)) {
		for (const { id, source, keyFrom } of credentials) {
			if (keyFrom === undefined) continue;
			const fetcher = fetcherOf(keyFrom, timing, (url) => dispatcherTo(url, proxies, tls.get(name)));
			keys.set(id, new LiveKey({ fetcher, listener: listenerOf(id, source), ...paceOf(keyFrom, timing) }));
		}
	}
	return keys;
}

/** @param dispatcherOf what leads to an address */
export function fetcherOf(
	source: KeySource,
	{ timeoutMs }: Pick<KeyTiming, 'timeoutMs'>,
	dispatcherOf: (url: string) => Dispatcher,
): KeyFetcher {
	if ('command' in source) return keyCommand(source.command, timeoutMs);
	if ('file' in source) return keyFile(source.file, timeoutMs);
	const { oauth } = source;
	return clientCredentials(oauth, { dispatcher: dispatcherOf(oauth.tokenUrl), timeoutMs });
}

/** The same ways as to a provider: through its proxy, with its certificates. */
export function dispatcherTo(url: string, proxies: Proxies, tls: TlsMaterial | undefined): Dispatcher {
	const proxy = proxies(url);
	return proxy === undefined ? new Agent({ connections: 1, connect: { ...tls } }) : proxyAgent(proxy, tls);
}

/** A file costs nothing to look at, so it is looked at often, and again at once when its key is refused. */
function paceOf(source: KeySource, timing: KeyTiming): { everyMs?: number | undefined; timing: KeyTiming } {
	if ('command' in source) return { everyMs: source.every, timing };
	if (!('file' in source)) return { timing };
	const { fileCheckMs } = timing;
	const ofFile = { shortestPauseMs: 0, backoffMs: fileCheckMs, maxBackoffMs: fileCheckMs };
	return { everyMs: fileCheckMs, timing: { ...timing, ...ofFile } };
}
