import { describe, expect, it } from 'vitest';
import type { ClientDialect, ProviderDialect } from '../../src/contract/dialect.ts';
import {
	anthropicMessagesClient,
	anthropicMessagesProvider,
} from '../../src/dialects/anthropic-messages/anthropic-messages.ts';
import { openaiChatClient, openaiChatProvider } from '../../src/dialects/openai-chat/openai-chat.ts';
import {
	openaiResponsesClient,
	openaiResponsesProvider,
} from '../../src/dialects/openai-responses/openai-responses.ts';
import { plainAsk } from '../helpers/plain-ask.ts';

const clients = { chat: openaiChatClient, messages: anthropicMessagesClient, responses: openaiResponsesClient };
const providers = {
	chat: openaiChatProvider,
	messages: anthropicMessagesProvider,
	responses: openaiResponsesProvider,
};

const hi = { role: 'user', content: 'Hi' };
const plain = {
	chat: { messages: [hi] },
	messages: { max_tokens: 100, messages: [hi] },
	responses: { input: 'Hi' },
};

/** What a provider is asked for a request of another dialect, and what it is not told. */
function asked(from: keyof typeof clients, to: keyof typeof providers, body: object, model = 'model-a') {
	const client: ClientDialect = clients[from];
	const provider: ProviderDialect = providers[to];
	const { request } = client.read(JSON.stringify({ ...plain[from], ...body }));
	const losses = provider.lossesOf(request, { reasons: false }, model);
	expect(losses.filter(({ isNeeded }) => isNeeded)).toEqual([]);
	const ask = { request, model, ...plainAsk };
	return JSON.parse(provider.render(ask).body);
}

describe('how many tokens an answer may have', () => {
	it.each([-1, 0])('%i is no number of them', (most) => {
		expect(asked('chat', 'messages', { max_tokens: most }).max_tokens).toBe(8192);
		expect(asked('chat', 'responses', { max_completion_tokens: most }).max_output_tokens).toBeUndefined();
		expect(asked('responses', 'chat', { max_output_tokens: most }).max_tokens).toBeUndefined();
	});
});

describe('the name of an end user', () => {
	const long = `user_${'a'.repeat(64)}_account_b_session_c`;

	it('is shortened where it is longer than OpenAI takes it, always to the same', () => {
		const metadata = { user_id: long };
		const { user } = asked('messages', 'chat', { metadata });
		expect(user).toMatch(/^[0-9a-f]{64}$/);
		expect(asked('messages', 'responses', { metadata }).user).toBe(user);
		expect(asked('messages', 'chat', { metadata: { user_id: 'short' } }).user).toBe('short');
	});

	it.each(['ada@example.org', '+44 20 7946 0958', '02079460958'])('%s is not told to Anthropic', (user) => {
		expect(asked('chat', 'messages', { user }).metadata.user_id).toMatch(/^[0-9a-f]{64}$/);
	});

	it('is told to Anthropic as it is where it is no person', () => {
		expect(asked('chat', 'messages', { user: long }).metadata).toEqual({ user_id: long });
	});
});

describe('a picture whose type is named by the ending of its file', () => {
	const url = 'data:image/jpg;base64,aaaa';
	const source = { type: 'base64', media_type: 'image/jpg', data: 'aaaa' };

	it('is one of the type that is meant', () => {
		const image = { role: 'user', content: [{ type: 'image_url', image_url: { url } }] };
		expect(asked('chat', 'messages', { messages: [image] }).messages[0].content[0].source).toEqual({
			...source,
			media_type: 'image/jpeg',
		});
		const item = { role: 'user', content: [{ type: 'input_image', image_url: url }] };
		expect(asked('responses', 'messages', { input: [item] }).messages[0].content[0].source.media_type).toBe(
			'image/jpeg',
		);
		const block = { role: 'user', content: [{ type: 'image', source }] };
		expect(asked('messages', 'chat', { messages: [block] }).messages[0].content[0].image_url.url).toBe(
			'data:image/jpeg;base64,aaaa',
		);
	});
});

describe('a tool that takes nothing', () => {
	const empty = { type: 'object', properties: {} };

	it.each([[undefined], [{}], [{ properties: {} }], [{ type: 'object' }], [{ type: 'object', properties: null }]])(
		'with the schema %j has one that every API takes',
		(parameters) => {
			const tools = [{ type: 'function', function: { name: 'now', parameters } }];
			expect(asked('chat', 'messages', { tools }).tools[0].input_schema).toEqual(empty);
			expect(asked('chat', 'responses', { tools }).tools[0].parameters).toEqual(empty);
			if (parameters === undefined) return;
			const own = [{ name: 'now', input_schema: parameters }];
			expect(asked('messages', 'chat', { tools: own }).tools[0].function.parameters).toEqual(empty);
		},
	);

	it('keeps all else that its schema says', () => {
		const schema = {
			$defs: { a: { type: 'string' } },
			additionalProperties: false,
			properties: { a: { $ref: '#/$defs/a' } },
		};
		const tools = [{ type: 'function', function: { name: 'now', parameters: schema } }];
		expect(asked('chat', 'messages', { tools }).tools[0].input_schema).toEqual({ ...schema, type: 'object' });
	});
});

