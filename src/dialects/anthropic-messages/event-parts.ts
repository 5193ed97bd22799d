import type { AnswerPart } from '../../contract/answer-parts.ts';
import { asObject, isObject, isSomething, type JsonObject } from '../../values/json.ts';
import { argumentsOf } from './tool-input.ts';
import { mergedUsage, readUsage } from './usage.ts';

const none: readonly AnswerPart[] = [];

/**
 * Reads the events of one message into neutral parts, in their order. An answer in this dialect is one: `choice` is 0.
 */
export class EventParts {
	/** What `message_start` said of the usage. */
	#begunUsage: JsonObject = {};
	/** The type of the block that is open. */
	#block = '';
	/** A call of a tool is open, and nothing of its input has come. */
	#isCallEmpty = false;

	of(event: JsonObject): readonly AnswerPart[] {
		switch (event.type) {
			case 'message_start':
				return this.#begun(asObject(event.message) ?? {});
			case 'content_block_start':
				return this.#blockBegun(event.index, asObject(event.content_block) ?? {});
			case 'content_block_delta':
				return this.#blockGrown(event.index, asObject(event.delta) ?? {});
			case 'content_block_stop':
				return this.#blockEnded(event.index);
			case 'message_delta':
				return this.#ended(event);
			default:
				return none;
		}
	}

	#begun({ usage }: JsonObject): readonly AnswerPart[] {
		if (!isObject(usage)) return none;
		this.#begunUsage = usage;
		return usagePart(usage);
	}

	#blockBegun(index: unknown, block: JsonObject): readonly AnswerPart[] {
		const { type, text, thinking, id, name, input } = block;
		this.#block = String(type);
		this.#isCallEmpty = type === 'tool_use' && !isSomething(input);
		switch (type) {
			case 'text':
				return textPart(text);
			case 'thinking':
				return thoughtPart(thinking);
			case 'redacted_thinking':
				return [{ is: 'reasoning', choice: 0, text: '' }];
			case 'tool_use':
				return [
					{
						is: 'tool-call',
						choice: 0,
						index: Number(index),
						...(typeof id === 'string' ? { id } : {}),
						...(typeof name === 'string' ? { name } : {}),
						arguments: isSomething(input) ? argumentsOf(input) : '',
					},
				];
			default:
				// Tools that Anthropic runs, and what they return.
				return [{ is: 'other', choice: 0, stands: 'beside' }];
		}
	}

	#blockGrown(index: unknown, delta: JsonObject): readonly AnswerPart[] {
		switch (delta.type) {
			case 'text_delta':
				return textPart(delta.text);
			case 'thinking_delta':
				return thoughtPart(delta.thinking);
			case 'input_json_delta':
				return this.#inputGrown(index, delta.partial_json);
			case 'signature_delta':
				return none;
			case 'citations_delta':
				return [{ is: 'other', choice: 0, stands: 'about' }];
			default:
				return [{ is: 'other', choice: 0, stands: 'beside' }];
		}
	}

	#inputGrown(index: unknown, piece: unknown): readonly AnswerPart[] {
		if (this.#block !== 'tool_use' || typeof piece !== 'string' || piece === '') return none;
		this.#isCallEmpty = false;
		return [{ is: 'tool-call', choice: 0, index: Number(index), arguments: piece }];
	}

	/** A tool that takes nothing is called with an empty object, of which no piece may have come. */
	#blockEnded(index: unknown): readonly AnswerPart[] {
		if (!this.#isCallEmpty) return none;
		this.#isCallEmpty = false;
		return [{ is: 'tool-call', choice: 0, index: Number(index), arguments: '{}' }];
	}

	#ended({ delta, usage }: JsonObject): readonly AnswerPart[] {
		const reason = isObject(delta) ? delta.stop_reason : undefined;
		const used = isObject(usage) ? usagePart(mergedUsage(this.#begunUsage, usage)) : none;
		return typeof reason === 'string' && reason !== '' ? [{ is: 'finish', choice: 0, reason }, ...used] : used;
	}
}

function textPart(text: unknown): readonly AnswerPart[] {
	return typeof text === 'string' && text !== '' ? [{ is: 'text', choice: 0, text }] : none;
}

function thoughtPart(text: unknown): readonly AnswerPart[] {
	return typeof text === 'string' && text !== '' ? [{ is: 'reasoning', choice: 0, text }] : none;
}

function usagePart(raw: JsonObject): readonly AnswerPart[] {
	const usage = readUsage(raw);
	return usage === undefined ? none : [{ is: 'usage', usage }];
}
