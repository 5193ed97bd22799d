import type { AnswerEvent } from '../contract/answer-parts.ts';
import type {
	AnswerForm,
	AnswerHeaders,
	AnswerReader,
	DocumentAnswer,
	ProviderDialect,
	ReaderOptions,
} from '../contract/dialect.ts';
import { type AnswerFault, type ErrorBody, emptyErrorBody } from '../contract/error-body.ts';
import { Pieces } from '../values/pieces.ts';
import type { Classified, Classify, ErrorAnswer } from './classify/apply-error-rules.ts';
import { contentRefused, type Finish, finishIdentifiers, isKnownEnd, shownReason } from './classify/finish-reasons.ts';

/** A whole answer, and how it came. */
export type Completion =
	/** In events, all of which have been handed on. */
	| { readonly is: 'events'; readonly made?: readonly string[] | undefined }
	| { readonly is: 'document'; readonly answer: DocumentAnswer; readonly bytes: Buffer };

export type Verdict =
	| { readonly is: 'whole'; readonly completion: Completion }
	| { readonly is: 'broken'; readonly broken: Classified };

export interface ReceptionOptions extends ReaderOptions {
	readonly dialect: ProviderDialect;
	readonly classify: Classify;
	/** The provider's name in the configuration. */
	readonly provider: string;
	/** Whether a stream was asked for. The provider may answer in the other form: both are read. */
	readonly stream: boolean;
	/** Bytes of the largest answer that is taken. */
	readonly answerLimit: number;
	/** Whether an answer that the provider refused may be asked of another. Default: it is the answer. */
	readonly mayLeaveRefusal?: (() => boolean) | undefined;
}

/** How much of an error response is read before it is classified by what is there, bytes. */
const ERROR_BODY_LIMIT = 256 * 1024;

const BRACE = '{'.charCodeAt(0);

const inEvents: Completion = { is: 'events' };
const noEvents: readonly AnswerEvent[] = [];
const none: readonly string[] = [];

/**
 * The response to one attempt: bytes in; events out, where it is a stream; and a verdict, once. Everything under a success
 * that is no whole answer goes through the error rules, as an error response does.
 */
export class Reception {
	readonly #options: ReceptionOptions;
	readonly #status: number;
	readonly #headers: AnswerHeaders;
	/** In which form the answer comes; undefined until that is known. */
	#form: AnswerForm | undefined;
	#reader: AnswerReader | undefined;
	readonly #pieces = new Pieces();
	#length = 0;
	/** Bytes since the last event of a stream; of a document, all. */
	#heldBytes = 0;
	/** What is called a stream of events begins as a document: nothing of it has been handed on. */
	#mayBeDocument = false;
	/** The answer ended with a reason that means a failure. */
	#failedEnd: Verdict | undefined;
	#unknownReasons: readonly string[] = none;

	constructor(options: ReceptionOptions, status: number, headers: AnswerHeaders) {
		this.#options = options;
		this.#status = status;
		this.#headers = headers;
		if (this.isSuccess) this.#setForm(options.dialect.formOf(headers));
	}

	get isSuccess(): boolean {
		return this.#status >= 200 && this.#status < 300;
	}

	/** A document has no first token to wait for, whatever was asked for. */
	get isDocument(): boolean {
		return this.#form === 'document' || this.#mayBeDocument;
	}

	get isStream(): boolean {
		return this.#reader !== undefined;
	}

	/** Content has come in a stream. */
	get hasContent(): boolean {
		return this.#reader?.hasContent ?? false;
	}

	/** A stream is finished, though its end mark is missing. */
	get isFinished(): boolean {
		return this.#reader?.isFinished ?? false;
	}

	/** Events of a stream that were left out so far. */
	get skippedEvents(): number {
		return this.#reader?.skippedEvents ?? 0;
	}

	/** Reasons of finishes that neither the error rules nor the known ends speak of, as a log may show them. */
	get unknownFinishReasons(): readonly string[] {
		return this.#unknownReasons;
	}

	/** Bytes that have come and are kept: nothing of them has been handed on. */
	get heldBytes(): number {
		return this.#heldBytes;
	}

	/** @returns the events that became complete with these bytes */
	take(bytes: Buffer): readonly AnswerEvent[] {
		const events = this.#taken(bytes);
		this.#heldBytes = events.length > 0 ? 0 : this.#heldBytes + bytes.length;
		return events;
	}

