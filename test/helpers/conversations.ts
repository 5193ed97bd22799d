import type { Conversation } from '../../src/contract/conversation.ts';
import type { ClientRequest } from '../../src/contract/dialect.ts';

/** A conversation that says `Hello` and wants nothing more, but for what is given. */
export function conversationWith(members: Partial<Conversation>): Conversation {
	return {
		messages: [{ role: 'user', parts: [{ is: 'text', text: 'Hello' }] }],
		tools: [],
		toolChoice: undefined,
		parallelCalls: undefined,
		maxTokens: undefined,
		stop: [],
		sampling: {},
		format: undefined,
		verbosity: undefined,
		reasoning: undefined,
		user: undefined,
		choices: 1,
		losses: [],
		...members,
	};
}

/** A request in a dialect that no provider speaks. */
export function foreignRequest(conversation: Conversation): ClientRequest {
	return {
		dialect: 'other',
		body: undefined,
		stream: false,
		includeUsage: true,
		choices: conversation.choices,
		isContinuable: true,
		mayBeSilent: false,
		tokens: 1,
		conversation: () => conversation,
	};
}
