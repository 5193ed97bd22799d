import type { ReasoningWish } from '../../contract/conversation.ts';

/** From the least to the most. */
const efforts = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh'];

/** Up to how many tokens of thoughts each effort stands for. */
const budgets = [
	{ effort: 'low', most: 4096 },
	{ effort: 'medium', most: 16_384 },
	{ effort: 'high', most: Number.POSITIVE_INFINITY },
] as const;

/**
 * Which efforts models take, by their names; the first that fits counts. A model refuses any other.
 * https://platform.openai.com/docs/guides/reasoning
 */
const taken: readonly { readonly models: RegExp; readonly efforts: readonly string[] }[] = [
	{ models: /(^|\/)o\d/, efforts: ['low', 'medium', 'high'] },
	{ models: /(^|\/)gpt-5-pro/, efforts: ['high'] },
	{ models: /(^|\/)gpt-5-codex|(^|\/)gpt-5\.1-codex(?!-max)/, efforts: ['low', 'medium', 'high'] },
	{ models: /(^|\/)gpt-5(?!\.)/, efforts: ['minimal', 'low', 'medium', 'high'] },
	{ models: /(^|\/)gpt-5\.1(?!\d|-codex)/, efforts: ['none', 'low', 'medium', 'high'] },
	{ models: /(^|\/)gpt-[\d.]+-codex/, efforts: ['low', 'medium', 'high', 'xhigh'] },
	{ models: /(^|\/)gpt-[\d.]+-pro/, efforts: ['medium', 'high', 'xhigh'] },
	{ models: /(^|\/)gpt-[5-9]/, efforts: ['none', 'low', 'medium', 'high', 'xhigh'] },
	// What has learned from OpenAI's API has learned these.
	{ models: /(?:)/, efforts: ['none', 'minimal', 'low', 'medium', 'high'] },
];

/** How much a model is to think, in OpenAI's words and as this model takes it; undefined where nothing is wished for. */
export function effortOf(wish: ReasoningWish | undefined, model: string): string | undefined {
	const wished = wish?.effort ?? effortFor(wish?.budget);
	return wished === undefined ? undefined : nearest(wished === 'max' ? 'xhigh' : wished, model);
}

function effortFor(budget: number | undefined): string | undefined {
	return budget === undefined ? undefined : budgets.find(({ most }) => budget <= most)?.effort;
}

/** The effort itself, or the next higher, or the highest. A word that nobody here knows is the caller's affair. */
function nearest(wished: string, model: string): string {
	const rank = efforts.indexOf(wished);
	if (rank === -1) return wished;
	const possible = taken.find(({ models }) => models.test(model))?.efforts ?? efforts;
	return possible.find((effort) => efforts.indexOf(effort) >= rank) ?? possible.at(-1) ?? wished;
}
