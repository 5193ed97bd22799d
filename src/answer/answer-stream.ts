import type { SeamPlace } from '../../machines/events.ts';
import type { Way } from '../../machines/request/progress.ts';
import type { AnswerEvent, AnswerPart, Usage } from '../contract/answer-parts.ts';
import {
	ContinuationSeam,
	type ContinuationStart,
	type Joined,
	type SeamProblem,
	shownFor,
} from './continuation-seam.ts';
import { type EventSummary, summaryOf } from './event-summary.ts';
import { Hold } from './hold.ts';

/** What came of some events: what the client gets, and what is wrong with the rest. */
export interface Taken {
	events: readonly AnswerEvent[];
	/** The continuation cannot be joined to what was sent. */
	problem?: SeamProblem;
}

export interface AnswerStreamOptions {
	/** How much text is kept for a continuation, characters. */
	retainedText: number;
	/** Whether an answer to this request can be carried on at all. */
	isContinuable: boolean;
	/** Nothing goes out before the answer is whole. */
	holdsUntilWhole?: boolean;
}

export interface AttemptStart extends ContinuationStart {
	/** `provider/model`. */
	target: string;
	/** How many answers it asks for at once. */
	choices: number;
	/**
	 * Whether an answer that says nothing may be left for another. Its end waits then until all of it is known, since whether
	 * it says nothing may only be told by the usage behind its finish. Asked where a finish comes without any content.
	 */
	mayLeaveSilence?: () => boolean;
}

const nothing: readonly AnswerEvent[] = [];

/**
 * One answer as its client sees it, whatever number of attempts wrote it: no repeated and no lost character, one finish,
 * one usage. Calls of tools are held back until they are whole, so that a break inside one stays unseen. Events of an
 * attempt go in, events for the client come out.
 */
export class AnswerStream {
	/** Something of the present attempt has come out for the client. */
	isAnswering = false;
	readonly #options: AnswerStreamOptions;
	/** What waits: for the first content, for the end of a call of a tool, for the place of a continuation. */
	readonly #hold = new Hold();
	/** The text that has come out. What is only held must not be in it: the next attempt has to write that again. */
	#sent = '';
	/** What the answer has said so far can be shown to another model, all of it. */
	#isRetained = true;
	#isFinished = false;
	/** The present attempt has had content. */
	#hasContent = false;
	#attempt: AttemptStart = { target: '', way: 'fresh', shown: '', choices: 1 };
	/** Of the present continuation. */
	#seam: ContinuationSeam | undefined;
	/** An attempt that broke had begun to call a tool: all of the text before the call has been sent. */
	#hasBegunCall = false;
	#isHoldingTools = false;
	#usage: { target: string; usage: Usage | undefined }[] = [];
	/** The usage of the present attempt, once it is known. */
	#ownUsage: { usage: Usage | undefined } | undefined;
	/** The present continuation has added to the answer, or said that there is nothing to add. */
	#hasCarriedOn = false;
	/** The last event of the present attempt, which lends its envelope to text that comes out behind it. */
	#latest: AnswerEvent | undefined;

	constructor(options: AnswerStreamOptions) {
		this.#options = options;
	}

	/** Whether what has been sent can be carried on by another attempt; a finished answer would be finished twice. */
	get isContinuable(): boolean {
		return this.#options.isContinuable && this.#isRetained && !this.#isFinished;
	}

	/** Where the present continuation joined, once that is known. */
	get seam(): SeamPlace | undefined {
		return this.#seam?.place;
	}

	/** What the present attempt used, as far as it is known. */
	get attemptUsage(): Usage | undefined {
		return this.#ownUsage?.usage;
	}

	/** The present attempt has written something of an answer, whether or not it has come out. */
	get hasContent(): boolean {
		return this.#hasContent;
	}

	/** All events of a fresh answer that had no content and has not gone out; empty for any other. */
	get silence(): readonly AnswerEvent[] {
		return this.#isContinuation || this.isAnswering || this.#hasContent ? nothing : this.#hold.events;
	}

	/** Bytes that wait. */
	get heldBytes(): number {
		return this.#hold.bytes;
	}

	/** About what that takes in memory, bytes. */
	get heldMemory(): number {
		return this.#hold.memory;
	}

