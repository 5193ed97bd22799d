import type { Conversation, Loss, MessagePart } from '../contract/conversation.ts';
import type { ClientRequest, InputKind, ModelAbilities, ProviderDialect } from '../contract/dialect.ts';

/**
 * What of a request a model cannot be told: as its dialect has no words for it, or as the model takes no such input.
 * @throws Refusal when the request contradicts itself
 */
export function lossesFor(
	request: ClientRequest,
	dialect: ProviderDialect,
	abilities: ModelAbilities,
	model: string,
): readonly Loss[] {
	const losses = request.dialect === dialect.name ? [] : dialect.lossesOf(request, abilities, model);
	const { input } = abilities;
	const conversation = input === undefined ? undefined : request.conversation?.();
	return input === undefined || conversation === undefined ? losses : [...losses, ...inputLosses(conversation, input)];
}

const kinds: Readonly<Partial<Record<MessagePart['is'], { kind: InputKind; what: string }>>> = {
	image: { kind: 'image', what: 'images' },
	file: { kind: 'file', what: 'files' },
	audio: { kind: 'audio', what: 'audio' },
};

/** What a model cannot look at. */
function inputLosses({ messages }: Conversation, input: readonly InputKind[]): Loss[] {
	const parts = messages.flatMap((message) =>
		message.parts.flatMap((part): MessagePart[] => (part.is === 'tool-result' ? [...part.parts] : [part])),
	);
	return parts.flatMap(({ is }) => {
		const kind = kinds[is];
		return kind === undefined || input.includes(kind.kind) ? [] : [{ what: kind.what, isNeeded: true }];
	});
}
