import { asObject } from '../values/json.ts';
import type { Config, Credential, RequestConfig } from './config.ts';

/** Whether the name of a header, of a query parameter or of a path segment says that its value is a secret. */
export function isSecretName(name: string): boolean {
	return /key|auth|token|secret|cookie|password|credential|signature|(?<![a-z])(?:pass|passwd|pwd|passphrase|sig|jwt|sid|session|bearer)(?![a-z])/i.test(
		name,
	);
}

/** Headers and query parameters that say what is asked for, and not who asks. Providers name their values in errors. */
const harmlessNames: ReadonlySet<string> = new Set([
	...['accept', 'accept-charset', 'accept-encoding', 'accept-language', 'cache-control', 'content-type', 'user-agent'],
	...['http-referer', 'referer', 'origin', 'from', 'x-title', 'x-app-name', 'x-region', 'x-openrouter-title'],
	...['openai-beta', 'anthropic-beta', 'anthropic-version', 'anthropic-dangerous-direct-browser-access'],
	...['api-version', 'x-api-version', 'x-ms-version', 'version', 'alt', 'region', 'x-request-source'],
	...['prefer', 'pragma', 'priority', 'x-priority', 'x-environment', 'x-wait-for-model', 'x-use-cache'],
]);

/** A switch, a number or a word: taken out of a text, it would take the sense with it, and it protects nothing. */
const harmlessValue = /^(?:true|false|yes|no|on|off|none|null|default|auto|enabled|disabled|\d{1,5})$/i;

/**
 * Every secret that a configuration holds, to be taken out of what is shown: keys, the values of headers and queries but
 * for well-known harmless ones, segments of paths that look like secrets, addresses of webhooks, and of what is set in
 * requests whatever came from the environment or looks like a secret. Each as it is written and, where it is encoded, as
 * it is meant.
 * @returns without repetition
 */
export function secretsOf({ providers, profiles, server, notifications, requestValues = [] }: Config): string[] {
	const ofProviders = Object.values(providers).flatMap(({ credentials, headers, baseUrl, models, request }) => [
		...(baseUrl === undefined ? [] : secretsInUrl(baseUrl)),
		...credentials.flatMap(secretsInCredential),
		...secretsInHeaders(headers),
		...[request, ...Object.values(models).map((model) => model.request)].flatMap(secretsInRequest),
	]);
	const ofTargets = Object.values(profiles).flatMap(({ chain }) =>
		chain.flatMap(({ headers, request }) => [...secretsInHeaders(headers), ...secretsInRequest(request)]),
	);
	const ofVariables = requestValues.filter((value) => !harmlessValue.test(value)).flatMap(secretsInCredentials);
	const ofWebhooks = (notifications?.webhooks ?? []).flatMap(({ url, headers }) => [
		...secretsInUrl(url),
		...secretsInHeaders(headers),
	]);
	const ofCallers = Object.values(server.clients ?? {}).flatMap(({ key }) => key);
	const own = [server.adminKey, server.monitoringKey].flatMap((key) => key ?? []);
	return [...new Set([...ofProviders, ...ofTargets, ...ofVariables, ...ofWebhooks, ...ofCallers, ...own])];
}

/** Of a key that is fetched: what it is fetched with. */
function secretsInCredential({ apiKey, keyFrom }: Credential): string[] {
	if (apiKey !== undefined) return [apiKey];
	if (keyFrom === undefined || !('oauth' in keyFrom)) return [];
	const { clientSecret, tokenUrl } = keyFrom.oauth;
	return [clientSecret, ...secretsInUrl(tokenUrl)];
}

/** Two credentials with the same text are the same key, or are fetched at the same place. Never to be shown. */
export function identityOf({ apiKey, keyFrom }: Credential): string | undefined {
	return apiKey ?? (keyFrom && JSON.stringify(keyFrom));
}

/** An address as it may be shown: without its query, and without the segments of its path that look like secrets. */
export function shownAddress(url: string): string {
	const { origin, pathname, search } = new URL(url);
	const segments = pathname.split('/');
	const shown = segments.map((segment, at) => (isSecretSegment(segment, segments[at - 1]) ? '…' : segment));
	return `${origin}${shown.join('/').replace(/\/$/, '')}${search === '' ? '' : '?…'}`;
}

