import type { Seam as SeamReport } from '../../machines/events.ts';
import type { Way } from '../../machines/walk.ts';
import type { JsonObject, StreamChunk } from '../upstream/chunk.ts';
import { Seam, type SeamState } from './seam.ts';
import { type UsagePart, usageOfAll } from './usage.ts';

/** A chunk for the client. `data` is its JSON text where it is known already. */
export interface ClientChunk {
	value: JsonObject;
	data?: string;
}

/** What came of some chunks: what the client gets, and what is wrong with the rest. */
export interface Taken {
	chunks: readonly ClientChunk[];
	/** The continuation cannot be joined to what was sent. */
	problem?: 'ambiguous' | 'diverged';
}

export interface AnswerStreamOptions {
	/** How much text is kept for a continuation, characters. */
	retainedText: number;
	/** Whether an answer to this request can be carried on at all. */
	isContinuable: boolean;
	/** How many answers were asked for (`n`). */
	choices: number;
}

/** How far back a second try begins, characters: enough to recognize the place. */
const REWIND_LENGTH = 24;

/**
 * One answer as its client sees it, whatever number of attempts wrote it: one id, one role, no repeated and no lost
 * character, one finish reason, one block of usage. Calls of tools are held back until they are whole, so that a break
 * inside one stays unseen. Chunks of an attempt go in, chunks for the client come out.
 */
export class AnswerStream {
	/** Where the present continuation joined, once that is known. */
	seam: SeamReport | undefined;
	readonly #options: AnswerStreamOptions;
	#sent = '';
	#isRetained = true;
	#head: { id: unknown; created: unknown } | undefined;
	#hasSentRole = false;
	#isContinuation = false;
	#target = '';
	#pendingSeam: Seam | undefined;
	#held: ClientChunk[] = [];
	#isHoldingTools = false;
	#usage: UsagePart[] = [];
	/** The usage of the present attempt, once it told it. */
	#part: UsagePart | undefined;
	/** Text of the present attempt has gone to the client. */
	#hasWritten = false;

	constructor(options: AnswerStreamOptions) {
		this.#options = options;
	}

	/** Whether what has been sent can be carried on by another attempt. */
	get isContinuable(): boolean {
		return this.#options.isContinuable && this.#isRetained;
	}

	/** Something has come out for the client. */
	get hasBegun(): boolean {
		return this.#head !== undefined;
	}

	/** Characters that wait in held chunks. */
	get heldLength(): number {
		return this.#held.reduce((sum, { data = '' }) => sum + data.length, 0);
	}

