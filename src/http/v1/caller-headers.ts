import type { IncomingHttpHeaders } from 'node:http';
import { viaHeader } from '../../values/via.ts';

/** Headers of a caller that go to the provider. Everything else, first of all credentials and cookies, ends here. */
const passed = [
	...['openai-beta', 'openai-organization', 'openai-project'],
	...['anthropic-version', 'anthropic-beta'],
	...['idempotency-key', 'traceparent', viaHeader],
];

/** @returns those that the caller gave, by their names in lower case; undefined for none */
export function callerHeaders(headers: IncomingHttpHeaders): Readonly<Record<string, string>> | undefined {
	let found: Record<string, string> | undefined;
	for (const name of passed) {
		const value = headers[name];
		if (typeof value !== 'string' || !/^[\x20-\x7e]{1,1024}$/.test(value)) continue;
		found ??= {};
		found[name] = value;
	}
	return found;
}
