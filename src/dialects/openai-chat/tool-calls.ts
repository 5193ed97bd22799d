import { isObject, type JsonObject, parseObject } from '../../values/json.ts';

/** One call of a tool, as far as its pieces have come. */
interface Call {
	id: string | undefined;
	name: string;
	/** The arguments so far. */
	text: string;
	/** Where the provider says that it stands; undefined where it never said so. */
	given: number | undefined;
	/** Where it stands. */
	readonly index: number;
}

/** What a piece of a call says. */
interface Piece {
	readonly id: string | undefined;
	readonly name: string | undefined;
	readonly text: string;
	readonly given: number | undefined;
}

/** Indexes beyond this are no count of calls. */
const MOST_CALLS = 10_000;

/** The members that hold the name of what is called: of a function, or of a tool of the caller's own kind. */
const bodies = ['function', 'custom'] as const;

/**
 * Tells the calls of one answer apart while their pieces arrive, as providers do it: a new id begins a call, a piece without
 * one continues the last, or the one at its index. Clients join pieces by their index alone, and add up every text: so a piece
 * whose index is missing or taken is given another, an id or a name that was said before is left out, and arguments that
 * are an object become its JSON text. A piece that is right already stays the same object.
 */
export class ToolCalls {
	readonly #calls: Call[] = [];

	place(raw: JsonObject): JsonObject {
		const piece = readPiece(raw);
		const call = this.#callOf(piece) ?? this.#begin(piece);
		// Some servers tell all of the arguments once more at the end.
		const repeatsText = piece.text === call.text && isWhole(piece.text);
		const repeatsId = piece.id !== undefined && call.id !== undefined;
		const repeatsName = piece.name !== undefined && piece.name === call.name;
		call.id ??= piece.id;
		call.given ??= piece.given;
		if (!repeatsName) call.name += piece.name ?? '';
		if (!repeatsText) call.text += piece.text;
		return rewritten(raw, call.index, { repeatsId, repeatsName, repeatsText });
	}

	#begin({ given }: Piece): Call {
		const isFree = (index: number) => this.#calls.every((call) => call.index !== index);
		const index = given !== undefined && isFree(given) ? given : this.#freeIndex(isFree);
		const call: Call = { id: undefined, name: '', text: '', given, index };
		this.#calls.push(call);
		return call;
	}

	/** Behind the others, so that the calls keep their order; but no list of a client must become as long as the largest says. */
	#freeIndex(isFree: (index: number) => boolean): number {
		const next = this.#calls.reduce((most, { index }) => Math.max(most, index + 1), 0);
		if (next <= MOST_CALLS) return next;
		let free = 0;
		while (!isFree(free)) free++;
		return free;
	}

	/** The call that a piece belongs to; undefined where it begins one. */
	#callOf(piece: Piece): Call | undefined {
		const last = this.#calls.at(-1);
		const { id, name, given } = piece;
		const known = id === undefined ? undefined : this.#calls.find((call) => call.id === id);
		if (known !== undefined) return isOtherCall(known, piece) ? undefined : known;
		const there = given === undefined ? last : this.#calls.findLast((call) => call.given === given);
		if (id !== undefined) {
			if (there === undefined) return undefined;
			if (there.id === undefined) return name === undefined || there.name === '' ? there : undefined;
			// Some servers make up a new id for every piece; only what begins a call has a name.
			return name === undefined && given !== undefined && !isWhole(there.text) ? there : undefined;
		}
		if (there === undefined) return last?.given === undefined && name === undefined ? last : undefined;
		// Without ids, a name behind whole arguments can only begin another call.
		return name !== undefined && piece.text !== '' && isWhole(there.text) ? undefined : there;
	}
}

/** Two calls with one id, that stand in different places. */
function isOtherCall({ given: known }: Call, { given, name }: Piece): boolean {
	return name !== undefined && known !== undefined && given !== undefined && known !== given;
}

function readPiece(raw: JsonObject): Piece {
	const { id, index } = raw;
	const body = bodies.map((name) => raw[name]).find(isObject);
	const { name, arguments: given, input } = body ?? {};
	return {
		id: typeof id === 'string' && id !== '' ? id : undefined,
		name: typeof name === 'string' && name !== '' ? name : undefined,
		text: argumentsText(given ?? input),
		given: isIndex(index) ? index : undefined,
	};
}

interface Repeated {
	readonly repeatsId: boolean;
	readonly repeatsName: boolean;
	readonly repeatsText: boolean;
}

function rewritten(raw: JsonObject, index: number, repeated: Repeated): JsonObject {
	const { repeatsId, repeatsName, repeatsText } = repeated;
	const body = bodies.find((name) => isObject(raw[name]));
	const called = body === undefined ? undefined : (raw[body] as JsonObject);
	const hasObject = isObject(called?.arguments) || Array.isArray(called?.arguments);
	if (raw.index === index && !repeatsId && !repeatsName && !repeatsText && !hasObject) return raw;
	const { id: _, type: __, ...without } = raw;
	const kept: Record<string, unknown> = { ...(repeatsId ? without : raw), index };
	if (body === undefined || called === undefined) return kept;
	const { name, ...rest } = called;
	const text = hasObject ? { arguments: argumentsText(called.arguments) } : {};
	const said = repeatsText ? { [called.input === undefined ? 'arguments' : 'input']: '' } : text;
	return { ...kept, [body]: { ...(repeatsName || name === undefined ? {} : { name }), ...rest, ...said } };
}

/** The JSON text of arguments, which some providers send as what it stands for. */
export function argumentsText(given: unknown): string {
	if (typeof given === 'string') return given;
	return given === undefined || given === null ? '' : JSON.stringify(given);
}

/** A call with its arguments as a text. */
export function withTextArguments(call: JsonObject): JsonObject {
	const { function: called } = call;
	if (!isObject(called) || typeof called.arguments === 'string' || called.arguments === undefined) return call;
	return { ...call, function: { ...called, arguments: argumentsText(called.arguments) } };
}

function isIndex(value: unknown): value is number {
	return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isWhole(text: string): boolean {
	return parseObject(text) !== undefined;
}
