import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { Conversation, MessagePart } from '../../../src/contract/conversation.ts';
import type { ProviderAsk } from '../../../src/contract/dialect.ts';
import { lossesOf } from '../../../src/dialects/openai-responses/losses.ts';
import { readRequest } from '../../../src/dialects/openai-responses/read-request.ts';
import { renderRequest } from '../../../src/dialects/openai-responses/render-request.ts';
import { proofId } from '../../../src/dialects/proofs.ts';
import { conversationWith, foreignRequest } from '../../helpers/conversations.ts';
import { plainAsk } from '../../helpers/plain-ask.ts';

const asked = { model: 'm', ...plainAsk };

const render = (text: string, ask: Partial<ProviderAsk> = {}) =>
	renderRequest({ ...asked, request: readRequest(text).request, ...ask }).body;
const rendered = (members: Partial<Conversation>, ask: Partial<ProviderAsk> = {}) =>
	JSON.parse(renderRequest({ ...asked, request: foreignRequest(conversationWith(members)), ...ask }).body);

describe('a request of its own', () => {
	it('keeps every byte but its model, and loses what is ours', () => {
		const text = '{ "model" : "x", "seed": 12345678901234567890, "failover":{}, "input":"Hi"}';
		expect(render(text)).toBe('{ "model" : "m", "seed": 12345678901234567890, "input":"Hi"}');
	});

	it('goes on with what was said, in words, whichever way it is asked', () => {
		for (const way of ['prefill', 'instruct'] as const) {
			const { input, stream } = JSON.parse(render('{"input":"Hi"}', { way, shown: 'So far' }));
			expect(stream).toBe(true);
			expect(input.slice(0, 2)).toEqual([
				{ role: 'user', content: 'Hi' },
				{ role: 'assistant', content: 'So far' },
			]);
			expect(input[2]).toMatchObject({ role: 'user', content: expect.stringContaining('cut off') });
		}
		const list = '[ {"role":"user","content":"Hi", "n": 1.0} ]';
		const more = render(`{"input":${list}}`, { way: 'instruct', shown: 'So far' });
		expect(more).toContain('{"input":[{"role":"user","content":"Hi", "n": 1.0},{"role":"assistant"');
	});

	it('is asked for no more than the model can write', () => {
		const abilities = { maxOutputTokens: 100, reasons: false };
		expect(render('{"input":"Hi","max_output_tokens":500}', { abilities })).toContain('"max_output_tokens":100');
		expect(render('{"input":"Hi","max_output_tokens":50}', { abilities })).toContain('"max_output_tokens":50');
		expect(render('{"input":"Hi"}', { abilities })).not.toContain('max_output_tokens');
	});

	it('leaves out the thoughts of others, and the ids that would have them looked for', () => {
		const own = '{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"own"}';
		const other = '{"type":"reasoning","id":"rs_2","summary":[],"encrypted_content":"other"}';
		const message = '{"type":"message","id":"msg_2","role":"assistant", "content":"Hi"}';
		const text = `{"input":[${own}, ${other},${message}]}`;
		const foreign = new Set([proofId('other')]);
		expect(render(text, { foreign })).toBe(
			`{"input":[${own},{"type":"message","role":"assistant", "content":"Hi"}],"model":"m"}`,
		);
		expect(render(text)).toBe(`{"input":[${own}, ${other},${message}],"model":"m"}`);
	});

	it('leaves out what Breakwater made itself, which no provider knows', () => {
		const text =
			'{"input":[{"type":"reasoning","id":"rs_bw_r_0","summary":[]},{"type":"function_call","id":"fc_bw_r_1","call_id":"c"}]}';
		expect(render(text)).toBe('{"input":[{"type":"function_call","call_id":"c"}],"model":"m"}');
	});
});

