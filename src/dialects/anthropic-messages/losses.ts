import type { Conversation, Loss, MessagePart, Source } from '../../contract/conversation.ts';
import type { ClientRequest } from '../../contract/dialect.ts';
import { isText } from './render-messages.ts';
import { canThink, refusesSampling, takesSchema } from './render-thinking.ts';

/** Characters of base64 of the largest image that Anthropic takes, which is one of 5 MB. */
const LARGEST_IMAGE = Math.ceil((5 * 1024 * 1024 * 4) / 3);

const imageTypes: ReadonlySet<string> = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp']);

/**
 * What of a request of another dialect this one has no words for.
 * @throws Refusal when the request contradicts itself
 */
export function lossesOf(request: ClientRequest, model: string): readonly Loss[] {
	const conversation = request.conversation?.();
	if (conversation === undefined) return [{ what: `requests of ${request.dialect}`, isNeeded: true }];
	const { messages, tools } = conversation;
	const parts = messages.flatMap((message) =>
		message.parts.flatMap((part): MessagePart[] => (part.is === 'tool-result' ? [part, ...part.parts] : [part])),
	);
	const strict = tools.some((tool) => tool.is === 'function' && tool.strict === true);
	return [
		...conversation.losses,
		...parts.flatMap(partLosses),
		...memberLosses(conversation),
		...modelLosses(conversation, model),
		...samplingLosses(conversation, model),
		...(strict ? [hint('strict')] : []),
	];
}

function partLosses(part: MessagePart): Loss[] {
	if (part.is === 'audio') return [needed('audio')];
	if (part.is === 'reasoning') return [hint('thinking')];
	if (part.is === 'image') return imageLosses(part.source);
	if (part.is !== 'file') return [];
	const { source } = part;
	if (source.is === 'id') return [needed('file ids')];
	const isTaken = source.is !== 'data' || source.mediaType === 'application/pdf' || isText(source.mediaType);
	return isTaken ? [] : [needed(`files of the type ${shownType(source.mediaType)}`)];
}

function imageLosses(source: Source): Loss[] {
	if (source.is === 'id') return [needed('file ids')];
	if (source.is !== 'data') return [];
	if (!imageTypes.has(source.mediaType)) return [needed(`images of the type ${shownType(source.mediaType)}`)];
	return source.base64.length > LARGEST_IMAGE ? [needed('images over 5 MB')] : [];
}

function memberLosses({ choices, verbosity, format }: Conversation): Loss[] {
	return [
		...(choices > 1 ? [needed('several answers at once')] : []),
		...(format?.is === 'json' ? [hint('JSON without a schema')] : []),
		...(verbosity === undefined ? [] : [hint('verbosity')]),
	];
}

/** What older models of this API cannot do. */
function modelLosses({ format, reasoning }: Conversation, model: string): Loss[] {
	const wantsThoughts = reasoning !== undefined && reasoning.effort !== 'none';
	return [
		...(format?.is === 'schema' && !takesSchema(model) ? [needed('a JSON schema for the answer')] : []),
		...(wantsThoughts && !canThink(model) ? [hint('reasoning')] : []),
	];
}

/** As they are called; those that newer models alone refuse are the first. */
const drawn = {
	temperature: 'temperature',
	topP: 'top_p',
	topK: 'top_k',
	seed: 'seed',
	frequencyPenalty: 'frequency_penalty',
	presencePenalty: 'presence_penalty',
} as const;

function samplingLosses({ sampling }: Conversation, model: string): Loss[] {
	const taken: readonly string[] = refusesSampling(model) ? [] : ['temperature', 'topP', 'topK'];
	return Object.entries(drawn).flatMap(([name, what]) => {
		const isGiven = sampling[name as keyof typeof drawn] !== undefined;
		return isGiven && !taken.includes(name) ? [hint(what)] : [];
	});
}

function hint(what: string): Loss {
	return { what, isNeeded: false };
}

function needed(what: string): Loss {
	return { what, isNeeded: true };
}

/** A media type, which is no content of the request. */
function shownType(mediaType: string): string {
	return /^[\w.+-]{1,40}\/[\w.+-]{1,60}$/.test(mediaType) ? mediaType : 'unknown';
}
