import type { KnownModels } from '../config/known-models.ts';

/** A base URL as a provider wants it; or the rest of a sentence about what is wrong with it, which never repeats it. */
export type BaseUrl = { baseUrl: string; assumed?: 'version' } | { mistake: string };

const secretParameter = /key|token|secret|sig|pass|auth/i;

/**
 * Brings a base URL, with or without `/v1` or `/chat/completions` at its end, into the form of `baseUrl`: up to and with
 * the version. An address that was written down to the endpoint is believed; one without any version gets that of
 * the known provider at this host, else `/v1`.
 */
export function normalizeBaseUrl(written: string, known: KnownModels): BaseUrl {
	const text = written.trim();
	if (!/^https?:\/\/[^\s#]+$/i.test(text) || !URL.canParse(text)) return { mistake: 'is not an http or https URL' };
	const url = new URL(text);
	if (url.username !== '' || url.password !== '')
		return { mistake: 'has credentials in the URL; put them into apikey' };
	if ([...url.searchParams.keys()].some((name) => secretParameter.test(name))) {
		return { mistake: 'has a secret in its query; put it into apikey' };
	}
	const path = url.pathname.replace(/\/{2,}/g, '/').replace(/\/$/, '');
	const base = path.replace(/\/(chat\/)?completions$/, '').replace(/\/chat$/, '');
	const at = (pathname: string): string => `${url.origin}${pathname}${url.search}`;
	if (base !== path || hasVersion(base)) return { baseUrl: at(base) };
	const knownPath = pathOfKnown(url, base, known);
	if (knownPath !== undefined) return { baseUrl: at(knownPath) };
	return { baseUrl: at(`${base}/v1`), assumed: 'version' };
}

/** The name under which `config/known-models.yaml` has the provider at this host. */
export function knownProviderAt(baseUrl: string, { providers }: KnownModels): string | undefined {
	const { hostname } = new URL(baseUrl);
	const found = Object.entries(providers).find(([, facts]) => hostOf(facts.baseUrl) === hostname);
	return found?.[0];
}

function hasVersion(path: string): boolean {
	return path.split('/').some((segment) => /^v\d/i.test(segment));
}

function pathOfKnown(url: URL, path: string, { providers }: KnownModels): string | undefined {
	const paths = Object.values(providers).flatMap(({ protocol, baseUrl }) =>
		protocol === 'openai' && hostOf(baseUrl) === url.hostname ? [new URL(baseUrl).pathname.replace(/\/$/, '')] : [],
	);
	return paths.find((known) => known.startsWith(path));
}

/** Some are only the end of an address, of which the beginning is the user's. */
function hostOf(baseUrl: string): string | undefined {
	return URL.canParse(baseUrl) ? new URL(baseUrl).hostname : undefined;
}
