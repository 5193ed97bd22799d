import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Conversation } from '../../../src/contract/conversation.ts';
import type { ModelAbilities } from '../../../src/contract/dialect.ts';
import { anthropicMessagesProvider } from '../../../src/dialects/anthropic-messages/anthropic-messages.ts';
import { readRequest } from '../../../src/dialects/anthropic-messages/read-request.ts';
import { conversationWith, foreignRequest } from '../../helpers/conversations.ts';
import { plainAsk } from '../../helpers/plain-ask.ts';

const plain = { model: 'm', max_tokens: 10, messages: [{ role: 'user', content: 'Hello' }] };

/** A request of Messages in no dialect's words. */
function conversationOf(members: object): Conversation {
	const conversation = readRequest(JSON.stringify({ ...plain, ...members })).request.conversation?.();
	if (conversation === undefined) throw new Error('it cannot be translated');
	return conversation;
}

const ask = { model: 'model-a', ...plainAsk };

/** A conversation as a request of Messages. */
function rendered(conversation: Partial<Conversation>, more: object = {}) {
	const request = foreignRequest(conversationWith(conversation));
	return JSON.parse(anthropicMessagesProvider.render({ ...ask, request, ...more }).body);
}

function lossesOf(conversation: Partial<Conversation>, model = 'model-a') {
	const abilities: ModelAbilities = { reasons: false };
	const losses = anthropicMessagesProvider.lossesOf(foreignRequest(conversationWith(conversation)), abilities, model);
	return losses.map(({ what, isNeeded }) => (isNeeded ? `${what}!` : what));
}

const user = (text: string) => ({ role: 'user', parts: [{ is: 'text', text }] }) as const;
const assistant = (text: string) => ({ role: 'assistant', parts: [{ is: 'text', text }] }) as const;
const call = (id: string) => ({ is: 'tool-call', id, name: 'age', arguments: '{"a":1}' }) as const;
const result = (id: string) => ({ is: 'tool-result', id, parts: [{ is: 'text', text: 'old' }] }) as const;
const image = (base64: string, mediaType = 'image/png') =>
	({ is: 'image', source: { is: 'data', mediaType, base64 } }) as const;

