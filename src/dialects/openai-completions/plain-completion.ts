/**
 * Is the answer to this request nothing but text that follows the prompt, so that another attempt could go on with it? Not the
 * middle of a text, nor the prompt again, nor probabilities, nor the best of several.
 * @param body a request, or members of one
 */
export function isPlainCompletion(body: Readonly<Record<string, unknown>>): boolean {
	const { suffix, echo, logprobs, best_of: bestOf, n } = body;
	const isAlone = (n ?? 1) === 1 && (bestOf ?? 1) === 1;
	return isAlone && (suffix ?? '') === '' && echo !== true && (logprobs ?? false) === false;
}
