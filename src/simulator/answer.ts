import type { Simulation } from '../contract/simulation.ts';
import { goingOn } from './going-on.ts';
import { countWords, type SimulatedRequest } from './simulated-request.ts';

/** A whole answer, before it is put into JSON or a stream. */
export interface Answer {
	id: string;
	/** Seconds since 1970, as OpenAI sends it. */
	created: number;
	/** Each a word with the white space before it; joined they are the text. */
	tokens: readonly string[];
	/** `stop` or `length`, unless a step says otherwise. */
	finishReason: string;
}

export interface Speaker {
	/** The simulated provider. */
	name: string;
	/** Length of a made-up answer, in words. */
	tokens: number;
	/** The answer, instead of a made-up one. */
	reply?: string | undefined;
	/** How it goes on with the beginning of an answer. */
	continues?: Simulation['continues'];
}

/** The tokens that a simulated provider says to a request, the same each time, cut at the request's `maxTokens`. */
export function tokensFor(speaker: Speaker, chat: SimulatedRequest): Pick<Answer, 'tokens' | 'finishReason'> {
	const text = speaker.reply ?? madeUpText(speaker.name, chat.model, speaker.tokens);
	// Asked to go on with the beginning of its own answer, it goes on; anything else was another turn.
	const isOwn = chat.before !== '' && (text.startsWith(chat.before) || chat.wantsLastWords);
	const begun = isOwn ? chat.before : chat.prefill;
	const rest = continuationOf(text, begun);
	const tokens = tokensOf(
		begun === '' ? rest : goingOn(speaker.continues ?? 'exactly', begun, rest, chat.wantsLastWords),
	);
	if (tokens.length <= chat.maxTokens) return { tokens, finishReason: 'stop' };
	return { tokens: tokens.slice(0, chat.maxTokens), finishReason: 'length' };
}

/** The body of an answer that is not streamed: OpenAI's `chat.completion`. */
export function completionBody(chat: SimulatedRequest, answer: Answer) {
	const message = { role: 'assistant', content: answer.tokens.join(''), refusal: null };
	return {
		...headOf('chat.completion', chat, answer),
		choices: [{ index: 0, message, logprobs: null, finish_reason: answer.finishReason }],
		usage: usageOf(chat, answer),
	};
}

/** One OpenAI `chat.completion.chunk`; all but the last carry `usage: null` when usage was asked for. */
export function chunkBody(chat: SimulatedRequest, answer: Answer, delta: object, finishReason: string | null = null) {
	return {
		...headOf('chat.completion.chunk', chat, answer),
		choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
		...(chat.includeUsage && { usage: null }),
	};
}

/** A chunk with a whole message where the delta should be. */
export function messageChunk(
	chat: SimulatedRequest,
	answer: Answer,
	content: string,
	finishReason: string | null = null,
) {
	const { choices, ...head } = chunkBody(chat, answer, {}, finishReason);
	const [{ delta: _, ...choice }] = choices as [(typeof choices)[number]];
	return { ...head, choices: [{ ...choice, message: { role: 'assistant', content } }] };
}

/** The last chunk of a stream whose request asked for usage. */
export function usageChunk(chat: SimulatedRequest, answer: Answer) {
	return { ...headOf('chat.completion.chunk', chat, answer), choices: [], usage: usageOf(chat, answer) };
}

function headOf(object: string, chat: SimulatedRequest, { id, created }: Answer) {
	return { id, object, created, model: chat.model, system_fingerprint: 'fp_simulated' };
}

function usageOf({ promptTokens }: SimulatedRequest, { tokens }: Answer) {
	return {
		prompt_tokens: promptTokens,
		completion_tokens: tokens.length,
		total_tokens: promptTokens + tokens.length,
	};
}

function madeUpText(name: string, model: string, length: number): string {
	const opening = `This is a simulated answer of provider ${name}, model ${model}: no AI was asked.`;
	const filler = 'It goes on only so that there is something to stream.';
	const fillers = Math.ceil(Math.max(0, length - countWords(opening)) / countWords(filler));
	const text = [opening, ...Array<string>(fillers).fill(filler)].join(' ');
	return tokensOf(text).slice(0, length).join('');
}

/**
 * What is left to say after a prefill. A prefill that begins this very text is continued to the letter; one that began
 * elsewhere (another provider's answer) is taken for as many words of it.
 */
function continuationOf(text: string, prefill: string): string {
	if (text.startsWith(prefill)) return text.slice(prefill.length);
	const rest = tokensOf(text).slice(countWords(prefill)).join('');
	return /\s$/.test(prefill) ? rest.trimStart() : rest;
}

function tokensOf(text: string): string[] {
	return text.match(/\s*\S+(\s+$)?/g) ?? [];
}
