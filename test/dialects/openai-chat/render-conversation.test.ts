import { describe, expect, it } from 'vitest';
import type { Conversation, MessagePart } from '../../../src/contract/conversation.ts';
import type { ProviderAsk } from '../../../src/contract/dialect.ts';
import { continuationInstruction } from '../../../src/dialects/openai-chat/continued-messages.ts';
import { openaiChatProvider } from '../../../src/dialects/openai-chat/openai-chat.ts';
import { conversationWith, foreignRequest } from '../../helpers/conversations.ts';
import { plainAsk } from '../../helpers/plain-ask.ts';

const text = (said: string): MessagePart => ({ is: 'text', text: said });

/** The body and the rest of what a chat target is asked. */
function render(conversation: Partial<Conversation>, ask: Partial<ProviderAsk> = {}, stream = false) {
	const { body, ...rest } = openaiChatProvider.render({
		request: { ...foreignRequest(conversationWith(conversation)), stream },
		model: 'model-a',
		...plainAsk,
		...ask,
	});
	return { body: JSON.parse(body), ...rest };
}

const messagesOf = (messages: Conversation['messages'], ask?: Partial<ProviderAsk>) =>
	render({ messages }, ask).body.messages;

function lossesOf(conversation: Partial<Conversation>, model = 'model-a', reasons = false) {
	return openaiChatProvider.lossesOf(foreignRequest(conversationWith(conversation)), { reasons }, model);
}

