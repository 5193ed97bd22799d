/**
 * Is the answer to this request one plain text, which another model could carry on? Not half a document of a schema, nor
 * probabilities of tokens, nor sound.
 * @param body a request, or members of one
 */
export function asksForPlainText(body: Readonly<Record<string, unknown>>): boolean {
	const { response_format: format, logprobs, modalities } = body;
	const isDocument = typeof format === 'object' && format !== null && (format as { type?: unknown }).type !== 'text';
	const isSound = Array.isArray(modalities) && modalities.some((modality) => modality !== 'text');
	return !isDocument && !isSound && logprobs !== true;
}
