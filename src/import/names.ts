import { isLoopback } from '../values/loopback.ts';

/** Letters, digits, dots and dashes of a text; `''` where no letter is among them. */
export function slug(text: string): string {
	const word = text
		.toLowerCase()
		.replace(/[^a-z0-9.]+/g, '-')
		.replace(/^[-.]+|[-.]+$/g, '');
	return /[a-z]/.test(word) ? word.slice(0, 40) : '';
}

/** @returns the name, with a number behind it where it is taken; it is taken from then on */
export function unique(wanted: string, taken: Set<string>): string {
	let name = wanted;
	for (let count = 2; taken.has(name); count += 1) name = `${wanted}-${count}`;
	taken.add(name);
	return name;
}

/** What a host is called by: `api.example.com` → `example`, `llm.chutes.ai` → `chutes`, `127.0.0.1:8000` → `local-8000`. */
export function hostName(baseUrl: string): string {
	const { hostname, port } = new URL(baseUrl);
	const suffix = port === '' ? '' : `-${port}`;
	if (hostname === 'localhost' || isLoopback(hostname.replace(/^\[|\]$/g, ''))) return `local${suffix}`;
	if (/^[\d.]+$|^\[/.test(hostname))
		return `host-${hostname.replace(/[^\da-f]+/gi, '-').replace(/^-|-$/g, '')}${suffix}`;
	const labels = hostname.split('.').filter((label) => label !== '');
	const own = labels.length > 1 ? labels.slice(0, -1) : labels;
	const telling = own.filter((label, index) => index === own.length - 1 || !/^(www|api|llm|gateway)$/.test(label));
	return slug(telling.join('-')) || 'provider';
}

/** The environment variable for a provider's key: `local-8000` → `LOCAL_8000_API_KEY`. */
export function keyVariable(provider: string): string {
	const word = provider
		.toUpperCase()
		.replace(/[^A-Z0-9]+/g, '_')
		.replace(/^_+|_+$/g, '');
	return `${/^[A-Z]/.test(word) ? '' : 'PROVIDER_'}${word}_API_KEY`;
}
