import type { Conversation, Loss, MessagePart } from '../../contract/conversation.ts';
import type { ClientRequest, ModelAbilities } from '../../contract/dialect.ts';
import { hasFixedSampling, takesEffort, takesVerbosity } from '../openai-chat/model-kinds.ts';
import { LossList } from './loss-list.ts';

/**
 * What of a request of another dialect a response cannot be asked for.
 * @throws Refusal when the request contradicts itself
 */
export function lossesOf(request: ClientRequest, abilities: ModelAbilities, model: string): readonly Loss[] {
	const conversation = request.conversation?.();
	if (conversation === undefined) return [];
	const losses = new LossList();
	for (const { what, isNeeded } of conversation.losses) losses.add(what, isNeeded);
	noteSettings(conversation, losses);
	noteOfModel(conversation, abilities, model, losses);
	noteParts(conversation, losses);
	return losses.all;
}

function noteSettings({ stop, choices, sampling }: Conversation, losses: LossList): void {
	if (stop.length > 0) losses.add('stop sequences', true);
	if (choices > 1) losses.add('several answers at once', true);
	const { topK, seed, frequencyPenalty, presencePenalty } = sampling;
	if (topK !== undefined) losses.add('top_k', false);
	if (seed !== undefined) losses.add('seed', false);
	if ((frequencyPenalty ?? 0) !== 0) losses.add('frequency_penalty', false);
	if ((presencePenalty ?? 0) !== 0) losses.add('presence_penalty', false);
}

/** What other models of the same API can be told. */
function noteOfModel(
	{ sampling, verbosity, reasoning }: Conversation,
	abilities: ModelAbilities,
	model: string,
	losses: LossList,
): void {
	if (hasFixedSampling(model)) {
		if (sampling.temperature !== undefined) losses.add('temperature', false);
		if (sampling.topP !== undefined) losses.add('top_p', false);
	}
	if (verbosity !== undefined && !takesVerbosity(model)) losses.add('verbosity', false);
	const wantsThoughts = reasoning !== undefined && reasoning.effort !== 'none';
	if (wantsThoughts && !takesEffort(model, abilities)) losses.add('reasoning', false);
}

function noteParts({ messages, tools }: Conversation, losses: LossList): void {
	const parts = messages.flatMap((message) => message.parts);
	for (const part of parts) {
		if (part.is === 'audio') losses.add('audio', true);
		if (part.is === 'reasoning') losses.add('thinking', false);
	}
	const inner = parts.flatMap((part): MessagePart[] => (part.is === 'tool-result' ? [part, ...part.parts] : [part]));
	const isMarked = [...inner, ...tools].some((one) => 'cached' in one && one.cached === true);
	if (isMarked) losses.add('cache marks', false);
}