describe('a conversation of another dialect', () => {
	it('is written with what it says, to be kept by nobody', () => {
		const body = rendered({
			messages: [
				{ role: 'system', parts: [{ is: 'text', text: 'Be brief.' }] },
				{
					role: 'user',
					parts: [
						{ is: 'text', text: 'Look' },
						{ is: 'image', source: { is: 'data', mediaType: 'image/png', base64: 'AAAA' } },
						{ is: 'file', source: { is: 'text', text: 'notes' } },
					],
				},
				{
					role: 'assistant',
					parts: [
						{ is: 'reasoning', text: 'Hm' },
						{ is: 'text', text: 'I look' },
						{ is: 'tool-call', id: 'c1', name: 'look', arguments: '{}' },
						{ is: 'tool-call', id: 'c2', name: 'patch', arguments: 'a', isCustom: true },
					],
				},
				{
					role: 'user',
					parts: [
						{ is: 'tool-result', id: 'c1', parts: [{ is: 'text', text: 'it' }], isError: true },
						{ is: 'tool-result', id: 'c2', parts: [{ is: 'text', text: 'done' }] },
						{ is: 'text', text: 'And?' },
					],
				},
			],
			tools: [
				{ is: 'function', name: 'look', description: 'Looks', schema: undefined, strict: undefined },
				{
					is: 'custom',
					name: 'patch',
					description: undefined,
					format: { type: 'grammar', grammar: { syntax: 'lark' } },
				},
			],
			toolChoice: { is: 'tool', name: 'patch' },
			format: { is: 'json' },
			reasoning: { effort: undefined, budget: 4000, isShown: true },
			maxTokens: 4,
			sampling: { temperature: 1 },
		});
		expect(body).toEqual({
			model: 'm',
			input: [
				{ type: 'message', role: 'system', content: 'Be brief.' },
				{
					type: 'message',
					role: 'user',
					content: [
						{ type: 'input_text', text: 'Look' },
						{ type: 'input_image', image_url: 'data:image/png;base64,AAAA' },
						{ type: 'input_text', text: 'notes' },
					],
				},
				{ type: 'message', role: 'assistant', content: 'I look' },
				{ type: 'function_call', call_id: 'c1', name: 'look', arguments: '{}' },
				{ type: 'custom_tool_call', call_id: 'c2', name: 'patch', input: 'a' },
				{ type: 'function_call_output', call_id: 'c1', output: 'Error: it' },
				{ type: 'custom_tool_call_output', call_id: 'c2', output: 'done' },
				{ type: 'message', role: 'user', content: 'And?' },
			],
			tools: [
				{
					type: 'function',
					name: 'look',
					description: 'Looks',
					parameters: { type: 'object', properties: {} },
					strict: false,
				},
				{ type: 'custom', name: 'patch', format: { type: 'grammar', syntax: 'lark' } },
			],
			tool_choice: { type: 'custom', name: 'patch' },
			text: { format: { type: 'json_object' } },
			max_output_tokens: 16,
			temperature: 1,
			store: false,
		});
	});

	it('a model that thinks is told how much, and nothing of how it draws words', () => {
		const reasoning = { effort: undefined, budget: 4000, isShown: true };
		const body = rendered({ reasoning, sampling: { temperature: 1 }, verbosity: 'low' }, { model: 'gpt-5.2' });
		expect(body).toMatchObject({ reasoning: { effort: 'low', summary: 'auto' }, text: { verbosity: 'low' } });
		expect(body).not.toHaveProperty('temperature');
	});

	it('what it cannot be told is said before', () => {
		const request = foreignRequest(
			conversationWith({
				stop: ['END'],
				choices: 2,
				sampling: { topK: 3, temperature: 0 },
				messages: [{ role: 'user', parts: [{ is: 'audio', format: 'wav', base64: 'A' }] }],
			}),
		);
		expect(lossesOf(request, { reasons: false }, 'o3')).toEqual([
			{ what: 'stop sequences', isNeeded: true },
			{ what: 'several answers at once', isNeeded: true },
			{ what: 'top_k', isNeeded: false },
			{ what: 'temperature', isNeeded: false },
			{ what: 'audio', isNeeded: true },
		]);
	});
});

const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 });
const said: fc.Arbitrary<MessagePart> = fc.oneof(
	fc.record({ is: fc.constant('text' as const), text: word }),
	fc.record({
		is: fc.constant('image' as const),
		source: fc.record({
			is: fc.constant('data' as const),
			mediaType: fc.constant('image/png'),
			base64: fc.base64String({ minLength: 4, maxLength: 8 }),
		}),
		detail: fc.constantFrom('low', 'high'),
	}),
	fc.record({
		is: fc.constant('file' as const),
		source: fc.record({ is: fc.constant('url' as const), url: fc.webUrl() }),
	}),
);
/** A turn of the user, one of the model, and what its tools returned. */
const turn = fc
	.tuple(
		fc.array(said, { minLength: 1, maxLength: 3 }),
		word,
		fc.array(
			fc.record({ name: fc.stringMatching(/^[a-z]{1,8}$/), arguments: word, isCustom: fc.boolean(), result: word }),
			{ maxLength: 2 },
		),
	)
	.map(([parts, text, calls]) => ({ parts, text, calls }));

test('a conversation that is written and read again says the same', () => {
	fc.assert(
		fc.property(fc.array(turn, { minLength: 1, maxLength: 3 }), fc.boolean(), (turns, isStrict) => {
			const messages = turns.flatMap(({ parts, text, calls }, at): Conversation['messages'] => [
				{ role: 'user', parts },
				{
					role: 'assistant',
					parts: [
						{ is: 'text', text },
						...calls.map(
							({ name, arguments: given, isCustom }, index): MessagePart => ({
								is: 'tool-call',
								id: `c${at}_${index}`,
								name,
								arguments: given,
								...(isCustom ? { isCustom } : {}),
							}),
						),
					],
				},
				...(calls.length === 0
					? []
					: ([
							{
								role: 'user',
								parts: calls.map(({ result }, index): MessagePart => {
									return { is: 'tool-result', id: `c${at}_${index}`, parts: [{ is: 'text', text: result }] };
								}),
							},
						] as const)),
			]);
			const conversation = conversationWith({
				messages,
				tools: [
					{ is: 'function', name: 'f', description: 'd', schema: { type: 'object', properties: {} }, strict: isStrict },
				],
				toolChoice: { is: 'tool', name: 'f' },
				maxTokens: 100,
				sampling: { temperature: 0.5 },
			});
			const { body } = renderRequest({ ...asked, request: foreignRequest(conversation) });
			const read = readRequest(body).request.conversation?.();
			expect(read).toEqual(conversation);
		}),
		{ numRuns: 100 },
	);
});