	#taken(bytes: Buffer): readonly AnswerEvent[] {
		this.#length += bytes.length;
		if (this.#isTooLarge) return noEvents;
		if (this.isSuccess && this.#form === undefined) {
			this.#setForm(this.#options.dialect.looksLike(bytes) ?? (this.#options.stream ? 'events' : 'document'));
		}
		if (this.#reader === undefined || this.#isDocumentSoFar(bytes)) this.#pieces.add(bytes);
		if (this.#reader === undefined) return noEvents;
		const events = this.#judged(this.#reader.feed(bytes));
		if (events.length > 0) this.#mayBeDocument = false;
		return events;
	}

	/** @param bytes the latest of them */
	#isDocumentSoFar(bytes: Buffer): boolean {
		if (this.#length === bytes.length) this.#mayBeDocument = bytes[0] === BRACE;
		return this.#mayBeDocument;
	}

	/** The verdict that what came so far allows; undefined while more has to come. */
	verdict(): Verdict | undefined {
		if (this.#isTooLarge) return this.refuse('answer_too_large');
		if (!this.isSuccess) return this.#length >= ERROR_BODY_LIMIT ? this.errorVerdict() : undefined;
		return this.#streamVerdict(undefined, false);
	}

	/**
	 * The body has ended.
	 * @param cut why, when it was not the provider's doing
	 * @param isShort it was announced to be longer
	 */
	end(cut?: Classified, isShort = false): { events: readonly AnswerEvent[]; verdict: Verdict } {
		if (!this.isSuccess) return { events: noEvents, verdict: this.errorVerdict() };
		if (this.#reader !== undefined) return this.#endStream(this.#reader, cut);
		if (isShort) return { events: noEvents, verdict: this.refuse('answer_short') };
		if (cut !== undefined) return { events: noEvents, verdict: { is: 'broken', broken: cut } };
		return this.#endDocument();
	}

	/** Of an error response, by what came of it. */
	errorVerdict(): Verdict {
		const text = this.#pieces.whole().toString();
		return this.#broken(this.#options.dialect.readError(this.#status, text));
	}

	/**
	 * Under a success, of something that is no whole answer.
	 * @param error what else it says: error rules see that, and the fault as one more code
	 */
	refuse(fault: AnswerFault, error: ErrorBody = emptyErrorBody): Verdict {
		const { failure, message } = this.#classified({ ...error, identifiers: [...error.identifiers, fault] });
		const isSaid = error.json !== undefined && message !== '';
		return { is: 'broken', broken: { failure, message: isSaid ? message : faultMessages[fault] } };
	}

	/** A whole answer in events. */
	get #inEvents(): Completion {
		const made = this.#reader?.made;
		return made === undefined ? inEvents : { is: 'events', made };
	}

	get #isTooLarge(): boolean {
		return this.isSuccess && this.#length > this.#options.answerLimit;
	}

	#setForm(form: AnswerForm | undefined): void {
		this.#form = form;
		if (form === 'events') this.#reader = this.#options.dialect.newReader(this.#options);
	}

	#endStream(reader: AnswerReader, cut: Classified | undefined): { events: readonly AnswerEvent[]; verdict: Verdict } {
		const events = this.#judged(reader.finish());
		const document = this.#mayBeDocument && events.length === 0 ? this.#documentVerdict() : undefined;
		if (document !== undefined) return { events, verdict: document };
		const verdict = this.#streamVerdict(cut);
		if (verdict !== undefined) return { events, verdict };
		return { events, verdict: cut === undefined ? this.refuse('answer_unfinished') : { is: 'broken', broken: cut } };
	}

