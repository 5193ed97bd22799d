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
