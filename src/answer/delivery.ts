import type { AnswerEvent } from '../contract/answer-parts.ts';
import type { AnswerInfo, AnswerSink } from '../contract/answer-sink.ts';
import type { ClientDialect, ClientRequest, DocumentWriter, StreamWriter } from '../contract/dialect.ts';
import type { FailureReport } from '../contract/failure-report.ts';

/** How the events of an answer get to a client. */
export interface Delivery {
	/** What is written cannot be taken back: another attempt has to carry it on. */
	readonly commits: boolean;
	/** Bytes that were written here and wait for the end of the answer. */
	readonly waitingBytes: number;
	/** The answer begins; called before the first `write`, where writing commits. Only the first call counts. */
	begin(info: AnswerInfo): void;
	/** @returns false when the client is slower than the answer */
	write(events: readonly AnswerEvent[]): boolean;
	/** A sign of life while there is nothing to write; nothing before `begin`. */
	comment(text: string): void;
	/** The answer is started over: forget it. Never called after a `write` that committed. */
	reset(): void;
	/** The answer is whole. */
	finish(info: AnswerInfo): void;
	/** There will be no whole answer. */
	fail(report: FailureReport): void;
}

/** The caller of an answer: how it speaks, what it asked for, and where its answer goes. */
export interface Recipient {
	readonly dialect: ClientDialect;
	readonly request: ClientRequest;
	readonly requestId: string;
	readonly sink: AnswerSink;
}

/** To a client that streams. */
export class StreamDelivery implements Delivery {
	readonly commits = true;
	readonly waitingBytes = 0;
	readonly #sink: AnswerSink;
	readonly #dialect: ClientDialect;
	readonly #requestId: string;
	readonly #writer: StreamWriter;
	#hasBegun = false;

	constructor({ sink, dialect, request, requestId }: Recipient) {
		this.#sink = sink;
		this.#dialect = dialect;
		this.#requestId = requestId;
		this.#writer = dialect.newStream(request, requestId);
	}

	begin(info: AnswerInfo): void {
		if (this.#hasBegun) return;
		this.#hasBegun = true;
		this.#sink.begin(info, this.#dialect.contentTypes.stream);
	}

	write(events: readonly AnswerEvent[]): boolean {
		return this.#send(this.#writer.write(events));
	}

	comment(text: string): void {
		if (this.#hasBegun) this.#send(this.#writer.comment(text));
	}

	reset(): void {}

	finish(info: AnswerInfo): void {
		this.begin(info);
		this.#sink.end(this.#writer.end());
	}

	/** Also after a `finish` that threw halfway, when the error is no longer the first word of the answer. */
	fail(report: FailureReport): void {
		if (this.#hasBegun) this.#sink.breakOff(report, this.#writer.breakOff(report));
		else sendFailure({ sink: this.#sink, dialect: this.#dialect, requestId: this.#requestId }, report);
	}

	#send(text: string): boolean {
		return text === '' || this.#sink.write(text);
	}
}

/** To a client that wants one document, from an attempt that streams or one that does not. */
export class DocumentDelivery implements Delivery {
	/** Nothing has been sent, but starting over would throw away what a provider wrote: a plain text is carried on. */
	readonly commits: boolean;
	readonly #recipient: Recipient;
	#writer: DocumentWriter | undefined;
	#body: Buffer | string | undefined;
	#bytes = 0;

	/** @param isContinuable whether another attempt could carry the answer on */
	constructor(recipient: Recipient, isContinuable: boolean) {
		this.#recipient = recipient;
		this.commits = isContinuable;
	}

	get waitingBytes(): number {
		return this.#bytes;
	}

	begin(): void {}

	write(events: readonly AnswerEvent[]): boolean {
		const { dialect, request, requestId } = this.#recipient;
		this.#writer ??= dialect.newDocument(request, requestId);
		for (const event of events) {
			this.#writer.add(event);
			this.#bytes += Buffer.byteLength(event.raw.data);
		}
		return true;
	}

	/** The attempt brought the document itself, in the client's own dialect. */
	writeBody(body: Buffer | string): void {
		this.#body = body;
	}

	comment(): void {}

	reset(): void {
		this.#writer = undefined;
		this.#body = undefined;
		this.#bytes = 0;
	}

	finish(info: AnswerInfo): void {
		const { dialect, request, requestId, sink } = this.#recipient;
		const body = this.#body ?? (this.#writer ?? dialect.newDocument(request, requestId)).whole();
		sink.answer(info, body, dialect.contentTypes.document);
	}

	fail(report: FailureReport): void {
		sendFailure(this.#recipient, report);
	}
}

function sendFailure({ sink, dialect, requestId }: Omit<Recipient, 'request'>, report: FailureReport): void {
	const told = { ...report, status: dialect.statusOf?.(report) ?? report.status };
	sink.fail(told, dialect.failure(report, requestId), dialect.contentTypes.document);
}
