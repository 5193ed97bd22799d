import type { IncomingHttpHeaders } from 'node:http';
import { isLoopback } from '../loopback.ts';

export interface Visitor {
	/** Of the socket: anybody can write a header that names another one. */
	remoteAddress: string | undefined;
	headers: IncomingHttpHeaders;
}

const loopbackName = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/**
 * Whether somebody looks from this machine, by one of its loopback names, and so needs no key. The name is checked
 * because a stranger's page can have its own name point here (DNS rebinding), and then read along; what a proxy passed
 * on may come from anywhere.
 */
export function isLocalVisitor({ remoteAddress, headers }: Visitor): boolean {
	const isForwarded = headers.forwarded !== undefined || headers['x-forwarded-for'] !== undefined;
	return isLoopback(remoteAddress) && !isForwarded && loopbackName.test(headers.host ?? '');
}

/** Whether a browser asks on behalf of a page of another site, which has no business here. */
export function isForeignSite({ headers }: Visitor): boolean {
	return headers['sec-fetch-site'] === 'cross-site';
}
