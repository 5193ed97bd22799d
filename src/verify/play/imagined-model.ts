import type { SeamPlace } from '../../../machines/events.ts';
import type { Way } from '../../../machines/request/progress.ts';
import { AnswerStream } from '../../answer/answer-stream.ts';
import type { StreamChunk } from '../../dialects/openai-chat/chunk.ts';

/** Tokens of an answer, or that an answer goes on by, where nothing breaks it. */
const TOKENS = 12;

/** What came of some tokens. */
export interface Written {
	/** Something has come out for the client. */
	readonly isHeard: boolean;
	readonly seam?: SeamPlace;
	/** The text cannot be joined to what was sent: the reason of the failure. */
	readonly problem?: string;
}

/**
 * The text of an imagined answer, put together by the real `AnswerStream`: whether it can be carried on, and where, is
 * decided by what has been sent of it. Every token differs from the others, and an attempt that carries the answer on
 * writes the token that follows the text that it is shown.
 */
export class ImaginedModel {
	readonly #answer: AnswerStream;
	#nextToken = 0;

	/** @param retainedText how much text is kept for carrying it on, characters */
	constructor(retainedText: number) {
		this.#answer = new AnswerStream({ retainedText, isContinuable: true, choices: 1 });
	}

	get isContinuable(): boolean {
		return this.#answer.isContinuable;
	}

	begin(target: string, way: Way): void {
		const shown = this.#answer.beginAttempt(target, way);
		this.#nextToken = wordsIn(shown);
	}

	write(tokens: number | 'all'): Written {
		const first = this.#nextToken;
		this.#nextToken += tokens === 'all' ? TOKENS : tokens;
		return this.#take(chunkOf(imaginedTokens(first, this.#nextToken), null));
	}

	/** The answer is whole. */
	finish(): Written {
		const finished = this.#take(chunkOf('', 'stop'));
		if (finished.problem !== undefined) return finished;
		const { chunks, problem } = this.#answer.end();
		const isHeard = finished.isHeard || chunks.length > 0;
		return this.#written(isHeard, problem);
	}

	#take(chunk: StreamChunk): Written {
		const { chunks, problem } = this.#answer.take([chunk]);
		return this.#written(chunks.length > 0, problem);
	}

	#written(isHeard: boolean, problem: string | undefined): Written {
		const { seam } = this.#answer;
		return {
			isHeard,
			...(seam === undefined ? {} : { seam }),
			...(problem === undefined ? {} : { problem: `seam_${problem}` }),
		};
	}
}

/**
 * A piece of the text that imagined models write: `w0 w1 w2 `.
 * @param from number of its first token
 * @param to number of the token after its last one
 */
export function imaginedTokens(from: number, to: number): string {
	return Array.from({ length: to - from }, (_, index) => `w${from + index} `).join('');
}

function wordsIn(text: string): number {
	return text.match(/\S+/g)?.length ?? 0;
}

function chunkOf(text: string, finishReason: string | null): StreamChunk {
	const delta = text === '' ? {} : { content: text };
	const value = {
		id: 'imagined',
		object: 'chat.completion.chunk',
		choices: [{ index: 0, delta, finish_reason: finishReason }],
	};
	const choice = { index: 0, hasContent: text !== '', hasToolCall: false, isFinished: finishReason !== null };
	return { data: JSON.stringify(value), value, choices: [choice] };
}