describe('a schema for the answer', () => {
	const answer = {
		type: 'object',
		properties: {
			minimum: { type: 'integer', minimum: 1, maximum: 9, description: 'At least.' },
			tags: { type: 'array', minItems: 2, items: { type: 'string', maxLength: 5 } },
			wall: { type: 'object', properties: { age: { type: 'number', const: { minimum: 1 } } } },
		},
		required: ['minimum'],
	};

	it('is closed for Anthropic, with the bounds that it refuses in words', () => {
		const response_format = { type: 'json_schema', json_schema: { name: 'wall', schema: answer } };
		const { output_config: config } = asked('chat', 'messages', { response_format }, 'claude-opus-4-6');
		expect(config.format).toEqual({
			type: 'json_schema',
			schema: {
				type: 'object',
				properties: {
					minimum: { type: 'integer', description: 'At least. (minimum: 1, maximum: 9)' },
					tags: {
						type: 'array',
						items: { type: 'string', description: '(maxLength: 5)' },
						description: '(minItems: 2)',
					},
					wall: {
						type: 'object',
						properties: { age: { type: 'number', const: { minimum: 1 } } },
						additionalProperties: false,
					},
				},
				required: ['minimum'],
				additionalProperties: false,
			},
		});
	});

	it('is strict for OpenAI only where OpenAI can hold a model to it', () => {
		const strictOf = (schema: object) => {
			const body = { output_config: { format: { type: 'json_schema', schema } } };
			const [tool] = asked('messages', 'chat', { tools: [{ name: 'a', strict: true, input_schema: schema }] }).tools;
			return [asked('messages', 'chat', body).response_format.json_schema.strict, tool.function.strict];
		};
		const closed = {
			type: 'object',
			properties: { a: { type: 'string' } },
			required: ['a'],
			additionalProperties: false,
		};
		expect(strictOf(closed)).toEqual([true, true]);
		expect(strictOf({ ...closed, required: [] })).toEqual([false, false]);
		expect(strictOf({ ...closed, properties: { a: { type: 'object', properties: {} } } })).toEqual([false, false]);
	});
});

describe('what Claude Code says to Anthropic alone', () => {
	const line = 'x-anthropic-billing-header: cc_version=2.1; cc_entrypoint=cli; cch=36ee5;';
	const first = (system: unknown) => asked('messages', 'chat', { system }).messages[0];

	it('is not told to others, whose caches it would miss', () => {
		const system = [
			{ type: 'text', text: line },
			{ type: 'text', text: 'Be kind.' },
		];
		expect(first(system)).toEqual({ role: 'system', content: 'Be kind.' });
		expect(first(`${line}\nBe kind.`)).toEqual({ role: 'system', content: 'Be kind.' });
		expect(first([{ type: 'text', text: line }])).toEqual(hi);
		expect(first(`Be kind. ${line}`)).toEqual({ role: 'system', content: `Be kind. ${line}` });
	});
});

describe('a conversation that ends with the model', () => {
	const messages = [hi, { role: 'assistant', content: 'Hello ' }];
	const text = (said: string) => [{ type: 'text', text: said }];

	it('is gone on with by models that do so, without white space at its end', () => {
		expect(asked('chat', 'messages', { messages }, 'claude-sonnet-4-5').messages.at(-1)).toEqual({
			role: 'assistant',
			content: text('Hello'),
		});
	});

	it.each(['claude-opus-4-6', 'anthropic/claude-sonnet-5'])('%s is asked to go on', (model) => {
		expect(asked('chat', 'messages', { messages }, model).messages.slice(1)).toEqual([
			{ role: 'assistant', content: text('Hello ') },
			{ role: 'user', content: text('Go on from where your last message ends.') },
		]);
	});
});

describe('nothing where something must stand', () => {
	it('messages without any content are one that may be sent', () => {
		const [only] = asked('chat', 'messages', { messages: [{ role: 'user', content: '' }] }).messages;
		expect(only).toEqual({ role: 'user', content: [{ type: 'text', text: '.' }] });
	});

	it('without tools none is chosen', () => {
		const body = { tools: [], tool_choice: 'auto', parallel_tool_calls: true };
		expect(asked('chat', 'responses', body)).not.toHaveProperty('tool_choice');
		expect(asked('chat', 'responses', body)).not.toHaveProperty('parallel_tool_calls');
	});

	it('a call without arguments has an empty object, and an id that is too long is shortened with its result', () => {
		const id = 'x'.repeat(70);
		const call = { id, type: 'function', function: { name: 'now', arguments: '' } };
		const messages = [
			hi,
			{ role: 'assistant', content: null, tool_calls: [call] },
			{ role: 'tool', tool_call_id: id, content: 'noon' },
		];
		const [, called, result] = asked('chat', 'responses', { messages }).input;
		expect(called).toMatchObject({ type: 'function_call', arguments: '{}' });
		expect(called.call_id.length).toBeLessThanOrEqual(64);
		expect(result.call_id).toBe(called.call_id);
	});
});

