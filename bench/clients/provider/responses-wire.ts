import type { Saying } from './model.ts';
import { type Content, halves, named, openaiFailure, textOf, tokens, type Wire } from './wire.ts';

interface Item {
	readonly type?: string;
	readonly role?: string;
	readonly content?: Content;
	readonly call_id?: string;
	readonly output?: Content;
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
	mistakeIn({ input }) {
		if (typeof input === 'string') return undefined;
		if (!Array.isArray(input)) return 'input: a text or a list is required.';
		const calls = new Set<string | undefined>();
		for (const { type, call_id } of input as readonly Item[]) {
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
	document(saying, body) {
		return responseOf(body, 'completed', [itemOf(saying, 'completed')]);
	},
	events(saying, body) {
		const empty = itemOf(saying, 'in_progress');
		const whole = itemOf(saying, 'completed');
		const events = [
			{ type: 'response.created', response: responseOf(body, 'in_progress', []) },
			{ type: 'response.in_progress', response: responseOf(body, 'in_progress', []) },
			{ type: 'response.output_item.added', output_index: 0, item: empty },
			...contentEvents(saying),
			{ type: 'response.output_item.done', output_index: 0, item: whole },
			{ type: 'response.completed', response: responseOf(body, 'completed', [whole]) },
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

/** What the answer consists of, empty as long as it is in progress. */
function itemOf(saying: Saying, status: 'in_progress' | 'completed'): object {
	const isWhole = status === 'completed';
	if (saying.is === 'call') {
		const written = isWhole ? saying.arguments : '';
		return { id: 'fc_1', type: 'function_call', status, call_id: 'call_1', name: saying.tool, arguments: written };
	}
	const content = isWhole ? [partOf(saying.pieces.join(''))] : [];
	return { id: 'msg_1', type: 'message', status, role: 'assistant', content };
}

function partOf(text: string): object {
	return { type: 'output_text', text, annotations: [], logprobs: [] };
}

function contentEvents(saying: Saying): { type: string }[] {
	if (saying.is === 'call') {
		const at = { item_id: 'fc_1', output_index: 0 };
		const type = 'response.function_call_arguments';
		const deltas = halves(saying.arguments).map((delta) => ({ type: `${type}.delta`, ...at, delta }));
		return [
			...deltas,
			{ type: `${type}.done`, ...at, name: saying.tool, arguments: saying.arguments } as { type: string },
		];
	}
	const at = { item_id: 'msg_1', output_index: 0, content_index: 0 };
	const text = saying.pieces.join('');
	const events: ({ type: string } & Record<string, unknown>)[] = [
		{ type: 'response.content_part.added', ...at, part: partOf('') },
		...saying.pieces.map((delta) => ({ type: 'response.output_text.delta', ...at, delta, logprobs: [] })),
		{ type: 'response.output_text.done', ...at, text, logprobs: [] },
		{ type: 'response.content_part.done', ...at, part: partOf(text) },
	];
	return events;
}
