import type { SeamPlace } from '../../machines/events.ts';
import type { Way } from '../../machines/request/progress.ts';
import { isObject, type JsonObject, type StreamChunk } from '../dialects/openai-chat/chunk.ts';
import { type UsagePart, usageOfAll } from '../dialects/openai-chat/usage.ts';
import { SeamFinder, type SeamState } from './seam.ts';

/** A chunk for the client, and its JSON text on one line. */
export interface ClientChunk {
	value: JsonObject;
	data: string;
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
	seam: SeamPlace | undefined;
	/** Characters that wait in held chunks. */
	heldLength = 0;
	/** Something has come out for the client. */
	hasBegun = false;
	readonly #options: AnswerStreamOptions;
	/** How many answers the present attempt asks for. */
	#choices: number;
	/** The text that has come out. What is only held must not be in it: the next attempt has to write that again. */
	#sent = '';
	#isRetained = true;
	#isFinished = false;
	/** Of the first chunk that has an id: some providers begin with one that does not. */
	#head: { id: unknown; created: unknown } | undefined;
	#isContinuation = false;
	#target = '';
	#pendingSeam: SeamFinder | undefined;
	#held: ClientChunk[] = [];
	#heldText = '';
	#isHoldingTools = false;
	#usage: UsagePart[] = [];
	/** The usage of the present attempt, once it told it. */
	#part: UsagePart | undefined;
	/** Something of the present attempt has gone to the client. */
	#hasWritten = false;
	/** The present continuation has added to the answer, or said that there is nothing to add. */
	#hasCarriedOn = false;
	#latest: JsonObject = {};

	constructor(options: AnswerStreamOptions) {
		this.#options = options;
		this.#choices = options.choices;
	}

	/** Whether what has been sent can be carried on by another attempt; a finished answer would be finished twice. */
	get isContinuable(): boolean {
		return this.#options.isContinuable && this.#isRetained && !this.#isFinished;
	}

	/** What each attempt that wrote for the client used, as far as it told. */
	get usage(): readonly UsagePart[] {
		return this.#usage;
	}

