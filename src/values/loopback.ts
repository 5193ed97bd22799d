import { BlockList, isIP, isIPv6 } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/**
 * Whether an address can be reached from this machine only, in any way of writing it (`127.0.0.2`, `::ffff:127.0.0.1`).
 * @param address of a socket, not a name; undefined, as of a socket that is gone, is none
 */
export function isLoopback(address: string | undefined): boolean {
	return address !== undefined && loopback.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

/** Whether a host as a URL or `server.host` writes it, such as `127.0.0.1`, `[::1]` or `localhost`, is this machine. */
export function isLoopbackHost(host: string): boolean {
	const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
	return isIP(bare) === 0 ? /(^|\.)localhost$/.test(bare) : isLoopback(bare);
}
