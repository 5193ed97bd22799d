import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChatBody } from '../../../src/dialects/openai-chat/chat-body.ts';
import {
	type ContinuationWay,
	continuationInstruction,
	continuedMessages,
} from '../../../src/dialects/openai-chat/continued-messages.ts';

/** The whole request, carried on. */
function continuationRequest(json: string, text: string, way: ContinuationWay): string {
	const body = new ChatBody(json);
	return body.render({ messages: continuedMessages(body, text, way) });
}

const shown = 'The harbour wall "was" built\nin 1862. 🌊';
const assistant = (content: unknown) => JSON.stringify({ role: 'assistant', content });
const instruction = JSON.stringify({ role: 'user', content: continuationInstruction });

describe('a request that carries an answer on', () => {
	// Numbers that a parse would round, white space, the order of members: all of it is the caller's.
	const before = '{ "seed":12345678901234567890,\n"messages" : ';
	const after = ' ,"temperature":1e400, "model":"m"}';
	const question = '{"role":"user", "content":"Caf\\u00e9?", "x":12345678901234567890}';

	it('has the text so far as its last message, and is otherwise as it came', () => {
		expect(continuationRequest(`${before}[ ${question} ]${after}`, shown, 'prefill')).toBe(
			`${before}[${question},${assistant(shown)}]${after}`,
		);
	});

	it('has an instruction after it where the model takes no prefill', () => {
		expect(continuationRequest(`${before}[ ${question} ]${after}`, shown, 'instruct')).toBe(
			`${before}[${question},${assistant(shown)},${instruction}]${after}`,
		);
	});

	it('leaves messages of several parts, of tools and of the system as they came', () => {
		const messages = [
			'{"role":"system","content":"[\\"}"}',
			'{"role":"user","content":[{"type":"text","text":"a]"},{"type":"image_url","image_url":{"url":"data:,x"}}]}',
			'{"role":"assistant","content":null,"tool_calls":[{"id":"x"}]}',
			'{"role":"tool","tool_call_id":"x","content":"1"}',
		].join(' , ');
		expect(continuationRequest(`{"messages":[${messages}]}`, 'a', 'prefill')).toBe(
			`{"messages":[${messages},${assistant('a')}]}`,
		);
	});

	it('has one list of messages where the caller wrote two: the last one, which counts', () => {
		const json =
			'{"messages":[{"role":"user","content":"old"}],"model":"m","messages":[{"role":"user","content":"new"}]}';
		const written = continuationRequest(json, 'a', 'prefill');
		expect(written.match(/"messages"/g)).toHaveLength(1);
		expect(JSON.parse(written)).toEqual({
			model: 'm',
			messages: [
				{ role: 'user', content: 'new' },
				{ role: 'assistant', content: 'a' },
			],
		});
	});
});

describe("a caller's own beginning of the answer", () => {
	const question = '{"role":"user", "n":12345678901234567890, "content":"\\"]},{[\\\\"}';

	it('becomes one message with the text so far, and the rest stays as it came', () => {
		const json = `{"messages":[ ${question} , {"content":"Well, \\\\\\"[{", "role":"assistant"} ]}`;
		expect(continuationRequest(json, 'then', 'instruct')).toBe(
			`{"messages":[${question} ,${assistant('Well, \\"[{then')},${instruction}]}`,
		);
	});

	it('keeps its other members as a prefill, and has none of them before an instruction', () => {
		const json = `{"messages":[${question},{"role":"assistant","prefix":true,"content":"Well, ","n":1e400}]}`;
		expect(continuationRequest(json, 'then', 'prefill')).toBe(
			`{"messages":[${question},{"role":"assistant","prefix":true,"content":"Well, then","n":1e400}]}`,
		);
		expect(continuationRequest(json, 'then', 'instruct')).not.toContain('prefix');
	});

	it('may be a list of parts', () => {
		const json = `{"messages":[${question},{"role":"assistant","content":[{"type":"text","text":"Well, "}]}]}`;
		const content = [
			{ type: 'text', text: 'Well, ' },
			{ type: 'text', text: 'then' },
		];
		for (const way of ['prefill', 'instruct'] as const) {
			const { messages } = JSON.parse(continuationRequest(json, 'then', way));
			expect(messages[1]).toEqual({ role: 'assistant', content });
			expect(messages[2]?.role).toBe(way === 'instruct' ? 'user' : undefined);
		}
	});

	it('may be all there is', () => {
		expect(continuationRequest('{"messages":[{"role":"assistant","content":"a"}]}', 'b', 'prefill')).toBe(
			'{"messages":[{"role":"assistant","content":"ab"}]}',
		);
	});
});

it('whatever the messages and the text: they are followed by exactly what was shown', () => {
	const content = fc.string({ unit: 'binary' });
	const message = fc.record({ role: fc.constantFrom('user', 'assistant'), content, x: fc.jsonValue() });
	fc.assert(
		fc.property(
			fc.array(message, { minLength: 1, maxLength: 4 }),
			fc.string({ unit: 'binary', minLength: 1 }),
			fc.constantFrom(0, 2),
			(messages, text, indent) => {
				const json = JSON.stringify({ messages }, null, indent);
				const sent = JSON.parse(continuationRequest(json, text, 'instruct')).messages;
				const last = messages.at(-1);
				const isPrefilled = last?.role === 'assistant';
				const kept = isPrefilled ? messages.slice(0, -1) : messages;
				expect(sent).toEqual([
					...JSON.parse(JSON.stringify(kept)),
					{ role: 'assistant', content: isPrefilled ? last.content + text : text },
					{ role: 'user', content: continuationInstruction },
				]);
			},
		),
	);
});
