import { describe, expect, it } from 'vitest';
import { Refusal } from '../../../src/contract/refusal.ts';
import { readRequest } from '../../../src/dialects/openai-chat/read-request.ts';

const asked = [{ role: 'user', content: 'Hello' }];

/** What a chat request becomes for a target of another dialect. */
function conversationOf(body: object) {
	const { request } = readRequest(JSON.stringify({ messages: asked, ...body }));
	if (request.conversation === undefined) throw new Error('a chat is a conversation');
	return request.conversation();
}

function refusalOf(body: object): Refusal {
	try {
		conversationOf(body);
	} catch (error) {
		if (error instanceof Refusal) return error;
		throw error;
	}
	throw new Error('it was read');
}

const lossesOf = (body: object) => conversationOf(body).losses;

describe('the messages of a chat', () => {
	it('are read with their roles and parts', () => {
		const { messages, losses } = conversationOf({
			messages: [
				{ role: 'system', content: 'Be brief.' },
				{ role: 'developer', content: [{ type: 'text', text: 'Be kind.', cache_control: { type: 'ephemeral' } }] },
				{
					role: 'user',
					content: [
						{ type: 'text', text: 'Look:' },
						{ type: 'image_url', image_url: { url: 'https://x.test/a.png', detail: 'low' } },
						{ type: 'image_url', image_url: { url: 'data:image/PNG;base64,AAAA' } },
						{ type: 'input_audio', input_audio: { data: 'BBBB', format: 'wav' } },
						{ type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,CCCC' } },
						{ type: 'file', file: { filename: 'a.csv', file_data: 'DDDD' } },
						{ type: 'file', file: { file_id: 'file-1' } },
					],
				},
				{ role: 'assistant', reasoning_content: 'Hm.', content: 'A wall.' },
				{
					role: 'assistant',
					content: [
						{ type: 'text', text: 'No: ' },
						{ type: 'refusal', refusal: 'I cannot.' },
					],
				},
				{ role: 'assistant', content: null, refusal: 'I will not.' },
			],
		});
		expect(messages).toEqual([
			{ role: 'system', parts: [{ is: 'text', text: 'Be brief.' }] },
			{ role: 'system', parts: [{ is: 'text', text: 'Be kind.', cached: true }] },
			{
				role: 'user',
				parts: [
					{ is: 'text', text: 'Look:' },
					{ is: 'image', source: { is: 'url', url: 'https://x.test/a.png' }, detail: 'low' },
					{ is: 'image', source: { is: 'data', mediaType: 'image/png', base64: 'AAAA' } },
					{ is: 'audio', format: 'wav', base64: 'BBBB' },
					{ is: 'file', name: 'a.pdf', source: { is: 'data', mediaType: 'application/pdf', base64: 'CCCC' } },
					{ is: 'file', name: 'a.csv', source: { is: 'data', mediaType: 'text/csv', base64: 'DDDD' } },
					{ is: 'file', source: { is: 'id', id: 'file-1' } },
				],
			},
			{
				role: 'assistant',
				parts: [
					{ is: 'reasoning', text: 'Hm.' },
					{ is: 'text', text: 'A wall.' },
				],
			},
			{
				role: 'assistant',
				parts: [
					{ is: 'text', text: 'No: ' },
					{ is: 'refusal', text: 'I cannot.' },
				],
			},
			{ role: 'assistant', parts: [{ is: 'refusal', text: 'I will not.' }] },
		]);
		expect(losses).toEqual([]);
	});

	it('have calls of tools, whose results stand together', () => {
		const call = (id: string) => ({ id, type: 'function', function: { name: 'look', arguments: '{"at":1}' } });
		const { messages } = conversationOf({
			messages: [
				...asked,
				{ role: 'assistant', content: 'I look.', tool_calls: [call('a'), call('b')] },
				{ role: 'tool', tool_call_id: 'a', content: 'A wall' },
				{ role: 'tool', tool_call_id: 'b', content: [{ type: 'text', text: 'A sea' }] },
				{ role: 'user', content: 'And?' },
				{ role: 'assistant', tool_calls: [{ id: 'c', type: 'custom', custom: { name: 'run', input: 'ls' } }] },
				{ role: 'tool', tool_call_id: 'c', content: '' },
			],
		});
		expect(messages.slice(1)).toEqual([
			{
				role: 'assistant',
				parts: [
					{ is: 'text', text: 'I look.' },
					{ is: 'tool-call', id: 'a', name: 'look', arguments: '{"at":1}' },
					{ is: 'tool-call', id: 'b', name: 'look', arguments: '{"at":1}' },
				],
			},
			{
				role: 'user',
				parts: [
					{ is: 'tool-result', id: 'a', parts: [{ is: 'text', text: 'A wall' }] },
					{ is: 'tool-result', id: 'b', parts: [{ is: 'text', text: 'A sea' }] },
				],
			},
			{ role: 'user', parts: [{ is: 'text', text: 'And?' }] },
			{ role: 'assistant', parts: [{ is: 'tool-call', id: 'c', name: 'run', arguments: 'ls', isCustom: true }] },
			{ role: 'user', parts: [{ is: 'tool-result', id: 'c', parts: [] }] },
		]);
	});

	it('in the older form have calls and results that belong together by the name', () => {
		const called = { role: 'assistant', content: null, function_call: { name: 'look', arguments: '{}' } };
		const { messages, tools, toolChoice } = conversationOf({
			messages: [...asked, called, { role: 'function', name: 'look', content: 'A wall' }, called],
			functions: [{ name: 'look', parameters: { type: 'object' } }],
			function_call: { name: 'look' },
		});
		const [first, result, second] = messages.slice(1).map(({ parts: [part] }) => part);
		expect([first, result]).toMatchObject([
			{ is: 'tool-call', name: 'look' },
			{ is: 'tool-result', id: (first as { id: string }).id },
		]);
		expect(second).not.toMatchObject({ id: (first as { id: string }).id });
		expect(tools).toMatchObject([{ is: 'function', name: 'look', schema: { type: 'object' } }]);
		expect(toolChoice).toEqual({ is: 'tool', name: 'look' });
	});

	it.each([
		['messages[1].tool_call_id', [...asked, { role: 'tool', tool_call_id: 'x', content: 'A wall' }]],
		['messages[1].name', [...asked, { role: 'function', name: 'look', content: 'A wall' }]],
		['messages[0].role', [{ role: 'narrator', content: 'x' }]],
		['messages[0].content', [{ role: 'user', content: 7 }]],
		['messages[0].content[0].text', [{ role: 'user', content: [{ type: 'text' }] }]],
		['messages[0]', ['Hello']],
		['messages[0].tool_calls[0].id', [{ role: 'assistant', tool_calls: [{ function: { name: 'a' } }] }]],
	])('are refused where they cannot be told: %s', (param, messages) => {
		expect(refusalOf({ messages })).toMatchObject({ code: 'invalid_request', param });
	});
});

describe('the settings of a chat', () => {
	it('are read', () => {
		const schema = { type: 'object' };
		expect(
			conversationOf({
				model: 'm',
				stream: true,
				stream_options: { include_usage: true },
				tools: [
					{ type: 'function', function: { name: 'look', description: 'Looks', parameters: schema, strict: true } },
					{ type: 'custom', custom: { name: 'run', format: { type: 'text' } } },
				],
				tool_choice: 'required',
				parallel_tool_calls: false,
				max_tokens: 5,
				max_completion_tokens: 6,
				stop: 'x',
				temperature: 0,
				top_p: 0.5,
				top_k: 3,
				seed: 4,
				frequency_penalty: 1,
				presence_penalty: -1,
				response_format: { type: 'json_schema', json_schema: { name: 'wall', schema, strict: true } },
				verbosity: 'low',
				reasoning_effort: 'high',
				user: 'u',
			}),
		).toEqual({
			messages: [{ role: 'user', parts: [{ is: 'text', text: 'Hello' }] }],
			tools: [
				{ is: 'function', name: 'look', description: 'Looks', schema, strict: true },
				{ is: 'custom', name: 'run', description: undefined, format: { type: 'text' } },
			],
			toolChoice: { is: 'required' },
			parallelCalls: false,
			maxTokens: 6,
			stop: ['x'],
			sampling: { temperature: 0, topP: 0.5, topK: 3, seed: 4, frequencyPenalty: 1, presencePenalty: -1 },
			format: { is: 'schema', name: 'wall', description: undefined, schema, strict: true },
			verbosity: 'low',
			reasoning: { effort: 'high', budget: undefined, isShown: false },
			user: 'u',
			choices: 1,
			losses: [],
		});
	});

	it.each([
		[{ reasoning: { effort: 'low' } }, { effort: 'low', budget: undefined, isShown: true }],
		[{ reasoning: { max_tokens: 900, exclude: true } }, { effort: undefined, budget: 900, isShown: false }],
		[{ reasoning: { enabled: false } }, { effort: 'none', budget: undefined, isShown: false }],
		[{ thinking: { type: 'enabled', budget_tokens: 50 } }, { effort: undefined, budget: 50, isShown: false }],
		[{}, undefined],
	])('say how much the model is to think: %j', (body, reasoning) => {
		expect(conversationOf(body).reasoning).toEqual(reasoning);
	});

	it.each([
		['auto', { is: 'auto' }],
		[
			{ type: 'function', function: { name: 'look' } },
			{ is: 'tool', name: 'look' },
		],
		[
			{ type: 'custom', custom: { name: 'run' } },
			{ is: 'tool', name: 'run' },
		],
		[{ type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [] } }, { is: 'required' }],
	])('say which tool is to be called: %j', (tool_choice, choice) => {
		expect(conversationOf({ tool_choice }).toolChoice).toEqual(choice);
	});

	it.each([
		['temperature', 'warm'],
		['stop', [7]],
		['parallel_tool_calls', 'no'],
		['tools', ['look']],
		['user', 7],
	])('are refused where they are of the wrong kind: %s', (name, value) => {
		expect(refusalOf({ [name]: value })).toMatchObject({ code: 'invalid_request', param: name });
	});
});

