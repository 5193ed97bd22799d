import type { Message, MessagePart, ToolResultContent } from '../contract/conversation.ts';

/**
 * The messages with what tools returned right behind the turn that called them, where chat and Messages want it: Responses lets a
 * message stand between the two, or one result come behind the next words of the model.
 */
export function withResultsBehindCalls(messages: readonly Message[]): readonly Message[] {
	const mover = new ResultMover(messages);
	for (const [at, message] of messages.entries()) mover.add(message, messages[at + 1]);
	return mover.moved;
}

class ResultMover {
	readonly moved: Message[] = [];
	/** Results that have not been placed, in their order. */
	readonly #waiting: Set<MessagePart>;
	/** The ids that the turn has called so far. */
	#called = new Set<string>();

	constructor(messages: readonly Message[]) {
		this.#waiting = new Set(messages.flatMap(({ parts }) => parts.filter(({ is }) => is === 'tool-result')));
	}

	add(message: Message, next: Message | undefined): void {
		const { role, parts } = message;
		// A result that stands before its call belongs to an earlier one.
		const left = parts.filter((part) => part.is !== 'tool-result' || this.#waiting.delete(part));
		if (left.length === parts.length) this.moved.push(message);
		else if (left.length > 0) this.moved.push({ role, parts: left });
		if (role !== 'assistant') return;
		for (const part of parts) if (part.is === 'tool-call') this.#called.add(part.id);
		if (next?.role !== 'assistant') this.#endTurn();
	}

	#endTurn(): void {
		const results = [...this.#waiting].filter((part): part is ToolResultContent => this.#isAwaited(part));
		for (const result of results) this.#waiting.delete(result);
		if (results.length > 0) this.moved.push({ role: 'user', parts: results });
		this.#called = new Set();
	}

	/** Each call has one result: one more with the same id is that of a later call. */
	#isAwaited(part: MessagePart): boolean {
		return part.is === 'tool-result' && this.#called.delete(part.id);
	}
}
