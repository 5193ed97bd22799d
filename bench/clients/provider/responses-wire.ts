import { proofOf, type Saying, thought } from './model.ts';
import { type Content, halves, named, openaiFailure, textOf, tokens, type Wire } from './wire.ts';

interface Item {
	readonly type?: string;
	readonly role?: string;
	readonly content?: Content;
	readonly call_id?: string;
	readonly output?: Content;
	readonly encrypted_content?: string | null;
}

interface ResponsesBody {
	readonly model: string;
	readonly stream?: boolean;
	readonly input: string | readonly Item[];
	readonly tools?: readonly { readonly type: string; readonly name?: string }[];
}

const usage = {
	input_tokens: tokens.input,
	input_tokens_details: { cached_tokens: 0 },
	output_tokens: tokens.output,
	output_tokens_details: { reasoning_tokens: 0 },
	total_tokens: tokens.input + tokens.output,
};

export const responses: Wire<ResponsesBody> = {
	path: '/responses',
	mistakeIn({ input }, provider) {
		if (typeof input === 'string') return undefined;
		if (!Array.isArray(input)) return 'input: a text or a list is required.';
		const calls = new Set<string | undefined>();
		for (const { type, call_id, encrypted_content } of input as readonly Item[]) {
			const proof = encrypted_content ?? proofOf(provider);
			if (type === 'reasoning' && proof !== proofOf(provider))
				return 'input: the encrypted content could not be verified.';
			if (type === 'function_call') calls.add(call_id);
			if (type === 'function_call_output' && !calls.has(call_id)) return 'input: an output has no call before it.';
		}
		return undefined;
	},
	read({ model, stream = false, input, tools = [] }) {
		const items: readonly Item[] = typeof input === 'string' ? [{ role: 'user', content: input }] : input;
		return {
			model,
			stream,
			tools: tools.flatMap(({ type, name }) => (type === 'function' && name !== undefined ? name : [])),
			returned: items.map(({ type, output }) => (type === 'function_call_output' ? textOf(output) : '')).join(''),
			said: textOf(items.findLast(({ role }) => role === 'assistant')?.content),
			endsWithSaid: items.at(-1)?.role === 'assistant',
		};
	},
	document(saying, body, provider) {
		return responseOf(body, 'completed', itemsOf(saying, provider));
	},
	events(saying, body, provider) {
		const items = itemsOf(saying, provider);
		const events = [
			{ type: 'response.created', response: responseOf(body, 'in_progress', []) },
			{ type: 'response.in_progress', response: responseOf(body, 'in_progress', []) },
			...items.flatMap((item, index) => [
				{ type: 'response.output_item.added', output_index: index, item: emptied(item) },
				...contentEvents(item, saying).map((event) => ({ ...event, item_id: item.id, output_index: index })),
				{ type: 'response.output_item.done', output_index: index, item },
			]),
			{ type: 'response.completed', response: responseOf(body, 'completed', items) },
		];
		return events.map((event, position) => named({ ...event, sequence_number: position }));
	},
	failure: openaiFailure,
};

function responseOf({ model }: ResponsesBody, status: string, output: readonly object[]): object {
	return {
		id: 'resp_1',
		object: 'response',
		created_at: 1_790_000_000,
		status,
		error: null,
		incomplete_details: null,
		instructions: null,
		metadata: {},
		model,
		output,
		parallel_tool_calls: true,
		temperature: 1,
		tool_choice: 'auto',
		tools: [],
		top_p: 1,
		usage: status === 'completed' ? usage : null,
	};
}

type Said =
	| { id: string; type: 'reasoning'; summary: object[]; encrypted_content: string }
	| { id: string; type: 'message'; status: string; role: 'assistant'; content: object[] }
	| { id: string; type: 'function_call'; status: string; call_id: string; name: string; arguments: string };

function itemsOf(saying: Saying, provider: string): Said[] {
	const status = 'completed';
	if (saying.is === 'text') {
		return [{ id: 'msg_1', type: 'message', status, role: 'assistant', content: [textPart(saying.pieces.join(''))] }];
	}
	const called = { name: saying.tool, arguments: saying.arguments };
	return [
		{ id: 'rs_1', type: 'reasoning', summary: [summaryPart(thought)], encrypted_content: proofOf(provider) },
		{ id: 'fc_1', type: 'function_call', status, call_id: 'call_1', ...called },
	];
}

/** An item as it begins. */
function emptied(item: Said): Said {
	if (item.type === 'reasoning') return { ...item, summary: [] };
	const begun = { ...item, status: 'in_progress' };
	return begun.type === 'message' ? { ...begun, content: [] } : { ...begun, arguments: '' };
}

function textPart(text: string): object {
	return { type: 'output_text', text, annotations: [], logprobs: [] };
}

function summaryPart(text: string): object {
	return { type: 'summary_text', text };
}

function contentEvents(item: Said, saying: Saying): { type: string; [member: string]: unknown }[] {
	if (item.type === 'reasoning') {
		const type = 'response.reasoning_summary';
		return [
			{ type: `${type}_part.added`, summary_index: 0, part: summaryPart('') },
			...halves(thought).map((delta) => ({ type: `${type}_text.delta`, summary_index: 0, delta })),
			{ type: `${type}_text.done`, summary_index: 0, text: thought },
			{ type: `${type}_part.done`, summary_index: 0, part: summaryPart(thought) },
		];
	}
	if (saying.is === 'call') {
		const type = 'response.function_call_arguments';
		const deltas = halves(saying.arguments).map((delta) => ({ type: `${type}.delta`, delta }));
		return [...deltas, { type: `${type}.done`, name: saying.tool, arguments: saying.arguments }];
	}
	const text = saying.pieces.join('');
	return [
		{ type: 'response.content_part.added', content_index: 0, part: textPart('') },
		...saying.pieces.map((delta) => ({ type: 'response.output_text.delta', content_index: 0, delta, logprobs: [] })),
		{ type: 'response.output_text.done', content_index: 0, text, logprobs: [] },
		{ type: 'response.content_part.done', content_index: 0, part: textPart(text) },
	];
}
