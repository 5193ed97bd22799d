import type { Failure } from '../../../machines/failure.ts';
import { identifier } from '../../dialects/read-error-body.ts';

/** Why a provider says that an answer ended. */
export interface Finish {
	/** In the words of its dialect. */
	readonly reason: string;
	/** A router's word for what the model's own provider said, beside its own. */
	readonly native?: string | undefined;
}

/**
 * The reasons of an answer that is whole, of every API that is known here, lower-case. Which reasons are failures or
 * refusals stands in the error rules, as codes `finishReason:…`; what is in neither is unknown.
 */
const knownEnds: ReadonlySet<string> = new Set([
	...['stop', 'length', 'tool_calls', 'function_call', 'tool_call'],
	...['end_turn', 'stop_sequence', 'max_tokens', 'tool_use', 'pause_turn', 'model_context_window_exceeded'],
	...['eos', 'eos_token', 'complete', 'completed', 'model_length', 'max_output_tokens', 'end_of_turn', 'finished'],
]);

/** Those with which a model says by itself that it has nothing more to say: no limit and no call of a tool ended it. */
const ownEnds: ReadonlySet<string> = new Set([
	...['stop', 'end_turn', 'eos', 'eos_token', 'complete', 'completed', 'end_of_turn', 'finished'],
]);

/** What an answer is whose content the provider refused, where the policy takes that for a failure. */
export const contentRefused: Failure = { category: 'BAD_REQUEST', reason: 'content_policy' };

/** Whether an answer with this reason is known to be whole. Some write `STOP`, or `FinishReason.STOP`. */
export function isKnownEnd(reason: string): boolean {
	return knownEnds.has(reason) || namesOf(reason).some((name) => knownEnds.has(name));
}

/** Whether a model ended an answer by itself. Some write `STOP`, or `FinishReason.STOP`. */
export function isOwnEnd({ reason, native }: Finish): boolean {
	const reasons = native === undefined ? [reason] : [reason, native];
	return reasons.every((one) => namesOf(one).some((name) => ownEnds.has(name)));
}

/** As error rules see them: `finishreason:abort`; of `function_call_filter: MALFORMED_FUNCTION_CALL` also each half. */
export function finishIdentifiers({ reason, native }: Finish): string[] {
	const names = [reason, ...(native === undefined ? [] : [native])].flatMap(namesOf);
	return [...new Set(names)].map((name) => `${finishPrefix}${name}`);
}

/** What the codes of finish reasons begin with, lower-case. */
export const finishPrefix = 'finishreason:';

/** Does a pattern of a rule's `code` speak of this finish reason? A known end has to be spelled out, no `*` means it. */
export function isFinishPattern(pattern: string, code: string): boolean {
	if (!pattern.toLowerCase().startsWith(finishPrefix)) return false;
	return !pattern.includes('*') || !knownEnds.has(code.slice(finishPrefix.length));
}

/** A reason as a log may show it: short, and nothing but a name. */
export function shownReason(reason: string): string {
	return reason.replace(/[^\w .:[\]-]+/g, '?').slice(0, 60);
}

/** The whole reason and, where it has two halves, each; without the name of the list that some print it with. */
function namesOf(reason: string): string[] {
	const name = reason.replace(/^finish_?reason[._]/i, '');
	return [...new Set([name, ...name.split(/:\s*/)])].flatMap(identifier);
}
