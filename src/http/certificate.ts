import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { createSecureContext, type Server as TlsServer } from 'node:tls';
import { UserError } from '../values/user-error.ts';

/** The files of `server.tls`, in PEM. */
export interface CertificateFiles {
	/** The certificate, and those of its issuers behind it. */
	readonly cert: string;
	readonly key: string;
}

/** How often the files are looked at, ms. */
const LOOK_MS = 30_000;

/**
 * Reads a certificate with its key.
 * @throws UserError when a file cannot be read, or the two do not belong together
 */
export function readCertificate(files: CertificateFiles): { cert: Buffer; key: Buffer } {
	const cert = readPem('cert', files.cert);
	const key = readPem('key', files.key);
	try {
		createSecureContext({ cert, key });
	} catch (error) {
		const { message } = error as Error;
		throw new UserError(
			`server.tls: ${files.cert} and ${files.key} are no certificate and its key in PEM (${message}); correct them.`,
		);
	}
	return { cert, key };
}

function readPem(name: keyof CertificateFiles, path: string): Buffer {
	try {
		return readFileSync(path);
	} catch (error) {
		throw new UserError(
			`server.tls.${name}: ${path} cannot be read (${(error as NodeJS.ErrnoException).code}); correct its path or permissions.`,
		);
	}
}

/**
 * Has new connections use a certificate that has been renewed in its files. One that cannot be used changes nothing: the
 * certificate and the key are often written one after the other.
 * @param onProblem told why new files are not used
 * @returns a function that ends it
 */
export function watchCertificate(
	server: TlsServer,
	files: CertificateFiles,
	onProblem: (message: string) => void,
	everyMs = LOOK_MS,
): () => void {
	const renew = () => {
		try {
			server.setSecureContext(readCertificate(files));
		} catch (error) {
			onProblem((error as Error).message);
		}
	};
	const paths = [files.cert, files.key];
	for (const path of paths) watchFile(path, { persistent: false, interval: everyMs }, renew);
	return () => {
		for (const path of paths) unwatchFile(path, renew);
	};
}
