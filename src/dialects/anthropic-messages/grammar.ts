import { isObject, isSomething, type JsonObject } from '../../values/json.ts';
import type { Grammar } from '../grammar.ts';

/** A block of the message that is being written. */
export interface OpenBlock {
	readonly index: number;
	/** `text`, `thinking`, `tool_use`, …; also one that nobody here knows. */
	readonly type: string;
	/** Of thoughts: their signature has come. */
	isSigned: boolean;
}

/** In which blocks the deltas stand that are known; one that is not may stand in any. */
const blocksOfDelta: Readonly<Record<string, readonly string[]>> = {
	text_delta: ['text'],
	citations_delta: ['text'],
	thinking_delta: ['thinking'],
	signature_delta: ['thinking'],
	input_json_delta: ['tool_use', 'server_tool_use', 'mcp_tool_use'],
};

const knownBlocks: ReadonlySet<string> = new Set(Object.values(blocksOfDelta).flat());

/**
 * The stream of one message:
 *
 *     message_start (content_block_start content_block_delta* content_block_stop)* message_delta+ message_stop
 *
 * Blocks are counted from 0, and one is written at a time. The first `message_delta` with a reason is the finish; more of them
 * only tell the usage again. Behind `message_start`, `ping` and what nobody here knows may stand anywhere; `error` ends it.
 */
export class MessagesGrammar implements Grammar<JsonObject> {
	hasBegun = false;
	/** The message says why it ended. */
	isFinished = false;
	open: OpenBlock | undefined;
	/** How many blocks have begun. */
	blocks = 0;
	#isOver = false;
	#isComplete = false;

	get isComplete(): boolean {
		return this.#isComplete;
	}

	next(event: JsonObject): string | undefined {
		if (this.#isOver) return 'the stream has ended';
		if (event.type !== 'message_start' && event.type !== 'error' && !this.hasBegun) return 'it has not begun';
		switch (event.type) {
			case 'message_start':
				return this.#begin(event);
			case 'content_block_start':
				return this.#beginBlock(event);
			case 'content_block_delta':
				return this.#growBlock(event);
			case 'content_block_stop':
				return this.#endBlock(event);
			case 'message_delta':
				return this.#finish(event);
			case 'message_stop':
				if (!this.isFinished) return 'it has not said why it ends';
				this.#isComplete = true;
				this.#isOver = true;
				return undefined;
			case 'error':
				this.#isOver = true;
				return undefined;
			default:
				return undefined;
		}
	}

	#begin({ message }: JsonObject): string | undefined {
		if (this.hasBegun) return 'it has begun already';
		if (!isObject(message)) return 'it has no message';
		this.hasBegun = true;
		return undefined;
	}

	#beginBlock({ index, content_block: block }: JsonObject): string | undefined {
		if (this.isFinished) return 'the message is finished';
		if (this.open !== undefined) return `block ${this.open.index} is open`;
		if (index !== this.blocks) return `the next block is ${this.blocks}`;
		if (!isObject(block) || typeof block.type !== 'string') return 'it has no block';
		this.open = { index, type: block.type, isSigned: isSomething(block.signature) };
		this.blocks++;
		return undefined;
	}

	#growBlock({ index, delta }: JsonObject): string | undefined {
		const { open } = this;
		if (open === undefined || index !== open.index) return 'its block is not open';
		if (!isObject(delta) || typeof delta.type !== 'string') return 'it has no delta';
		const blocks = Object.hasOwn(blocksOfDelta, delta.type) ? blocksOfDelta[delta.type] : undefined;
		if (blocks?.includes(open.type) === false && knownBlocks.has(open.type)) return `it does not stand in ${open.type}`;
		if (delta.type === 'signature_delta') open.isSigned = true;
		return undefined;
	}

	#endBlock({ index }: JsonObject): string | undefined {
		if (this.open === undefined || index !== this.open.index) return 'its block is not open';
		this.open = undefined;
		return undefined;
	}

	#finish({ delta }: JsonObject): string | undefined {
		if (this.open !== undefined) return `block ${this.open.index} is open`;
		const hasReason = isObject(delta) && isSomething(delta.stop_reason);
		if (hasReason && this.isFinished) return 'the message is finished';
		if (hasReason) this.isFinished = true;
		return undefined;
	}
}
