import { hash } from 'node:crypto';
import type { AudioContent, FileContent, ImageContent, MessagePart, TextContent } from '../../contract/conversation.ts';
import type { JsonObject } from '../../values/json.ts';
import { isMistral } from './model-kinds.ts';

/** OpenAI's own bound on the ids of calls; other dialects' are longer. */
const LONGEST_ID = 40;

/** What a message of the user says by itself, beside results of tools. */
export type SaidByUser = TextContent | ImageContent | FileContent | AudioContent;

export function isSaidByUser(part: MessagePart): part is SaidByUser {
	return part.is === 'text' || part.is === 'image' || part.is === 'file' || part.is === 'audio';
}

/**
 * The `content` of a message. Text alone is one string: many servers that are like OpenAI's take no parts.
 * @param foreign ids of files that another provider knows: they are left out
 */
export function contentOf(parts: readonly SaidByUser[], foreign: ReadonlySet<string> | undefined): unknown {
	const rendered = parts.flatMap((part): JsonObject[] => {
		if (part.is === 'text') return [textPart(part.text)];
		if (part.is === 'audio') return [{ type: 'input_audio', input_audio: { data: part.base64, format: part.format } }];
		return part.is === 'image' ? imageParts(part) : fileParts(part, foreign);
	});
	const isText = rendered.every(({ type }) => type === 'text');
	return isText ? rendered.map(({ text }) => text).join('\n\n') : rendered;
}

function textPart(text: string): JsonObject {
	return { type: 'text', text };
}

/** Nothing where the source has no words here: that it is left out has been said before the target was asked. */
function imageParts({ source, detail }: ImageContent): JsonObject[] {
	const how = detail === undefined ? {} : { detail };
	if (source.is === 'url') return [{ type: 'image_url', image_url: { url: source.url, ...how } }];
	return source.is === 'data' ? [{ type: 'image_url', image_url: { url: dataUrl(source), ...how } }] : [];
}

function fileParts({ source, name }: FileContent, foreign: ReadonlySet<string> | undefined): JsonObject[] {
	switch (source.is) {
		case 'id':
			return foreign?.has(source.id) === true ? [] : [{ type: 'file', file: { file_id: source.id } }];
		case 'text':
			return [textPart(titled(source.text, name))];
		case 'data':
			if (source.mediaType.startsWith('text/')) {
				return [textPart(titled(Buffer.from(source.base64, 'base64').toString(), name))];
			}
			return [{ type: 'file', file: { filename: name ?? 'document.pdf', file_data: dataUrl(source) } }];
		case 'url':
			return [];
	}
}

function titled(text: string, name: string | undefined): string {
	return name === undefined ? text : `${name}:\n\n${text}`;
}

function dataUrl({ mediaType, base64 }: { readonly mediaType: string; readonly base64: string }): string {
	return `data:${mediaType};base64,${base64}`;
}

/** Mistral's models take no other. */
const idOfMistral = /^[a-zA-Z0-9]{9}$/;

/** The id of a call, in the call and in its result: one that is not taken is replaced by one that is the same for the same. */
export function callId(id: string, model = ''): string {
	if (isMistral(model)) return idOfMistral.test(id) ? id : hash('sha256', id, 'hex').slice(0, 9);
	return id.length <= LONGEST_ID ? id : `call_${hash('sha256', id, 'hex').slice(0, LONGEST_ID - 'call_'.length)}`;
}
