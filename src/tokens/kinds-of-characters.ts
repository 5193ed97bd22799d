/** What a character is in a text: a letter (accented: with an accent), a digit, a space, another sign of ASCII, or one of another script. */
export const kinds = { mark: 0, lower: 1, upper: 2, digit: 3, space: 4, wide: 5, accented: 6 } as const;

/** Latin letters, with accents too, end here. */
const endOfLatin = 0x250;

/** By UTF-16 unit. */
export const kindsByCode = Uint8Array.from({ length: 0x10000 }, (_, code) =>
	code < endOfLatin ? kindOfCharacter(String.fromCharCode(code)) : kinds.wide,
);

function kindOfCharacter(character: string): number {
	if (/[a-z]/.test(character)) return kinds.lower;
	if (/[A-Z]/.test(character)) return kinds.upper;
	if (/\p{L}/u.test(character)) return kinds.accented;
	if (/\d/.test(character)) return kinds.digit;
	if (/\s/.test(character)) return kinds.space;
	return character < '\x80' ? kinds.mark : kinds.wide;
}

/** About how many tokens one UTF-16 unit beyond ASCII is, by its script: the first line that reaches as far as it. */
const scripts: readonly { readonly to: number; readonly tokens: number }[] = [
	{ to: 0x36f, tokens: 1 },
	// Greek, Cyrillic
	{ to: 0x3ff, tokens: 0.5 },
	{ to: 0x52f, tokens: 0.3 },
	// Armenian, Hebrew, Arabic
	{ to: 0x8ff, tokens: 0.4 },
	// The scripts of India, Thai, Georgian, Ethiopic and others
	{ to: 0x1fff, tokens: 0.45 },
	// Dashes, quotation marks, arrows, mathematics
	{ to: 0x2fff, tokens: 1 },
	// Punctuation of East Asia, kana
	{ to: 0x303f, tokens: 0.9 },
	{ to: 0x30ff, tokens: 0.7 },
	// Han
	{ to: 0x9fff, tokens: 0.85 },
	{ to: 0xabff, tokens: 1 },
	// Hangul
	{ to: 0xd7ff, tokens: 0.6 },
	// Half of an emoji or of a rare sign; private use; wide forms
	{ to: 0xffff, tokens: 1 },
];

/** @param code of a UTF-16 unit beyond ASCII */
export function tokensOfWide(code: number): number {
	for (const { to, tokens } of scripts) if (code <= to) return tokens;
	return 1;
}
