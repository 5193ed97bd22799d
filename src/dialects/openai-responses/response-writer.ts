import type { AnswerEvent, AnswerPart, AttemptUsage, ToolCallPart } from '../../contract/answer-parts.ts';
import type { ClientRequest } from '../../contract/dialect.ts';
import { isObject, type JsonObject, parseObject } from '../../values/json.ts';
import { finishKind } from '../finish-kinds.ts';
import { plainName } from '../tool-names.ts';
import { ResponseGrammar } from './grammar.ts';
import { itemEvents, type PartPlace, partBegin, partDelta } from './item-events.ts';
import { ownId } from './own-ids.ts';
import { newResponse } from './response-object.ts';
import { dialectName, ResponsesBody } from './responses-body.ts';
import { endingEvents, openPart, partEndings, type ToldItem, ToldResponse } from './told-response.ts';
import { type CallableTool, ToolNames } from './tool-names.ts';
import { usageOfAll } from './usage.ts';

/** A call of a tool, as far as its pieces have come. */
interface Call {
	id: string | undefined;
	name: string;
	arguments: string;
	/** Its arguments are the text that a custom tool takes. */
	isCustom: boolean;
}

/**
 * Makes one response of an answer, whoever writes it. Events of this dialect go on as they came while nothing else has been
 * written; behind that, everything is written anew, from the parts, in the same response: its id, its open item and its
 * numbers go on.
 */
export class ResponseWriter {
	readonly #request: ClientRequest;
	readonly #requestId: string;
	readonly #grammar = new ResponseGrammar(true);
	readonly #told = new ToldResponse();
	/** Written here and not taken yet. */
	#written: JsonObject[] = [];
	#hasWritten = false;
	/** The places of items that a provider began: it may have left out what the grammar asks for where they end. */
	readonly #begunElsewhere = new Set<unknown>();
	#model = '';
	/** Calls of tools come when the answer is whole, so they are put together here. */
	readonly #calls = new Map<number, Call>();
	#names: ToolNames | undefined;
	#reason: string | undefined;
	#usage: readonly AttemptUsage[] = [];

	constructor(request: ClientRequest, requestId: string) {
		this.#request = request;
		this.#requestId = requestId;
	}

	/** The number of the next event. */
	get sequence(): number {
		return this.#grammar.sequence;
	}

	/** The whole response, behind its end. */
	get response(): JsonObject {
		return this.#told.response ?? {};
	}

	/** @returns whether the event goes to the client as it came; else what it says is written */
	take(event: AnswerEvent): boolean {
		const { raw, form, model, parts } = event;
		if (raw.dialect === dialectName && form === undefined && !this.#hasWritten && isObject(raw.value)) {
			this.#grammar.next(raw.value);
			this.#told.note(raw.value);
			return true;
		}
		if (model !== '') this.#model = model;
		for (const part of parts) this.#write(part);
		return false;
	}

	/** What has been written since the last time. */
	taken(): readonly JsonObject[] {
		const written = this.#written;
		if (written.length > 0) this.#written = [];
		return written;
	}

	/** The answer is whole. */
	end(): void {
		if (this.#told.isOver) return;
		this.#begin();
		const kind = this.#reason === undefined ? 'stop' : finishKind(this.#reason);
		const isCut = kind === 'length' || kind === 'refused';
		this.#endItems(isCut ? 'incomplete' : 'completed');
		for (const call of this.#calls.values()) this.#writeCall(call);
		const status = isCut ? 'incomplete' : 'completed';
		const details = isCut ? { reason: kind === 'length' ? 'max_output_tokens' : 'content_filter' } : null;
		const response = {
			...this.response,
			status,
			incomplete_details: details,
			output: this.#told.output,
			// What several wrote is kept by none of them.
			store: false,
			...usageOfAll(this.#usage),
		};
		this.#emit({ type: `response.${status}`, response });
	}

	#write(part: AnswerPart): void {
		if (part.is === 'usage') {
			this.#usage = part.all ?? [{ target: '', usage: part.usage }];
			return;
		}
		if (part.choice > 0) return;
		if (part.is === 'finish') this.#reason ??= part.reason;
		else if (part.is === 'tool-call') this.#noteCall(part);
		else if (part.is === 'reasoning') this.#think(part.text);
		else if (part.is === 'text') this.#say('output_text', part.text);
		else if (part.refusal !== undefined) this.#say('refusal', part.refusal);
	}

	#say(type: 'output_text' | 'refusal', text: string): void {
		if (text === '') return;
		this.#begin();
		const message =
			this.#told.openItem('message') ?? this.#beginItem({ type: 'message', role: 'assistant', content: [] });
		this.#emit(partDelta(openPart(message, type) ?? this.#beginPart(message, type), text));
	}

	/** What a model thinks is shown as a summary of it, where every client looks. */
	#think(text: string): void {
		if (text === '') return;
		this.#begin();
		const thoughts = this.#told.openItem('reasoning') ?? this.#beginItem({ type: 'reasoning', summary: [] });
		const last = thoughts.summaries.at(-1);
		const index = thoughts.summaries.length - 1;
		const place = { itemId: thoughts.item.id, outputIndex: thoughts.index, type: 'summary_text' };
		const isOpen = last !== undefined && !last.isTold && !last.isDone;
		if (!isOpen) this.#emit(partBegin({ ...place, index: index + 1 }));
		this.#emit(partDelta({ ...place, index: isOpen ? index : index + 1 }, text));
	}

