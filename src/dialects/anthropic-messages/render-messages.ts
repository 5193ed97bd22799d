import type {
	Conversation,
	FileContent,
	ImageContent,
	Message,
	MessagePart,
	TextContent,
} from '../../contract/conversation.ts';
import type { JsonObject } from '../../values/json.ts';
import { withResultsBehindCalls } from '../results-behind-calls.ts';
import { ToolIds } from './tool-ids.ts';
import { inputOf } from './tool-input.ts';

/** Anthropic's own bound. */
const MOST_MARKS = 4;

/** The first message must be the user's; where the conversation begins with another, this stands before it. */
const opening = { type: 'text', text: '.' };

export interface RenderedMessage {
	readonly role: 'user' | 'assistant';
	readonly content: readonly JsonObject[];
}

/**
 * The messages of a conversation as this API takes them: instructions on top, roles in turns, results of tools in front of what
 * the user says beside them.
 */
export function renderMessages({ messages }: Pick<Conversation, 'messages'>): {
	system: readonly JsonObject[];
	messages: readonly RenderedMessage[];
} {
	const render = new PartsRenderer(messages);
	const system: JsonObject[] = [];
	const turns: { role: 'user' | 'assistant'; content: JsonObject[] }[] = [];
	for (const { role, parts } of withResultsBehindCalls(messages)) {
		const blocks = parts.flatMap((part) => render.block(part));
		if (blocks.length === 0) continue;
		if (role === 'system') system.push(...blocks);
		else if (turns.at(-1)?.role === role) turns.at(-1)?.content.push(...blocks);
		else turns.push({ role, content: blocks });
	}
	// Instructions alone are what there is to answer.
	if (turns.length === 0) {
		return { system: [], messages: [{ role: 'user', content: system.length === 0 ? [opening] : system }] };
	}
	if (turns[0]?.role === 'assistant') turns.unshift({ role: 'user', content: [opening] });
	return { system, messages: turns.map(resultsFirst) };
}

function resultsFirst({ role, content }: { role: 'user' | 'assistant'; content: JsonObject[] }): RenderedMessage {
	const isResult = ({ type }: JsonObject) => type === 'tool_result';
	return { role, content: [...content.filter(isResult), ...content.filter((block) => !isResult(block))] };
}

/** Writes parts as blocks; ids of calls and marks of the cache are counted over all of them. */
class PartsRenderer {
	readonly #ids = new ToolIds();
	/** Marks that are left out: only so many may stand, and the last ones reach farthest. */
	#surplusMarks: number;

	constructor(messages: readonly Message[]) {
		const marks = messages.flatMap(({ parts }) => parts).filter(({ cached }) => cached === true);
		this.#surplusMarks = Math.max(0, marks.length - MOST_MARKS);
	}

	block(part: MessagePart): JsonObject[] {
		const content = this.#content(part);
		if (content === undefined) return [];
		if (part.cached !== true) return [content];
		if (this.#surplusMarks > 0) {
			this.#surplusMarks--;
			return [content];
		}
		return [{ ...content, cache_control: { type: 'ephemeral' } }];
	}

	#content(part: MessagePart): JsonObject | undefined {
		switch (part.is) {
			case 'tool-call': {
				const { id, name, arguments: text, isCustom } = part;
				const input = isCustom === true ? { input: text } : inputOf(text);
				return { type: 'tool_use', id: this.#ids.ofCall(id), name, input };
			}
			case 'tool-result': {
				const { id, parts, isError } = part;
				const content = parts.flatMap((piece) => pieceBlock(piece) ?? []);
				return {
					type: 'tool_result',
					tool_use_id: this.#ids.ofResult(id),
					...(content.length === 0 ? {} : { content }),
					...(isError === true ? { is_error: true } : {}),
				};
			}
			case 'refusal':
				return textBlock(part.text);
			case 'text':
			case 'image':
			case 'file':
				return pieceBlock(part);
			// Thoughts of other models have no signature; sound is nothing that this API takes.
			case 'reasoning':
			case 'audio':
				return undefined;
		}
	}
}

function pieceBlock(piece: TextContent | ImageContent | FileContent): JsonObject | undefined {
	switch (piece.is) {
		case 'text':
			return textBlock(piece.text);
		case 'image':
			return imageBlock(piece);
		case 'file':
			return documentBlock(piece);
	}
}

/** Empty texts are refused. */
function textBlock(text: string): JsonObject | undefined {
	return text.trim() === '' ? undefined : { type: 'text', text };
}

function imageBlock({ source }: ImageContent): JsonObject | undefined {
	if (source.is === 'url') return { type: 'image', source: { type: 'url', url: source.url } };
	if (source.is !== 'data') return undefined;
	return { type: 'image', source: { type: 'base64', media_type: source.mediaType, data: source.base64 } };
}

function documentBlock({ source, name }: FileContent): JsonObject | undefined {
	const title = name === undefined ? {} : { title: name };
	if (source.is === 'url') return { type: 'document', source: { type: 'url', url: source.url }, ...title };
	if (source.is === 'id') return undefined;
	return { type: 'document', source: documentSource(source), ...title };
}

function documentSource(source: Exclude<FileContent['source'], { is: 'url' } | { is: 'id' }>): JsonObject {
	if (source.is === 'text') return { type: 'text', media_type: 'text/plain', data: source.text };
	if (!isText(source.mediaType)) return { type: 'base64', media_type: source.mediaType, data: source.base64 };
	return { type: 'text', media_type: 'text/plain', data: Buffer.from(source.base64, 'base64').toString() };
}

/** Whether a document of this type can be shown as the text that it is. */
export function isText(mediaType: string): boolean {
	return /^text\/|^application\/(json|xml|yaml)\b/.test(mediaType);
}
