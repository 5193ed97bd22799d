import type { Conversation, ReasoningWish } from '../../contract/conversation.ts';
import type { JsonObject } from '../../values/json.ts';

/** Anthropic's own bound. */
export const SMALLEST_BUDGET = 1024;

/** Tokens for thoughts, by how much effort is asked for. */
const budgets: Readonly<Record<string, number>> = {
	minimal: SMALLEST_BUDGET,
	low: 2048,
	medium: 8192,
	high: 16_384,
	xhigh: 32_768,
};

/** Models since 4.6 decide themselves how long they think; those since 4.7 refuse a budget. */
const thinksAdaptively = /claude-(opus|sonnet|haiku)-(4-[6-9]|[5-9])(?!\d)|claude-(mythos|fable)/;

/** They also refuse to be told how to sample. */
const isSince47 = /claude-(opus|sonnet|haiku)-(4-[7-9]|[5-9])(?!\d)|claude-(mythos|fable)/;

/** Those before 3.7 were not made to think. */
const isBefore37 = /claude-(2|instant|3-(?!7))/;

/** Those before 4.1 write no document of a schema. */
const isBefore41 = /claude-(2|instant|3)|claude-(opus|sonnet)-4-(0|20\d\d)/;

export function canThink(model: string): boolean {
	return !isBefore37.test(plainName(model));
}

export function takesSchema(model: string): boolean {
	return !isBefore41.test(plainName(model));
}

export function refusesSampling(model: string): boolean {
	return isSince47.test(plainName(model));
}

/** The same since 4.6: a conversation must not end with a message of theirs. */
export function refusesPrefill(model: string): boolean {
	return thinksAdaptively.test(plainName(model));
}

/** Routers write `claude-opus-4.6` for Anthropic's `claude-opus-4-6`. */
function plainName(model: string): string {
	return model.toLowerCase().replaceAll('.', '-');
}

/**
 * How the model is to think, in members of the request; none where it is not to, or cannot.
 * @param maxTokens of the answer, thoughts included
 */
export function renderThinking(
	{ reasoning, toolChoice, messages }: Pick<Conversation, 'reasoning' | 'toolChoice' | 'messages'>,
	model: string,
	maxTokens: number,
): { thinking?: JsonObject; effort?: string } {
	if (reasoning === undefined || reasoning.effort === 'none' || !canThink(model)) return {};
	const isForced = toolChoice?.is === 'required' || toolChoice?.is === 'tool';
	if (thinksAdaptively.test(plainName(model))) {
		const effort = effortOf(reasoning.effort, model);
		const display = reasoning.isShown ? { display: 'summarized' } : {};
		return {
			...(isForced ? {} : { thinking: { type: 'adaptive', ...display } }),
			...(effort === undefined ? {} : { effort }),
		};
	}
	// With a budget the model must have begun its turn with thoughts of its own, which those of another model are not.
	const isWithinTurn = messages.at(-1)?.parts.some(({ is }) => is === 'tool-result') === true;
	const budget = budgetOf(reasoning, maxTokens);
	return isForced || isWithinTurn || budget === undefined
		? {}
		: { thinking: { type: 'enabled', budget_tokens: budget } };
}

/** In Anthropic's words, which has none for the least, and in older models none for the most. */
function effortOf(effort: string | undefined, model: string): string | undefined {
	if (effort === 'minimal') return 'low';
	return effort === 'xhigh' && !refusesSampling(model) ? 'high' : effort;
}

/** Some of the answer is left for its text. */
function budgetOf({ effort, budget }: ReasoningWish, maxTokens: number): number | undefined {
	const wished = budget ?? budgets[effort ?? 'medium'] ?? SMALLEST_BUDGET;
	const most = Math.min(Math.max(wished, SMALLEST_BUDGET), Math.floor((maxTokens * 4) / 5));
	return most < SMALLEST_BUDGET ? undefined : most;
}