describe('a request of Messages as a conversation', () => {
	it('has all of what it says', () => {
		const cacheMark = { cache_control: { type: 'ephemeral' } };
		const messages = [
			{
				role: 'user',
				content: [
					{ type: 'text', text: 'Look', ...cacheMark },
					{ type: 'image', source: { type: 'url', url: 'https://x/y.png' } },
				],
			},
			{
				role: 'assistant',
				content: [
					{ type: 'thinking', thinking: 'Hm', signature: 's' },
					{ type: 'redacted_thinking', data: 'x' },
					{ type: 'tool_use', id: 't', name: 'age', input: { a: 1 } },
				],
			},
			{
				role: 'user',
				content: [
					{
						type: 'tool_result',
						tool_use_id: 't',
						is_error: true,
						content: [
							{ type: 'text', text: 'no' },
							{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'aa' } },
						],
					},
					{ type: 'document', title: 'Plan', source: { type: 'base64', media_type: 'application/pdf', data: 'bb' } },
				],
			},
			{ role: 'system', content: 'Now be brief.' },
		];
		const conversation = conversationOf({
			system: [{ type: 'text', text: 'Be kind.' }],
			messages,
			tools: [{ name: 'age', description: 'How old', input_schema: { type: 'object' }, ...cacheMark }],
			tool_choice: { type: 'any', disable_parallel_tool_use: true },
			stop_sequences: ['END'],
			temperature: 0.5,
			top_p: 0.9,
			top_k: 3,
			thinking: { type: 'enabled', budget_tokens: 2000 },
			output_config: { effort: 'max', format: { type: 'json_schema', schema: { type: 'object' } } },
			metadata: { user_id: 'u' },
		});
		expect(conversation).toEqual({
			messages: [
				{ role: 'system', parts: [{ is: 'text', text: 'Be kind.' }] },
				{
					role: 'user',
					parts: [
						{ is: 'text', text: 'Look', cached: true },
						{ is: 'image', source: { is: 'url', url: 'https://x/y.png' } },
					],
				},
				{ role: 'assistant', parts: [{ is: 'reasoning', text: 'Hm' }, { is: 'reasoning', text: '' }, call('t')] },
				{
					role: 'user',
					parts: [
						{ is: 'tool-result', id: 't', parts: [{ is: 'text', text: 'no' }, image('aa')], isError: true },
						{ is: 'file', name: 'Plan', source: { is: 'data', mediaType: 'application/pdf', base64: 'bb' } },
					],
				},
				{ role: 'system', parts: [{ is: 'text', text: 'Now be brief.' }] },
			],
			tools: [
				{
					is: 'function',
					name: 'age',
					description: 'How old',
					schema: { type: 'object' },
					strict: undefined,
					cached: true,
				},
			],
			toolChoice: { is: 'required' },
			parallelCalls: false,
			maxTokens: 10,
			stop: ['END'],
			sampling: { temperature: 0.5, topP: 0.9, topK: 3 },
			format: { is: 'schema', name: undefined, description: undefined, schema: { type: 'object' }, strict: false },
			verbosity: undefined,
			reasoning: { effort: 'xhigh', budget: 2000, isShown: true },
			user: 'u',
			choices: 1,
			losses: [],
		});
	});

	it('names what it has no words for: needed where the answer would be another', () => {
		const search = { type: 'web_search_20250305', name: 'web_search' };
		const own = { name: 'age', input_schema: {} };
		const told = (members: object) =>
			conversationOf(members).losses.map(({ what, isNeeded }) => (isNeeded ? `${what}!` : what));
		expect(told({ tools: [search, own], service_tier: 'auto', context_management: { edits: [] } })).toEqual([
			'the tool type web_search_20250305',
			'service_tier',
			'context_management',
		]);
		expect(told({ tools: [search] })).toEqual(['the tool type web_search_20250305!']);
		expect(told({ tools: [search, own], tool_choice: { type: 'tool', name: 'web_search' } })).toEqual([
			'the tool type web_search_20250305!',
		]);
		expect(told({ tools: [{ ...own, defer_loading: true }], inference_geo: 'eu' })).toEqual([
			'defer_loading',
			'inference_geo!',
		]);
		const content = [{ type: 'hologram' }, { type: 'web_search_tool_result', tool_use_id: 's' }, { type: 'My secret' }];
		expect(told({ messages: [{ role: 'user', content }] })).toEqual([
			'blocks of the type hologram!',
			'blocks of the type web_search_tool_result',
			'blocks of the type unknown!',
		]);
	});

	it.each([
		[
			{ thinking: { type: 'adaptive' }, output_config: { effort: 'low' } },
			{ effort: 'low', budget: undefined, isShown: true },
		],
		[{ thinking: { type: 'adaptive', display: 'omitted' } }, { effort: undefined, budget: undefined, isShown: false }],
		[{ thinking: { type: 'disabled' } }, { effort: 'none', budget: undefined, isShown: false }],
		[{}, undefined],
	])('thinking: %j', (members, expected) => {
		expect(conversationOf(members).reasoning).toEqual(expected);
	});

	it('is the same again when it is rendered and read', () => {
		const text = fc.constantFrom('one', 'two words', 'ünïcode 😀', '"quoted"\n', 'x');
		const said = fc.record({ is: fc.constant('text' as const), text });
		const picture = fc.record({
			is: fc.constant('image' as const),
			source: fc.record({ is: fc.constant('data' as const), mediaType: fc.constant('image/png'), base64: text }),
		});
		const file = fc.record({
			is: fc.constant('file' as const),
			source: fc.oneof(
				fc.record({ is: fc.constant('text' as const), text }),
				fc.record({ is: fc.constant('data' as const), mediaType: fc.constant('application/pdf'), base64: text }),
				fc.record({
					is: fc.constant('url' as const),
					url: fc.constantFrom('https://a.example/b', 'https://c.example/d?e=f'),
				}),
			),
			name: text,
		});
		const turn = fc.tuple(fc.array(fc.oneof(said, picture, file), { minLength: 1, maxLength: 3 }), fc.boolean(), said);
		fc.assert(
			fc.property(fc.array(turn, { minLength: 1, maxLength: 4 }), fc.boolean(), (turns, hasSystem) => {
				const messages = turns.flatMap(([parts, calls, answer], at): Conversation['messages'] => [
					{ role: 'user', parts: [...(at > 0 && turns[at - 1]?.[1] ? [result(`c${at - 1}`)] : []), ...parts] },
					...(at === turns.length - 1
						? []
						: [{ role: 'assistant' as const, parts: [answer, ...(calls ? [call(`c${at}`)] : [])] }]),
				]);
				const system = { role: 'system' as const, parts: [{ is: 'text' as const, text: 'Be kind.' }] };
				const conversation: Partial<Conversation> = {
					messages: hasSystem ? [system, ...messages] : messages,
					tools: [
						{
							is: 'function',
							name: 'age',
							description: 'x',
							schema: { type: 'object', properties: {} },
							strict: undefined,
						},
					],
					toolChoice: { is: 'auto' },
					maxTokens: 100,
					stop: ['END'],
					sampling: { temperature: 0.5, topP: undefined, topK: 4 },
					user: 'u',
				};
				const { model: _, ...body } = rendered(conversation);
				expect(conversationOf(body)).toEqual(conversationWith(conversation));
			}),
			{ numRuns: 100 },
		);
	});
});