	/** What a model is to be shown of the answer so far; '' for a fresh attempt. */
	shownFor(way: Way): string {
		return way === 'fresh' ? '' : shownFor(this.#sent, way);
	}

	/** An attempt begins: what an earlier one left unsent is forgotten. */
	beginAttempt(attempt: AttemptStart): void {
		const isFresh = attempt.way === 'fresh';
		if (isFresh) this.#forget();
		else if (this.isAnswering && this.#ownUsage === undefined) this.noteUsage(undefined);
		this.#attempt = attempt;
		this.#ownUsage = undefined;
		this.isAnswering = false;
		this.#hasContent = false;
		this.#hasCarriedOn = false;
		this.#latest = undefined;
		this.#hold.drop();
		if (this.#isHoldingTools && !isFresh) this.#hasBegunCall = true;
		this.#isHoldingTools = false;
		this.#seam = isFresh ? undefined : new ContinuationSeam(this.#sent, attempt);
	}

	#forget(): void {
		this.#sent = '';
		this.#isRetained = true;
		this.#isFinished = false;
		this.#hasBegunCall = false;
		this.#usage = [];
	}

	/** @param events of the present attempt, in order */
	take(events: readonly AnswerEvent[]): Taken {
		const out: AnswerEvent[] = [];
		for (const event of events) {
			const problem = this.#isContinuation ? this.#takeContinuation(event, out) : this.#takeFresh(event, out);
			if (problem !== undefined) return { events: out, problem };
		}
		return { events: out.length === 0 ? nothing : out };
	}

	/** The attempt has delivered everything: what was held comes out. */
	end(): Taken {
		const out: AnswerEvent[] = [];
		const problem = this.#settleSeam(this.#latest, false);
		if (problem !== undefined) return { events: out, problem };
		this.#releaseAll(out);
		// Without a finish, an attempt that added nothing does not make the broken answer a whole one.
		if (this.#isContinuation && !this.#hasCarriedOn) return { events: out, problem: 'diverged' };
		return { events: out };
	}

	/** What the present attempt used. Some providers report it again with every event: the last report counts. */
	noteUsage(usage: Usage | undefined): void {
		if (this.#ownUsage === undefined) {
			const own = { target: this.#attempt.target, usage };
			this.#ownUsage = own;
			this.#usage.push(own);
		}
		this.#ownUsage.usage = usage;
	}

	get #isContinuation(): boolean {
		return this.#attempt.way !== 'fresh';
	}

	#takeFresh(event: AnswerEvent, out: AnswerEvent[]): undefined {
		const said = summaryOf(event.parts);
		this.#inspect(said);
		if (said.hasToolCall && this.#attempt.choices === 1) this.#isHoldingTools = true;
		if (said.isFinished) {
			this.#isHoldingTools = false;
			this.#isFinished = true;
		}
		if (said.hasContent) this.#hasContent = true;
		const isWorthSending = said.hasContent || this.isAnswering || (said.isFinished && !this.#mayLeaveSilence);
		if (isWorthSending && !this.#isWaiting && this.#hold.isEmpty) {
			this.isAnswering = true;
			out.push(event);
			this.#remember(said.text);
			return;
		}
		this.#hold.add(event, said.text);
		if (isWorthSending) this.#release(out);
	}

	get #mayLeaveSilence(): boolean {
		return !this.#hasContent && this.#attempt.mayLeaveSilence?.() === true;
	}

	#takeContinuation(event: AnswerEvent, out: AnswerEvent[]): SeamProblem | undefined {
		const said = summaryOf(event.parts);
		this.#latest = event;
		this.#inspect(said);
		if (said.hasContent) this.#hasContent = true;
		if (said.isBeyondText || said.isSeveral) return 'diverged';
		let { text } = said;
		if (this.#seam?.isPending && text !== '') {
			const problem = this.#takeJoined(this.#seam.feed(text), event);
			if (problem !== undefined) return problem;
			text = '';
		}
		if (said.hasToolCall || said.isFinished) {
			const problem = this.#settleSeam(event, said.hasToolCall);
			if (problem !== undefined) return problem;
		}
		// The text before a call of a tool does not wait for it.
		this.#release(out);
		if (said.hasToolCall) this.#isHoldingTools = true;
		const parts = this.#trimmed(event.parts, text);
		if (parts.some(({ is }) => is !== 'usage')) this.#hasCarriedOn = true;
		if (parts.length > 0 || event.parts.length === 0) this.#hold.add({ ...event, parts, form: 'trimmed' }, text);
		if (said.isFinished) this.#isHoldingTools = false;
		this.#release(out);
		if (said.isFinished) this.#isFinished = true;
		return undefined;
	}

	/** What of an event goes to the client: no thoughts about how to go on, and of its text what is left. */
	#trimmed(parts: readonly AnswerPart[], text: string): AnswerPart[] {
		const kept = parts.filter(({ is }) => is !== 'text' && is !== 'reasoning' && is !== 'usage');
		const usage = parts.find((part) => part.is === 'usage');
		return [
			...(text === '' ? [] : [{ is: 'text', choice: 0, text } as const]),
			...kept,
			...(usage === undefined ? [] : [{ ...usage, all: this.#usage.map((part) => ({ ...part })) }]),
		];
	}

	/** There is no more text to wait for. */
	#settleSeam(event: AnswerEvent | undefined, isCall: boolean): SeamProblem | undefined {
		// A call without a word completes an answer whose text was whole.
		return this.#takeJoined(this.#seam?.finish(isCall, isCall && this.#hasBegunCall), event);
	}

	/** @param event lends its envelope to the text that was held back */
	#takeJoined(joined: Joined | undefined, event: AnswerEvent | undefined): SeamProblem | undefined {
		if (joined?.is === 'refused') return joined.problem;
		if (joined === undefined || joined.text === '' || event === undefined) return undefined;
		const { text } = joined;
		this.#hasCarriedOn = true;
		this.#hold.add({ ...event, parts: [{ is: 'text', choice: 0, text }], form: 'joined' }, text);
		return undefined;
	}

	/** Nothing of a continuation comes out before its place is known: until then it may have to be thrown away. */
	get #isWaiting(): boolean {
		return this.#seam?.isPending === true || this.#isHoldingTools || this.#options.holdsUntilWhole === true;
	}

	#release(out: AnswerEvent[]): void {
		if (!this.#isWaiting) this.#releaseAll(out);
	}

	#releaseAll(out: AnswerEvent[]): void {
		if (this.#hold.isEmpty) return;
		const { events, text } = this.#hold.release();
		this.isAnswering = true;
		// One by one: as arguments of one call, the events of a long call of a tool would overflow the stack.
		for (const event of events) out.push(event);
		this.#remember(text);
	}

	#remember(text: string): void {
		if (this.#sent.length + text.length > this.#options.retainedText) this.#isRetained = false;
		this.#sent = this.#isRetained ? this.#sent + text : '';
	}

	/** Notes the usage, and what a continuation could not make whole again. */
	#inspect({ usage, isSeveral, isMoreThanText }: EventSummary): void {
		if (usage !== undefined) this.noteUsage(usage);
		if (isSeveral || isMoreThanText) this.#isRetained = false;
	}
}
