import type { Message, MessagePart, Source, ToolResultContent } from '../../contract/conversation.ts';
import type { JsonObject } from '../../values/json.ts';
import { callId } from '../openai-chat/render-parts.ts';

/**
 * The items of an input that say what these messages say.
 * @param foreign ids of files that another provider knows: they are left out
 */
export function renderItems(messages: readonly Message[], foreign: ReadonlySet<string> | undefined): JsonObject[] {
	const isKnown = (part: MessagePart) => !('source' in part && part.source.is === 'id' && foreign?.has(part.source.id));
	const calls = messages.flatMap(({ parts }) => parts.filter((part) => part.is === 'tool-call'));
	const custom = new Set(calls.flatMap(({ id, isCustom }) => (isCustom === true ? [id] : [])));
	return messages.flatMap((message) =>
		runsOf(message.parts.filter(isKnown)).flatMap((run) => renderRun(run, message.role, custom)),
	);
}

/** Parts that stand in one item: what a tool returned and a call of one are items of their own. */
function runsOf(parts: readonly MessagePart[]): MessagePart[][] {
	const runs: MessagePart[][] = [];
	let open: MessagePart[] | undefined;
	for (const part of parts) {
		// The proofs of thoughts are not here, and without them nobody takes them back.
		if (part.is === 'reasoning') continue;
		const isItem = part.is === 'tool-call' || part.is === 'tool-result';
		if (isItem || open === undefined) runs.push([part]);
		else open.push(part);
		open = isItem ? undefined : runs.at(-1);
	}
	return runs;
}

function renderRun(run: readonly MessagePart[], role: Message['role'], custom: ReadonlySet<string>): JsonObject[] {
	const [first] = run;
	if (first?.is === 'tool-call') {
		const { id, name, isCustom, arguments: given } = first;
		if (isCustom === true) return [{ type: 'custom_tool_call', call_id: callId(id), name, input: given }];
		return [{ type: 'function_call', call_id: callId(id), name, arguments: given || '{}' }];
	}
	if (first?.is === 'tool-result') {
		const type = custom.has(first.id) ? 'custom_tool_call_output' : 'function_call_output';
		return [{ type, call_id: callId(first.id), output: outputOf(first) }];
	}
	return [{ type: 'message', role, content: contentOf(run, role) }];
}

function contentOf(run: readonly MessagePart[], role: Message['role']): unknown {
	const [first, second] = run;
	if (first?.is === 'text' && second === undefined) return first.text;
	return run.flatMap((part) => renderPart(part, role === 'assistant') ?? []);
}

/** There is no mark for a tool that failed: it is said in words. */
function outputOf({ parts, isError }: ToolResultContent): unknown {
	const told = isError === true ? [{ is: 'text', text: 'Error: ' } as const, ...parts] : parts;
	const isText = told.every(({ is }) => is === 'text');
	if (isText) return told.map((part) => (part.is === 'text' ? part.text : '')).join('');
	return told.flatMap((part) => renderPart(part, false) ?? []);
}

function renderPart(part: MessagePart, isAnswer: boolean): JsonObject | undefined {
	switch (part.is) {
		case 'text':
			return isAnswer
				? { type: 'output_text', text: part.text, annotations: [] }
				: { type: 'input_text', text: part.text };
		case 'refusal':
			return { type: 'refusal', refusal: part.text };
		case 'image':
			return { type: 'input_image', ...imageSource(part.source), detail: part.detail };
		case 'file':
			return renderFile(part.source, part.name);
		default:
			return undefined;
	}
}

function imageSource(source: Source): JsonObject {
	if (source.is === 'id') return { file_id: source.id };
	return { image_url: addressOf(source) };
}

function renderFile(source: Source, name: string | undefined): JsonObject {
	if (source.is === 'id') return { type: 'input_file', file_id: source.id };
	if (source.is === 'text') return { type: 'input_text', text: source.text };
	if (source.is === 'url') return { type: 'input_file', file_url: source.url };
	// Data without a name is not taken.
	return { type: 'input_file', filename: name ?? 'file', file_data: addressOf(source) };
}

function addressOf(source: Exclude<Source, { is: 'id' }>): string {
	if (source.is === 'url') return source.url;
	if (source.is === 'text') return `data:text/plain;base64,${Buffer.from(source.text).toString('base64')}`;
	return `data:${source.mediaType};base64,${source.base64}`;
}
