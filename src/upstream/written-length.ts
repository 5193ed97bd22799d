import type { AnswerEvent } from '../contract/answer-parts.ts';

/** What a model has written in these events, characters: text, thoughts and calls of tools. */
export function writtenLength(events: readonly AnswerEvent[]): number {
	let length = 0;
	for (const { parts } of events) {
		for (const part of parts) {
			if (part.is === 'text' || part.is === 'reasoning') length += part.text.length;
			else if (part.is === 'tool-call') length += part.arguments.length;
		}
	}
	return length;
}
