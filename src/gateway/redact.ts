/** What looks like a key even when it is not one of ours: providers echo keys in their error messages. */
const keyLike = /\b(?:sk|pk|rk|gsk|xai|key|AIza)[-_][A-Za-z0-9_*.-]{6,}|\bAIza[A-Za-z0-9_-]{20,}|\bBearer\s+\S+/;
const everyKeyLike = new RegExp(keyLike, 'g');

export type Redact = (text: string) => string;

/**
 * A function that takes every configured secret, and whatever looks like a key, out of a text.
 * @param secrets values that must never be shown; ones shorter than 4 characters would take out ordinary words
 */
export function createRedactor(secrets: readonly string[]): Redact {
	const known = longestFirst(secrets);
	return (text) => {
		const withoutKnown = known.reduce((clean, secret) => clean.replaceAll(secret, '[redacted]'), text);
		return withoutKnown.replace(everyKeyLike, '[redacted]');
	};
}

/**
 * A function that says whether a redactor of the same secrets would take anything out of a text. Texts of every healthy
 * answer are asked about, so it replaces nothing.
 */
export function createSecretSearch(secrets: readonly string[]): (text: string) => boolean {
	const known = longestFirst(secrets);
	return (text) => known.some((secret) => text.includes(secret)) || keyLike.test(text);
}

function longestFirst(secrets: readonly string[]): string[] {
	return secrets.filter((secret) => secret.length >= 4).sort((a, b) => b.length - a.length);
}
