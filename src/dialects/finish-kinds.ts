/**
 * Why an answer ended, in no dialect's words.
 * - `stop`: the model had nothing more to say, or came to a word that it was to stop at
 * - `stop-sequence`: the latter, where the provider tells the two apart
 * - `length`: it was as long as it may be
 * - `tool-calls`: it waits for what tools return
 * - `refused`: the model, or a filter, does not want to answer
 * - `pause`: the provider wants to be asked to go on
 */
export type FinishKind = 'stop' | 'stop-sequence' | 'length' | 'tool-calls' | 'refused' | 'pause';

const kinds: Readonly<Record<string, FinishKind>> = {
	stop_sequence: 'stop-sequence',
	length: 'length',
	max_tokens: 'length',
	max_output_tokens: 'length',
	model_length: 'length',
	model_context_window_exceeded: 'length',
	tool_calls: 'tool-calls',
	tool_call: 'tool-calls',
	tool_use: 'tool-calls',
	function_call: 'tool-calls',
	content_filter: 'refused',
	refusal: 'refused',
	safety: 'refused',
	pause_turn: 'pause',
};

/** @param reason in the words of any dialect; one that nobody knows is a `stop`: the answer has ended */
export function finishKind(reason: string): FinishKind {
	const name = reason.toLowerCase();
	return Object.hasOwn(kinds, name) ? (kinds[name] ?? 'stop') : 'stop';
}
