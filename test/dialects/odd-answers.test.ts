import { describe, expect, it } from 'vitest';
import type { AnswerEvent } from '../../src/contract/answer-parts.ts';
import type { ProviderDialect } from '../../src/contract/dialect.ts';
import { anthropicMessagesClient } from '../../src/dialects/anthropic-messages/anthropic-messages.ts';
import { openaiChatProvider } from '../../src/dialects/openai-chat/openai-chat.ts';
import {
	openaiResponsesClient,
	openaiResponsesProvider,
} from '../../src/dialects/openai-responses/openai-responses.ts';

/** What a provider sends, as events: read from the bytes of a stream. */
function read(dialect: ProviderDialect, events: readonly object[]): readonly AnswerEvent[] {
	const reader = dialect.newReader({ model: 'm', maxEventLength: 100_000, choices: 1 });
	const bytes = Buffer.from(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''));
	const given = [...reader.feed(bytes), ...reader.finish()];
	expect(reader.state).toEqual({ is: 'whole' });
	return given;
}

const bodies = {
	messages: [anthropicMessagesClient, { model: 'm', max_tokens: 10, messages: [{ role: 'user', content: 'Hi' }] }],
	responses: [openaiResponsesClient, { input: 'Hi' }],
} as const;

function document(client: keyof typeof bodies, events: readonly AnswerEvent[], more: object = {}) {
	const [dialect, body] = bodies[client];
	const { request } = dialect.read(JSON.stringify({ ...body, ...more }));
	const writer = dialect.newDocument(request, 'r');
	for (const event of events) writer.add(event);
	return JSON.parse(writer.whole());
}

const chunk = (delta: object, finish_reason: string | null = null) => ({
	id: 'c',
	model: 'm',
	choices: [{ index: 0, delta, finish_reason }],
});
const called = (members: object) => chunk({ tool_calls: [{ index: 0, type: 'function', ...members }] });
const chat = (...chunks: object[]) => read(openaiChatProvider, [...chunks, chunk({}, 'tool_calls')]);

describe('pieces of a call, as servers of chat send them', () => {
	it.each(['', null])('an id and a name that come again as %j are none', (again) => {
		const events = chat(
			called({ id: 'call_1', function: { name: 'age', arguments: '' } }),
			called({ id: again, function: { name: again, arguments: '{"of":' } }),
			called({ id: again, function: { name: again, arguments: '"wall"}' } }),
		);
		expect(document('messages', events).content).toEqual([
			{ type: 'tool_use', id: 'call_1', name: 'age', input: { of: 'wall' } },
		]);
		expect(document('responses', events).output).toMatchObject([
			{ type: 'function_call', call_id: 'call_1', name: 'age', arguments: '{"of":"wall"}' },
		]);
	});

	it('an id that is empty at first is told later', () => {
		const events = chat(
			called({ id: '', function: { name: 'age', arguments: '{' } }),
			called({ id: 'call_1', function: { arguments: '}' } }),
		);
		expect(document('messages', events).content).toEqual([{ type: 'tool_use', id: 'call_1', name: 'age', input: {} }]);
	});

	it('a name comes in pieces', () => {
		const events = chat(
			called({ id: 'call_1', function: { name: 'wall_', arguments: '' } }),
			called({ function: { name: 'age', arguments: '{}' } }),
		);
		expect(document('messages', events).content[0].name).toBe('wall_age');
		expect(document('responses', events).output[0].name).toBe('wall_age');
	});

	it('arguments that are told once more are told once', () => {
		const whole = '{"of":"wall"}';
		const events = chat(
			called({ id: 'call_1', function: { name: 'age', arguments: '{"of":' } }),
			called({ function: { arguments: '"wall"}' } }),
			called({ function: { arguments: whole } }),
			called({ id: 'call_1', function: { name: 'age', arguments: whole } }),
		);
		expect(document('messages', events).content[0].input).toEqual({ of: 'wall' });
		const pieces = events.map(({ raw }) => (raw.value as ReturnType<typeof chunk>).choices[0]?.delta) as {
			tool_calls?: { function: { arguments: string } }[];
		}[];
		expect(pieces.map((delta) => delta.tool_calls?.[0]?.function.arguments ?? '').join('')).toBe(whole);
	});

	it('a tool that takes nothing is called with an empty object', () => {
		const events = chat(called({ id: 'call_1', function: { name: 'age', arguments: '' } }));
		expect(document('messages', events).content[0].input).toEqual({});
		expect(document('responses', events).output[0].arguments).toBe('{}');
	});
});

