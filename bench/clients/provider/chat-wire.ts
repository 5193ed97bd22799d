import { type Saying, thought } from './model.ts';
import { type Content, halves, openaiFailure, textOf, tokens, unnamed, type Wire } from './wire.ts';

interface ChatMessage {
	readonly role: string;
	readonly content?: Content;
	readonly tool_calls?: readonly { readonly id: string }[];
	readonly tool_call_id?: string;
}

interface ChatBody {
	readonly model: string;
	readonly stream?: boolean;
	readonly stream_options?: { readonly include_usage?: boolean };
	readonly messages: readonly ChatMessage[];
	readonly tools?: readonly { readonly function?: { readonly name: string } }[];
}

const usage = {
	prompt_tokens: tokens.input,
	completion_tokens: tokens.output,
	total_tokens: tokens.input + tokens.output,
};

const roles = ['system', 'developer', 'user', 'assistant', 'tool'];

export const chat: Wire<ChatBody> = {
	path: '/chat/completions',
	mistakeIn({ messages }) {
		if (!Array.isArray(messages) || messages.length === 0) return 'messages: a list is required.';
		const calls = new Set<string>();
		for (const { role, tool_calls = [], tool_call_id } of messages as readonly ChatMessage[]) {
			if (!roles.includes(role)) return `messages: the role ${role} is unknown.`;
			for (const { id } of tool_calls) calls.add(id);
			if (role === 'tool' && !calls.has(tool_call_id ?? ''))
				return 'messages: a result of a tool has no call before it.';
		}
		return undefined;
	},
	read({ model, stream = false, messages, tools = [] }) {
		return {
			model,
			stream,
			tools: tools.flatMap((tool) => tool.function?.name ?? []),
			returned: messages.map(({ role, content }) => (role === 'tool' ? textOf(content) : '')).join(''),
			said: textOf(messages.findLast(({ role }) => role === 'assistant')?.content),
			endsWithSaid: messages.at(-1)?.role === 'assistant',
		};
	},
	document(saying, { model }) {
		const message =
			saying.is === 'text'
				? { role: 'assistant', content: saying.pieces.join('') }
				: {
						role: 'assistant',
						content: null,
						tool_calls: [{ id: 'call_1', type: 'function', function: callOf(saying) }],
					};
		const choice = { index: 0, message, logprobs: null, finish_reason: finishOf(saying) };
		return { id: 'chatcmpl-1', object: 'chat.completion', created: 1_790_000_000, model, choices: [choice], usage };
	},
	events(saying, { model, stream_options }) {
		const chunk = (choices: object[], more: object = {}) =>
			unnamed({
				id: 'chatcmpl-1',
				object: 'chat.completion.chunk',
				created: 1_790_000_000,
				model,
				choices,
				...more,
			});
		const delta = (content: object, finish: string | null = null) =>
			chunk([{ index: 0, delta: content, logprobs: null, finish_reason: finish }]);
		return [
			delta({ role: 'assistant', content: saying.is === 'text' ? '' : null }),
			...deltasOf(saying).map((content) => delta(content)),
			delta({}, finishOf(saying)),
			...(stream_options?.include_usage === true ? [chunk([], { usage })] : []),
			unnamed('[DONE]'),
		];
	},
	failure: openaiFailure,
};

function callOf(call: Extract<Saying, { is: 'call' }>): object {
	return { name: call.tool, arguments: call.arguments };
}

function finishOf({ is }: Saying): string {
	return is === 'text' ? 'stop' : 'tool_calls';
}

function deltasOf(saying: Saying): object[] {
	if (saying.is === 'text') return saying.pieces.map((content) => ({ content }));
	const begun = { index: 0, id: 'call_1', type: 'function', function: { name: saying.tool, arguments: '' } };
	const more = halves(saying.arguments).map((piece) => ({ index: 0, function: { arguments: piece } }));
	const calls = [begun, ...more].map((call) => ({ tool_calls: [call] }));
	return [...halves(thought).map((piece) => ({ reasoning_content: piece })), ...calls];
}
