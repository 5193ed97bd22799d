import { describe, expect, it } from 'vitest';
import type { Conversation } from '../../../src/contract/conversation.ts';
import { Refusal } from '../../../src/contract/refusal.ts';
import { readRequest } from '../../../src/dialects/openai-responses/read-request.ts';
import { proofId } from '../../../src/dialects/proofs.ts';

function conversationOf(body: object): Conversation {
	const { request } = readRequest(JSON.stringify({ input: 'Hi', ...body }));
	return request.conversation?.() as Conversation;
}

const lossesOf = (body: object) => conversationOf(body).losses;
const needed = (what: string) => ({ what, isNeeded: true });
const hint = (what: string) => ({ what, isNeeded: false });

describe('the messages of an input', () => {
	it('instructions stand first, a text is the user', () => {
		expect(conversationOf({ instructions: 'Be brief.' }).messages).toEqual([
			{ role: 'system', parts: [{ is: 'text', text: 'Be brief.' }] },
			{ role: 'user', parts: [{ is: 'text', text: 'Hi' }] },
		]);
	});

	it('what the model did in one turn is one message, and so is what its tools returned', () => {
		const input = [
			{ role: 'developer', content: 'Be brief.' },
			{ role: 'user', content: [{ type: 'input_text', text: 'Look' }] },
			{ type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'Hm' }], encrypted_content: 'x' },
			{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'I look', annotations: [] }] },
			{ type: 'function_call', call_id: 'c1', name: 'look', arguments: '{}' },
			{ type: 'custom_tool_call', call_id: 'c2', name: 'patch', input: 'a b' },
			{ type: 'function_call_output', call_id: 'c1', output: [{ type: 'input_image', image_url: 'https://a/b.png' }] },
			{ type: 'custom_tool_call_output', call_id: 'c2', output: 'done' },
			{ role: 'assistant', content: [{ type: 'refusal', refusal: 'No' }] },
		];
		const { messages, losses } = conversationOf({ input });
		expect(messages).toEqual([
			{ role: 'system', parts: [{ is: 'text', text: 'Be brief.' }] },
			{ role: 'user', parts: [{ is: 'text', text: 'Look' }] },
			{
				role: 'assistant',
				parts: [
					{ is: 'reasoning', text: 'Hm' },
					{ is: 'text', text: 'I look' },
					{ is: 'tool-call', id: 'c1', name: 'look', arguments: '{}' },
					{ is: 'tool-call', id: 'c2', name: 'patch', arguments: 'a b', isCustom: true },
				],
			},
			{
				role: 'user',
				parts: [
					{ is: 'tool-result', id: 'c1', parts: [{ is: 'image', source: { is: 'url', url: 'https://a/b.png' } }] },
					{ is: 'tool-result', id: 'c2', parts: [{ is: 'text', text: 'done' }] },
				],
			},
			{ role: 'assistant', parts: [{ is: 'refusal', text: 'No' }] },
		]);
		expect(losses).toEqual([hint('encrypted reasoning')]);
	});

	it('pictures, files and sound keep their sources', () => {
		const content = [
			{ type: 'input_image', image_url: 'data:image/PNG;base64,AAAA', detail: 'low' },
			{ type: 'input_image', file_id: 'file-1' },
			{ type: 'input_file', file_url: 'https://a/b.pdf' },
			{ type: 'input_file', file_data: 'data:application/pdf;base64,BBBB', filename: 'b.pdf' },
			{ type: 'input_audio', input_audio: { format: 'wav', data: 'CCCC' } },
			{ type: 'input_smell' },
		];
		const { messages, losses } = conversationOf({ input: [{ role: 'user', content }] });
		expect(messages[0]?.parts).toEqual([
			{ is: 'image', source: { is: 'data', mediaType: 'image/png', base64: 'AAAA' }, detail: 'low' },
			{ is: 'image', source: { is: 'id', id: 'file-1' } },
			{ is: 'file', source: { is: 'url', url: 'https://a/b.pdf' } },
			{ is: 'file', source: { is: 'data', mediaType: 'application/pdf', base64: 'BBBB' }, name: 'b.pdf' },
			{ is: 'audio', format: 'wav', base64: 'CCCC' },
		]);
		expect(losses).toEqual([needed('content of the type input_smell')]);
	});

	it('a result without its call is refused, unless the call stands at a provider', () => {
		const input = [{ type: 'function_call_output', call_id: 'c1', output: '1' }];
		expect(() => conversationOf({ input })).toThrow(Refusal);
		expect(lossesOf({ input, previous_response_id: 'resp_1' })).toEqual([needed('previous_response_id')]);
		const referred = [{ type: 'item_reference', id: 'fc_1' }, ...input];
		expect(lossesOf({ input: referred })).toEqual([needed('item_reference')]);
	});

	it('what OpenAI did by itself is a hint, what it returned is not', () => {
		const input = [
			{ role: 'user', content: 'Hi' },
			{ type: 'web_search_call', id: 'ws_1', status: 'completed' },
			{ type: 'shell_call_output', call_id: 'c', output: [] },
			{ type: 'compaction', encrypted_content: 'x' },
		];
		expect(lossesOf({ input })).toEqual([
			hint('items of the type web_search_call'),
			needed('items of the type shell_call_output'),
			needed('items of the type compaction'),
		]);
	});
});

