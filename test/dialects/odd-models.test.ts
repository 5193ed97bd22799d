import { describe, expect, it } from 'vitest';
import type { MessagePart } from '../../src/contract/conversation.ts';
import type { ClientDialect, ProviderDialect } from '../../src/contract/dialect.ts';
import { anthropicMessagesClient } from '../../src/dialects/anthropic-messages/anthropic-messages.ts';
import { dialectFor, protocols } from '../../src/dialects/dialects.ts';
import { openaiChatClient, openaiChatProvider } from '../../src/dialects/openai-chat/openai-chat.ts';
import { openaiResponsesProvider } from '../../src/dialects/openai-responses/openai-responses.ts';
import { conversationWith, foreignRequest } from '../helpers/conversations.ts';
import { plainAsk } from '../helpers/plain-ask.ts';

type Members = Parameters<typeof conversationWith>[0];

function asked(dialect: ProviderDialect, model: string, members: Members) {
	const request = foreignRequest(conversationWith(members));
	const ask = { request, model, ...plainAsk };
	return JSON.parse(dialect.render({ ...ask, abilities: { reasons: true } }).body);
}

const lossesOf = (model: string, members: Members) =>
	openaiChatProvider
		.lossesOf(foreignRequest(conversationWith(members)), { reasons: true }, model)
		.map(({ what }) => what);

const wish = (effort: string) => ({ effort, budget: undefined, isShown: false });
const tool = { is: 'function', name: 'age', description: undefined, schema: undefined, strict: undefined } as const;

describe('how much a model is to think', () => {
	it.each([
		['o3', 'none', 'low'],
		['openai/o3', 'xhigh', 'high'],
		['gpt-5', 'none', 'minimal'],
		['gpt-5-mini', 'xhigh', 'high'],
		['gpt-5-codex', 'minimal', 'low'],
		['gpt-5-pro', 'low', 'high'],
		['gpt-5.1', 'minimal', 'low'],
		['gpt-5.1', 'none', 'none'],
		['gpt-5.1-codex', 'none', 'low'],
		['gpt-5.1-codex-max', 'xhigh', 'xhigh'],
		['gpt-5.4', 'xhigh', 'xhigh'],
		['gpt-5.2-pro', 'low', 'medium'],
		['gpt-6', 'minimal', 'low'],
		['gemini-3-pro', 'xhigh', 'high'],
		['gemini-3-pro', 'minimal', 'minimal'],
		['gpt-5.4', 'max', 'xhigh'],
		['gpt-5', 'ludicrous', 'ludicrous'],
	])('%s, asked for %s, is told %s', (model, effort, told) => {
		expect(asked(openaiChatProvider, model, { reasoning: wish(effort) }).reasoning_effort).toBe(told);
		expect(asked(openaiResponsesProvider, model, { reasoning: wish(effort) }).reasoning.effort).toBe(told);
	});

	it.each(['gpt-5.4', 'gpt-5.6-luna', 'gpt-6'])('%s does not think in chat where it has tools', (model) => {
		const members = { tools: [tool], reasoning: wish('high') };
		expect(asked(openaiChatProvider, model, members).reasoning_effort).toBe('none');
		expect(asked(openaiChatProvider, model, { tools: [tool] }).reasoning_effort).toBe('none');
		expect(lossesOf(model, members)).toEqual(['reasoning']);
		expect(asked(openaiResponsesProvider, model, members).reasoning.effort).toBe('high');
	});

	it.each(['gpt-5.1', 'o3', 'openai/gpt-5.4', 'model-a'])('%s does', (model) => {
		const members = { tools: [tool], reasoning: wish('high') };
		expect(asked(openaiChatProvider, model, members).reasoning_effort).toBe('high');
		expect(lossesOf(model, members)).toEqual([]);
	});
});

describe('a model that thinks and calls in Responses alone', () => {
	const { openai } = protocols;
	const askedIn = (client: ClientDialect, model: string, endpoints: readonly string[]) =>
		openai && dialectFor(client, openai, endpoints, model)?.name;

	it('is asked there where it answers there, but for callers of chat', () => {
		const both = ['chat', 'responses'];
		expect(askedIn(anthropicMessagesClient, 'gpt-5.4', both)).toBe('openai-responses');
		expect(askedIn(anthropicMessagesClient, 'gpt-5.4', ['chat'])).toBe('openai-chat');
		expect(askedIn(anthropicMessagesClient, 'gpt-4o', both)).toBe('openai-chat');
		expect(askedIn(openaiChatClient, 'gpt-5.4', both)).toBe('openai-chat');
	});
});

