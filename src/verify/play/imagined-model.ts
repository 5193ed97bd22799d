import type { SeamPlace } from '../../../machines/events.ts';
import type { Way } from '../../../machines/request/progress.ts';
import { AnswerStream } from '../../answer/answer-stream.ts';
import type { AnswerEvent, AnswerPart } from '../../contract/answer-parts.ts';

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
 * writes the token that follows the text that it is shown; where an instruction asks for the last words again, from the last
 * token on.
 */
export class ImaginedModel {
	readonly #answer: AnswerStream;
	#nextToken = 0;
	/** Tokens that the next piece begins with again. */
	#repeated = 0;

	/** @param retainedText how much text is kept for carrying it on, characters */
	constructor(retainedText: number) {
		this.#answer = new AnswerStream({ retainedText, isContinuable: true });
	}

	get isContinuable(): boolean {
		return this.#answer.isContinuable;
	}

	begin(target: string, way: Way): void {
		const shown = this.#answer.shownFor(way);
		this.#answer.beginAttempt({ target, way, shown, choices: 1 });
		this.#nextToken = wordsIn(shown);
		this.#repeated = way === 'instruct' || way === 'rewind' ? Math.min(1, this.#nextToken) : 0;
	}

	write(tokens: number | 'all'): Written {
		const first = this.#nextToken - this.#repeated;
		this.#repeated = 0;
		this.#nextToken += tokens === 'all' ? TOKENS : tokens;
		return this.#take({ is: 'text', choice: 0, text: imaginedTokens(first, this.#nextToken) });
	}

	/** The answer is whole. */
	finish(): Written {
		const finished = this.#take({ is: 'finish', choice: 0, reason: 'stop' });
		if (finished.problem !== undefined) return finished;
		const { events, problem } = this.#answer.end();
		const isHeard = finished.isHeard || events.length > 0;
		return this.#written(isHeard, problem);
	}

	#take(part: AnswerPart): Written {
		const { events, problem } = this.#answer.take([eventOf(part)]);
		return this.#written(events.length > 0, problem);
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
 * A piece of the text that imagined models write: `word-number-0 word-number-1 `; two readings of one are not possible.
 * @param from number of its first token
 * @param to number of the token after its last one
 */
export function imaginedTokens(from: number, to: number): string {
	return Array.from({ length: to - from }, (_, index) => `word-number-${from + index} `).join('');
}

function wordsIn(text: string): number {
	return text.match(/\S+/g)?.length ?? 0;
}

function eventOf(part: AnswerPart): AnswerEvent {
	return { parts: [part], model: 'imagined', raw: { dialect: 'imagined', data: '', value: undefined } };
}
