import type { Way } from '../../machines/request/progress.ts';
import { AnswerStream, type AnswerStreamOptions } from '../../src/answer/answer-stream.ts';
import type { AnswerEvent } from '../../src/contract/answer-parts.ts';
import { readChunk } from '../../src/dialects/openai-chat/chunk.ts';
import { ChunkWriter } from '../../src/dialects/openai-chat/chunk-writer.ts';

/** What a client gets: a chunk of a chat completion, as an object and as its JSON text. */
export interface ClientChunk {
	value: Record<string, unknown>;
	data: string;
}

export interface Taken {
	chunks: readonly ClientChunk[];
	problem?: 'ambiguous' | 'diverged';
}

export interface ChatOptions extends AnswerStreamOptions {
	choices: number;
}

export const defaults: ChatOptions = { retainedText: 100_000, isContinuable: true, choices: 1 };

/** An answer in events, read from chat completions and written as one. */
export class ChatAnswer {
	readonly #answer: AnswerStream;
	#writer = new ChunkWriter(true, 'req');
	readonly #choices: number;

	constructor({ choices, ...options }: ChatOptions) {
		this.#answer = new AnswerStream(options);
		this.#choices = choices;
	}
	get isContinuable() {
		return this.#answer.isContinuable;
	}
	get heldLength() {
		return this.#answer.heldBytes;
	}
	get isAnswering() {
		return this.#answer.isAnswering;
	}
	get seam() {
		return this.#answer.seam;
	}
	get silence() {
		return this.#answer.silence.length;
	}
	/** What comes behind all of it: the usage. */
	get last(): Record<string, unknown> | undefined {
		return this.#writer.last();
	}
	beginAttempt(target: string, way: Way, mayLeaveSilence?: () => boolean): string {
		// What had come out of an answer that is started over was never sent.
		if (way === 'fresh') this.#writer = new ChunkWriter(true, 'req');
		const shown = this.#answer.shownFor(way);
		const start = { target, way, shown, choices: this.#choices };
		this.#answer.beginAttempt(mayLeaveSilence === undefined ? start : { ...start, mayLeaveSilence });
		return shown;
	}
	take(events: readonly AnswerEvent[]): Taken {
		return this.#written(this.#answer.take(events));
	}
	end(): Taken {
		return this.#written(this.#answer.end());
	}
	#written({ events, problem }: ReturnType<AnswerStream['take']>): Taken {
		const chunks = events.flatMap((event) => {
			const data = this.#writer.dataOf(event);
			return data === undefined ? [] : { data, value: JSON.parse(data) };
		});
		return { chunks, ...(problem === undefined ? {} : { problem }) };
	}
}

export interface Fields {
	id?: string;
	model?: string;
	finish?: string | null;
	usage?: object | null;
	/** Members of the choice. */
	choice?: object;
}

export function chunkFrom(value: object): AnswerEvent & { data: string } {
	const data = JSON.stringify(value);
	const read = readChunk(data, 'asked-model');
	if (read.is !== 'event') throw new Error(`this is no chunk: ${data}`);
	return { ...read.event, data };
}

/** A chunk of one choice with this delta. */
export function says(
	delta: object | null,
	{ id = 'one', model = 'm1', finish = null, usage, choice = {} }: Fields = {},
) {
	const choices = [{ index: 0, delta, finish_reason: finish, ...choice }];
	return chunkFrom({ id, object: 'chat.completion.chunk', created: 7, model, choices, ...(usage && { usage }) });
}

export function ends(fields: Fields = {}, reason = 'stop') {
	return says({}, { ...fields, finish: reason });
}

export function tells(usage: object | null, id = 'one') {
	return chunkFrom({ id, object: 'chat.completion.chunk', created: 7, model: 'm1', choices: [], usage: usage ?? {} });
}

/** Azure's first chunk, which has no choice and no id. */
export const azureHead = chunkFrom({
	id: '',
	object: '',
	created: 0,
	model: 'm1',
	choices: [],
	prompt_filter_results: [{}],
});

export const second: Fields = { id: 'two', model: 'm2' };

/** What a client reads. */
export function textOf(chunks: readonly ClientChunk[]): string {
	return chunks.map(({ value }) => delta(value).content ?? '').join('');
}

export function delta(value: ClientChunk['value']): { content?: string; role?: string; tool_calls?: unknown } {
	const [choice] = value.choices as [{ delta: object }?];
	return choice?.delta ?? {};
}

export function finishes(chunks: readonly ClientChunk[]): unknown[] {
	return chunks.flatMap(({ value }) =>
		(value.choices as { finish_reason?: unknown }[]).flatMap(({ finish_reason: reason }) => reason ?? []),
	);
}

/** An answer of which this much has been sent. */
export function sentSoFar(text: string, options: Partial<ChatOptions> = {}): ChatAnswer {
	const answer = new ChatAnswer({ ...defaults, ...options });
	answer.beginAttempt('a/m1', 'fresh');
	answer.take([says({ role: 'assistant', content: '' }), says({ content: text })]);
	return answer;
}

/** The same, carried on by a second attempt with these chunks, to its end. */
export function carriedOn(text: string, chunks: AnswerEvent[], way: Way = 'prefill'): Taken & { answer: ChatAnswer } {
	const answer = sentSoFar(text);
	answer.beginAttempt('b/m2', way);
	const taken = answer.take(chunks);
	const ended = taken.problem === undefined ? answer.end() : taken;
	const out = taken.problem === undefined ? [...taken.chunks, ...ended.chunks] : taken.chunks;
	return { answer, chunks: out, ...(ended.problem && { problem: ended.problem }) };
}

export const sent = 'The harbour wall was built in 1862, stone by stone,';
