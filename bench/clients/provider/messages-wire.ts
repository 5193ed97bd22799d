import { proofOf, type Saying, thought } from './model.ts';
import { type Content, halves, named, textOf, tokens, type Wire } from './wire.ts';

interface Block {
	readonly type?: string;
	readonly text?: string;
	readonly id?: string;
	readonly tool_use_id?: string;
	readonly signature?: string;
	readonly content?: Content;
}

interface MessagesBody {
	readonly model: string;
	readonly stream?: boolean;
	readonly max_tokens?: number;
	readonly messages: readonly { readonly role: string; readonly content: string | readonly Block[] }[];
	readonly tools?: readonly { readonly name: string }[];
}

const roles = ['system', 'user', 'assistant'];

export const messages: Wire<MessagesBody> = {
	path: '/messages',
	mistakeIn({ max_tokens, messages: all }, provider) {
		if (!Number.isSafeInteger(max_tokens)) return 'max_tokens: Field required';
		if (!Array.isArray(all) || all.length === 0) return 'messages: at least one message is required';
		const calls = new Set<string | undefined>();
		for (const { role, content } of all as MessagesBody['messages']) {
			if (!roles.includes(role)) return `messages: the role ${role} is unknown`;
			for (const { type, text, id, tool_use_id, signature } of blocksOf(content)) {
				if (type === 'thinking' && signature !== proofOf(provider))
					return 'messages: Invalid `signature` in `thinking` block';
				if (type === 'text' && text === '') return 'messages: text content blocks must be non-empty';
				if (type === 'tool_use') calls.add(id);
				if (type === 'tool_result' && !calls.has(tool_use_id))
					return 'messages: unexpected tool_use_id in a tool_result';
			}
		}
		return undefined;
	},
	read({ model, stream = false, messages: all, tools = [] }) {
		const results = all.flatMap(({ content }) => blocksOf(content)).filter(({ type }) => type === 'tool_result');
		return {
			model,
			stream,
			tools: tools.map(({ name }) => name),
			returned: results.map(({ content }) => textOf(content)).join(''),
			said: textOf(all.findLast(({ role }) => role === 'assistant')?.content),
			endsWithSaid: all.at(-1)?.role === 'assistant',
		};
	},
	document(saying, { model }, provider) {
		return messageOf(model, blocksSaid(saying, provider), finishOf(saying), tokens.output);
	},
	events(saying, { model }, provider) {
		return [
			{ type: 'message_start', message: messageOf(model, [], null, 1) },
			{ type: 'ping' },
			...blocksSaid(saying, provider).flatMap((block, index) => [
				{ type: 'content_block_start', index, content_block: emptied(block) },
				...deltasOf(block, saying).map((delta) => ({ type: 'content_block_delta', index, delta })),
				{ type: 'content_block_stop', index },
			]),
			{
				type: 'message_delta',
				delta: { stop_reason: finishOf(saying), stop_sequence: null },
				usage: { output_tokens: tokens.output },
			},
			{ type: 'message_stop' },
		].map(named);
	},
	failure(type, message) {
		return { type: 'error', error: { type, message }, request_id: 'req_1' };
	},
};

function blocksOf(content: string | readonly Block[]): readonly Block[] {
	return typeof content === 'string' ? [{ type: 'text', text: content }] : content;
}

function messageOf(model: string, content: readonly object[], stopReason: string | null, outputTokens: number): object {
	return {
		id: 'msg_1',
		type: 'message',
		role: 'assistant',
		model,
		content,
		stop_reason: stopReason,
		stop_sequence: null,
		usage: { input_tokens: tokens.input, output_tokens: outputTokens },
	};
}

function finishOf({ is }: Saying): string {
	return is === 'text' ? 'end_turn' : 'tool_use';
}

type Said =
	| { type: 'thinking'; thinking: string; signature: string }
	| { type: 'text'; text: string }
	| { type: 'tool_use'; id: string; name: string; input: object };

function blocksSaid(saying: Saying, provider: string): Said[] {
	if (saying.is === 'text') return [{ type: 'text', text: saying.pieces.join('') }];
	return [
		{ type: 'thinking', thinking: thought, signature: proofOf(provider) },
		{ type: 'tool_use', id: 'toolu_1', name: saying.tool, input: JSON.parse(saying.arguments) },
	];
}

/** A block as it begins. */
function emptied(block: Said): Said {
	if (block.type === 'thinking') return { ...block, thinking: '', signature: '' };
	return block.type === 'text' ? { ...block, text: '' } : { ...block, input: {} };
}

function deltasOf(block: Said, saying: Saying): object[] {
	if (block.type === 'thinking') {
		const thoughts = halves(block.thinking).map((thinking) => ({ type: 'thinking_delta', thinking }));
		return [...thoughts, { type: 'signature_delta', signature: block.signature }];
	}
	if (saying.is === 'text') return saying.pieces.map((text) => ({ type: 'text_delta', text }));
	return halves(saying.arguments).map((json) => ({ type: 'input_json_delta', partial_json: json }));
}
