import { describe, expect, it } from 'vitest';
import { anthropicMessagesProvider } from '../../../src/dialects/anthropic-messages/anthropic-messages.ts';
import { readRequest } from '../../../src/dialects/anthropic-messages/read-request.ts';
import { unsignedMark, withoutUnsigned } from '../../../src/dialects/anthropic-messages/unsigned.ts';
import { continuationInstruction } from '../../../src/dialects/openai-chat/continued-messages.ts';
import { plainAsk } from '../../helpers/plain-ask.ts';

const ask = { model: 'model-a', ...plainAsk };
const messages = '"messages": [ {"role":"user","content":"Hello"} ]';

/** @param text a body, sent as it is */
function rendered(text: string, more: object = {}): string {
	return anthropicMessagesProvider.render({ ...ask, request: readRequest(text).request, ...more }).body;
}

function withMost(maxOutputTokens: number) {
	return { abilities: { reasons: true, maxOutputTokens } };
}

describe('a request of Messages to a provider of Messages', () => {
	it('stays byte for byte, but for the model and what is ours', () => {
		const body = `{ "max_tokens":10,  "model" : "x", ${messages},"new":[1.0, 1e400] }`;
		expect(rendered(body)).toBe(body.replace('"x"', '"model-a"'));
		expect(rendered(`{"models":["a/b"],"failover":{"profile":"p"},"max_tokens":10,${messages}}`)).toBe(
			`{"max_tokens":10,${messages},"model":"model-a"}`,
		);
	});

	it('is streamed where somebody wants it', () => {
		const body = `{"max_tokens":10,${messages}}`;
		expect(rendered(body, { streamUpstream: true })).toContain('"stream":true');
		expect(rendered(`{"stream":true,"max_tokens":10,${messages}}`)).toContain('{"stream":true,');
		const members = { defaults: {}, force: { stream: 'false' } };
		expect(rendered(`{"stream":true,"max_tokens":10,${messages}}`, { members })).toContain('{"stream":false,');
	});

	it('asks for no more tokens than the model can write', () => {
		const body = (thinking: string) => `{"max_tokens":128000,${thinking}${messages}}`;
		expect(rendered(body(''), withMost(64_000))).toContain('"max_tokens":64000,');
		expect(rendered(body(''), withMost(200_000))).toContain('"max_tokens":128000,');
		const budget = body('"thinking":{"type":"enabled","budget_tokens":100000},');
		expect(JSON.parse(rendered(budget, withMost(64_000)))).toMatchObject({
			max_tokens: 64_000,
			thinking: { type: 'enabled', budget_tokens: 32_000 },
		});
		expect(JSON.parse(rendered(budget, withMost(120_000)))).toMatchObject({ thinking: { budget_tokens: 100_000 } });
		expect(JSON.parse(rendered(budget, withMost(1000)))).not.toHaveProperty('thinking');
	});

	it('goes on with an answer', () => {
		const thinking = '"thinking":{"type":"adaptive"}';
		const body = `{"max_tokens":10,${thinking},${messages}}`;
		const prefill = rendered(body, { way: 'prefill', shown: 'So far' });
		expect(prefill).toContain(
			'"messages": [{"role":"user","content":"Hello"},{"role":"assistant","content":"So far"}]',
		);
		expect(JSON.parse(prefill)).toMatchObject({ stream: true });
		expect(prefill).not.toContain('thinking');
		const told = rendered(body, { way: 'instruct', shown: 'So far' });
		expect(told).toContain(thinking);
		expect(JSON.parse(told).messages.at(-1)).toEqual({ role: 'user', content: continuationInstruction });
		const begun = '{"max_tokens":10,"messages":[{"role":"assistant","content":[{"type":"text","text":"I"}]}]}';
		expect(JSON.parse(rendered(begun, { way: 'prefill', shown: ' say' })).messages).toEqual([
			{
				role: 'assistant',
				content: [
					{ type: 'text', text: 'I' },
					{ type: 'text', text: ' say' },
				],
			},
		]);
	});
});

describe('thoughts that bear our mark', () => {
	const thought = `{"type":"thinking","thinking":"Hm","signature":"${unsignedMark}"}`;

	it('are left out, with a message that is nothing else, and nothing is rounded', () => {
		const call = '{"type":"tool_use","id":"t","name":"n","input":{"big":12345678901234567890,"one":1.0}}';
		const signed = '{"type":"thinking","thinking":"Hm","signature":"c2ln"}';
		const user = '{"role":"user","content":"Hello"}';
		const given = [
			user,
			`{"role":"assistant","content":[${thought}]}`,
			user,
			`{"role":"assistant","content":[${thought},${signed},${call}]}`,
		];
		expect(withoutUnsigned(`{"n": 1.0, "messages":[${given}]}`)).toBe(
			`{"n": 1.0, "messages":[${[user, user, `{"role":"assistant","content":[${signed},${call}]}`]}]}`,
		);
	});

	it('are not looked for where the mark is not in the text', () => {
		const { body } = readRequest(`{"max_tokens":10,${messages}}`).request;
		expect((body as { native: unknown }).native).toBe(body);
	});
});
