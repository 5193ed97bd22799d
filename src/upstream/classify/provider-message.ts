/** The longest provider message that is handed on, in characters. */
const maxMessageLength = 500;

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