	/**
	 * An attempt begins: what an earlier one left unsent is forgotten.
	 * @param target `provider/model`
	 * @returns the text that the model is to be shown as its own so far; '' for a fresh attempt
	 */
	beginAttempt(target: string, way: Way): string {
		const isFresh = way === 'fresh';
		if (isFresh) this.#forget();
		else if (this.#hasWritten && this.#part === undefined) this.#noteUsage(undefined);
		this.#target = target;
		this.#part = undefined;
		this.#hasWritten = false;
		this.#held = [];
		this.#isHoldingTools = false;
		this.seam = undefined;
		this.#isContinuation = !isFresh;
		const shown = isFresh ? '' : shownText(this.#sent, way);
		const options = { sent: this.#sent, shown: shown.length, trusted: way === 'prefill' };
		this.#pendingSeam = isFresh ? undefined : new Seam(options);
		return shown;
	}

	#forget(): void {
		this.#sent = '';
		this.#isRetained = true;
		this.#head = undefined;
		this.#hasSentRole = false;
		this.#usage = [];
	}

	/** @param chunks of the present attempt, in order */
	take(chunks: readonly StreamChunk[]): Taken {
		const out: ClientChunk[] = [];
		for (const chunk of chunks) {
			const problem = this.#isContinuation ? this.#takeContinuation(chunk, out) : this.#takeFresh(chunk, out);
			if (problem !== undefined) return { chunks: out, problem };
		}
		return { chunks: out };
	}

	/** The attempt has delivered everything: what was held comes out. */
	end(): Taken {
		const out: ClientChunk[] = [];
		const problem = this.#settleSeam(out, {});
		this.#flush(out);
		return problem === undefined ? { chunks: out } : { chunks: out, problem };
	}

	#takeFresh(chunk: StreamChunk, out: ClientChunk[]): undefined {
		const { value, data, choices } = chunk;
		const [choice] = choices;
		this.#retain(chunk);
		this.#held.push({ value, data });
		if (this.#options.choices > 1) {
			this.#flush(out);
			return;
		}
		if (choice?.hasToolCall) this.#isHoldingTools = true;
		const isFinish = choice?.isFinished === true;
		if (isFinish) this.#isHoldingTools = false;
		const isWorthSending = isFinish || choice?.hasContent === true || this.hasBegun;
		if (isWorthSending && !this.#isHoldingTools) this.#flush(out);
	}

	#takeContinuation(chunk: StreamChunk, out: ClientChunk[]): Taken['problem'] {
		const { value, choices } = chunk;
		const [choice] = choices;
		if (choice === undefined) {
			this.#noteUsage(value.usage);
			this.#held.push({ value: this.#merged({ ...value, choices: [] }) });
			if (!this.#isHoldingTools) this.#flush(out);
			return undefined;
		}
		const { delta, finish_reason: finishReason, ...rest } = firstChoice(value);
		const {
			role,
			content,
			reasoning: _,
			reasoning_content: __,
			reasoning_details: ___,
			thinking: ____,
			...others
		} = delta;
		let text = typeof content === 'string' ? content : '';
		if (this.#pendingSeam !== undefined && text !== '') {
			const state = this.#pendingSeam.feed(text);
			text = '';
			if (state.is !== 'pending') {
				const problem = this.#join(state, value, out);
				if (problem !== undefined) return problem;
			}
		}
		if (choice.hasToolCall || choice.isFinished) {
			const problem = this.#settleSeam(out, value);
			if (problem !== undefined) return problem;
		}
		if (choice.hasToolCall) this.#isHoldingTools = true;
		const said = {
			...somethingOf(others),
			...(text === '' ? {} : { content: text }),
			...(this.#hasSentRole ? {} : { role }),
		};
		if (Object.keys(said).length > 0 || choice.isFinished) {
			if (value.usage !== undefined && value.usage !== null) this.#noteUsage(value.usage);
			this.#sent += text;
			this.#held.push({
				value: this.#merged({ ...value, choices: [{ ...rest, delta: said, finish_reason: finishReason ?? null }] }),
			});
		}
		if (choice.isFinished) this.#isHoldingTools = false;
		if (!this.#isHoldingTools) this.#flush(out);
		return undefined;
	}

	/** There is no more text to wait for: the seam is where it is, or nowhere. */
	#settleSeam(out: ClientChunk[], value: JsonObject): Taken['problem'] {
		if (this.#pendingSeam === undefined) return undefined;
		return this.#join(this.#pendingSeam.finish(), value, out);
	}

	#join(state: SeamState, value: JsonObject, out: ClientChunk[]): Taken['problem'] {
		this.#pendingSeam = undefined;
		if (state.is === 'ambiguous' || state.is === 'diverged') return state.is;
		if (state.is === 'pending') throw new Error('a seam was settled without a place');
		this.seam = { sent: this.#sent.length, trimmed: state.dropped };
		if (state.text === '') return undefined;
		this.#sent += state.text;
		this.#hasWritten = true;
		const { usage: _, ...rest } = value;
		out.push({
			value: this.#merged({ ...rest, choices: [{ index: 0, delta: { content: state.text }, finish_reason: null }] }),
		});
		return undefined;
	}

	/** Under the id of the answer's first chunk, and with the usage of all attempts. */
	#merged(value: JsonObject): JsonObject {
		const usage = value.usage === undefined || value.usage === null ? {} : usageOfAll(this.#usage);
		return { ...value, ...this.#head, ...usage };
	}

	#flush(out: ClientChunk[]): void {
		const [first] = this.#held;
		if (first === undefined) return;
		this.#head ??= { id: first.value.id, created: first.value.created };
		this.#hasSentRole = true;
		this.#hasWritten = true;
		out.push(...this.#held);
		this.#held = [];
	}

	#retain({ value, choices }: StreamChunk): void {
		if (value.usage !== undefined && value.usage !== null) this.#noteUsage(value.usage);
		if (choices.length === 0) return;
		const { delta, index, logprobs } = firstChoice(value);
		// What a continuation could not make whole again: several answers, probabilities, refusals, sound.
		if (choices.length > 1 || index > 0 || isSomething(logprobs)) this.#isRetained = false;
		if (isSomething(delta.refusal) || isSomething(delta.audio) || isSomething(delta.images)) this.#isRetained = false;
		if (typeof delta.content === 'string') this.#sent += delta.content;
		else if (isSomething(delta.content)) this.#isRetained = false;
		if (this.#sent.length > this.#options.retainedText) {
			this.#isRetained = false;
			this.#sent = '';
		}
	}

	/** Some providers tell it again with every chunk: the last word counts. */
	#noteUsage(usage: unknown): void {
		if (this.#part === undefined) {
			this.#part = { target: this.#target, usage };
			this.#usage.push(this.#part);
		}
		this.#part.usage = usage;
	}
}

/** What a model is shown of the text so far. */
function shownText(sent: string, way: Way): string {
	// Some providers refuse a last message that ends in white space; the model writes it again.
	if (way === 'prefill') return sent.trimEnd();
	if (way === 'rewind') return sent.slice(0, Math.max(0, sent.length - REWIND_LENGTH));
	return sent;
}

function firstChoice(value: JsonObject): {
	delta: JsonObject;
	index: number;
	finish_reason?: unknown;
	logprobs?: unknown;
} {
	const [choice] = value.choices as [JsonObject];
	const delta = choice.delta;
	return { index: 0, ...choice, delta: typeof delta === 'object' && delta !== null ? (delta as JsonObject) : {} };
}

/** Without the members that only say that there is nothing: they would begin the continuation before its text does. */
function somethingOf(delta: JsonObject): JsonObject {
	return Object.fromEntries(Object.entries(delta).filter(([, value]) => isSomething(value)));
}

function isSomething(value: unknown): boolean {
	return value !== undefined && value !== null && value !== '';
}
