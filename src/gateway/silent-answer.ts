import type { AnswerEvent, FinishPart, Usage } from '../contract/answer-parts.ts';
import type { AnswerHeaders, ProviderDialect } from '../contract/dialect.ts';
import { type Finish, isOwnEnd } from '../upstream/classify/finish-reasons.ts';
import type { Completion } from '../upstream/reception.ts';

/** A whole answer that says nothing, kept back while another target is asked: all that it takes to hand it out after all. */
export interface LeftAnswer {
	/** What was held of a stream; empty for a document. */
	readonly events: readonly AnswerEvent[];
	readonly completion: Completion;
	/** Those of the response. */
	readonly headers: AnswerHeaders;
	/** How many answers were asked for at once. */
	readonly choices: number;
}

/**
 * Whether a whole answer says nothing: the model ended all of its choices by itself, and was not paid for a token. With
 * output tokens it has thought, or written what was not shown: that is an answer.
 * @param events all of it, none with content in its parts
 */
export function isSilentStream(
	events: readonly AnswerEvent[],
	usage: Usage | undefined,
	dialect: Pick<ProviderDialect, 'hasUnreadContent'>,
): boolean {
	const finishes = events.flatMap(({ parts }) => parts.filter((part): part is FinishPart => part.is === 'finish'));
	return isSilentEnd(finishes, usage) && !events.some((event) => dialect.hasUnreadContent(event));
}

/** The same of a document. */
export function isSilentDocument({ answer }: Extract<Completion, { is: 'document' }>): boolean {
	return !answer.hasContent() && isSilentEnd(answer.finishes ?? [], answer.usage);
}

function isSilentEnd(finishes: readonly Finish[], usage: Usage | undefined): boolean {
	return finishes.length > 0 && finishes.every(isOwnEnd) && (usage?.output ?? 0) === 0;
}
