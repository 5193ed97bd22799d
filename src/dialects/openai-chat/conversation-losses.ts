import type { Conversation, FileContent, Loss, MessagePart, Sampling, Tool } from '../../contract/conversation.ts';
import type { ModelAbilities } from '../../contract/dialect.ts';
import { hasFixedSampling, recallsThoughts, takesEffort, takesVerbosity, thinksOrCalls } from './model-kinds.ts';

/** OpenAI's own bound. */
const MOST_STOPS = 4;

const drawn: Readonly<Record<Exclude<keyof Sampling, 'topK' | 'seed'>, string>> = {
	temperature: 'temperature',
	topP: 'top_p',
	frequencyPenalty: 'frequency_penalty',
	presencePenalty: 'presence_penalty',
};

/** What of a conversation has no words in a chat request to this model. */
export function conversationLosses(conversation: Conversation, abilities: ModelAbilities, model: string): Loss[] {
	return [
		...conversation.losses,
		...settingLosses(conversation, abilities, model),
		...conversation.tools.flatMap(toolLosses),
		...conversation.messages.flatMap(({ parts }) => parts.flatMap((part) => partLosses(part, model))),
	];
}

function settingLosses(
	{ sampling, stop, verbosity, reasoning, tools }: Conversation,
	abilities: ModelAbilities,
	model: string,
): Loss[] {
	const losses: Loss[] = [];
	if (sampling.topK !== undefined) losses.push(hint('top_k'));
	if (hasFixedSampling(model)) {
		for (const [name, what] of Object.entries(drawn)) {
			if (sampling[name as keyof typeof drawn] !== undefined) losses.push(hint(what));
		}
		if (stop.length > 0) losses.push({ what: 'stop sequences', isNeeded: true });
	}
	if (stop.length > MOST_STOPS) losses.push({ what: `more than ${MOST_STOPS} stop sequences`, isNeeded: true });
	if (verbosity !== undefined && !takesVerbosity(model)) losses.push(hint('verbosity'));
	const wantsThoughts = reasoning !== undefined && reasoning.effort !== 'none';
	const mayThink = takesEffort(model, abilities) && !(tools.length > 0 && thinksOrCalls(model));
	if (wantsThoughts && !mayThink) losses.push(hint('reasoning'));
	return losses;
}

function toolLosses(tool: Tool): Loss[] {
	if (tool.is === 'function') return tool.cached === true ? [hint('cache marks')] : [];
	return tool.format === undefined ? [] : [hint('the format of a custom tool')];
}

function partLosses(part: MessagePart, model: string): Loss[] {
	const marks = part.cached === true ? [hint('cache marks')] : [];
	switch (part.is) {
		case 'reasoning':
			return recallsThoughts(model) && part.text !== '' ? marks : [...marks, hint('thinking')];
		case 'image':
			return part.source.is === 'id' ? [...marks, { what: 'images by the id of a file', isNeeded: true }] : marks;
		case 'file':
			return [...marks, ...fileLosses(part)];
		case 'tool-result':
			return [...marks, ...part.parts.flatMap((piece) => partLosses(piece, model))];
		default:
			return marks;
	}
}

function fileLosses({ source }: FileContent): Loss[] {
	return source.is === 'url' ? [{ what: 'files by their address', isNeeded: true }] : [];
}

function hint(what: string): Loss {
	return { what, isNeeded: false };
}