describe('a conversation as a request of Messages', () => {
	it('has instructions on top, roles in turns, results first, and the thoughts of nobody', () => {
		const messages: Conversation['messages'] = [
			{ role: 'system', parts: [{ is: 'text', text: 'Be kind.' }] },
			user('One'),
			user('Two'),
			{ role: 'assistant', parts: [{ is: 'reasoning', text: 'Hm' }, call('a:1'), call('a:1'), call('b')] },
			{ role: 'system', parts: [{ is: 'text', text: 'Be brief.' }] },
			user('While you wait'),
			{ role: 'user', parts: [{ ...result('b'), isError: true }] },
			{ role: 'user', parts: [result('a:1'), { is: 'text', text: '' }] },
		];
		const text = (said: string) => ({ type: 'text', text: said });
		const old = [text('old')];
		expect(rendered({ messages })).toEqual({
			model: 'model-a',
			max_tokens: 8192,
			system: [text('Be kind.'), text('Be brief.')],
			messages: [
				{ role: 'user', content: [text('One'), text('Two')] },
				{
					role: 'assistant',
					content: ['a_1', 'a_1_2', 'b'].map((id) => ({ type: 'tool_use', id, name: 'age', input: { a: 1 } })),
				},
				{
					role: 'user',
					content: [
						{ type: 'tool_result', tool_use_id: 'b', content: old, is_error: true },
						{ type: 'tool_result', tool_use_id: 'a_1_2', content: old },
						text('While you wait'),
					],
				},
			],
		});
	});

	it('begins with the user, and does not end in white space', () => {
		expect(rendered({ messages: [assistant('Hello '), user('Go on'), assistant('I ')] }).messages).toMatchObject([
			{ role: 'user', content: [{ text: '.' }] },
			{ role: 'assistant', content: [{ text: 'Hello ' }] },
			{ role: 'user' },
			{ role: 'assistant', content: [{ text: 'I' }] },
		]);
		const { system, messages } = rendered({ messages: [{ role: 'system', parts: [{ is: 'text', text: 'Sing.' }] }] });
		expect([system, messages]).toEqual([undefined, [{ role: 'user', content: [{ type: 'text', text: 'Sing.' }] }]]);
	});

	it.each([
		[undefined, undefined, 8192],
		[undefined, 4096, 4096],
		[100, undefined, 100],
		[128_000, 64_000, 64_000],
		[100, 64_000, 100],
	])('asked for %s tokens of a model that writes %s: %s', (maxTokens, maxOutputTokens, expected) => {
		expect(rendered({ maxTokens }, { abilities: { reasons: false, maxOutputTokens } }).max_tokens).toBe(expected);
	});

	it('thinks with a budget, or by itself, as the model can', () => {
		const reasoning = { effort: 'high', budget: undefined, isShown: true };
		const of = (model: string, members: Partial<Conversation> = {}) => {
			const body = rendered({ reasoning, maxTokens: 50_000, sampling: { temperature: 0.3 }, ...members }, { model });
			return [body.thinking, body.output_config, body.temperature];
		};
		expect(of('claude-sonnet-4-5')).toEqual([{ type: 'enabled', budget_tokens: 16_384 }, undefined, undefined]);
		const adaptive = { type: 'adaptive', display: 'summarized' };
		expect(of('claude-opus-4-7')).toEqual([adaptive, { effort: 'high' }, undefined]);
		expect(of('anthropic/claude-opus-5.5')).toEqual([adaptive, { effort: 'high' }, undefined]);
		const most = { effort: 'xhigh', budget: undefined, isShown: false };
		expect(of('claude-opus-4-6', { reasoning: most })).toEqual([{ type: 'adaptive' }, { effort: 'high' }, undefined]);
		expect(of('claude-sonnet-4-5', { maxTokens: 2000 })[0]).toEqual({ type: 'enabled', budget_tokens: 1600 });
		expect(of('claude-sonnet-4-5', { maxTokens: 1000 })).toEqual([undefined, undefined, 0.3]);
		expect(of('claude-sonnet-4-5', { toolChoice: { is: 'required' } })[0]).toBeUndefined();
		expect(of('claude-sonnet-4-5', { reasoning: { ...reasoning, effort: 'none' } })[0]).toBeUndefined();
		expect(of('claude-3-5-haiku-latest')).toEqual([undefined, undefined, 0.3]);
		expect(of('claude-3-7-sonnet-latest')[0]).toMatchObject({ type: 'enabled' });
		const messages = [
			user('How old?'),
			{ role: 'assistant', parts: [call('a')] },
			{ role: 'user', parts: [result('a')] },
		] as const;
		expect(of('claude-sonnet-4-5', { messages })[0]).toBeUndefined();
	});

	it('samples by temperature or top_p, as high as it goes', () => {
		expect(rendered({ sampling: { temperature: 1.8, topP: 0.5, topK: 7, seed: 1 } })).toMatchObject({
			temperature: 1,
			top_k: 7,
		});
		expect(rendered({ sampling: { temperature: 1.8, topP: 0.5 } })).not.toHaveProperty('top_p');
		expect(rendered({ sampling: { topP: 0.5 } })).toMatchObject({ top_p: 0.5 });
	});

	it('has its tools, and how they may be called', () => {
		const tools: Conversation['tools'] = [
			{ is: 'function', name: 'now', description: undefined, schema: undefined, strict: true, cached: true },
			{ is: 'custom', name: 'sql', description: 'A query', format: undefined },
		];
		const custom = { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] };
		expect(rendered({ tools, parallelCalls: false })).toMatchObject({
			tools: [
				{ name: 'now', input_schema: { type: 'object', properties: {} }, cache_control: { type: 'ephemeral' } },
				{ name: 'sql', description: 'A query', input_schema: custom },
			],
			tool_choice: { type: 'auto', disable_parallel_tool_use: true },
		});
		const choice = (toolChoice: Conversation['toolChoice']) => rendered({ tools, toolChoice }).tool_choice;
		expect(choice({ is: 'required' })).toEqual({ type: 'any' });
		expect(choice({ is: 'none' })).toEqual({ type: 'none' });
		expect(choice({ is: 'tool', name: 'sql' })).toEqual({ type: 'tool', name: 'sql' });
		expect(rendered({ toolChoice: { is: 'required' } })).not.toHaveProperty('tool_choice');
		const part = { is: 'tool-call', id: 'c', name: 'sql', arguments: 'SELECT', isCustom: true } as const;
		const broken = { ...call('d'), arguments: '{"a"' };
		expect(
			rendered({ messages: [user('x'), { role: 'assistant', parts: [part, broken] }] }).messages[1].content,
		).toMatchObject([{ input: { input: 'SELECT' } }, { input: { INVALID_JSON: '{"a"' } }]);
	});

	it('marks at most four places for the cache, the last ones', () => {
		const messages: Conversation['messages'] = [1, 2, 3, 4, 5, 6].map((count) => ({
			role: 'user',
			parts: [{ is: 'text', text: `part ${count}`, cached: true }],
		}));
		const [{ content }] = rendered({ messages }).messages;
		expect(content.map((block: object) => 'cache_control' in block)).toEqual([false, false, true, true, true, true]);
	});

	it('goes on with an answer: as a prefill without thoughts, or told to', () => {
		const more = { shown: 'So far', abilities: { reasons: true } };
		const reasoning = { effort: 'low', budget: undefined, isShown: false };
		const prefill = rendered({ reasoning }, { ...more, way: 'prefill', model: 'claude-sonnet-4-5' });
		expect(prefill).not.toHaveProperty('thinking');
		expect(prefill.stream).toBe(true);
		expect(prefill.messages.slice(1)).toEqual([{ role: 'assistant', content: [{ type: 'text', text: 'So far' }] }]);
		const told = rendered({ messages: [user('x'), assistant('I say: ')] }, { ...more, way: 'instruct' });
		expect(told.messages).toMatchObject([
			{ role: 'user' },
			{ role: 'assistant', content: [{ text: 'I say: ' }, { text: 'So far' }] },
			{ role: 'user', content: [{ text: expect.stringContaining('cut off') }] },
		]);
	});

	it('has what the configuration sets', () => {
		const members = { defaults: { temperature: '0.1', top_k: '5' }, force: { max_tokens: '7' } };
		expect(rendered({ sampling: { temperature: 0.4 } }, { members })).toMatchObject({
			temperature: 0.4,
			top_k: 5,
			max_tokens: 7,
		});
	});

	it('names what it cannot be told', () => {
		const large = 'A'.repeat(7_000_000);
		const parts = (...all: Conversation['messages'][number]['parts']) => ({
			messages: [{ role: 'user', parts: all }] as const,
		});
		expect(lossesOf(parts(image(large), image('aa', 'image/bmp'), image('aa')))).toEqual([
			'images over 5 MB!',
			'images of the type image/bmp!',
		]);
		expect(lossesOf(parts({ is: 'audio', format: 'wav', base64: 'aa' }))).toEqual(['audio!']);
		expect(lossesOf(parts({ is: 'file', source: { is: 'id', id: 'file_1' } }))).toEqual(['file ids!']);
		const zip = { is: 'data', mediaType: 'application/zip', base64: 'aa' } as const;
		const csv = { is: 'data', mediaType: 'text/csv', base64: 'aa' } as const;
		expect(lossesOf(parts({ is: 'file', source: zip }, { is: 'file', source: csv }))).toEqual([
			'files of the type application/zip!',
		]);
		const sampling = { temperature: 1, topP: 1, topK: 1, seed: 1, frequencyPenalty: 1, presencePenalty: 1 };
		expect(lossesOf({ choices: 2, sampling, format: { is: 'json' }, verbosity: 'low' })).toEqual([
			'several answers at once!',
			'JSON without a schema',
			'verbosity',
			'seed',
			'frequency_penalty',
			'presence_penalty',
		]);
		expect(lossesOf({ sampling: { temperature: 1 } }, 'claude-opus-5')).toEqual(['temperature']);
		const format = { is: 'schema', name: 'n', description: undefined, schema: {}, strict: true } as const;
		const reasoning = { effort: 'low', budget: undefined, isShown: false };
		const older = lossesOf({ format, reasoning }, 'claude-3-5-sonnet-20241022');
		expect(older).toEqual(['a JSON schema for the answer!', 'reasoning']);
		expect(lossesOf({ format, reasoning }, 'claude-sonnet-4-20250514')).toEqual(['a JSON schema for the answer!']);
		expect(lossesOf({ format, reasoning }, 'claude-sonnet-4-5-20250929')).toEqual([]);
		expect(lossesOf({ losses: [{ what: 'logprobs', isNeeded: true }] })).toEqual(['logprobs!']);
	});
});