describe('what tools returned, where it does not stand right behind their calls', () => {
	const call = (id: string) => ({ type: 'function_call', call_id: id, name: 'age', arguments: '{}' });
	const output = (id: string) => ({ type: 'function_call_output', call_id: id, output: `of ${id}` });
	const says = (role: string, content: string) => ({ role, content });
	const input = [
		says('user', 'Hi'),
		...[call('a'), call('b'), says('developer', 'Be quick.'), says('user', 'Well?'), output('b')],
		...[says('assistant', 'One moment.'), output('a'), call('a'), output('a')],
		says('user', 'So?'),
	];

	it('stands there for chat', () => {
		const { messages } = asked('responses', 'chat', { input }, 'gpt-4o');
		const told = messages.map((message: Record<string, unknown>) => message.tool_call_id ?? message.role);
		expect(told).toEqual(['user', 'assistant', 'b', 'a', 'system', 'user', 'assistant', 'a', 'user']);
	});

	it('stands there for Messages', () => {
		const { messages, system } = asked('responses', 'messages', { input });
		const told = messages.map(({ role, content }: { role: string; content: Record<string, unknown>[] }) => [
			role,
			...content.map((block) => block.id ?? block.tool_use_id ?? block.text),
		]);
		expect(system).toHaveLength(1);
		expect(told).toEqual([
			['user', 'Hi'],
			['assistant', 'a', 'b'],
			['user', 'b', 'a', 'Well?'],
			['assistant', 'One moment.', 'a_2'],
			['user', 'a_2', 'So?'],
		]);
	});
});

describe('a name of a tool that not every API takes', () => {
	const long = `mcp__plugin_chrome-devtools-mcp__${'performance_'.repeat(5)}insight`;
	const names = [long, `${long}s`, 'files.read', 'age'];
	const call = (name: string, at: number) => ({ id: `c${at}`, type: 'function', function: { name, arguments: '{}' } });
	const chat = {
		tools: names.map((name) => ({ type: 'function', function: { name } })),
		tool_choice: { type: 'function', function: { name: 'files.read' } },
		messages: [
			hi,
			{ role: 'assistant', content: null, tool_calls: names.map(call) },
			...names.map((_, at) => ({ role: 'tool', tool_call_id: `c${at}`, content: 'x' })),
		],
	};
	const messages = { tools: names.map((name) => ({ name, input_schema: { type: 'object' } })) };
	const responses = { tools: names.map((name) => ({ type: 'function', name })) };

	/** What a caller is told that calls them all, for each way to tell it. */
	function told(from: keyof typeof clients, body: object, given: readonly string[]): string[] {
		const client: ClientDialect = clients[from];
		const { request } = client.read(JSON.stringify({ ...plain[from], ...body, stream: true }));
		const parts = given.map(
			(name, index) => ({ is: 'tool-call', choice: 0, index, id: `c${index}`, name, arguments: '{}' }) as const,
		);
		const raw = { dialect: 'other', data: '{}', value: {} };
		const finish = { is: 'finish', choice: 0, reason: 'tool_calls' } as const;
		const event = { parts: [...parts, finish], model: 'm', raw };
		const [stream, document] = [client.newStream(request, 'r'), client.newDocument(request, 'r')];
		document.add(event);
		return [stream.write([event]) + stream.end(), document.whole()].map((text) =>
			names
				.filter((name) => ['arguments', 'input'].some((next) => text.includes(`"name":"${name}","${next}"`)))
				.join(' '),
		);
	}

	it('is told as one that it takes, and the caller is told its own', () => {
		const { tools, tool_choice: choice, messages: said } = asked('chat', 'messages', chat);
		const plainNames: string[] = tools.map(({ name }: { name: string }) => name);
		for (const name of plainNames) expect(name).toMatch(/^[\w-]{1,64}$/);
		expect(new Set(plainNames).size).toBe(names.length);
		expect(plainNames[3]).toBe('age');
		expect(choice.name).toBe(plainNames[2]);
		expect(said[1].content.map(({ name }: { name: string }) => name)).toEqual(plainNames);
		const ofChat = asked('messages', 'chat', messages).tools.map(
			(tool: { function: { name: string } }) => tool.function.name,
		);
		const ofResponses = asked('messages', 'responses', messages).tools.map(({ name }: { name: string }) => name);
		expect([ofChat, ofResponses]).toEqual([plainNames, plainNames]);
		const all = names.join(' ');
		expect(told('chat', chat, plainNames)).toEqual([all, all]);
		expect(told('messages', messages, plainNames)).toEqual([all, all]);
		expect(told('responses', responses, plainNames)).toEqual([all, all]);
	});
});