describe('what has no words in a conversation', () => {
	it.each([
		['logprobs', { logprobs: true }],
		['audio output', { modalities: ['text', 'audio'] }],
		['logit_bias', { logit_bias: { 50256: -100 } }],
		['content of the type video_url', { messages: [{ role: 'user', content: [{ type: 'video_url' }] }] }],
		['the tool type web_search', { tools: [{ type: 'web_search' }] }],
		['the forced tool type web_search', { tool_choice: { type: 'web_search' } }],
		['the response format grammar', { response_format: { type: 'grammar' } }],
	])('is needed: %s', (what, body) => {
		expect(lossesOf(body)).toEqual([{ what, isNeeded: true }]);
	});

	it.each([
		['metadata', { metadata: { a: 'b' } }],
		['service_tier', { service_tier: 'flex' }],
		['made_up', { made_up: 1 }],
		['allowed_tools', { tool_choice: { type: 'allowed_tools', mode: 'auto' } }],
		['names of speakers', { messages: [{ role: 'user', name: 'Ann', content: 'Hello' }] }],
		['the tool type web_search', { tools: [{ type: 'web_search' }, { type: 'function', function: { name: 'look' } }] }],
	])('is a hint: %s', (what, body) => {
		expect(lossesOf(body)).toEqual([{ what, isNeeded: false }]);
	});

	it('is nothing where it asks for nothing', () => {
		expect(lossesOf({ logprobs: false, modalities: ['text'], logit_bias: {}, metadata: null, store: false })).toEqual(
			[],
		);
	});

	it('is told with the name of its kind alone, however it is called', () => {
		const messages = [{ role: 'user', content: [{ type: 'a secret: 7'.repeat(100) }] }];
		expect(lossesOf({ messages })).toEqual([{ what: 'content of the type unknown', isNeeded: true }]);
	});
});
