import type { MessagePart, Source } from '../../contract/conversation.ts';
import { isObject, type JsonObject } from '../../values/json.ts';
import { shownType, sourceOf } from '../openai-chat/read-parts.ts';
import type { LossList } from './loss-list.ts';

/** The parts of a message, or of what a tool returned: a text, or a list. */
export function readContent(content: unknown, losses: LossList): MessagePart[] {
	if (typeof content === 'string') return [{ is: 'text', text: content }];
	if (!Array.isArray(content)) return [];
	return content.filter(isObject).flatMap((part) => readPart(part, losses) ?? []);
}

function readPart(part: JsonObject, losses: LossList): MessagePart | undefined {
	switch (part.type) {
		case 'input_text':
		case 'output_text':
		case 'text':
			return { is: 'text', text: typeof part.text === 'string' ? part.text : '' };
		case 'refusal':
			return { is: 'refusal', text: typeof part.refusal === 'string' ? part.refusal : '' };
		case 'input_image':
			return readImage(part);
		case 'input_file':
			return readFile(part);
		case 'input_audio':
			return readAudio(part);
		default:
			losses.add(`content of the type ${shownType(part.type)}`, true);
			return undefined;
	}
}

function readImage({ image_url: url, file_id: id, detail }: JsonObject): MessagePart | undefined {
	const source = sourceIn(url, id);
	if (source === undefined) return undefined;
	return { is: 'image', source, ...(typeof detail === 'string' ? { detail } : {}) };
}

function readFile({ file_data: data, file_url: url, file_id: id, filename }: JsonObject): MessagePart | undefined {
	const isBare = typeof data === 'string' && !data.startsWith('data:');
	const source = sourceIn(isBare ? `data:application/octet-stream;base64,${data}` : (data ?? url), id);
	if (source === undefined) return undefined;
	return { is: 'file', source, ...(typeof filename === 'string' ? { name: filename } : {}) };
}

function readAudio({ input_audio: audio }: JsonObject): MessagePart | undefined {
	const { format, data } = isObject(audio) ? audio : {};
	if (typeof format !== 'string' || typeof data !== 'string') return undefined;
	return { is: 'audio', format, base64: data };
}

function sourceIn(url: unknown, id: unknown): Source | undefined {
	if (typeof id === 'string' && id !== '') return { is: 'id', id };
	return typeof url === 'string' ? sourceOf(url) : undefined;
}
