import type { FileContent, ImageContent, Loss, MessagePart, Source, TextContent } from '../../contract/conversation.ts';
import { Refusal } from '../../contract/refusal.ts';
import { asObject, isObject, isSomething, type JsonObject } from '../../values/json.ts';

/** Media types by the ends of names of files, for files that come without one. */
const mediaTypes: Readonly<Record<string, string>> = {
	pdf: 'application/pdf',
	txt: 'text/plain',
	md: 'text/markdown',
	csv: 'text/csv',
	html: 'text/html',
	json: 'application/json',
};

/**
 * Reads the `content` of a message: a text, or a list of parts.
 * @param at where the message stands: `messages[3]`
 * @param losses where parts go that have no words in a conversation
 */
export function readContent(content: unknown, at: string, losses: Loss[]): readonly MessagePart[] {
	if (content === undefined || content === null || content === '') return [];
	if (typeof content === 'string') return [{ is: 'text', text: content }];
	if (!Array.isArray(content)) throw wrong(`${at}.content`, 'must be a string or a list of parts');
	return content.flatMap((part, index): MessagePart[] => {
		if (typeof part === 'string') return [{ is: 'text', text: part }];
		if (!isObject(part)) throw wrong(`${at}.content[${index}]`, 'must be an object with a type');
		const read = readPart(part, `${at}.content[${index}]`, losses);
		return read === undefined ? [] : [isSomething(part.cache_control) ? { ...read, cached: true } : read];
	});
}

/** What a tool returned may hold. */
export function isOfResult(part: MessagePart): part is TextContent | ImageContent | FileContent {
	return part.is === 'text' || part.is === 'image' || part.is === 'file';
}

function readPart(part: JsonObject, at: string, losses: Loss[]): MessagePart | undefined {
	switch (part.type) {
		case 'text':
			return { is: 'text', text: textOf(part, 'text', at) };
		case 'refusal':
			return { is: 'refusal', text: textOf(part, 'refusal', at) };
		case 'image_url':
			return readImage(part.image_url, at);
		case 'input_audio': {
			const audio = asObject(part.input_audio) ?? {};
			const base64 = textOf(audio, 'data', `${at}.input_audio`);
			return { is: 'audio', format: textOf(audio, 'format', `${at}.input_audio`), base64 };
		}
		case 'file':
			return readFile(asObject(part.file) ?? {}, at);
		default:
			losses.push({ what: `content of the type ${shownType(part.type)}`, isNeeded: true });
			return undefined;
	}
}

/** Some clients give the address alone. */
function readImage(given: unknown, at: string): ImageContent {
	const image = typeof given === 'string' ? { url: given } : (asObject(given) ?? {});
	const url = textOf(image, 'url', `${at}.image_url`);
	const { detail } = image as JsonObject;
	return { is: 'image', source: sourceOf(url), ...(typeof detail === 'string' ? { detail } : {}) };
}

function readFile(file: JsonObject, at: string): FileContent {
	const { filename, file_id: id } = file;
	const name = typeof filename === 'string' && filename !== '' ? { name: filename } : {};
	if (typeof id === 'string' && id !== '') return { is: 'file', source: { is: 'id', id }, ...name };
	const data = textOf(file, 'file_data', `${at}.file`);
	if (/^(data|https?):/i.test(data)) return { is: 'file', source: sourceOf(data), ...name };
	const end = /\.(\w+)$/.exec(name.name ?? '')?.[1]?.toLowerCase() ?? '';
	const mediaType = (Object.hasOwn(mediaTypes, end) ? mediaTypes[end] : undefined) ?? 'application/pdf';
	return { is: 'file', source: { is: 'data', mediaType, base64: data }, ...name };
}

/** An address, or what a `data:` address holds. */
export function sourceOf(url: string): Source {
	const [whole, mediaType] = /^data:([^;,]*)(?:;[^;,]*)*;base64,/i.exec(url.slice(0, 300)) ?? [];
	if (whole === undefined || mediaType === undefined) return { is: 'url', url };
	return { is: 'data', mediaType: knownType(mediaType), base64: url.slice(whole.length) };
}

/** Some write the ending of a file's name for the type of it, which Anthropic does not know. */
export function knownType(mediaType: string): string {
	const plain = mediaType.toLowerCase();
	return plain === 'image/jpg' ? 'image/jpeg' : plain;
}

function textOf(object: JsonObject, name: string, at: string): string {
	const value = object[name];
	if (typeof value === 'string') return value;
	throw wrong(`${at}.${name}`, 'must be a string');
}

/** @param at where it stands in the body */
export function wrong(at: string, what: string): Refusal {
	return new Refusal('invalid_request', `'${at}' ${what}.`, at);
}

/** A caller's word for a kind, as an error may show it: short, and nothing but a name. */
export function shownType(type: unknown): string {
	return typeof type === 'string' && /^[\w.:/-]{1,60}$/.test(type) ? type : 'unknown';
}
