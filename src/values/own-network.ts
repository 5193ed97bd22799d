import { BlockList, isIP, isIPv6 } from 'node:net';
import { isLoopbackHost } from './loopback.ts';

const privateRanges = new BlockList();
// RFC 1918, RFC 3927, RFC 6598, RFC 4193 and RFC 4291.
privateRanges.addSubnet('10.0.0.0', 8, 'ipv4');
privateRanges.addSubnet('172.16.0.0', 12, 'ipv4');
privateRanges.addSubnet('192.168.0.0', 16, 'ipv4');
privateRanges.addSubnet('169.254.0.0', 16, 'ipv4');
privateRanges.addSubnet('100.64.0.0', 10, 'ipv4');
privateRanges.addSubnet('fc00::', 7, 'ipv6');
privateRanges.addSubnet('fe80::', 10, 'ipv6');

/**
 * Whether a host is, by its name alone, one of this machine or of its own network: a loopback or private address, a name without
 * a dot (`ollama`), or one that ends in `.local`, `.internal`, `.lan` or `.home.arpa`.
 * @param host as a URL writes it: `127.0.0.1`, `[::1]`, `models.lan`
 */
export function isOfOwnNetwork(host: string): boolean {
	const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
	if (isLoopbackHost(bare)) return true;
	if (isIP(bare) !== 0) return privateRanges.check(bare, isIPv6(bare) ? 'ipv6' : 'ipv4');
	return !bare.includes('.') || /\.(local|internal|lan|home\.arpa)$/.test(bare);
}