describe('a call in the conversation', () => {
	const thought: MessagePart = { is: 'reasoning', text: 'Hm.' };
	const call: MessagePart = { is: 'tool-call', id: 'a', name: 'age', arguments: '{}' };
	const result: MessagePart = { is: 'tool-result', id: 'a', parts: [{ is: 'text', text: '160' }] };
	const turnsOf = (...parts: MessagePart[]): Members => ({
		messages: [
			{ role: 'user', parts: [{ is: 'text', text: 'How old?' }] },
			{ role: 'assistant', parts },
			{ role: 'user', parts: [result] },
		],
	});
	const said = (model: string, ...parts: MessagePart[]) =>
		asked(openaiChatProvider, model, turnsOf(...parts)).messages[1];

	it.each(['deepseek-chat', 'moonshotai/kimi-k2.5', 'kimi-k2-thinking', 'mimo-v2'])(
		'has its thought for %s',
		(model) => {
			expect(said(model, thought, call)).toMatchObject({ reasoning_content: 'Hm.', tool_calls: [{ id: 'a' }] });
			expect(said(model, call)).toMatchObject({ reasoning_content: ' ' });
			expect(said(model, { is: 'text', text: 'Old.' })).toEqual({ role: 'assistant', content: 'Old.' });
			expect(lossesOf(model, turnsOf(thought, call))).toEqual([]);
			expect(lossesOf(model, turnsOf({ ...thought, text: '' }, call))).toEqual(['thinking']);
		},
	);

	it.each(['mistral-large-latest', 'mistralai/devstral-2512', 'open-mixtral-8x22b'])(
		'has an id that %s takes',
		(model) => {
			const idsFor = (id: string) => {
				const { messages } = asked(openaiChatProvider, model, {
					messages: [
						{ role: 'assistant', parts: [{ ...call, id }] },
						{ role: 'user', parts: [{ ...result, id }] },
					],
				});
				return [messages[0].tool_calls[0].id, messages[1].tool_call_id];
			};
			const [called, returned] = idsFor('toolu_01AbC');
			expect(called).toMatch(/^[a-zA-Z0-9]{9}$/);
			expect(returned).toBe(called);
			expect(idsFor('AbCdEf123')).toEqual(['AbCdEf123', 'AbCdEf123']);
		},
	);

	it('has none for others', () => {
		expect(said('model-a', thought, call)).not.toHaveProperty('reasoning_content');
		expect(lossesOf('model-a', turnsOf(thought, call))).toEqual(['thinking']);
	});

	it.each(['gemini-3-pro-preview', 'models/gemini-3.1-flash'])('has what %s takes for its signature', (model) => {
		const google = { thought_signature: 'skip_thought_signature_validator' };
		expect(said(model, call).tool_calls[0]).toMatchObject({ id: 'a', extra_content: { google } });
	});

	it.each(['gemini-2.5-pro', 'google/gemini-3-pro', 'model-a'])('has nothing of the kind for %s', (model) => {
		expect(said(model, call).tool_calls[0]).not.toHaveProperty('extra_content');
	});
});

describe('instructions', () => {
	const text = (said: string) => [{ is: 'text', text: said }] as const;
	const call: MessagePart = { is: 'tool-call', id: 'a', name: 'age', arguments: '{}' };
	const result: MessagePart = { is: 'tool-result', id: 'a', parts: text('160') };
	const messages: Members['messages'] = [
		{ role: 'system', parts: text('Be kind.') },
		{ role: 'system', parts: text('Be brief.') },
		{ role: 'user', parts: text('How old?') },
		{ role: 'system', parts: text('The tools are: age.') },
		{ role: 'assistant', parts: [call] },
		{ role: 'user', parts: [result] },
		{ role: 'system', parts: text('Be quick.') },
		{ role: 'user', parts: text('Well?') },
	];
	const said = (model: string) =>
		asked(openaiChatProvider, model, { messages }).messages.map(({ role, content }: Record<string, unknown>) => [
			role,
			content,
		]);
	const marked = (words: string) => `<system-reminder>\n${words}\n</system-reminder>`;

	it.each(['qwen3.5-27b', 'openai/gpt-oss-20b'])('are all at the beginning for %s', (model) => {
		expect(said(model)).toEqual([
			['system', 'Be kind.\n\nBe brief.'],
			['user', `How old?\n\n${marked('The tools are: age.')}`],
			['assistant', null],
			['tool', '160'],
			['user', `${marked('Be quick.')}\n\nWell?`],
		]);
	});

	it.each(['gpt-4o', 'openai/o3'])('stand where they were said for %s', (model) => {
		expect(said(model)).toEqual([
			['system', 'Be kind.\n\nBe brief.'],
			['user', 'How old?'],
			['system', 'The tools are: age.'],
			['assistant', null],
			['tool', '160'],
			['system', 'Be quick.'],
			['user', 'Well?'],
		]);
	});
});
