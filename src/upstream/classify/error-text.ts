/** The longest text of a provider that is matched or searched, in characters; keeps every regex cheap. */
const maxTextLength = 4_000;
/** The longest provider message that is handed on, in characters. */
const maxMessageLength = 500;

/**
 * A text of a provider on one line: whitespace, control characters and bidirectional overrides collapsed to single
 * spaces, at most 4,000 characters, and without the HTML page that a proxy on the way may have put into it.
 * @returns `''` when nothing but markup is there
 */
export function plainText(raw: string): string {
	const head = raw.slice(0, 4 * maxTextLength);
	const text = head.replace(/[\s\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069\ufeff]+/gu, ' ').trim();
	if (/^<[a-z!?]/i.test(text)) return '';
	const markup = text.search(/<(?:!doctype|html|head|body)\b/i);
	return (markup === -1 ? text : text.slice(0, markup)).slice(0, maxTextLength).trim();
}

/**
 * The provider's words for the caller: the outermost text and, where the error wraps another one, that one's.
 * @returns one line of at most 500 characters, `''` when the provider said nothing
 */
export function providerMessage(texts: readonly string[]): string {
	const [outer = '', inner = ''] = texts;
	const message = inner === '' || outer.includes(inner) ? outer : `${outer}: ${inner}`;
	if (message.length <= maxMessageLength) return message;
	return `${message
		.slice(0, maxMessageLength - 1)
		.replace(/[\ud800-\udbff]$/, '')
		.trimEnd()}…`;
}
