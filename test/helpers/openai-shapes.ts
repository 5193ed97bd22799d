/** The token counts of every shape here; a token is a word, the prompt always 5. */
function usageOf(text: string) {
	const completion_tokens = wordsOf(text).length;
	return { prompt_tokens: 5, completion_tokens, total_tokens: 5 + completion_tokens };
}

const head = { id: 'chatcmpl-test', created: 1_790_000_000, model: 'test-model' };

/** A right `chat.completion`. `fields` replaces or adds fields at the top. */
export function completionOf(text: string, fields: object = {}) {
	return {
		...head,
		object: 'chat.completion',
		choices: [
			{ index: 0, message: { role: 'assistant', content: text, refusal: null }, logprobs: null, finish_reason: 'stop' },
		],
		usage: usageOf(text),
		...fields,
	};
}

/** One `chat.completion.chunk` with this delta. */
export function chunkOf(delta: object, finishReason: string | null = null, fields: object = {}) {
	const choices = [{ index: 0, delta, logprobs: null, finish_reason: finishReason }];
	return { ...head, object: 'chat.completion.chunk', choices, ...fields };
}

/** The chunks of a right stream: the role, each word, the finish reason, and usage if asked for; not `[DONE]`. */
export function chunksOf(text: string, options: { includeUsage?: boolean; fields?: object } = {}): object[] {
	const { includeUsage = false, fields = {} } = options;
	return [
		chunkOf({ role: 'assistant', content: '' }, null, fields),
		...wordsOf(text).map((word) => chunkOf({ content: word }, null, fields)),
		chunkOf({}, 'stop', fields),
		...(includeUsage ? [{ ...chunkOf({}, null, fields), choices: [], usage: usageOf(text) }] : []),
	];
}

/** The words with the white space that follows them, so that joined they are the text again. */
function wordsOf(text: string): string[] {
	return text.match(/\s*\S+\s*/g) ?? [];
}
