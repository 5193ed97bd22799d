/** The longest text of a provider that is matched or searched, in characters; keeps every regex cheap. */
const maxTextLength = 4_000;
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
 * The words of a web page, for error rules: its text without markup, scripts and styles, on one line.
 * @returns undefined when the text is no web page
 */
export function pageText(raw: string): string | undefined {
	const start = raw.slice(0, 16 * maxTextLength).replace(/^\s*(?:<!--[\s\S]*?-->\s*)*(?:<\?xml[^>]{0,200}>\s*)?/, '');
	if (!/^<(?:!doctype html|html|head|body|title|meta|center|h1|script|style|div)\b/i.test(start)) return undefined;
	const head = raw.slice(0, 16 * maxTextLength);
	return plainText(withoutScripts(head).replace(/<[^>]{0,2000}>?/g, ' '));
}

const anyScriptTag = /<(?:(script|style)\b|\/(script|style)\s*>)/gi;

/** In one pass: a page of tags that never end must not be searched to its end from each of them. */
function withoutScripts(page: string): string {
	let words = '';
	let shownFrom = 0;
	let openTag: string | undefined;
	for (const { 0: tag, 1: begun, 2: ended, index } of page.matchAll(anyScriptTag)) {
		if (openTag === undefined && begun !== undefined) {
			words += `${page.slice(shownFrom, index)} `;
			shownFrom = index;
			openTag = begun.toLowerCase();
		} else if (openTag !== undefined && openTag === ended?.toLowerCase()) {
			shownFrom = index + tag.length;
			openTag = undefined;
		}
	}
	return words + page.slice(shownFrom);
}
