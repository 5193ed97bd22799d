import { readFileSync } from 'node:fs';
import type { ServerConfig } from '../config/config.ts';
import type { TlsMaterial } from '../upstream/tls-files.ts';
import { UserError } from '../values/user-error.ts';

/** Options of `tls.connect` by which only the holder of one certificate's key is believed. */
export interface OwnCertificate extends TlsMaterial {
	readonly ca: Buffer;
	readonly allowPartialTrustChain: true;
	readonly checkServerIdentity: () => undefined;
}

/** What says whether the proxy speaks https, and with which certificate. */
export type Speaking = Pick<ServerConfig, 'tls'>;

/**
 * With what a proxy on this machine is asked where its configuration has `server.tls`: whoever has the key of that certificate
 * is the proxy, whatever its name, under which nobody reaches it from here, and whoever signed it.
 * @returns undefined where it speaks http
 * @throws UserError when the file cannot be read
 */
export function ownCertificate({ tls }: Speaking): OwnCertificate | undefined {
	if (tls === undefined) return undefined;
	try {
		return { ca: readFileSync(tls.cert), allowPartialTrustChain: true, checkServerIdentity: () => undefined };
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		throw new UserError(`server.tls.cert: ${tls.cert} cannot be read (${code}); correct its path or permissions.`);
	}
}
