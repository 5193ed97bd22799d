import type { AnswerEvent } from '../../contract/answer-parts.ts';
import type { EventsWish } from '../../contract/dialect.ts';
import { isObject, isSomething, type JsonObject } from '../../values/json.ts';
import { piecesOf, wholeText } from '../text-pieces.ts';
import { eventOf } from './chunk.ts';
import { withTextArguments } from './tool-calls.ts';

export interface DocumentEventsOptions extends EventsWish {
	/** Goes into chunks of a document that does not say which model wrote it. */
	readonly model: string;
}

/** Members of the envelope that stand in every chunk of a stream; what else a provider tells stands in the last. */
const inEveryChunk: readonly string[] = ['id', 'created', 'model', 'system_fingerprint', 'service_tier'];
/** Members of a message that grow in a stream, in the order in which a model writes them. */
const growing = ['reasoning_content', 'reasoning', 'content', 'refusal'];

/**
 * A whole completion as the chunks of a stream that says the same: for each choice its role, its reasoning, its text, in
 * pieces or whole, its calls of tools, its finish reason; then the usage.
 * @param completion one that has been found whole
 */
export function documentEvents(
	completion: JsonObject,
	{ model, withUsage, inPieces }: DocumentEventsOptions,
): AnswerEvent[] {
	const { choices, usage, object: _, ...told } = completion;
	const envelope: JsonObject = { ...told, model: told.model || model };
	const head: Record<string, unknown> = { object: 'chat.completion.chunk' };
	const rest: Record<string, unknown> = {};
	for (const [name, value] of Object.entries(envelope)) (inEveryChunk.includes(name) ? head : rest)[name] = value;
	const whole = (Array.isArray(choices) ? choices : []).filter(isObject);
	const values = whole.flatMap((choice, position) => {
		const isLast = position === whole.length - 1;
		const parts = choiceParts(choice, position, inPieces ? piecesOf : wholeText);
		return parts.map((part, at) => ({
			...head,
			...(isLast && at === parts.length - 1 ? rest : {}),
			choices: [part],
		}));
	});
	const used = withUsage && isObject(usage) ? [{ ...head, choices: [], usage }] : [];
	return [...values, ...used].map(eventOf);
}

/** The choices of the chunks that one choice becomes. */
function choiceParts(choice: JsonObject, position: number, cut: typeof wholeText): JsonObject[] {
	const { index: given, message, finish_reason: finishReason, logprobs, ...others } = choice;
	const index = typeof given === 'number' ? given : position;
	const part = (delta: JsonObject, more: JsonObject = {}) => ({ index, delta, finish_reason: null, ...more });
	const {
		role = 'assistant',
		tool_calls: toolCalls,
		function_call: called,
		...said
	} = isObject(message) ? message : {};
	const calls = (Array.isArray(toolCalls) ? toolCalls : []).filter(isObject);
	// Probabilities belong to the tokens of one text, which cannot be told apart: it stays in one piece.
	const isProbable = isObject(logprobs);
	const deltas = saidDeltas(said, isProbable ? wholeText : cut);
	const withText = isProbable
		? Math.max(
				0,
				deltas.findIndex(({ content, refusal }) => (content ?? refusal) !== undefined),
			)
		: -1;
	return [
		part(typeof said.content === 'string' ? { role, content: '' } : { role }),
		...(isProbable && deltas.length === 0 ? [part({}, { logprobs })] : []),
		...deltas.map((delta, at) => part(delta, at === withText ? { logprobs } : {})),
		...calls.map((call, at) => part({ tool_calls: [{ ...withTextArguments(call), index: at }] })),
		...(isSomething(called) ? [part({ function_call: textual(called) })] : []),
		part({}, { ...others, finish_reason: finishReason ?? (calls.length > 0 ? 'tool_calls' : 'stop') }),
	];
}

/** The older form of a call. */
function textual(called: unknown): unknown {
	return withTextArguments({ function: called }).function;
}

/** What a message says, besides its calls of tools. */
function saidDeltas(said: JsonObject, cut: typeof wholeText): JsonObject[] {
	const { reasoning, reasoning_content: content } = said;
	// The same thought under two names is told once, under both.
	const isTwice = typeof reasoning === 'string' && reasoning === content;
	const texts = growing.flatMap((name) => {
		const value = said[name];
		if (isTwice && name === 'reasoning') return [];
		if (typeof value !== 'string') return value === undefined || value === null ? [] : [{ [name]: value }];
		const isBoth = isTwice && name === 'reasoning_content';
		return cut(value)
			.filter((piece) => piece !== '')
			.map((piece) => (isBoth ? { reasoning_content: piece, reasoning: piece } : { [name]: piece }));
	});
	const others = Object.entries(said).filter(
		([name, value]) => !growing.includes(name) && (value ?? undefined) !== undefined,
	);
	return [...texts, ...others.map(([name, value]) => ({ [name]: value }))];
}