describe('a custom tool that a provider of chat was told of as a function', () => {
	const tools = [{ type: 'custom', name: 'apply_patch' }];

	it.each([
		['{"input":"*** Begin"}', '*** Begin'],
		['{"patch":"*** Begin"}', '*** Begin'],
		['{"patch":"*** Begin","path":"a"}', '{"patch":"*** Begin","path":"a"}'],
		['*** Begin', '*** Begin'],
	])('is called with the text of %s', (given, input) => {
		const events = chat(called({ id: 'call_1', function: { name: 'apply_patch', arguments: given } }));
		expect(document('responses', events, { tools }).output).toMatchObject([
			{ type: 'custom_tool_call', name: 'apply_patch', call_id: 'call_1', input },
		]);
	});
});

describe('a call of a response whose name is told with its end', () => {
	it('has that name', () => {
		const item = { id: 'fc_1', type: 'function_call', call_id: 'call_1', name: 'age', arguments: '{"of":"wall"}' };
		const events = read(openaiResponsesProvider, [
			{ type: 'response.created', response: { id: 'r', status: 'in_progress', output: [] } },
			{ type: 'response.output_item.added', output_index: 0, item: { ...item, name: '', arguments: '' } },
			{ type: 'response.function_call_arguments.delta', output_index: 0, delta: item.arguments },
			{ type: 'response.output_item.done', output_index: 0, item },
			{ type: 'response.completed', response: { id: 'r', status: 'completed', output: [item] } },
		]);
		expect(document('messages', events).content).toEqual([
			{ type: 'tool_use', id: 'call_1', name: 'age', input: { of: 'wall' } },
		]);
	});
});

describe('thoughts, as servers of chat tell them', () => {
	const thoughts = (events: readonly AnswerEvent[]) => document('messages', events).content[0];

	it('under two names they are told once', () => {
		const events = chat(
			chunk({ reasoning: 'Hm', reasoning_content: 'Hm' }),
			chunk({ reasoning: '.', reasoning_content: '.' }),
			chunk({ content: 'Old.' }),
		);
		expect(thoughts(events)).toMatchObject({ type: 'thinking', thinking: 'Hm.' });
	});

	it('so they are where they come as a document', () => {
		const message = { role: 'assistant', content: 'Old.', reasoning: 'Hm.', reasoning_content: 'Hm.' };
		const text = JSON.stringify({ id: 'c', model: 'm', choices: [{ index: 0, message, finish_reason: 'stop' }] });
		const found = openaiChatProvider.readDocument(text, { model: 'm', choices: 1 });
		const events = found.is === 'answer' ? found.answer.events({ withUsage: true, inPieces: true }) : [];
		expect(thoughts(events)).toMatchObject({ type: 'thinking', thinking: 'Hm.' });
		const deltas = events.map(({ raw }) => (raw.value as ReturnType<typeof chunk>).choices[0]?.delta);
		expect(deltas).toContainEqual({ reasoning: 'Hm.', reasoning_content: 'Hm.' });
	});

	it('they are read where they are parts of the content', () => {
		const events = chat(
			chunk({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'Hm.' }] }] }),
			chunk({ content: 'Old.' }),
		);
		expect(thoughts(events)).toMatchObject({ type: 'thinking', thinking: 'Hm.' });
	});
});
