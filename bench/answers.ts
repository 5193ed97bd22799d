import { upstreamModel } from './chat.ts';
import { type DialectName, dialects, dimensions, embeddedTexts } from './dialects.ts';

/** What the mock provider says in one dialect. */
export interface CannedAnswer {
	/** The body of a whole answer. */
	document: string;
	/** Absent where the dialect has no streams. */
	stream?: CannedStream;
}

/** Texts of events, each with the blank line behind it. */
export interface CannedStream {
	/** What comes before the first token. */
	begin: string;
	/** Around the text of a token. */
	token: readonly [before: string, behind: string];
	end: string;
}

const created = 1767225600;
const text =
	'A domestic parcel that went back to the sorting centre usually moves again within two working days. Ask the ' +
	'carrier for the reason of the return, whether the label is still readable, and the next planned scan.';
/** Where the text of a token goes. */
const hole = '\0';
const holeInJson = JSON.stringify(hole).slice(1, -1);

function tokenOf(eventText: string): readonly [string, string] {
	const [before = '', behind = ''] = eventText.split(holeInJson);
	return [before, behind];
}

const unnamed = (value: object) => `data: ${JSON.stringify(value)}\n\n`;
const named = (value: { type: string; [member: string]: unknown }) => `event: ${value.type}\n${unnamed(value)}`;

function chunk(delta: object, finish: string | null): string {
	return unnamed({
		id: 'chatcmpl-bench0123456789',
		object: 'chat.completion.chunk',
		created,
		model: upstreamModel,
		system_fingerprint: 'fp_bench',
		choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
	});
}

const chat: CannedAnswer = {
	document: JSON.stringify({
		id: 'chatcmpl-bench0123456789',
		object: 'chat.completion',
		created,
		model: upstreamModel,
		choices: [
			{
				index: 0,
				message: { role: 'assistant', content: text, refusal: null },
				logprobs: null,
				finish_reason: 'stop',
			},
		],
		usage: { prompt_tokens: 231, completion_tokens: 44, total_tokens: 275 },
		service_tier: 'default',
		system_fingerprint: 'fp_bench',
	}),
	stream: {
		begin: '',
		token: tokenOf(chunk({ content: hole }, null)),
		end: `${chunk({}, 'stop')}data: [DONE]\n\n`,
	},
};

const messageHead = { id: 'msg_bench0123456789', type: 'message', role: 'assistant', model: upstreamModel };
const messageUsage = { input_tokens: 231, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 };

const messages: CannedAnswer = {
	document: JSON.stringify({
		...messageHead,
		content: [{ type: 'text', text }],
		stop_reason: 'end_turn',
		stop_sequence: null,
		usage: { ...messageUsage, output_tokens: 44, service_tier: 'standard' },
	}),
	stream: {
		begin:
			named({
				type: 'message_start',
				message: {
					...messageHead,
					content: [],
					stop_reason: null,
					stop_sequence: null,
					usage: { ...messageUsage, output_tokens: 1 },
				},
			}) + named({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
		token: tokenOf(named({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: hole } })),
		end:
			named({ type: 'content_block_stop', index: 0 }) +
			named({
				type: 'message_delta',
				delta: { stop_reason: 'end_turn', stop_sequence: null },
				usage: { output_tokens: 44 },
			}) +
			named({ type: 'message_stop' }),
	},
};

const response = {
	id: 'resp_bench0123456789',
	object: 'response',
	created_at: created,
	status: 'completed',
	background: false,
	error: null,
	incomplete_details: null,
	instructions: null,
	max_output_tokens: 256,
	model: upstreamModel,
	output: [
		{
			id: 'msg_bench0123456789',
			type: 'message',
			status: 'completed',
			role: 'assistant',
			content: [{ type: 'output_text', annotations: [], logprobs: [], text }],
		},
	],
	parallel_tool_calls: true,
	previous_response_id: null,
	reasoning: { effort: null, summary: null },
	store: false,
	temperature: 0.2,
	text: { format: { type: 'text' }, verbosity: 'medium' },
	tool_choice: 'auto',
	tools: [],
	top_p: 1,
	truncation: 'disabled',
	usage: {
		input_tokens: 231,
		input_tokens_details: { cached_tokens: 0 },
		output_tokens: 44,
		output_tokens_details: { reasoning_tokens: 0 },
		total_tokens: 275,
	},
	user: null,
	metadata: {},
};

const begunResponse = { ...response, status: 'in_progress', output: [], usage: null };
const [item] = response.output;
const begunItem = { ...item, status: 'in_progress', content: [] };
const place = { item_id: item?.id, output_index: 0, content_index: 0 };
const begunPart = { type: 'output_text', annotations: [], logprobs: [], text: '' };
const [part] = item?.content ?? [];

/** Many streams share the bytes of an event, so each event of a token has the same number. */
const responses: CannedAnswer = {
	document: JSON.stringify(response),
	stream: {
		begin: [
			{ type: 'response.created', response: begunResponse },
			{ type: 'response.in_progress', response: begunResponse },
			{ type: 'response.output_item.added', output_index: 0, item: begunItem },
			{ type: 'response.content_part.added', ...place, part: begunPart },
		]
			.map((event, index) => named({ ...event, sequence_number: index }))
			.join(''),
		token: tokenOf(
			named({ type: 'response.output_text.delta', ...place, delta: hole, logprobs: [], sequence_number: 4 }),
		),
		end: [
			{ type: 'response.output_text.done', ...place, logprobs: [], text },
			{ type: 'response.content_part.done', ...place, part },
			{ type: 'response.output_item.done', output_index: 0, item },
			{ type: 'response.completed', response },
		]
			.map((event, index) => named({ ...event, sequence_number: 5 + index }))
			.join(''),
	},
};

function completion(piece: string, finish: string | null): object {
	return {
		id: 'cmpl-bench0123456789',
		object: 'text_completion',
		created,
		model: upstreamModel,
		choices: [{ text: piece, index: 0, logprobs: null, finish_reason: finish }],
	};
}

const completions: CannedAnswer = {
	document: JSON.stringify({
		...completion(text, 'stop'),
		usage: { prompt_tokens: 231, completion_tokens: 44, total_tokens: 275 },
	}),
	stream: {
		begin: '',
		token: tokenOf(unnamed(completion(hole, null))),
		end: `${unnamed(completion('', 'stop'))}data: [DONE]\n\n`,
	},
};

/** A vector for each text of the request; as base64 it is a text of the same length whatever its numbers are. */
const embeddings: CannedAnswer = {
	document: JSON.stringify({
		object: 'list',
		data: embeddedTexts.map((_, index) => ({ object: 'embedding', index, embedding: vector(index) })),
		model: upstreamModel,
		usage: { prompt_tokens: 231, total_tokens: 231 },
	}),
};

function vector(seed: number): string {
	const numbers = Float32Array.from({ length: dimensions }, (_, index) => Math.sin(seed * dimensions + index));
	return Buffer.from(numbers.buffer).toString('base64');
}

const answers: Readonly<Record<DialectName, CannedAnswer>> = { chat, messages, responses, completions, embeddings };

/** The answers by the path that they are asked for at. */
export const answersByPath: ReadonlyMap<string, CannedAnswer> = new Map(
	Object.entries(dialects).map(([name, { path }]) => [path, answers[name as DialectName]]),
);
