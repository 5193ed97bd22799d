import type { Behaviour } from './exchange.ts';

/** An event of a stream of Messages, or a whole message. */
export type MessagesObject = Record<string, unknown>;

export interface MessageShape {
	model?: string;
	id?: string;
	thinking?: string;
	/** In pieces of the stream: a list; else it is cut behind each word. */
	text?: string | readonly string[];
	/** Calls of tools, with their arguments as JSON text. */
	calls?: readonly { id: string; name: string; json: string }[];
	stopReason?: string;
	usage?: { input_tokens?: number; output_tokens?: number; [name: string]: unknown };
}

const usual = { model: 'claude-test', id: 'msg_upstream', stopReason: 'end_turn' };

/** The events of a streamed message, `message_stop` included. */
export function messageEvents(shape: MessageShape = {}): MessagesObject[] {
	const { model, id, thinking, text = [], calls = [], stopReason, usage = {} } = { ...usual, ...shape };
	const { output_tokens: output = 7, ...prompt } = { input_tokens: 5, ...usage };
	const pieces = typeof text === 'string' ? (text.match(/\S+\s*|\s+/g) ?? []) : text;
	const signed = [
		...[...(thinking?.match(/\S+\s*/g) ?? [])].map((piece) => ({ type: 'thinking_delta', thinking: piece })),
		{ type: 'signature_delta', signature: 'c2lnbmVk' },
	];
	const blocks = [
		...(thinking === undefined ? [] : [{ begun: { type: 'thinking', thinking: '', signature: '' }, deltas: signed }]),
		...(pieces.length === 0
			? []
			: [{ begun: { type: 'text', text: '' }, deltas: pieces.map((piece) => ({ type: 'text_delta', text: piece })) }]),
		...calls.map((call) => ({
			begun: { type: 'tool_use', id: call.id, name: call.name, input: {} },
			deltas: [call.json.slice(0, 4), call.json.slice(4)].map((piece) => ({
				type: 'input_json_delta',
				partial_json: piece,
			})),
		})),
	];
	return [
		{
			type: 'message_start',
			message: {
				id,
				type: 'message',
				role: 'assistant',
				model,
				content: [],
				stop_reason: null,
				stop_sequence: null,
				usage: { ...prompt, output_tokens: 1 },
			},
		},
		...blocks.flatMap(({ begun, deltas }, index) => [
			{ type: 'content_block_start', index, content_block: begun },
			...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
			{ type: 'content_block_stop', index },
		]),
		{
			type: 'message_delta',
			delta: { stop_reason: stopReason, stop_sequence: null },
			usage: { output_tokens: output },
		},
		{ type: 'message_stop' },
	];
}

/** As Anthropic writes them. */
export function wireOf(events: readonly MessagesObject[]): string {
	return events.map((event) => `event: ${String(event.type)}\ndata: ${JSON.stringify(event)}\n\n`).join('');
}

/** A whole message that was not streamed. */
export function messageOf(shape: MessageShape = {}): MessagesObject {
	const { model, id, thinking, text = [], calls = [], stopReason, usage = {} } = { ...usual, ...shape };
	const said = typeof text === 'string' ? text : text.join('');
	return {
		id,
		type: 'message',
		role: 'assistant',
		model,
		content: [
			...(thinking === undefined ? [] : [{ type: 'thinking', thinking, signature: 'c2lnbmVk' }]),
			...(said === '' ? [] : [{ type: 'text', text: said }]),
			...calls.map((call) => ({ type: 'tool_use', id: call.id, name: call.name, input: JSON.parse(call.json) })),
		],
		stop_reason: stopReason,
		stop_sequence: null,
		usage: { input_tokens: 5, output_tokens: 7, ...usage },
	};
}

/** A provider of Messages that answers right, streamed or not, as it is asked. */
export function answersMessage(shape: MessageShape): Behaviour {
	return (exchange) => {
		const { stream } = (exchange.request.json ?? {}) as { stream?: boolean };
		if (stream === true) return streamsMessage(messageEvents(shape))(exchange);
		exchange.response.setHeader('content-type', 'application/json');
		return exchange.end(JSON.stringify(messageOf(shape)));
	};
}

/** Exactly these events, then the end of the body, or of the connection. */
export function streamsMessage(
	events: readonly MessagesObject[],
	{ end: ending = 'close' }: { end?: 'close' | 'cut' } = {},
): Behaviour {
	return async ({ response, write, end, hangUp }) => {
		response.setHeader('content-type', 'text/event-stream; charset=utf-8');
		for (const event of events) await write(wireOf([event]));
		if (ending === 'cut') hangUp('rst');
		else await end();
	};
}

/** An error as Anthropic tells it. */
export function failsAsAnthropic(status: number, type: string, message: string): Behaviour {
	return async ({ response, end }) => {
		response.statusCode = status;
		response.setHeader('content-type', 'application/json');
		await end(JSON.stringify({ type: 'error', error: { type, message }, request_id: 'req_upstream' }));
	};
}

/** The events of a stream of Messages, which must be as Anthropic writes them; comments are left out. */
export function readWire(text: string): MessagesObject[] {
	return text
		.split('\n\n')
		.filter((event) => event !== '' && !event.startsWith(':'))
		.map((event) => {
			const [, name, data = ''] = /^event: (\w+)\ndata: (\{.*\})$/.exec(event) ?? [];
			const value = JSON.parse(data) as MessagesObject;
			if (value.type !== name) throw new Error(`the event ${name} holds one of the type ${String(value.type)}`);
			return value;
		});
}

/** What a client puts together of the events: the blocks, the end and the usage. */
export function assembled(events: readonly MessagesObject[]) {
	const blocks: Record<string, unknown>[] = [];
	let ended: MessagesObject = {};
	for (const event of events) {
		const { delta = {}, content_block: begun } = event as { delta?: Record<string, string>; content_block?: object };
		if (event.type === 'content_block_start') blocks.push({ ...begun });
		const block = blocks[Number(event.index)];
		if (event.type === 'content_block_delta' && block !== undefined) {
			for (const name of ['text', 'thinking', 'signature']) {
				if (delta[name] !== undefined) block[name] = `${String(block[name] ?? '')}${delta[name]}`;
			}
			if (delta.partial_json !== undefined) block.json = `${String(block.json ?? '')}${delta.partial_json}`;
		}
		if (event.type === 'message_delta') ended = event;
	}
	const text = blocks.map(({ text: said = '' }) => said).join('');
	return { blocks, text, ended };
}
