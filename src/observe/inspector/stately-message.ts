/** Parts of contexts and events that say nothing about what happens: settings, references to other actors, each single permit. */
const noise = new Set(['policy', 'permits', 'replyTo', 'input', 'actor', 'children', 'historyValue']);

/**
 * A message for the Stately Inspector as JSON. Contexts hold no key and no word of a caller; what is left out here is
 * noise. A target is shown by its target.
 */
export function statelyMessage(message: object): string {
	return JSON.stringify(message, (key, value: unknown) => {
		if (noise.has(key)) return undefined;
		return key !== 'trace' && isCandidate(value) ? value.target : value;
	});
}

function isCandidate(value: unknown): value is { target: string } {
	return typeof value === 'object' && value !== null && 'link' in value && 'target' in value;
}
