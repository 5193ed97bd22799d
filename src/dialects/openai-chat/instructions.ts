import type { Message, MessagePart } from '../../contract/conversation.ts';

interface Told {
	readonly role: Message['role'];
	readonly parts: MessagePart[];
}

/**
 * The messages with the instructions where a model wants them: those at the beginning are one message, as templates of open models
 * (Qwen's, for one) take one there and none later. What callers say in the midst of a conversation, as Claude Code and Codex do,
 * is said to such a model by the user, within a mark.
 * @param takesLater it takes instructions anywhere
 */
export function withInstructionsFirst(messages: readonly Message[], takesLater: boolean): readonly Message[] {
	const told: Told[] = [];
	let endsMarked = false;
	for (const { role, parts } of messages) {
		const last = told.at(-1);
		const isLater = role === 'system' && told.some((message) => message.role !== 'system');
		const isMarked = isLater && !takesLater;
		const given = isMarked ? parts.map(marked) : parts;
		const as = isMarked ? 'user' : role;
		// The user says no two messages where the caller did not, which other templates refuse.
		const isJoined = as === last?.role && (isMarked || endsMarked || (role === 'system' && !isLater));
		if (isJoined) last.parts.push(...given);
		else told.push({ role: as, parts: [...given] });
		endsMarked = isMarked;
	}
	return told;
}

function marked(part: MessagePart): MessagePart {
	return part.is === 'text' ? { ...part, text: `<system-reminder>\n${part.text}\n</system-reminder>` } : part;
}