	/**
	 * @param cut why the bytes ended: it explains a stream that is empty or damaged better than its end does
	 * @param isEnd whether they have: only then a document can be told from a damaged stream
	 */
	#streamVerdict(cut: Classified | undefined, isEnd = true): Verdict | undefined {
		if (this.#failedEnd !== undefined) return this.#failedEnd;
		const state = this.#reader?.state;
		if (state === undefined || state.is === 'open') return undefined;
		if (state.is === 'whole') return { is: 'whole', completion: this.#inEvents };
		if (state.is === 'error') return this.#broken(state.error);
		if (this.#mayBeDocument && !isEnd) return undefined;
		const isExplained = cut !== undefined && (state.fault === 'answer_empty' || state.fault === 'answer_damaged');
		if (isExplained && state.error?.json === undefined) return { is: 'broken', broken: cut };
		return this.refuse(state.fault, state.error);
	}

	#endDocument(): { events: readonly AnswerEvent[]; verdict: Verdict } {
		const { dialect } = this.#options;
		const bytes = this.#pieces.whole();
		if (bytes.length === 0) return { events: noEvents, verdict: this.refuse('answer_empty') };
		const read = dialect.readDocument(bytes.toString(), this.#options);
		if (read.is === 'answer') return { events: noEvents, verdict: this.#answerVerdict(read.answer, bytes) };
		// A stream that was called a document.
		if (dialect.looksLike(bytes) === 'events') return this.#readAsStream(bytes);
		return { events: noEvents, verdict: this.refuse('answer_malformed', read.error) };
	}

	/** Of a document that was called a stream; undefined where it is no answer. */
	#documentVerdict(): Verdict | undefined {
		const bytes = this.#pieces.whole();
		const read = this.#options.dialect.readDocument(bytes.toString(), this.#options);
		return read.is === 'answer' ? this.#answerVerdict(read.answer, bytes) : undefined;
	}

	#answerVerdict(answer: DocumentAnswer, bytes: Buffer): Verdict {
		for (const finish of answer.finishes ?? []) this.#failedEnd ??= this.#failureOf(finish)?.verdict;
		return this.#failedEnd ?? { is: 'whole', completion: { is: 'document', answer, bytes } };
	}

	#readAsStream(bytes: Buffer): { events: readonly AnswerEvent[]; verdict: Verdict } {
		const reader = this.#options.dialect.newReader(this.#options);
		this.#reader = reader;
		const events = this.#judged(reader.feed(bytes));
		const ended = this.#endStream(reader, undefined);
		return { events: [...events, ...ended.events], verdict: ended.verdict };
	}

	/**
	 * What may go out of these events. A finish that means a failure does not, nor what stands beside it in its event: whoever
	 * carries the answer on writes that again.
	 */
	#judged(events: readonly AnswerEvent[]): readonly AnswerEvent[] {
		if (this.#failedEnd !== undefined) return noEvents;
		for (const event of events) {
			for (const part of event.parts) {
				const failure = part.is === 'finish' ? this.#failureOf(part) : undefined;
				if (failure === undefined) continue;
				this.#failedEnd = failure.verdict;
				// Of an answer that is left for another nothing has been sent, and nothing must be.
				return failure.isRefusal ? noEvents : events.slice(0, events.indexOf(event));
			}
		}
		return events;
	}

	/** Whether an answer that ended so is none; undefined for one that is the provider's answer. */
	#failureOf(finish: Finish): { verdict: Verdict; isRefusal: boolean } | undefined {
		const classified = this.#classifiedFinish(finish);
		if (classified === undefined) {
			if (!isKnownEnd(finish.reason)) this.#noteUnknown(this.#shown(finish.reason));
			return undefined;
		}
		const { category, reason } = classified.failure;
		const isRefusal = category === contentRefused.category && reason === contentRefused.reason;
		if (isRefusal && this.#options.mayLeaveRefusal?.() !== true) return undefined;
		const message = `the answer ended with the finish reason ${this.#shown(finish.native ?? finish.reason)}`;
		return { verdict: { is: 'broken', broken: { ...classified, message } }, isRefusal };
	}

	#classifiedFinish(finish: Finish): Classified | undefined {
		const { classify } = this.#options;
		if (classify.namesFinish?.(finish) !== true) return undefined;
		return classify.ofFinish?.(this.#errorAnswer({ ...emptyErrorBody, identifiers: finishIdentifiers(finish) }));
	}

	#noteUnknown(reason: string): void {
		if (!this.#unknownReasons.includes(reason)) this.#unknownReasons = [...this.#unknownReasons, reason];
	}

	/** Whole, while a secret in it can still be known as one. */
	#shown(reason: string): string {
		return shownReason(this.#options.classify.redact?.(reason) ?? reason);
	}

	#broken(error: ErrorBody): Verdict {
		return { is: 'broken', broken: this.#classified(error) };
	}

	#classified(error: ErrorBody): Classified {
		return this.#options.classify(this.#errorAnswer(error));
	}

	#errorAnswer(error: ErrorBody): ErrorAnswer {
		const status = this.isSuccess ? 200 : this.#status;
		// Wall time: dates in an answer are the provider's.
		return { status, headers: this.#headers, error, provider: this.#options.provider, now: Date.now() };
	}
}

/** What a caller is told of each. */
const faultMessages: Readonly<Record<AnswerFault, string>> = {
	answer_empty: 'the answer had nothing in it',
	answer_malformed: 'the answer was no answer of this API',
	answer_damaged: 'a piece of the answer was damaged',
	answer_short: 'the answer was shorter than announced',
	answer_unfinished: 'the stream ended in the middle of the answer',
	answer_too_large: 'the answer was too large',
};
