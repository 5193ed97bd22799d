import type { Conversation, Loss, MessagePart } from '../../contract/conversation.ts';
import type { ClientRequest } from '../../contract/dialect.ts';
import { LossList } from './loss-list.ts';

/**
 * What of a request of another dialect a response cannot be asked for.
 * @throws Refusal when the request contradicts itself
 */
export function lossesOf(request: ClientRequest): readonly Loss[] {
	const conversation = request.conversation?.();
	if (conversation === undefined) return [];
	const losses = new LossList();
	for (const { what, isNeeded } of conversation.losses) losses.add(what, isNeeded);
	noteSettings(conversation, losses);
	noteParts(conversation, losses);
	return losses.all;
}

function noteSettings({ stop, choices, sampling, reasoning }: Conversation, losses: LossList): void {
	if (stop.length > 0) losses.add('stop sequences', true);
	if (choices > 1) losses.add('several answers at once', true);
	const { topK, seed, frequencyPenalty, presencePenalty } = sampling;
	if (topK !== undefined) losses.add('top_k', false);
	if (seed !== undefined) losses.add('seed', false);
	if ((frequencyPenalty ?? 0) !== 0) losses.add('frequency_penalty', false);
	if ((presencePenalty ?? 0) !== 0) losses.add('presence_penalty', false);
	if (reasoning?.budget !== undefined && reasoning.effort === undefined) losses.add('the budget of thoughts', false);
}

function noteParts({ messages, tools }: Conversation, losses: LossList): void {
	const parts = messages.flatMap((message) => message.parts);
	for (const part of parts) {
		if (part.is === 'audio') losses.add('audio', true);
		if (part.is === 'reasoning') losses.add('earlier thoughts', false);
		if (part.is === 'tool-result' && part.isError === true) losses.add('the mark of a failed tool', false);
	}
	const inner = parts.flatMap((part): MessagePart[] => (part.is === 'tool-result' ? [part, ...part.parts] : [part]));
	const isMarked = [...inner, ...tools].some((one) => 'cached' in one && one.cached === true);
	if (isMarked) losses.add('cache marks', false);
}