describe('a conversation of another dialect as a chat', () => {
	it('has its messages, with text as strings', () => {
		expect(
			messagesOf([
				{ role: 'system', parts: [text('Be brief.'), text('Be kind.')] },
				{ role: 'user', parts: [text('Hello')] },
				{ role: 'assistant', parts: [{ is: 'reasoning', text: 'Hm.' }, text('Hel'), text('lo.')] },
				{ role: 'system', parts: [text('Now in French.')] },
				{ role: 'user', parts: [text('One'), text('Two')] },
				{ role: 'assistant', parts: [{ is: 'refusal', text: 'I cannot.' }] },
				{ role: 'assistant', parts: [{ is: 'reasoning', text: 'Alone' }] },
			]),
		).toEqual([
			{ role: 'system', content: 'Be brief.\n\nBe kind.' },
			{ role: 'user', content: 'Hello' },
			{ role: 'assistant', content: 'Hello.' },
			{ role: 'user', content: '<system-reminder>\nNow in French.\n</system-reminder>\n\nOne\n\nTwo' },
			{ role: 'assistant', content: 'I cannot.' },
		]);
	});

	it('has its pictures, sound and documents as parts, and text files as text', () => {
		const [{ content }] = messagesOf(
			[
				{
					role: 'user',
					parts: [
						text('Look:'),
						{ is: 'image', source: { is: 'url', url: 'https://x.test/a.png' }, detail: 'low' },
						{ is: 'image', source: { is: 'data', mediaType: 'image/png', base64: 'AAAA' } },
						{ is: 'audio', format: 'mp3', base64: 'BBBB' },
						{ is: 'file', source: { is: 'data', mediaType: 'application/pdf', base64: 'CCCC' } },
						{ is: 'file', name: 'a.txt', source: { is: 'data', mediaType: 'text/plain', base64: 'aMOp' } },
						{ is: 'file', source: { is: 'text', text: 'plain' } },
						{ is: 'file', source: { is: 'id', id: 'file-own' } },
						{ is: 'file', source: { is: 'id', id: 'file-foreign' } },
					],
				},
			],
			{ foreign: new Set(['file-foreign']) },
		);
		expect(content).toEqual([
			{ type: 'text', text: 'Look:' },
			{ type: 'image_url', image_url: { url: 'https://x.test/a.png', detail: 'low' } },
			{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
			{ type: 'input_audio', input_audio: { data: 'BBBB', format: 'mp3' } },
			{ type: 'file', file: { filename: 'document.pdf', file_data: 'data:application/pdf;base64,CCCC' } },
			{ type: 'text', text: 'a.txt:\n\nhé' },
			{ type: 'text', text: 'plain' },
			{ type: 'file', file: { file_id: 'file-own' } },
		]);
	});

	it('has calls in one message, their results right behind, and what is no text in those behind all of them', () => {
		const call = (id: string): MessagePart => ({ is: 'tool-call', id, name: 'look', arguments: '{"at":1}' });
		const picture = { is: 'image', source: { is: 'url', url: 'https://x.test/a.png' } } as const;
		expect(
			messagesOf([
				{ role: 'user', parts: [text('Hello')] },
				{ role: 'assistant', parts: [text('I look.'), call('a')] },
				{ role: 'assistant', parts: [call('b'), { ...call('c'), arguments: '' } as MessagePart] },
				{ role: 'user', parts: [{ is: 'tool-result', id: 'a', parts: [{ is: 'text', text: 'A wall' }, picture] }] },
				{
					role: 'user',
					parts: [
						{ is: 'tool-result', id: 'b', parts: [{ is: 'text', text: 'No sea' }], isError: true },
						{ is: 'tool-result', id: 'c', parts: [] },
						text('And?'),
					],
				},
			]).slice(1),
		).toEqual([
			{
				role: 'assistant',
				content: 'I look.',
				tool_calls: [
					{ id: 'a', type: 'function', function: { name: 'look', arguments: '{"at":1}' } },
					{ id: 'b', type: 'function', function: { name: 'look', arguments: '{"at":1}' } },
					{ id: 'c', type: 'function', function: { name: 'look', arguments: '{}' } },
				],
			},
			{ role: 'tool', tool_call_id: 'a', content: 'A wall' },
			{ role: 'tool', tool_call_id: 'b', content: 'Error: No sea' },
			{ role: 'tool', tool_call_id: 'c', content: '' },
			{
				role: 'user',
				content: [
					{ type: 'text', text: 'The tool returned:' },
					{ type: 'image_url', image_url: { url: 'https://x.test/a.png' } },
					{ type: 'text', text: 'And?' },
				],
			},
		]);
	});

	it('has ids that are short enough, and the same in the call and in its result', () => {
		const id = `toolu_${'x'.repeat(60)}`;
		const [, called, result] = messagesOf([
			{ role: 'user', parts: [text('Hello')] },
			{ role: 'assistant', parts: [{ is: 'tool-call', id, name: 'look', arguments: '{}' }] },
			{ role: 'user', parts: [{ is: 'tool-result', id, parts: [] }] },
		]);
		expect(called.tool_calls[0].id).toMatch(/^call_[0-9a-f]{35}$/);
		expect(result.tool_call_id).toBe(called.tool_calls[0].id);
	});

	it('has custom tools as functions of one text', () => {
		const { body } = render({
			messages: [
				{ role: 'user', parts: [text('Hello')] },
				{ role: 'assistant', parts: [{ is: 'tool-call', id: 'a', name: 'run', arguments: 'ls "x"', isCustom: true }] },
			],
			tools: [{ is: 'custom', name: 'run', description: 'Runs', format: { type: 'grammar' } }],
			toolChoice: { is: 'tool', name: 'run' },
			parallelCalls: false,
		});
		expect(body.tools).toMatchObject([
			{ type: 'function', function: { name: 'run', description: 'Runs', parameters: { required: ['input'] } } },
		]);
		expect(JSON.parse(body.messages[1].tool_calls[0].function.arguments)).toEqual({ input: 'ls "x"' });
		expect(body).toMatchObject({
			tool_choice: { type: 'function', function: { name: 'run' } },
			parallel_tool_calls: false,
		});
	});

	it('has its settings by the names of older models and of everything that is like OpenAI', () => {
		const { body, choices } = render(
			{
				toolChoice: { is: 'auto' },
				maxTokens: 128_000,
				stop: ['x'],
				sampling: { temperature: 0.5, topP: 0.9, topK: 4, seed: 1, frequencyPenalty: 0.1, presencePenalty: 0.2 },
				format: { is: 'schema', name: undefined, description: undefined, schema: {}, strict: true },
				verbosity: 'low',
				reasoning: { effort: 'high', budget: undefined, isShown: true },
				user: 'u',
				choices: 2,
			},
			{ abilities: { maxOutputTokens: 8192, reasons: false } },
		);
		expect(body).toEqual({
			model: 'model-a',
			messages: [{ role: 'user', content: 'Hello' }],
			max_tokens: 8192,
			stop: ['x'],
			temperature: 0.5,
			top_p: 0.9,
			seed: 1,
			frequency_penalty: 0.1,
			presence_penalty: 0.2,
			response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: {}, strict: true } },
			user: 'u',
			n: 2,
		});
		expect(choices).toBe(2);
	});

	it.each(['gpt-5.4-mini', 'openai/o3', 'o4-mini'])('has them as OpenAI wants them for %s', (model) => {
		const sampling = { temperature: 0.5, topP: 0.9, frequencyPenalty: 0.1, presencePenalty: 0.2, seed: 1 };
		const reasoning = { effort: undefined, budget: 9000, isShown: true };
		const { model: _, messages: __, ...settings } = render({ maxTokens: 7, sampling, reasoning }, { model }).body;
		expect(settings).toEqual({ max_completion_tokens: 7, seed: 1, reasoning_effort: 'medium' });
	});

	it('asks a model for its thoughts that is known to think', () => {
		const reasoning = { effort: 'low', budget: undefined, isShown: true };
		expect(render({ reasoning }, { abilities: { reasons: true } }).body).toMatchObject({ reasoning_effort: 'low' });
	});

	it('is streamed with its usage, which a provider may not take', () => {
		expect(render({}, {}, true)).toMatchObject({
			body: { stream: true, stream_options: { include_usage: true } },
			stream: true,
			added: ['stream_options'],
		});
		expect(render({}, { withheld: ['stream_options'] }, true).body).not.toHaveProperty('stream_options');
		expect(render({})).toMatchObject({ stream: false, body: { model: 'model-a' } });
		expect(render({}).body).not.toHaveProperty('stream');
	});

	it('is given what the configuration sets', () => {
		const members = { defaults: { temperature: '0.1', top_p: '0.2' }, force: { seed: '9' } };
		expect(render({ sampling: { temperature: 1 } }, { members }).body).toMatchObject({
			temperature: 1,
			top_p: 0.2,
			seed: 9,
		});
	});

	it('goes on with an answer, also behind what the caller began itself', () => {
		const { body, stream } = render({}, { way: 'instruct', shown: 'The wall' });
		expect(stream).toBe(true);
		expect(body.messages).toEqual([
			{ role: 'user', content: 'Hello' },
			{ role: 'assistant', content: 'The wall' },
			{ role: 'user', content: continuationInstruction },
		]);
		const begun = { role: 'assistant', parts: [text('It is: ')] } as const;
		const messages = [{ role: 'user', parts: [text('Hello')] }, begun] as const;
		expect(render({ messages }, { way: 'prefill', shown: 'The wall' }).body.messages).toEqual([
			{ role: 'user', content: 'Hello' },
			{ role: 'assistant', content: 'It is: The wall' },
		]);
	});
});

