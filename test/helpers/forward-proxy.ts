import { createServer, request } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** Made for these tests: of `api.test` and `proxy.test`, signed by itself. */
export const testCertificate = {
	key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgEb7zVEn6P6F9vSHV
hzTnLmkysn/wHSmzKQJ7+OuM32OhRANCAAS8g6YJ1IuzcSUw1nRRo8cPAN1QF1Si
OTMMSdz/opWaSKbGDxro9RIpV+r8sfepz478qPPAv9jq5CFp+LtheAca
-----END PRIVATE KEY-----`,
	cert: `-----BEGIN CERTIFICATE-----
MIIBnjCCAUSgAwIBAgIUQWW3Ip+1hwqfxPqxj9OUwe2xXskwCgYIKoZIzj0EAwIw
EzERMA8GA1UEAwwIYXBpLnRlc3QwIBcNMjYxMTI3MTEyMjA2WhgPMjEyNjExMDMx
MTIyMDZaMBMxETAPBgNVBAMMCGFwaS50ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAEvIOmCdSLs3ElMNZ0UaPHDwDdUBdUojkzDEnc/6KVmkimxg8a6PUSKVfq
/LH3qc+O/KjzwL/Y6uQhafi7YXgHGqN0MHIwHQYDVR0OBBYEFC33HIXXjnAPH4Zd
rMWsHQi4fMJjMB8GA1UdIwQYMBaAFC33HIXXjnAPH4ZdrMWsHQi4fMJjMA8GA1Ud
EwEB/wQFMAMBAf8wHwYDVR0RBBgwFoIIYXBpLnRlc3SCCnByb3h5LnRlc3QwCgYI
KoZIzj0EAwIDSAAwRQIgPgujpMV26OKXw1O1SXTpV5Yw0t3IKtUbcwisMdDDxsAC
IQDun4bOLTAghMWz69Mbv0XIau3TvOsIYUe/8Way6VHMNg==
-----END CERTIFICATE-----`,
};

export interface ForwardProxy {
	/** For `HTTPS_PROXY`. */
	readonly address: string;
	/** What it was asked for, in order: `CONNECT api.test:443` or `POST http://api.test/v1/…`. */
	readonly asked: readonly string[];
	/** What its clients said of themselves: `proxy-authorization`, in order. */
	readonly authorizations: readonly (string | undefined)[];
	readonly openSockets: number;
	/** From now on it answers with this status; 0 is silence. */
	refuse(status: number): void;
	close(): Promise<void>;
}

/**
 * A forward proxy on loopback, which opens tunnels and passes requests on, whatever they name, to one port of this machine.
 * @param isSecure whether it is spoken to over TLS, as `proxy.test`
 */
export async function startForwardProxy(port: () => number, isSecure = false): Promise<ForwardProxy> {
	const asked: string[] = [];
	const authorizations: (string | undefined)[] = [];
	const sockets = new Set<Socket>();
	let refusal: number | undefined;
	const server = isSecure ? createTlsServer(testCertificate) : createServer();
	server.on('connect', (incoming, socket: Socket) => {
		asked.push(`CONNECT ${incoming.url}`);
		authorizations.push(incoming.headers['proxy-authorization']);
		socket.on('error', () => {}).on('end', () => socket.destroy());
		if (refusal === 0) {
			socket.resume();
			return;
		}
		if (refusal !== undefined) {
			socket.end(`HTTP/1.1 ${refusal} Refused\r\n\r\n`);
			return;
		}
		const onward = connect(port(), '127.0.0.1', () => {
			socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
			onward.pipe(socket).pipe(onward);
		});
		onward.on('error', () => socket.destroy());
		socket.on('close', () => onward.destroy());
	});
	server.on('request', (incoming, response) => {
		asked.push(`${incoming.method} ${incoming.url}`);
		authorizations.push(incoming.headers['proxy-authorization']);
		if (refusal !== undefined) {
			response.writeHead(refusal).end();
			return;
		}
		const { pathname, search } = new URL(incoming.url ?? '');
		const { 'proxy-authorization': _, ...headers } = incoming.headers;
		const options = { host: '127.0.0.1', port: port(), path: pathname + search, method: incoming.method, headers };
		incoming.pipe(
			request(options, (answer) => {
				response.writeHead(answer.statusCode ?? 500, answer.headers);
				answer.pipe(response);
			}).on('error', () => response.destroy()),
		);
	});
	server.on('connection', (socket: Socket) => {
		sockets.add(socket);
		socket.on('close', () => sockets.delete(socket));
	});
	await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
	const { port: own } = server.address() as AddressInfo;
	return {
		address: `${isSecure ? 'https' : 'http'}://127.0.0.1:${own}`,
		asked,
		authorizations,
		get openSockets() {
			return sockets.size;
		},
		refuse: (status) => {
			refusal = status;
		},
		close: async () => {
			for (const socket of sockets) socket.destroy();
			await new Promise((closed) => server.close(closed));
		},
	};
}
