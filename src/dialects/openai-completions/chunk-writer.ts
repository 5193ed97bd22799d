import type { AnswerEvent, AnswerPart, UsagePart } from '../../contract/answer-parts.ts';
import { isSomething, type JsonObject } from '../../values/json.ts';
import { type FinishKind, finishKind } from '../finish-kinds.ts';
import { usageOfAll } from '../openai-chat/usage.ts';
import { dialectName } from './completion-body.ts';
import { CompletionGrammar } from './grammar.ts';

const reasons: Readonly<Record<FinishKind, string>> = {
	stop: 'stop',
	'stop-sequence': 'stop',
	length: 'length',
	'tool-calls': 'stop',
	refused: 'content_filter',
	pause: 'stop',
};

/**
 * Makes the chunks of one completion: an event of this dialect stays as it came; one of a continuation, or of another
 * dialect, is written anew, under the id of the first. The usage of all attempts comes last.
 */
export class CompletionChunkWriter {
	readonly #includeUsage: boolean;
	readonly #requestId: string;
	/** What leaves it is a fault of ours. A provider's own chunks are not held against it. */
	readonly #grammar = new CompletionGrammar();
	#head: { readonly id: unknown; readonly created: unknown } | undefined;
	#usage: JsonObject | undefined;
	#model = '';

	/** @param includeUsage whether events of other dialects bring their usage */
	constructor(includeUsage: boolean, requestId: string) {
		this.#includeUsage = includeUsage;
		this.#requestId = requestId;
	}

	/** The JSON text of a chunk; undefined where the event says nothing in this dialect. */
	dataOf(event: AnswerEvent): string | undefined {
		if (event.raw.dialect !== dialectName || event.form !== undefined) {
			const value = this.valueOf(event);
			return value === undefined ? undefined : JSON.stringify(value);
		}
		this.#keepHead(event.raw.value as JsonObject);
		return event.raw.data;
	}

	/** The same, as an object. */
	valueOf(event: AnswerEvent): JsonObject | undefined {
		const { raw, form, parts, model } = event;
		const isOwn = raw.dialect === dialectName;
		if (isOwn && form === undefined) {
			this.#keepHead(raw.value as JsonObject);
			return raw.value as JsonObject;
		}
		if (isOwn || this.#includeUsage) this.#keepUsage(event);
		const choices = choicesOf(parts);
		return choices.length === 0 ? undefined : this.#checked({ ...this.#envelope(model), choices });
	}

	/** The chunk behind the last event, with the usage; undefined where nothing has come that has not been said. */
	last(): JsonObject | undefined {
		return this.#usage && this.#checked({ ...this.#envelope(this.#model), choices: [], ...this.#usage });
	}

	/** The end of the stream. @throws Error where it may not end so: a fault of ours */
	end(is: 'done' | 'error'): void {
		this.#hold(this.#grammar.next({ is }));
	}

	#envelope(model: string): JsonObject {
		this.#head ??= { id: `cmpl-${this.#requestId}`, created: Math.floor(Date.now() / 1000) };
		return { ...this.#head, object: 'text_completion', model };
	}

	#keepHead({ id, created }: JsonObject): void {
		if (this.#head === undefined && isSomething(id)) this.#head = { id, created };
	}

	#keepUsage({ parts, model }: AnswerEvent): void {
		this.#model = model;
		const part = parts.find((one): one is UsagePart => one.is === 'usage');
		if (part === undefined) return;
		const usage = usageOfAll(part.all ?? [{ target: '', usage: part.usage }]);
		if (usage.usage !== undefined) this.#usage = usage;
	}

	#checked(value: JsonObject): JsonObject {
		this.#hold(this.#grammar.next({ is: 'chunk', value }));
		return value;
	}

	#hold(wrong: string | undefined): void {
		if (wrong !== undefined) throw new Error(`a completion of ours leaves the grammar: ${wrong}`);
	}
}

/** The words of a refusal are text here: there is no other place for them. */
function choicesOf(parts: readonly AnswerPart[]): JsonObject[] {
	const said = parts.filter((part) => part.is !== 'usage' && (textOf(part) !== '' || part.is === 'finish'));
	return [...Map.groupBy(said, (part) => (part.is === 'usage' ? 0 : part.choice))].map(([index, ofChoice]) => {
		const finish = ofChoice.find((part) => part.is === 'finish');
		const text = ofChoice.map(textOf).join('');
		return { text, index, logprobs: null, finish_reason: finish ? reasons[finishKind(finish.reason)] : null };
	});
}

function textOf(part: AnswerPart): string {
	if (part.is === 'text') return part.text;
	return part.is === 'other' ? (part.refusal ?? '') : '';
}
