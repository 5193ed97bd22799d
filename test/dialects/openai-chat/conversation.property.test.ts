import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Conversation, Message, MessagePart, Tool } from '../../../src/contract/conversation.ts';
import { openaiChatProvider } from '../../../src/dialects/openai-chat/openai-chat.ts';
import { readRequest } from '../../../src/dialects/openai-chat/read-request.ts';
import { conversationWith, foreignRequest } from '../../helpers/conversations.ts';
import { plainAsk } from '../../helpers/plain-ask.ts';

const words = fc.string({ minLength: 1, maxLength: 20, unit: 'binary' });
const base64 = fc.base64String({ minLength: 4, maxLength: 8 });
const name = fc.stringMatching(/^[a-z_]{1,10}$/);

const text: fc.Arbitrary<MessagePart> = words.map((said) => ({ is: 'text', text: said }));
const image: fc.Arbitrary<MessagePart> = fc.oneof(
	base64.map((data): MessagePart => ({ is: 'image', source: { is: 'data', mediaType: 'image/png', base64: data } })),
	name.map(
		(path): MessagePart => ({ is: 'image', source: { is: 'url', url: `https://x.test/${path}` }, detail: 'low' }),
	),
);
const file: fc.Arbitrary<MessagePart> = fc.record({
	is: fc.constant('file'),
	name: name.map((one) => `${one}.pdf`),
	source: base64.map((data) => ({ is: 'data', mediaType: 'application/pdf', base64: data }) as const),
});
const audio: fc.Arbitrary<MessagePart> = base64.map((data) => ({ is: 'audio', format: 'wav', base64: data }));

/** A turn of the model with calls of tools, what they returned, and perhaps a picture among it. */
const calls: fc.Arbitrary<Message[]> = fc
	.record({
		said: fc.option(text, { nil: undefined }),
		ids: fc.uniqueArray(fc.string({ minLength: 1, maxLength: 60 }), { minLength: 1, maxLength: 3 }),
		returned: fc.array(text, { maxLength: 2 }),
		picture: fc.option(image, { nil: undefined }),
	})
	.map(({ said, ids, returned, picture }) => [
		{
			role: 'assistant',
			parts: [
				...(said === undefined ? [] : [said]),
				...ids.map((id): MessagePart => ({ is: 'tool-call', id, name: 'look', arguments: '{"at":1}' })),
			],
		},
		{
			role: 'user',
			parts: ids.map((id, at): MessagePart => {
				const parts = [...returned, ...(at === 0 && picture !== undefined ? [picture] : [])];
				return { is: 'tool-result', id, parts: parts as [] };
			}),
		},
	]);

const exchange: fc.Arbitrary<Message[]> = fc
	.record({
		asked: fc.array(fc.oneof(text, image, file, audio), { minLength: 1, maxLength: 3 }),
		said: text,
		tools: calls,
	})
	.chain(({ asked, said, tools }) =>
		fc
			.boolean()
			.map((hasCalls): Message[] => [
				{ role: 'user', parts: asked },
				...(hasCalls ? tools : []),
				{ role: 'assistant', parts: [said] },
			]),
	);

const tool: fc.Arbitrary<Tool> = fc.record({
	is: fc.constant('function'),
	name,
	description: fc.option(words, { nil: undefined }),
	schema: fc.constantFrom(undefined, { type: 'object', properties: {} }),
	strict: fc.constantFrom(undefined, true, false),
});

const conversations: fc.Arbitrary<Conversation> = fc
	.record({
		system: fc.array(
			words.map((said): Message => ({ role: 'system', parts: [{ is: 'text', text: said }] })),
			{
				maxLength: 1,
			},
		),
		exchanges: fc.array(exchange, { maxLength: 3 }),
		tools: fc.array(tool, { maxLength: 2 }),
		sampling: fc.record({ temperature: fc.constantFrom(undefined, 0, 1), seed: fc.constantFrom(undefined, 7) }),
		maxTokens: fc.constantFrom(undefined, 5),
		stop: fc.array(words, { maxLength: 4 }),
		format: fc.constantFrom<Conversation['format']>(undefined, { is: 'json' }),
	})
	.map(({ system, exchanges, ...rest }) =>
		conversationWith({
			...rest,
			messages: [...system, ...exchanges.flat(), { role: 'user', parts: [{ is: 'text', text: 'Go on.' }] }],
		}),
	);

/** What a picture of a tool is introduced with. */
const caption = { is: 'text', text: 'The tool returned:' };

/** All that is said, in order. How it is divided into messages may change, and long ids are replaced. */
function told({ messages }: Conversation): unknown[] {
	const all = messages.flatMap(({ role, parts }) =>
		parts.flatMap((part): [string, object][] => {
			if (part.is === 'tool-call') return [[role, { ...part, id: '' }]];
			if (part.is !== 'tool-result') return [[role, part]];
			const said = part.parts.flatMap((one) => (one.is === 'text' ? one.text : [])).join('\n\n');
			return [
				['result', { said }],
				...part.parts.filter(({ is }) => is !== 'text').map((one) => [role, one] as [string, object]),
			];
		}),
	);
	// Results stand right behind the calls, what is no text in them behind all of them.
	const isPicture = ([role, part]: [string, object]) => role !== 'result' && (part as MessagePart).is === 'image';
	return [...all.filter((one) => !isPicture(one)), ...all.filter(isPicture)].filter(
		([, part]) => JSON.stringify(part) !== JSON.stringify(caption),
	);
}

/** Texts that stand beside each other are one. */
function merged(conversation: Conversation): Conversation {
	const messages = conversation.messages.map(({ role, parts }): Message => {
		const isText = parts.every(({ is }) => is === 'text');
		const all = parts.map((part) => (part.is === 'text' ? part.text : '')).join('\n\n');
		return { role, parts: isText && parts.length > 0 ? [{ is: 'text', text: all }] : parts };
	});
	return { ...conversation, messages };
}

test('a conversation that becomes a chat says the same when it is read again', () => {
	fc.assert(
		fc.property(conversations, (conversation) => {
			const request = foreignRequest(conversation);
			expect(openaiChatProvider.lossesOf(request, { reasons: false }, 'model-a')).toEqual([]);
			const { body } = openaiChatProvider.render({
				request,
				model: 'model-a',
				...plainAsk,
			});
			const again = readRequest(body).request.conversation?.();
			if (again === undefined) throw new Error('a chat is a conversation');
			const { messages: _, ...settings } = again;
			const { messages: __, ...given } = conversation;
			expect(settings).toEqual(given);
			expect(told(again)).toEqual(told(merged(conversation)));
		}),
		{ numRuns: 300 },
	);
});