	#begin(): void {
		if (!this.#hasWritten) {
			this.#hasWritten = true;
			for (const { index } of this.#told.items) this.#begunElsewhere.add(index);
		}
		if (this.#told.response !== undefined) return;
		const id = ownId('resp', this.#requestId);
		const request = this.#request.body instanceof ResponsesBody ? this.#request.body.value : {};
		const response = newResponse(request, { id, model: this.#model, createdAt: Math.floor(Date.now() / 1000) });
		this.#emit({ type: 'response.created', response });
		this.#emit({ type: 'response.in_progress', response });
	}

	#beginItem(item: JsonObject): ToldItem {
		this.#endItems('completed');
		const index = this.#grammar.nextItem;
		const id = ownId(item.type === 'message' ? 'msg' : 'rs', this.#requestId, index);
		this.#emit({
			type: 'response.output_item.added',
			output_index: index,
			item: { id, ...item, status: 'in_progress' },
		});
		return this.#told.items.at(-1) as ToldItem;
	}

	/** Begins a part behind the others of a message. */
	#beginPart(message: ToldItem, type: string): PartPlace {
		for (const event of partEndings(message)) this.#emit(event);
		const { item, index: outputIndex, contents } = message;
		const place = { itemId: item.id, outputIndex, index: contents.length, type };
		this.#emit(partBegin(place));
		return place;
	}

	#endItems(status: string): void {
		for (const item of this.#told.items) {
			if (item.isDone) continue;
			for (const event of endingEvents(item, status)) this.#emit(event);
		}
	}

	#noteCall({ index, id, name, arguments: more, isCustom }: ToolCallPart): void {
		const call = this.#calls.get(index) ?? { id: undefined, name: '', arguments: '', isCustom: false };
		this.#calls.set(index, call);
		call.id ??= id;
		call.name += name ?? '';
		call.arguments += more;
		if (isCustom === true) call.isCustom = true;
	}

	#writeCall(call: Call): void {
		const index = this.#grammar.nextItem;
		const tool = this.#toolNamed(call.name);
		const isCustom = call.isCustom || tool?.isCustom === true;
		const item = {
			id: ownId(isCustom ? 'ctc' : 'fc', this.#requestId, index),
			type: isCustom ? 'custom_tool_call' : 'function_call',
			status: 'completed',
			call_id: call.id ?? ownId('call', this.#requestId, index),
			name: tool?.name ?? call.name,
			...(tool?.namespace === undefined ? {} : { namespace: tool.namespace }),
			// A tool that takes nothing is called with an empty object, which some providers leave out.
			...(isCustom ? { input: inputOf(call) } : { arguments: call.arguments || '{}' }),
		};
		for (const event of itemEvents(item, index)) this.#emit(event);
	}

	#toolNamed(name: string): CallableTool | undefined {
		const { body } = this.#request;
		this.#names ??= new ToolNames(body instanceof ResponsesBody ? body.value.tools : []);
		const { all } = this.#names;
		return all.get(name) ?? [...all].find(([known]) => plainName(known) === name)?.[1];
	}

	/** @throws Error when it may not stand there: a bug of ours */
	#emit(event: JsonObject): void {
		const numbered: JsonObject = { ...event, sequence_number: this.#grammar.sequence };
		this.#grammar.isLenient = this.#begunElsewhere.has(numbered.output_index);
		const problem = this.#grammar.next(numbered);
		if (problem !== undefined) throw new Error(`the stream of a response would be wrong: ${problem}`);
		this.#told.note(numbered);
		this.#written.push(numbered);
	}
}

/** Where a custom tool was told of as a function, its text is the one argument, which some models call by a name of their own. */
function inputOf({ arguments: given, isCustom }: Call): string {
	const named = isCustom ? undefined : parseObject(given);
	const [only, another] = Object.values(named ?? {});
	const input = named?.input ?? (another === undefined ? only : undefined);
	return typeof input === 'string' ? input : given;
}
