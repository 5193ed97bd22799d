import type { AnswerInfo, AnswerSink } from '../contract/answer-sink.ts';
import type { FailureReport } from '../contract/failure-report.ts';
import { AssembledAnswer } from '../dialects/openai-chat/assembled-answer.ts';
import type { ClientChunk } from './answer-stream.ts';

/** How the chunks of an answer get to a client. */
export interface Delivery {
	/** What is written cannot be taken back: another attempt has to carry it on. */
	readonly commits: boolean;
	/** Characters that wait here for the end of the answer. */
	readonly waitingLength: number;
	/** The answer begins; called once, before the first `write`, where writing commits. */
	begin(info: AnswerInfo): void;
	/** @returns false when the client is slower than the answer */
	write(chunks: readonly ClientChunk[]): boolean;
	/** A sign of life while there is nothing to write. */
	comment(text: string): void;
	/** The answer is started over: forget it. Never called after a `write` that committed. */
	reset(): void;
	/** The answer is whole. */
	finish(info: AnswerInfo): void;
	/** There will be no whole answer. */
	fail(report: FailureReport): void;
}

/** To a client that streams, as it comes. */
export class StreamDelivery implements Delivery {
	readonly commits = true;
	readonly waitingLength = 0;
	readonly #client: AnswerSink;
	#hasBegun = false;

	constructor(client: AnswerSink) {
		this.#client = client;
	}

	begin(info: AnswerInfo): void {
		if (this.#hasBegun) return;
		this.#hasBegun = true;
		this.#client.begin(info);
	}

	write(chunks: readonly ClientChunk[]): boolean {
		return this.#client.write(sseText(chunks));
	}

	comment(text: string): void {
		if (this.#hasBegun) this.#client.write(`: ${text}\n\n`);
	}

	reset(): void {}

	finish(info: AnswerInfo): void {
		this.begin(info);
		this.#client.end();
	}

	fail(report: FailureReport): void {
		if (this.#hasBegun) this.#client.breakOff(report);
		else this.#client.fail(report);
	}
}

/** To a client that streams, but not before the answer is whole (`commit: complete`). */
export class WholeStreamDelivery implements Delivery {
	readonly commits = false;
	readonly #client: AnswerSink;
	#text = '';
	#hasBegun = false;

	constructor(client: AnswerSink) {
		this.#client = client;
	}

	get waitingLength(): number {
		return this.#text.length;
	}

	begin(): void {}

	write(chunks: readonly ClientChunk[]): boolean {
		this.#text += sseText(chunks);
		return true;
	}

	comment(): void {}

	reset(): void {
		this.#text = '';
	}

	finish(info: AnswerInfo): void {
		this.#hasBegun = true;
		this.#client.begin(info);
		this.#client.write(this.#text);
		this.#client.end();
	}

	/** After a `finish` that threw halfway, it is no longer the first word of the answer. */
	fail(report: FailureReport): void {
		if (this.#hasBegun) this.#client.breakOff(report);
		else this.#client.fail(report);
	}
}

/** To a client that wants one document, from an attempt that streams or one that does not. */
export class DocumentDelivery implements Delivery {
	/** Nothing has been sent, but starting over would throw away what a provider wrote: a plain text is carried on. */
	readonly commits: boolean;
	readonly #client: AnswerSink;
	#assembled = new AssembledAnswer();
	#body: Buffer | string = '';
	#length = 0;

	/** @param isContinuable whether another attempt could carry the answer on */
	constructor(client: AnswerSink, isContinuable: boolean) {
		this.#client = client;
		this.commits = isContinuable;
	}

	get waitingLength(): number {
		return this.#length;
	}

	begin(): void {}

	write(chunks: readonly ClientChunk[]): boolean {
		for (const chunk of chunks) {
			this.#assembled.add(chunk);
			this.#length += chunk.data.length;
		}
		return true;
	}

	/** The attempt brought the document itself. */
	writeBody(body: Buffer | string): void {
		this.#body = body;
	}

	comment(): void {}

	reset(): void {
		this.#assembled = new AssembledAnswer();
		this.#body = '';
		this.#length = 0;
	}

	finish(info: AnswerInfo): void {
		this.#client.answer(info, this.#body.length > 0 ? this.#body : this.#assembled.toJson());
	}

	fail(report: FailureReport): void {
		this.#client.fail(report);
	}
}

function sseText(chunks: readonly ClientChunk[]): string {
	return chunks.map(({ data }) => `data: ${data}\n\n`).join('');
}
