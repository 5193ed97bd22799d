import type { FileContent, ImageContent, Loss, MessagePart, Source, TextContent } from '../../contract/conversation.ts';
import { isObject, isSomething, type JsonObject } from '../../values/json.ts';
import { knownType } from '../openai-chat/read-parts.ts';
import { argumentsOf } from './tool-input.ts';

type Piece = TextContent | ImageContent | FileContent;

/** Blocks of tools that the provider runs itself: other models know nothing of them, and read on without. */
const ofHostedTools = /^(server_tool_use|mcp_tool_use|tool_reference|container_upload)$|_tool_result$/;

/**
 * The content of a message.
 * @param losses where goes what has no words in a conversation
 */
export function readContent(content: unknown, losses: Loss[]): MessagePart[] {
	if (typeof content === 'string') return content === '' ? [] : [{ is: 'text', text: content }];
	return objectsIn(content).flatMap((block) => readBlock(block, losses));
}

function readBlock(block: JsonObject, losses: Loss[]): MessagePart[] {
	const cached = isSomething(block.cache_control) ? { cached: true } : {};
	switch (block.type) {
		case 'tool_use':
			return [
				{
					is: 'tool-call',
					id: textOf(block.id),
					name: textOf(block.name),
					arguments: argumentsOf(block.input),
					...cached,
				},
			];
		case 'tool_result':
			return [
				{
					is: 'tool-result',
					id: textOf(block.tool_use_id),
					parts: readPieces(block.content, losses),
					...(block.is_error === true ? { isError: true } : {}),
					...cached,
				},
			];
		case 'thinking':
			return [{ is: 'reasoning', text: textOf(block.thinking) }];
		case 'redacted_thinking':
			return [{ is: 'reasoning', text: '' }];
		default:
			return readPiece(block, losses);
	}
}

function readPieces(content: unknown, losses: Loss[]): Piece[] {
	if (typeof content === 'string') return content === '' ? [] : [{ is: 'text', text: content }];
	return objectsIn(content).flatMap((block) => readPiece(block, losses));
}

/** What may stand in a message, and in what a tool returned. */
function readPiece(block: JsonObject, losses: Loss[]): Piece[] {
	const cached = isSomething(block.cache_control) ? { cached: true } : {};
	switch (block.type) {
		case 'text':
			return block.text === '' ? [] : [{ is: 'text', text: textOf(block.text), ...cached }];
		case 'image': {
			const source = sourceOf(block.source);
			return source === undefined ? lost('images of an unknown kind', losses) : [{ is: 'image', source, ...cached }];
		}
		case 'document':
			return readDocumentBlock(block, cached, losses);
		case 'search_result':
			return searchResult(block, cached, losses);
		case 'compaction':
			return [{ is: 'text', text: textOf(block.content), ...cached }];
		default:
			return unknownBlock(block.type, losses);
	}
}

function readDocumentBlock(block: JsonObject, cached: { cached?: boolean }, losses: Loss[]): Piece[] {
	const { source, title, context, citations } = block;
	if (isObject(citations) && citations.enabled === true) losses.push({ what: 'citations', isNeeded: false });
	const named = typeof title === 'string' && title !== '' ? { name: title } : {};
	const about: Piece[] = typeof context === 'string' && context !== '' ? [{ is: 'text', text: context }] : [];
	// A document that the caller cut into blocks itself.
	if (isObject(source) && source.type === 'content') return [...about, ...readPieces(source.content, losses)];
	const known = sourceOf(source);
	if (known === undefined) return lost('documents of an unknown kind', losses);
	return [...about, { is: 'file', source: known, ...named, ...cached }];
}

function searchResult({ title, source, content }: JsonObject, cached: object, losses: Loss[]): Piece[] {
	losses.push({ what: 'citations', isNeeded: false });
	const texts = objectsIn(content).map(({ text }) => textOf(text));
	return [{ is: 'text', text: [textOf(title), textOf(source), ...texts].filter(isSomething).join('\n'), ...cached }];
}

function sourceOf(source: unknown): Source | undefined {
	if (!isObject(source)) return undefined;
	const { type, data, url, file_id: id } = source;
	const mediaType = knownType(textOf(source.media_type));
	if (type === 'base64' && typeof data === 'string') return { is: 'data', mediaType, base64: data };
	if (type === 'url' && typeof url === 'string') return { is: 'url', url };
	if (type === 'text' && typeof data === 'string') return { is: 'text', text: data };
	return type === 'file' && typeof id === 'string' ? { is: 'id', id } : undefined;
}

function unknownBlock(type: unknown, losses: Loss[]): [] {
	const isHosted = typeof type === 'string' && ofHostedTools.test(type);
	losses.push({ what: `blocks of the type ${shownName(type)}`, isNeeded: !isHosted });
	return [];
}

function lost(what: string, losses: Loss[]): [] {
	losses.push({ what, isNeeded: true });
	return [];
}

/** A name of the API as a header may show it; anything else is the caller's own and is not told. */
export function shownName(name: unknown): string {
	return typeof name === 'string' && /^[a-z][a-z0-9_]{0,60}$/.test(name) ? name : 'unknown';
}

function objectsIn(list: unknown): JsonObject[] {
	return Array.isArray(list) ? list.filter(isObject) : [];
}

function textOf(value: unknown): string {
	return typeof value === 'string' ? value : '';
}