/**
 * What a header with credentials in it gives away, each part of it by itself.
 * @param value `Bearer abc`, `Basic dXNlcjpwYXNz`, or no scheme at all
 */
export function secretsInCredentials(value: string): string[] {
	const [, scheme = '', credentials] = /^([A-Za-z][\w-]*) +(\S+)$/.exec(value) ?? [];
	if (credentials === undefined) return [value];
	if (scheme.toLowerCase() !== 'basic') return [value, credentials];
	const pair = Buffer.from(credentials, 'base64').toString();
	return [value, credentials, pair, pair.slice(pair.indexOf(':') + 1)];
}

function secretsInHeaders(headers: Readonly<Record<string, string>>): string[] {
	return Object.entries(headers).flatMap(([name, value]) =>
		isHarmless(name, value) ? [] : secretsInCredentials(value),
	);
}

function isHarmless(name: string, value: string): boolean {
	return value === '' || harmlessNames.has(name.toLowerCase()) || harmlessValue.test(value);
}

function secretsInRequest({ defaults = {}, force = {} }: Partial<RequestConfig> = {}): string[] {
	return [defaults, force].flatMap((members) => secretsInMember('', members));
}

/** @param name of the member, or of the nearest one around it that has one */
function secretsInMember(name: string, value: unknown): string[] {
	if (Array.isArray(value)) return value.flatMap((item) => secretsInMember(name, item));
	const members = asObject(value);
	if (members !== undefined) return Object.entries(members).flatMap((entry) => secretsInMember(...entry));
	if (typeof value !== 'string' || isHarmless(name, value)) return [];
	return isSecretName(name) || looksSecret(value) ? secretsInCredentials(value) : [];
}

function secretsInUrl(text: string): string[] {
	const { username, password, pathname, search } = new URL(text);
	const segments = pathname.split('/');
	const ofPath = segments.filter((segment, at) => isSecretSegment(segment, segments[at - 1]));
	const ofQuery = search
		.slice(1)
		.split('&')
		.flatMap((member) => {
			const [name = '', ...rest] = member.split('=');
			// A key may be all of the query: `?sk-…`.
			if (rest.length === 0) return looksSecret(meantBy(name)) ? [name] : [];
			const value = rest.join('=');
			return isHarmless(meantBy(name), value) ? [] : [value, meantBy(value.replaceAll('+', ' '))];
		});
	const written = [username, password, ...ofPath, ...ofQuery].filter((secret) => secret !== '');
	return written.flatMap((secret) => [secret, meantBy(secret)]);
}

/** @param before the segment in front of it: what stands behind `/token/` is one */
function isSecretSegment(segment: string, before = ''): boolean {
	const meant = meantBy(segment);
	return looksSecret(meant) || (isSecretName(before) && meant.length >= 8);
}

/**
 * Whether a word looks like a secret and not like a name that a person gave: `8f3a9c1e77b2`, `sk-abc123`, `path-secret-1`;
 * not `deployments`, `v1beta1`, `us-central1`, `gpt-5.4-mini-2026-03-17`.
 */
function looksSecret(word: string): boolean {
	if (/^(?:sk|pk|rk|gsk|xai|key|token|AIza)[-_.]?(?=.*\d)[\w.~-]{8,}$/.test(word)) return true;
	if (isSecretName(word) && word.length >= 12 && /[^A-Za-z]/.test(word)) return true;
	const runs = word.split(/[^A-Za-z0-9]+/).filter((run) => !/^v\d+(?:alpha|beta)\d*$/i.test(run));
	return runs.some((run) => {
		if (!/\d/.test(run) || !/[A-Za-z]/.test(run)) return run.length >= 32;
		const changes = run.match(/[A-Za-z](?=\d)|\d(?=[A-Za-z])/g)?.length ?? 0;
		return run.length >= 12 || (run.length >= 6 && changes >= 3);
	});
}

/** Without the escapes of a URL. */
function meantBy(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}
