/** The signs of a JSON text, as `charCodeAt` finds them. */
export const QUOTE = 34;
export const COMMA = 44;
export const COLON = 58;
export const OPEN_BRACKET = 91;
export const CLOSE_BRACKET = 93;
export const OPEN_BRACE = 123;
export const CLOSE_BRACE = 125;
const BACKSLASH = 92;

/** Where the quote stands that ends the string that begins at a quote; -1 where none does. */
export function closingQuote(json: string, quote: number): number {
	let end = json.indexOf('"', quote + 1);
	while (end !== -1 && isEscaped(json, end)) end = json.indexOf('"', end + 1);
	return end;
}

function isEscaped(json: string, quote: number): boolean {
	let backslashes = 0;
	while (json.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes++;
	return backslashes % 2 === 1;
}
