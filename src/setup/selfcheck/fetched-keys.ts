import type { Config, Credential, ProviderConfig } from '../../config/config.ts';
import { Unfetched } from '../../credentials/fetched-key.ts';
import { dispatcherTo, fetcherOf } from '../../credentials/live-keys.ts';
import type { Proxies } from '../../upstream/proxies.ts';
import { readTls } from '../../upstream/tls-files.ts';
import { UserError } from '../../values/user-error.ts';

/** What a credential is asked with. */
export type CheckedKey =
	| { is: 'key'; apiKey: string | undefined }
	/** There is none. @property why a clause that holds nothing of what came: `the command printed nothing` */
	| { is: 'missing'; why: string };

/**
 * The keys of a configuration, those that are fetched fetched once.
 * @returns by the id of the credential; never throws
 */
export async function checkedKeys(
	config: Config,
	how: { timeoutMs: number; proxies: Proxies },
): Promise<ReadonlyMap<string, CheckedKey>> {
	const all = Object.values(config.providers).flatMap((provider) =>
		provider.credentials.map(
			async (credential) => [credential.id, await checkedKey(provider, credential, how)] as const,
		),
	);
	return new Map(await Promise.all(all));
}

async function checkedKey(
	{ name, tls }: ProviderConfig,
	{ apiKey, keyFrom }: Credential,
	{ timeoutMs, proxies }: { timeoutMs: number; proxies: Proxies },
): Promise<CheckedKey> {
	if (keyFrom === undefined) return { is: 'key', apiKey };
	try {
		const fetcher = fetcherOf(keyFrom, { timeoutMs }, (url) => dispatcherTo(url, proxies, tls && readTls(name, tls)));
		try {
			const { key } = await fetcher.fetch(new AbortController().signal);
			return { is: 'key', apiKey: key };
		} finally {
			await fetcher.close?.();
		}
	} catch (error) {
		const isOurs = error instanceof Unfetched || error instanceof UserError;
		return { is: 'missing', why: isOurs ? error.message.replace(/\.$/, '') : 'the fetch met a fault of Breakwater' };
	}
}
