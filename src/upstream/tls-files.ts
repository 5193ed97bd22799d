import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { TlsConfig } from '../config/config.ts';
import { UserError } from '../values/user-error.ts';

/** What a connection of TLS is made with, as PEM. */
export interface TlsMaterial {
	/** Who may have signed the provider's certificate, in the place of the authorities that Node knows. */
	readonly ca?: Buffer;
	/** Whom the provider is shown, with the chain behind it. */
	readonly cert?: Buffer;
	readonly key?: Buffer;
}

/**
 * Reads the certificates of a provider, and tries whether connections can be made with them.
 * @param provider its name in the configuration
 * @param files by path, from the working directory
 * @throws UserError that names the option, where a file cannot be read or is not what it should be
 */
export function readTls(provider: string, files: TlsConfig): TlsMaterial {
	const read = (option: keyof TlsConfig) => {
		const file = files[option];
		if (file === undefined) return undefined;
		try {
			return readFileSync(file);
		} catch (error) {
			const { code = 'its name has a character that no file may have' } = error as NodeJS.ErrnoException;
			throw unusable(provider, option, `${file} cannot be read (${code})`);
		}
	};
	const ca = read('ca');
	const cert = read('cert');
	const key = read('key');
	if (ca !== undefined && !isCertificate(ca)) throw unusable(provider, 'ca', `${files.ca} has no certificate in PEM`);
	if (cert !== undefined && !isCertificate(cert))
		throw unusable(provider, 'cert', `${files.cert} has no certificate in PEM`);
	const material = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
	try {
		createSecureContext(material);
	} catch (error) {
		// Its message may quote the file.
		const { code = 'not a key in PEM' } = error as NodeJS.ErrnoException;
		throw unusable(provider, 'key', `${files.key} is not the key of ${files.cert}, or has a passphrase (${code})`);
	}
	return material;
}

function unusable(provider: string, option: keyof TlsConfig, why: string): UserError {
	return new UserError(
		`providers.${provider}.tls.${option} cannot be used: ${why}; name a file that this user may read.`,
	);
}

function isCertificate(bytes: Buffer): boolean {
	try {
		return new X509Certificate(bytes).subject !== null;
	} catch {
		return false;
	}
}
