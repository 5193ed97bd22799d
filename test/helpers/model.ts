import { type Behaviour, chunkOf, type SseEvent, type StreamOptions, streams } from './upstream.ts';

export interface ModelOptions {
	/** What this model answers, whoever began it. */
	answer: string;
	/** How much of what it is shown it writes again before it goes on. Default: its last words when an instruction asks for them. */
	repeats?: 'nothing' | 'half' | 'everything' | 'last words';
	/** What it does to the beginning of what it writes when it is shown a text. */
	starts?: keyof typeof starts;
	/** Characters of each chunk. */
	pieceLength?: number;
	/** Breaks off after this many characters of what it writes now. */
	breaksAfter?: number;
	/** How it breaks off; an object is sent as an event before the connection closes. */
	breaksWith?: Exclude<StreamOptions['end'], 'done'> | object;
	/** Pieces that the bytes are sent in. */
	chunkBytes?: number;
}

interface Message {
	role: string;
	content: string;
}

/** A model that knows its answer, and goes on with it when it is shown how it begins. */
export function model(options: ModelOptions): Behaviour {
	const { answer, pieceLength = 5, breaksAfter, breaksWith = 'cut', chunkBytes } = options;
	return (exchange) => {
		const { messages, stream_options: wants } = exchange.request.json as {
			messages: Message[];
			stream_options?: { include_usage?: boolean };
		};
		const shown = shownText(messages);
		const { repeats = messages.at(-1)?.role === 'user' ? 'last words' : 'nothing' } = options;
		const lastWords = /(?:\S+\s+){0,5}\S*$/.exec(shown)?.index ?? 0;
		const half = Math.floor(shown.length / 2);
		const from = { nothing: shown.length, half, everything: 0, 'last words': lastWords }[repeats];
		const rest = answer.slice(from);
		const text = shown === '' || options.starts === undefined ? rest : starts[options.starts](rest);
		const isBroken = breaksAfter !== undefined && breaksAfter < text.length;
		const events: SseEvent[] = [chunkOf({ role: 'assistant', content: '' })];
		for (const piece of piecesOf(isBroken ? text.slice(0, breaksAfter) : text, pieceLength))
			events.push(chunkOf({ content: piece }));
		if (isBroken) {
			const isEvent = typeof breaksWith === 'object';
			const end = isEvent ? 'close' : breaksWith;
			return streams(isEvent ? [...events, breaksWith] : events, { end, ...(chunkBytes && { chunkBytes }) })(exchange);
		}
		events.push(chunkOf({}, 'stop'));
		if (wants?.include_usage) {
			const usage = { prompt_tokens: 10, completion_tokens: text.length, total_tokens: 10 + text.length };
			events.push({ ...chunkOf({}), choices: [], usage });
		}
		return streams(events, chunkBytes ? { chunkBytes } : {})(exchange);
	};
}

/** How models begin that were asked to go on. */
export const starts = {
	trimmed: (text: string) => text.trimStart(),
	capital: (text: string) => {
		const trimmed = text.trimStart();
		return trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
	},
	paragraph: (text: string) => `\n\n${text.trimStart()}`,
	'code block': (text: string) => `\`\`\`text\n${text}`,
	heading: (text: string) => `# The harbour\n\n${text}`,
	thought: (text: string) => `<think>\nWhere was I? At "${text.slice(0, 9)}".\n</think>\n\n${text}`,
} as const;

/** What a conversation says that the model has written already: in its last message, or before an instruction. */
export function shownText(messages: readonly Message[]): string {
	const last = messages.at(-1);
	if (last?.role === 'assistant') return last.content;
	const before = messages.at(-2);
	return messages.length > 2 && before?.role === 'assistant' ? before.content : '';
}

function piecesOf(text: string, length: number): string[] {
	const pieces: string[] = [];
	for (let at = 0; at < text.length; at += length) pieces.push(text.slice(at, at + length));
	return pieces;
}