describe('the settings of a request', () => {
	it('are read', () => {
		const {
			messages: _,
			losses,
			...read
		} = conversationOf({
			max_output_tokens: 50,
			temperature: 0.5,
			top_p: 0.9,
			parallel_tool_calls: false,
			text: { format: { type: 'json_schema', name: 'a', schema: { type: 'object' }, strict: true }, verbosity: 'low' },
			reasoning: { effort: 'high', summary: 'auto' },
			safety_identifier: 'u1',
			store: false,
			stream_options: { include_obfuscation: false },
		});
		expect(losses).toEqual([]);
		expect(read).toEqual({
			tools: [],
			toolChoice: undefined,
			parallelCalls: false,
			maxTokens: 50,
			stop: [],
			sampling: { temperature: 0.5, topP: 0.9 },
			format: { is: 'schema', name: 'a', description: undefined, schema: { type: 'object' }, strict: true },
			verbosity: 'low',
			reasoning: { effort: 'high', budget: undefined, isShown: true },
			user: 'u1',
			choices: 1,
		});
	});

	it.each([
		[{ store: true }, [hint('store')]],
		[{ include: ['reasoning.encrypted_content'], prompt_cache_key: 'k' }, [hint('include'), hint('prompt_cache_key')]],
		[{ top_logprobs: 2 }, [needed('logprobs')]],
		[{ conversation: { id: 'conv_1' } }, [needed('conversation')]],
		[{ client_metadata: { a: 'b' }, truncation: 'auto' }, [hint('client_metadata'), hint('truncation')]],
		[{ text: { format: { type: 'grammar' } } }, [needed('the response format grammar')]],
		[{ failover: { profile: 'x' }, models: ['m'], metadata: {} }, []],
	])('%j loses what it should', (body, losses) => {
		expect(lossesOf(body)).toEqual(losses);
	});
});

describe('tools', () => {
	const look = { type: 'function', name: 'look', parameters: { type: 'object' }, strict: false };

	it('hosted ones are a hint beside others, and needed alone or forced', () => {
		expect(lossesOf({ tools: [look, { type: 'web_search' }] })).toEqual([hint('the tool type web_search')]);
		expect(lossesOf({ tools: [{ type: 'web_search' }] })).toEqual([needed('the tool type web_search')]);
		expect(lossesOf({ tools: [look, { type: 'mcp' }], tool_choice: { type: 'mcp' } })).toContainEqual(
			needed('the forced tool type mcp'),
		);
	});

	it('a choice among some leaves the others out', () => {
		const tools = [look, { type: 'custom', name: 'patch' }];
		const choice = { type: 'allowed_tools', mode: 'required', tools: [{ type: 'custom', name: 'patch' }] };
		const read = conversationOf({ tools, tool_choice: choice });
		expect(read.tools).toEqual([{ is: 'custom', name: 'patch', description: undefined, format: undefined }]);
		expect(read.toolChoice).toEqual({ is: 'required' });
		const named = conversationOf({ tools, tool_choice: { type: 'function', name: 'look' } });
		expect(named.toolChoice).toEqual({ is: 'tool', name: 'look' });
	});

	it('those of a namespace have names of one kind, in earlier calls too', () => {
		const tools = [look, { type: 'namespace', name: 'mcp', tools: [look, { ...look, name: 'dig' }] }];
		const call = { type: 'function_call', call_id: 'c', namespace: 'mcp', name: 'look', arguments: '{}' };
		const read = conversationOf({ tools, input: [{ role: 'user', content: 'Hi' }, call] });
		expect(read.tools.map(({ name }) => name)).toEqual(['look', 'mcp__look', 'dig']);
		expect(read.messages[1]?.parts).toMatchObject([{ name: 'mcp__look' }]);
	});
});

describe('what is borrowed', () => {
	const borrowedIn = (body: object) => readRequest(JSON.stringify({ input: 'Hi', ...body })).request.borrowed;

	it('is listed where there is something', () => {
		expect(borrowedIn({})).toBeUndefined();
		const input = [
			{ type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'secret' },
			{ type: 'item_reference', id: 'msg_1' },
			{ role: 'user', content: [{ type: 'input_file', file_id: 'file-1' }] },
		];
		const tools = [{ type: 'code_interpreter', container: 'cntr_1' }];
		expect(borrowedIn({ input, tools, previous_response_id: 'resp_1' })).toEqual([
			{ id: 'resp_1', what: 'previous_response_id', isNeeded: true },
			{ id: proofId('secret'), what: 'encrypted reasoning', isNeeded: false },
			{ id: 'msg_1', what: 'item_reference', isNeeded: true },
			{ id: 'file-1', what: 'file_id', isNeeded: true },
			{ id: 'cntr_1', what: 'container', isNeeded: true },
		]);
	});
});
