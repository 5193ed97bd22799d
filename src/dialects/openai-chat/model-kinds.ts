import type { ModelAbilities } from '../../contract/dialect.ts';

/**
 * OpenAI's models from o1 on, by name: they take `max_completion_tokens` where everything else takes `max_tokens`.
 * https://platform.openai.com/docs/guides/reasoning
 */
export function isNewerOpenAi(model: string): boolean {
	return /(^|\/)(o\d|gpt-[5-9])/.test(model);
}

const newerLimit = ['max_completion_tokens'];
const anyLimit = ['max_tokens', 'max_completion_tokens'];

/** The names under which a model is told how long its answer may be, the best first. */
export function limitNamesOf(model: string): readonly string[] {
	return isNewerOpenAi(model) ? newerLimit : anyLimit;
}

/** Those of them that think: what they are to draw words by, and stop at, is not theirs to be told. */
export function hasFixedSampling(model: string): boolean {
	return isNewerOpenAi(model) && !/-chat(-|$)/.test(model);
}

/** Whether a model can be told how much it is to think. */
export function takesEffort(model: string, abilities: ModelAbilities | undefined): boolean {
	return abilities?.reasons === true || hasFixedSampling(model);
}

/** `verbosity` came with gpt-5, and no other model is known to take it. */
export function takesVerbosity(model: string): boolean {
	return /(^|\/)gpt-[5-9]/.test(model);
}

/**
 * Those of OpenAI's models that think while they call functions in the API of responses alone: in chat, they refuse to be told of
 * both. Routers, whose names for models have a slash in them, ask OpenAI as it wants to be asked.
 */
export function thinksOrCalls(model: string): boolean {
	return /^gpt-(5\.[2-9]|[6-9])/.test(model) && hasFixedSampling(model);
}

/** Models that want to be shown again what they thought before they called tools, and refuse a call without a thought. */
export function recallsThoughts(model: string): boolean {
	return /(^|[/-])(deepseek|kimi|mimo)/i.test(model);
}

/** Google's models that refuse a call that they have not signed, in Google's own API. */
export function signsCalls(model: string): boolean {
	return /^(models\/)?gemini-([3-9]|\d\d)/.test(model);
}

/** OpenAI's own models take instructions anywhere in a conversation; templates of open ones often do not. */
export function takesLaterInstructions(model: string): boolean {
	return /(^|\/)(o\d|chatgpt-|gpt-(?!oss))/.test(model);
}

/** By the names of its models. */
export function isMistral(model: string): boolean {
	return /(^|\/)(open-)?(mi(ni)?stral|mixtral|magistral|devstral|codestral|pixtral)/i.test(model);
}
