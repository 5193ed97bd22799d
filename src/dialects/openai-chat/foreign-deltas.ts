import type { AnswerPart, ToolCallPart } from '../../contract/answer-parts.ts';
import type { JsonObject } from '../../values/json.ts';
import { type FinishKind, finishKind } from '../finish-kinds.ts';
import type { CallerNames } from '../tool-names.ts';

const reasons: Readonly<Record<FinishKind, string>> = {
	stop: 'stop',
	'stop-sequence': 'stop',
	length: 'length',
	'tool-calls': 'tool_calls',
	refused: 'content_filter',
	pause: 'stop',
};

/** One answer of another dialect, as far as it has come. */
interface ForeignChoice {
	hasRole: boolean;
	/** The calls by the provider's index: clients make a list by ours, which has no gaps. */
	readonly calls: Map<number, number>;
}

/** Makes the choices of chunks out of what other dialects say. */
export class ForeignDeltas {
	readonly #requestId: string;
	readonly #names: CallerNames;
	readonly #choices = new Map<number, ForeignChoice>();

	constructor(requestId: string, names: CallerNames) {
		this.#requestId = requestId;
		this.#names = names;
	}

	/**
	 * @param isBegun somebody has said before who speaks
	 * @returns the choices of a chunk; empty where the parts say nothing in this dialect
	 */
	choicesOf(parts: readonly AnswerPart[], isBegun: boolean): readonly JsonObject[] {
		const said = parts.filter(hasWords);
		return [...Map.groupBy(said, ({ choice }) => choice)].map(([index, ofChoice]) => {
			const known = this.#choices.get(index) ?? { hasRole: isBegun, calls: new Map() };
			this.#choices.set(index, known);
			const role = known.hasRole ? {} : { role: 'assistant' };
			known.hasRole = true;
			const delta = { ...role, ...this.#deltaOf(ofChoice, known) };
			return { index, delta, finish_reason: reasonOf(ofChoice, known) };
		});
	}

	#deltaOf(parts: readonly AnswerPart[], known: ForeignChoice): JsonObject {
		const reasoning = joined(parts, (part) => (part.is === 'reasoning' ? part.text : ''));
		const text = joined(parts, (part) => (part.is === 'text' ? part.text : ''));
		const refusal = joined(parts, (part) => (part.is === 'other' ? (part.refusal ?? '') : ''));
		const calls = parts.flatMap((part) => (part.is === 'tool-call' ? this.#callOf(part, known) : []));
		return {
			...(reasoning === '' ? {} : { reasoning_content: reasoning }),
			...(text === '' ? {} : { content: text }),
			...(refusal === '' ? {} : { refusal }),
			...(calls.length === 0 ? {} : { tool_calls: calls }),
		};
	}

	#callOf(part: ToolCallPart, { calls }: ForeignChoice): JsonObject {
		const { index: given, id, name, arguments: text, isCustom = false } = part;
		const index = calls.get(given) ?? calls.size;
		const isNew = !calls.has(given);
		calls.set(given, index);
		const named = name === undefined ? {} : { name: this.#names.of(name) };
		const called = isCustom ? { custom: { ...named, input: text } } : { function: { ...named, arguments: text } };
		const head = { id: id ?? `call_${this.#requestId}_${index}`, type: isCustom ? 'custom' : 'function' };
		return { index, ...(isNew || id !== undefined ? head : {}), ...called };
	}
}

type SaidPart = Exclude<AnswerPart, { is: 'usage' }>;

function hasWords(part: AnswerPart): part is SaidPart {
	return part.is !== 'usage' && (part.is !== 'other' || part.refusal !== undefined);
}

function joined(parts: readonly AnswerPart[], textOf: (part: AnswerPart) => string): string {
	return parts.reduce((text, part) => text + textOf(part), '');
}

/** Not every dialect tells apart whether an answer ended with calls: clients look for that. */
function reasonOf(parts: readonly AnswerPart[], { calls }: ForeignChoice): string | null {
	const finish = parts.find((part) => part.is === 'finish');
	if (finish === undefined) return null;
	const kind = finishKind(finish.reason);
	return kind === 'stop' && calls.size > 0 ? reasons['tool-calls'] : reasons[kind];
}
