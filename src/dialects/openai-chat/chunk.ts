/** What one event of a streamed answer is. */
export type Chunk =
	| { kind: 'chunk'; value: JsonObject; choices: readonly ChunkChoice[]; hasModel: boolean }
	| { kind: 'error' }
	/** Not an event of a completion at all: nothing of the answer is lost with it. */
	| { kind: 'malformed' }
	/** A chunk whose JSON is broken around a piece of the answer, which is lost with it. */
	| { kind: 'damaged' };

export type JsonObject = Record<string, unknown>;

/** One chunk of a streamed answer: its JSON text on one line, and what it says. */
export interface StreamChunk {
	readonly data: string;
	readonly value: JsonObject;
	readonly choices: readonly ChunkChoice[];
}

export interface ChunkChoice {
	index: number;
	/** Text, reasoning or a part of a tool call; a role alone is not content. */
	hasContent: boolean;
	/** A part of a call of a tool. */
	hasToolCall: boolean;
	isFinished: boolean;
}

const malformed: Chunk = { kind: 'malformed' };
const error: Chunk = { kind: 'error' };
const damaged: Chunk = { kind: 'damaged' };
/** Answer text stands in it, which would be lost if the event were left out. */
const showsContent = /"(content|reasoning_content|reasoning|arguments)"\s*:\s*"[^"]/;

/** The members of a delta that say something; a role, or what a provider adds about itself, does not. */
const contentMembers = [
	'content',
	'tool_calls',
	'reasoning_content',
	'reasoning',
	'reasoning_details',
	'thinking',
	'refusal',
	'function_call',
	'audio',
	'images',
];

const toolMembers = ['tool_calls', 'function_call'];

/**
 * Reads the data of one SSE event of a chat completion stream.
 * @param data the event's data, which should be a JSON object; never throws
 */
export function readChunk(data: string): Chunk {
	const value = parseObject(data);
	if (value === undefined) return showsContent.test(data) ? damaged : malformed;
	if (isError(value.error) || isBareError(value)) return error;
	const choices = value.choices;
	if (!Array.isArray(choices)) return isObject(value.usage) ? chunk(value, []) : malformed;
	if (choices.some((choice) => isObject(choice) && choice.finish_reason === 'error')) return error;
	if (!choices.every(isObject)) return malformed;
	return chunk(value, choices.map(readChoice));
}

/** A chunk of our own making. */
export function streamChunk(value: JsonObject): StreamChunk {
	const choices = Array.isArray(value.choices) ? value.choices.filter(isObject) : [];
	return { data: JSON.stringify(value), value, choices: choices.map(readChoice) };
}

function chunk(value: JsonObject, choices: ChunkChoice[]): Chunk {
	return { kind: 'chunk', value, choices, hasModel: typeof value.model === 'string' && value.model !== '' };
}

function readChoice(choice: JsonObject): ChunkChoice {
	const index = typeof choice.index === 'number' ? choice.index : 0;
	const finishReason = choice.finish_reason;
	return {
		index,
		hasContent: isSaying(choice.delta),
		hasToolCall: isCallingTool(choice.delta),
		isFinished: typeof finishReason === 'string' && finishReason !== '',
	};
}

function isSaying(delta: unknown): boolean {
	return isObject(delta) && contentMembers.some((member) => isContent(delta[member]));
}

function isCallingTool(delta: unknown): boolean {
	return isObject(delta) && toolMembers.some((member) => isContent(delta[member]));
}

function isContent(value: unknown): boolean {
	if (typeof value === 'string') return value !== '';
	if (Array.isArray(value)) return value.length > 0;
	return isObject(value) && Object.keys(value).length > 0;
}

/** Is the `error` member of an answer one? Some providers send `null`, `false` or an empty text with every answer. */
export function isError(value: unknown): boolean {
	return isObject(value) || (typeof value === 'string' && value !== '');
}

/** An error without the member that says so, as some model servers send it in the middle of a stream. */
function isBareError({ object, choices, message, detail, code, type }: JsonObject): boolean {
	if (choices !== undefined) return false;
	return object === 'error' || detail !== undefined || (typeof message === 'string' && (code ?? type) !== undefined);
}

/** The JSON object in a text; undefined when it is anything else. */
export function parseObject(text: string): JsonObject | undefined {
	try {
		const value: unknown = JSON.parse(text);
		return isObject(value) ? value : undefined;
	} catch {
		// Not JSON: to the caller of this function that is the same as JSON of another kind.
		return undefined;
	}
}

export function isObject(value: unknown): value is JsonObject {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}
