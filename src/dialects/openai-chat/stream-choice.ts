import { isObject, isSomething, type JsonObject } from '../../values/json.ts';
import { argumentsText, ToolCalls } from './tool-calls.ts';

/** A text of a message that is at least this long and begins what has come already is a repetition, characters. */
const CERTAIN_REPETITION = 24;

/**
 * One choice of a streamed answer while its chunks arrive. It takes each of them to what it adds: one text, calls of tools
 * that can be told apart, one finish. A chunk that is right already stays the same object.
 */
export class StreamChoice {
	isFinished = false;
	/** Made by the first call: most answers call nothing. */
	#calls: ToolCalls | undefined;
	/** The texts so far, by the name of their member. */
	readonly #texts: Record<string, string> = Object.create(null);
	/** Members that have come in a `delta`: a `message` beside or after them only repeats them. */
	readonly #inDeltas = new Set<string>();
	/** Members that have come in a `message`; made by the first. */
	#inMessages: Set<string> | undefined;

	/** @returns the choice as a chunk should say it; undefined where it adds nothing */
	next(choice: JsonObject): JsonObject | undefined {
		const { delta, message } = choice;
		const hasFinish = isFinish(choice.finish_reason);
		const given = isObject(delta) ? this.#noted(delta) : undefined;
		if (!isObject(message) && given === delta && !(hasFinish && this.isFinished)) {
			if (hasFinish) this.isFinished = true;
			return choice;
		}
		const { message: _, ...others } = choice;
		const more = isObject(message) ? this.#added(message) : {};
		const next: Record<string, unknown> = { ...others, delta: { ...given, ...more } };
		if (hasFinish && this.isFinished) next.finish_reason = null;
		next.finish_reason ??= null;
		if (hasFinish && this.isFinished && isEmpty(next)) return undefined;
		if (hasFinish) this.isFinished = true;
		return next;
	}

	/** Notes what a delta says. @returns it, with its calls told apart */
	#noted(delta: JsonObject): JsonObject {
		// In every event of every stream: a list of the names would be one more object each time.
		for (const name in delta) {
			const value = delta[name];
			if (typeof value === 'string' && value !== '' && name !== 'role') {
				const known = this.#texts[name];
				if (known === undefined) this.#inDeltas.add(name);
				this.#texts[name] = (known ?? '') + value;
			} else if (isSomething(value)) this.#inDeltas.add(name);
		}
		return this.#placed(delta);
	}

	#placed(delta: JsonObject): JsonObject {
		const { tool_calls: calls, function_call: called } = delta;
		if (calls === undefined && called === undefined) return delta;
		let placed = delta;
		if (Array.isArray(calls) && calls.length > 0) {
			this.#calls ??= new ToolCalls();
			const known = this.#calls;
			const next = calls.map((call) => (isObject(call) ? known.place(call) : call));
			if (next.some((call, at) => call !== calls[at])) placed = { ...placed, tool_calls: next };
		}
		if (isObject(called) && isObject(called.arguments)) {
			placed = { ...placed, function_call: { ...called, arguments: argumentsText(called.arguments) } };
		}
		return placed;
	}

	/** What a whole message says that has not been said yet. */
	#added(message: JsonObject): JsonObject {
		const added: Record<string, unknown> = {};
		for (const [name, value] of Object.entries(message)) {
			if (!isSomething(value)) continue;
			if (name === 'role') added.role = value;
			else if (typeof value === 'string') {
				const more = this.#moreOf(name, value);
				if (more === '') continue;
				this.#texts[name] = (this.#texts[name] ?? '') + more;
				added[name] = more;
			} else if (!this.#inDeltas.has(name) && !this.#inMessages?.has(name)) {
				added[name] = value;
			}
			this.#inMessages ??= new Set();
			this.#inMessages.add(name);
		}
		return this.#placed(added);
	}

	/** Servers send a message as far as it has come, or piece by piece, or the whole of it at last. */
	#moreOf(name: string, text: string): string {
		const known = this.#texts[name] ?? '';
		if (text.startsWith(known)) return text.slice(known.length);
		if (this.#inDeltas.has(name)) return '';
		const isRepetition = text.trim() === known.trim() || (known.startsWith(text) && text.length >= CERTAIN_REPETITION);
		return isRepetition ? '' : text;
	}
}

function isFinish(reason: unknown): boolean {
	return typeof reason === 'string' && reason !== '' && reason !== 'null';
}

/** Nothing is left of it but where it stands. */
function isEmpty({ index: _, delta, ...others }: Readonly<Record<string, unknown>>): boolean {
	return !isSomething(delta) && !Object.values(others).some(isSomething);
}