describe('what a chat target cannot be told', () => {
	it('is what the conversation had no words for, and what chat has none for', () => {
		const losses = lossesOf({
			losses: [{ what: 'context_management', isNeeded: false }],
			sampling: { topK: 3 },
			stop: ['1', '2', '3', '4', '5'],
			verbosity: 'low',
			reasoning: { effort: undefined, budget: 5, isShown: true },
			tools: [{ is: 'custom', name: 'run', description: undefined, format: {} }],
			messages: [
				{ role: 'user', parts: [{ is: 'text', text: 'Hello', cached: true }] },
				{ role: 'assistant', parts: [{ is: 'reasoning', text: 'Hm' }] },
				{ role: 'user', parts: [{ is: 'file', source: { is: 'url', url: 'https://x.test/a.pdf' } }] },
				{ role: 'user', parts: [{ is: 'image', source: { is: 'id', id: 'file-1' } }] },
			],
		});
		expect(losses.filter(({ isNeeded }) => !isNeeded).map(({ what }) => what)).toEqual([
			'context_management',
			'top_k',
			'verbosity',
			'reasoning',
			'the format of a custom tool',
			'cache marks',
			'thinking',
		]);
		expect(losses.filter(({ isNeeded }) => isNeeded).map(({ what }) => what)).toEqual([
			'more than 4 stop sequences',
			'files by their address',
			'images by the id of a file',
		]);
	});

	it('depends on the model', () => {
		const asked = { sampling: { temperature: 1, topP: 1 }, verbosity: 'low', stop: ['x'] };
		const reasoning = { effort: 'low', budget: undefined, isShown: false };
		expect(lossesOf({ ...asked, reasoning }, 'gpt-5')).toEqual([
			{ what: 'temperature', isNeeded: false },
			{ what: 'top_p', isNeeded: false },
			{ what: 'stop sequences', isNeeded: true },
		]);
		expect(lossesOf({ reasoning }, 'model-a', true)).toEqual([]);
		expect(lossesOf({ reasoning: { ...reasoning, effort: 'none' } })).toEqual([]);
	});

	it('is all of a request that has no words but those of its dialect', () => {
		const { conversation: _, ...request } = foreignRequest(conversationWith({}));
		expect(openaiChatProvider.lossesOf(request, { reasons: false }, 'model-a')).toEqual([
			{ what: 'requests of other', isNeeded: true },
		]);
	});
});
