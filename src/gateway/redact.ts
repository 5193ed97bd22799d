/** What looks like a key even when it is not one of ours: providers echo keys in their error messages. */
export const keyLike = /\b(?:sk|pk|rk|gsk|xai|key|AIza)[-_][A-Za-z0-9_*.-]{6,}|\bAIza[A-Za-z0-9_-]{20,}|\bBearer\s+\S+/;
/** The same, everywhere in a text. */
export const everyKeyLike = new RegExp(keyLike, 'g');

/** Shorter ones would take out ordinary words, characters. */
const SHORTEST_SECRET = 4;
/** In base64 a shorter one leaves too few characters that are its own, bytes. */
const SHORTEST_ENCODED = 6;
/** How much of a long secret is looked for, characters. */
export const LONGEST_LOOKED_FOR = 512;

export type Redact = (text: string) => string;

/**
 * A function that takes every configured secret, and whatever looks like a key, out of a text: a secret as it is, with
 * any of its characters escaped as in a URL or in JSON, and in base64, alone or among other things (`user:secret`).
 * It takes one pass over the text, however many secrets there are.
 * @param secrets values that must never be shown; ones shorter than 4 characters are let be
 */
export function createRedactor(secrets: readonly string[]): Redact {
	const pattern = secretPattern(secrets);
	if (pattern === undefined) return (text) => text.replace(everyKeyLike, '[redacted]');
	return (text) => text.replace(pattern, '[redacted]').replace(everyKeyLike, '[redacted]');
}

/** @returns what finds each of these everywhere in a text; undefined where none is long enough to be known */
export function secretPattern(secrets: readonly string[]): RegExp | undefined {
	const known = [...new Set(secrets)].filter((secret) => secret.length >= SHORTEST_SECRET);
	return known.length === 0 ? undefined : new RegExp(sourceOf(known.flatMap(formsOf)), 'g');
}

/** One character of a secret, as a regular expression of all the ways to write it. */
type Sign = string;

function formsOf(secret: string): Sign[][] {
	return [[...secret.toWellFormed()].map(signOf), ...base64Forms(Buffer.from(secret))].map(bounded);
}

/** V8 throws where an expression is too large, when it is first used. So many characters are proof enough, with all that follows. */
function bounded(form: Sign[]): Sign[] {
	return form.length <= LONGEST_LOOKED_FOR ? form : [...form.slice(0, LONGEST_LOOKED_FOR), `[^\\s"'<>]*`];
}

/** As it is, in a URL (perhaps escaped twice), or in JSON. */
function signOf(character: string): Sign {
	if (/^[A-Za-z0-9]$/.test(character)) return character;
	const others = { '"': '|\\\\+"', '\\': '|\\\\{2,}', '/': '|\\\\+/', ' ': '|\\+', '&': '|&amp;' }[character] ?? '';
	return `(?:${literal(character)}${others}|${escapedInUrl(character)})`;
}

function escapedInUrl(character: string): string {
	const digits = (byte: number) => byte.toString(16).padStart(2, '0');
	const either = (text: string) => text.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
	return [...Buffer.from(character)].map((byte) => `%(?:25)*${either(digits(byte))}`).join('');
}

function literal(character: string): string {
	return character.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&');
}

/** Base64 takes three bytes at a time, so what becomes of a secret depends on how many bytes stand before it. */
function base64Forms(secret: Buffer): Sign[][] {
	if (secret.length < SHORTEST_ENCODED) return [];
	return [0, 1, 2].map((before) => {
		const encoded = Buffer.concat([Buffer.alloc(before), secret]).toString('base64');
		// At both ends stand characters that share their bits with a neighbour.
		const own = encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + secret.length) * 8) / 6));
		return [...own].map((character) => base64Signs[character] ?? character);
	});
}

/** The two alphabets of RFC 4648, and the first one in a URL. */
const base64Signs: Readonly<Record<string, Sign>> = {
	'+': `(?:[+-]|${escapedInUrl('+')})`,
	'/': `(?:[/_]|${escapedInUrl('/')})`,
};

/**
 * Joined at their beginnings, as one alternative after the other would cost every character of a text a look for each.
 * @param shared how many signs these forms begin with alike
 */
function sourceOf(forms: readonly Sign[][], shared = 0): string {
	const [only = []] = forms;
	if (forms.length === 1) return only.slice(shared).join('');
	const groups = Map.groupBy(forms, (form) => form[shared]);
	const alternatives = [...groups].flatMap(([sign, group]) =>
		sign === undefined ? [] : [`${sign}${sourceOf(group, shared + 1)}`],
	);
	const source = alternatives.length === 0 ? '' : `(?:${alternatives.join('|')})`;
	// The longest form that fits is taken.
	return groups.has(undefined) && source !== '' ? `${source}?` : source;
}
