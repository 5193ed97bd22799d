import { type AnswerPart, isContent, type Usage } from '../contract/answer-parts.ts';

/** What one event says, taken together. */
export interface EventSummary {
	text: string;
	usage: Usage | undefined;
	hasContent: boolean;
	hasToolCall: boolean;
	isFinished: boolean;
	/** There is something in it that no other model could carry on. */
	isMoreThanText: boolean;
	/** It stands where text would stand. */
	isBeyondText: boolean;
	/** It is of more answers than one. */
	isSeveral: boolean;
}

export function summaryOf(parts: readonly AnswerPart[]): EventSummary {
	const said: EventSummary = {
		text: '',
		usage: undefined,
		hasContent: false,
		hasToolCall: false,
		isFinished: false,
		isMoreThanText: false,
		isBeyondText: false,
		isSeveral: false,
	};
	for (const part of parts) {
		if (part.is === 'usage') {
			said.usage = part.usage;
			continue;
		}
		if (part.choice > 0) said.isSeveral = true;
		if (isContent(part)) said.hasContent = true;
		if (part.is === 'text') said.text += part.text;
		else if (part.is === 'tool-call') said.hasToolCall = true;
		else if (part.is === 'finish') said.isFinished = true;
		else if (part.is === 'other') {
			said.isMoreThanText = true;
			if (part.stands === 'instead') said.isBeyondText = true;
		}
	}
	return said;
}
