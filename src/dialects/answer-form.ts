import type { AnswerForm, AnswerHeaders } from '../contract/dialect.ts';

/** What the content type says of an answer in JSON or server-sent events, whatever was asked for; undefined when it says neither. */
export function formOf(headers: AnswerHeaders): AnswerForm | undefined {
	const contentType = ([headers['content-type'] ?? ''].flat()[0] ?? '').trim();
	if (/^text\/event-stream\b/i.test(contentType)) return 'events';
	return /^(application\/(problem\+)?json|text\/html)\b/i.test(contentType) ? 'document' : undefined;
}

/** What the beginning of a body looks like, where its content type does not tell, or lies. */
export function looksLike(body: Buffer): AnswerForm | undefined {
	const beginning = body
		.toString('latin1', 0, 64)
		.replace(/^\xef\xbb\xbf/, '')
		.trimStart();
	if (beginning.startsWith('{')) return 'document';
	return /^(data|event|id|retry)?:/.test(beginning) ? 'events' : undefined;
}
