import { completes, type SseEvent, type StreamOptions, streams } from './behaviours.ts';
import type { Behaviour } from './exchange.ts';

type Json = Record<string, unknown>;

/** A right response with this output, or with one message of this text. `fields` replaces or adds fields at the top. */
export function responseOf(output: string | readonly object[], fields: object = {}): Json {
	const items = typeof output === 'string' ? [messageOf(output)] : output;
	const words = items.length;
	return {
		id: 'resp_test',
		object: 'response',
		created_at: 1_790_000_000,
		status: 'completed',
		error: null,
		incomplete_details: null,
		instructions: null,
		metadata: {},
		model: 'test-model',
		output: items,
		parallel_tool_calls: true,
		store: false,
		temperature: 1,
		tool_choice: 'auto',
		tools: [],
		top_p: 1,
		usage: {
			input_tokens: 5,
			input_tokens_details: { cached_tokens: 2 },
			output_tokens: words,
			output_tokens_details: { reasoning_tokens: 0 },
			total_tokens: 5 + words,
		},
		...fields,
	};
}

export function messageOf(text: string, id = 'msg_test'): Json {
	const content = [{ type: 'output_text', annotations: [], logprobs: [], text }];
	return { id, type: 'message', status: 'completed', role: 'assistant', content };
}

export function callOf(name: string, args: object, id = 'call_test'): Json {
	const given = JSON.stringify(args);
	return { id: `fc_${id}`, type: 'function_call', status: 'completed', call_id: id, name, arguments: given };
}

export function thoughtOf(summary: string, encrypted?: string): Json {
	const proof = encrypted === undefined ? {} : { encrypted_content: encrypted };
	return { id: 'rs_test', type: 'reasoning', summary: [{ type: 'summary_text', text: summary }], ...proof };
}

/** The events of a right stream of a response, as OpenAI sends them; texts come word by word. */
export function responseEvents(response: Json): Json[] {
	const begun = { ...response, status: 'in_progress', output: [], usage: null };
	const events = [
		{ type: 'response.created', response: begun },
		{ type: 'response.in_progress', response: begun },
		...(response.output as Json[]).flatMap(itemEvents),
		{ type: `response.${response.status}`, response },
	];
	return events.map((event, sequence_number) => ({ ...event, sequence_number }));
}

function itemEvents(item: Json, output_index: number): Json[] {
	const place = { item_id: item.id, output_index };
	const added = { type: 'response.output_item.added', output_index, item: { ...item, ...emptyOf(item) } };
	return [added, ...innerEvents(item, place), { type: 'response.output_item.done', output_index, item }];
}

function emptyOf({ type }: Json): Json {
	if (type === 'message') return { status: 'in_progress', content: [] };
	if (type === 'reasoning') return { summary: [] };
	return type === 'function_call' ? { status: 'in_progress', arguments: '' } : { status: 'in_progress', input: '' };
}

function innerEvents(item: Json, place: Json): Json[] {
	switch (item.type) {
		case 'message':
			return (item.content as Json[]).flatMap((part, content_index) => {
				const at = { ...place, content_index };
				const { text } = part as { text: string };
				return [
					{ type: 'response.content_part.added', ...at, part: { ...part, text: '' } },
					...words(text).map((delta) => ({ type: 'response.output_text.delta', ...at, delta, logprobs: [] })),
					{ type: 'response.output_text.done', ...at, text, logprobs: [] },
					{ type: 'response.content_part.done', ...at, part },
				];
			});
		case 'reasoning':
			return (item.summary as Json[]).flatMap((part, summary_index) => {
				const at = { ...place, summary_index };
				const { text } = part as { text: string };
				return [
					{ type: 'response.reasoning_summary_part.added', ...at, part: { ...part, text: '' } },
					...words(text).map((delta) => ({ type: 'response.reasoning_summary_text.delta', ...at, delta })),
					{ type: 'response.reasoning_summary_text.done', ...at, text },
					{ type: 'response.reasoning_summary_part.done', ...at, part },
				];
			});
		case 'function_call':
			return [
				...pairs(String(item.arguments)).map((delta) => ({
					type: 'response.function_call_arguments.delta',
					...place,
					delta,
				})),
				{ type: 'response.function_call_arguments.done', ...place, name: item.name, arguments: item.arguments },
			];
		case 'custom_tool_call':
			return [
				...words(String(item.input)).map((delta) => ({
					type: 'response.custom_tool_call_input.delta',
					...place,
					delta,
				})),
				{ type: 'response.custom_tool_call_input.done', ...place, input: item.input },
			];
		default:
			return [];
	}
}

/** The words with the white space that follows them, so that joined they are the text again. */
function words(text: string): string[] {
	return text.match(/\s*\S+\s*/g) ?? [];
}

function pairs(text: string): string[] {
	return text.match(/[\s\S]{1,4}/g) ?? [];
}

/** As OpenAI writes an event. */
export function responseFrame(event: Json): string {
	return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** A right answer: as a document, or as a stream when the request says `stream: true`. */
export function responds(output: string | readonly object[], fields: object = {}): Behaviour {
	return (exchange) => {
		const response = responseOf(output, fields);
		const isStreamed = (exchange.request.json as { stream?: boolean } | undefined)?.stream === true;
		return (isStreamed ? streamsResponse(responseEvents(response)) : completes(response))(exchange);
	};
}

/** A 200 of these events, and the end of the body. */
export function streamsResponse(events: readonly Json[], options: StreamOptions = {}): Behaviour {
	const frames = events.map((event): SseEvent => Buffer.from(responseFrame(event)));
	return streams(frames, { end: 'close', ...options });
}

/** The events of a stream of a response; comments are none. Throws where the name of an event is not its type. */
export function readFrames(text: string): Json[] {
	return text
		.split('\n\n')
		.filter((frame) => frame !== '' && !frame.startsWith(':'))
		.map((frame) => {
			const [, name, data = ''] = /^event: (\S+)\ndata: ([^\n]*)$/.exec(frame) ?? [];
			const event = JSON.parse(data) as Json;
			if (event.type !== name) throw new Error(`an event ${name} says that it is a ${event.type}`);
			return event;
		});
}

/** The text that a stream says. */
export function textIn(events: readonly Json[]): string {
	return events.map(({ type, delta }) => (type === 'response.output_text.delta' ? delta : '')).join('');
}