	/**
	 * An attempt begins: what an earlier one left unsent is forgotten.
	 * @param target `provider/model`
	 * @param choices how many answers it asks for
	 * @returns the text that the model is to be shown as its own so far; '' for a fresh attempt
	 */
	beginAttempt(target: string, way: Way, choices = this.#options.choices): string {
		const isFresh = way === 'fresh';
		this.#choices = choices;
		if (isFresh) this.#forget();
		else if (this.#hasWritten && this.#part === undefined) this.noteUsage(undefined);
		this.#target = target;
		this.#part = undefined;
		this.#hasWritten = false;
		this.#hasCarriedOn = false;
		this.#latest = {};
		this.#dropHeld();
		this.#isHoldingTools = false;
		this.seam = undefined;
		this.#isContinuation = !isFresh;
		const shown = isFresh ? '' : shownText(this.#sent, way);
		const options = { sent: this.#sent, shown: shown.length, trusted: way === 'prefill' };
		this.#pendingSeam = isFresh ? undefined : new SeamFinder(options);
		return shown;
	}

	#forget(): void {
		this.#sent = '';
		this.#isRetained = true;
		this.#isFinished = false;
		this.#head = undefined;
		this.hasBegun = false;
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
		const problem = this.#settleSeam(this.#latest);
		if (problem !== undefined) return { chunks: out, problem };
		this.#flush(out);
		// Silence without a finish reason does not make the broken answer a whole one.
		if (this.#isContinuation && !this.#hasCarriedOn) return { chunks: out, problem: 'diverged' };
		return { chunks: out };
	}

	#takeFresh(chunk: StreamChunk, out: ClientChunk[]): undefined {
		const { value, data, choices } = chunk;
		const [choice] = choices;
		this.#inspect(chunk);
		this.#hold({ value, data }, choices.length === 0 ? '' : (textOf(firstDelta(value).content) ?? ''));
		if (this.#choices > 1) {
			this.#flush(out);
			return;
		}
		if (choice?.hasToolCall) this.#isHoldingTools = true;
		const isFinish = choice?.isFinished === true;
		if (isFinish) this.#isHoldingTools = false;
		const isWorthSending = isFinish || choice?.hasContent === true || this.hasBegun;
		if (isWorthSending && !this.#isHoldingTools) this.#flush(out);
		if (isFinish) this.#isFinished = true;
	}

	#takeContinuation(chunk: StreamChunk, out: ClientChunk[]): Taken['problem'] {
		const { value, choices } = chunk;
		const [choice] = choices;
		this.#latest = value;
		this.#inspect(chunk);
		if (choice === undefined) {
			this.#holdMerged({ ...value, choices: [] }, '');
			this.#release(out);
			return undefined;
		}
		const { content, said } = partsOf(firstDelta(value));
		let text = textOf(content);
		if (text === undefined || choices.length > 1 || choice.index > 0) return 'diverged';
		if (this.#pendingSeam !== undefined && text !== '') {
			const state = this.#pendingSeam.feed(text);
			text = '';
			const problem = state.is === 'pending' ? undefined : this.#join(state, value);
			if (problem !== undefined) return problem;
		}
		if (choice.hasToolCall || choice.isFinished) {
			const problem = this.#settleSeam(value);
			if (problem !== undefined) return problem;
		}
		this.#release(out);
		if (choice.hasToolCall) this.#isHoldingTools = true;
		const delta = text === '' ? said : { ...said, content: text };
		const isSaying = Object.keys(delta).length > 0 || choice.isFinished;
		if (isSaying) this.#hasCarriedOn = true;
		if (isSaying || (isSomething(value.usage) && this.#pendingSeam === undefined)) {
			const [first] = value.choices as [JsonObject];
			const finish_reason = first.finish_reason ?? null;
			this.#holdMerged({ ...value, choices: [{ index: 0, ...first, delta, finish_reason }] }, text);
		}
		if (choice.isFinished) this.#isHoldingTools = false;
		this.#release(out);
		if (choice.isFinished) this.#isFinished = true;
		return undefined;
	}

	/** There is no more text to wait for: the seam is where it is, or nowhere. */
	#settleSeam(value: JsonObject): Taken['problem'] {
		if (this.#pendingSeam === undefined) return undefined;
		return this.#join(this.#pendingSeam.finish(), value);
	}

	#join(state: SeamState, value: JsonObject): Taken['problem'] {
		this.#pendingSeam = undefined;
		if (state.is === 'ambiguous' || state.is === 'diverged') return state.is;
		if (state.is === 'pending') throw new Error('a seam was settled without a place');
		this.seam = { sent: this.#sent.length, trimmed: state.dropped };
		const { text } = state;
		if (text === '') return undefined;
		this.#hasCarriedOn = true;
		const { usage: _, ...rest } = value;
		this.#holdMerged({ ...rest, choices: [{ index: 0, delta: { content: text }, finish_reason: null }] }, text);
		return undefined;
	}

	#hold(chunk: ClientChunk, text: string): void {
		this.#held.push(chunk);
		this.#heldText += text;
		this.heldLength += chunk.data.length;
	}

	/** Under the id of the answer's first chunk, and with the usage of all attempts. */
	#holdMerged(value: JsonObject, text: string): void {
		const usage = isSomething(value.usage) ? usageOfAll(this.#usage) : {};
		const merged = { ...value, ...this.#head, ...usage };
		this.#hold({ value: merged, data: JSON.stringify(merged) }, text);
	}

	/** Nothing of a continuation comes out before its place is known: until then it may have to be thrown away. */
	#release(out: ClientChunk[]): void {
		if (this.#pendingSeam === undefined && !this.#isHoldingTools) this.#flush(out);
	}

	#flush(out: ClientChunk[]): void {
		if (this.#held.length === 0) return;
		if (this.#head === undefined) {
			const named = this.#held.find(({ value }) => isSomething(value.id));
			if (named !== undefined) this.#head = { id: named.value.id, created: named.value.created };
		}
		this.hasBegun = true;
		this.#hasWritten = true;
		// One by one: as arguments of one call, the chunks of a long call of a tool would overflow the stack.
		for (const chunk of this.#held) out.push(chunk);
		this.#remember(this.#heldText);
		this.#dropHeld();
	}

	#dropHeld(): void {
		this.#held = [];
		this.#heldText = '';
		this.heldLength = 0;
	}

	#remember(text: string): void {
		if (this.#sent.length + text.length > this.#options.retainedText) this.#isRetained = false;
		this.#sent = this.#isRetained ? this.#sent + text : '';
	}

	/** Notes what is told by the way: the usage, and what a continuation could not make whole again. */
	#inspect({ value, choices }: StreamChunk): void {
		if (isSomething(value.usage)) this.noteUsage(value.usage);
		const [choice] = choices;
		if (choice === undefined) return;
		const { content, refusal, audio, images } = firstDelta(value);
		const [{ logprobs }] = value.choices as [JsonObject];
		const isSeveral = choices.length > 1 || choice.index > 0;
		const isMoreThanText = [refusal, audio, images, logprobs].some(isSomething) || textOf(content) === undefined;
		if (isSeveral || isMoreThanText) this.#isRetained = false;
	}

	/** What the present attempt used. Some providers tell it again with every chunk: the last word counts. */
	noteUsage(usage: unknown): void {
		if (this.#part === undefined) {
			this.#part = { target: this.#target, usage };
			this.#usage.push(this.#part);
		}
		this.#part.usage = usage;
	}
}

/** To the beginning of a word where one is near: a model does not find its way back into the middle of one. */
function rewindTo(sent: string): number {
	const at = Math.max(0, sent.length - REWIND_LENGTH);
	const word = sent.lastIndexOf(' ', at) + 1;
	return at - word < REWIND_LENGTH ? word : at;
}

/** What a model is shown of the text so far. */
function shownText(sent: string, way: Way): string {
	// Some providers refuse a last message that ends in white space; the model writes it again.
	if (way === 'prefill') return withoutHalfPair(sent.trimEnd());
	if (way === 'rewind') return withoutHalfPair(sent.slice(0, rewindTo(sent)));
	return withoutHalfPair(sent);
}

/** Half a surrogate pair at the end is no character, and no JSON that every provider takes. */
function withoutHalfPair(text: string): string {
	const last = text.charCodeAt(text.length - 1);
	return last >= 0xd800 && last <= 0xdbff ? text.slice(0, -1) : text;
}

function firstDelta(value: JsonObject): JsonObject {
	const [{ delta }] = value.choices as [JsonObject];
	return isObject(delta) ? delta : {};
}

/** What a continuation's delta adds to an answer: no second role, and no thoughts about how to go on. */
function partsOf({ content, ...delta }: JsonObject): { content: unknown; said: JsonObject } {
	const said = Object.entries(delta).filter(([name, value]) => !unsaid.includes(name) && isSomething(value));
	return { content, said: Object.fromEntries(said) };
}

const unsaid: readonly string[] = ['role', 'reasoning', 'reasoning_content', 'reasoning_details', 'thinking'];

/**
 * The text of a delta's content: as it is, or in a list of parts, whose thoughts are no text of the answer.
 * @returns undefined when it is more than text
 */
function textOf(content: unknown): string | undefined {
	if (typeof content === 'string') return content;
	if (!isSomething(content)) return '';
	if (!Array.isArray(content)) return undefined;
	const texts = content.map((part: unknown) => {
		if (!isObject(part)) return undefined;
		if (part.type === 'thinking') return '';
		return part.type === 'text' && typeof part.text === 'string' ? part.text : undefined;
	});
	return texts.includes(undefined) ? undefined : texts.join('');
}

function isSomething(value: unknown): boolean {
	return value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0);
}
