import { describe, expect, it } from 'vitest';
import { unsignedMark } from '../../../src/dialects/anthropic-messages/unsigned.ts';
import { failsAsAnthropic, messageEvents, readWire, streamsMessage } from '../../helpers/anthropic-shapes.ts';
import { anthropic, checkedAnswer, messagesPerTest, messagesRequest } from '../../helpers/messages-per-test.ts';
import { answers, streams } from '../../helpers/upstream.ts';
import { wallAnswer } from '../../helpers/wall-answer.ts';

const { text, half, rest } = wallAnswer;

const { startFor } = messagesPerTest();

describe('a stream of Anthropic that breaks', () => {
	const broken = messageEvents({ thinking: 'How old?', text: [half.slice(0, 20), half.slice(20)] });

	it('goes on from a provider of chat: blocks counted on, one usage at the end', async () => {
		const running = await startFor({ a: anthropic });
		running.upstream('a').next(streamsMessage(broken.slice(0, -3), { end: 'cut' }));
		running.upstream('b').next(answers(rest));
		const response = await running.ask({ ...messagesRequest, stream: true });
		const { blocks, text: said, ended } = await checkedAnswer(response);
		expect(said).toBe(text);
		expect(blocks).toMatchObject([{ type: 'thinking', signature: 'c2lnbmVk' }, { type: 'text' }]);
		expect(ended).toMatchObject({
			delta: { stop_reason: 'end_turn' },
			failover: { usage: [{ target: 'a/model-a' }, { target: 'b/model-b' }] },
		});
		expect(running.sentTo('b').messages).toMatchObject([
			{ role: 'user' },
			{ role: 'assistant', content: half },
			{ role: 'user' },
		]);
	});

	it('within a thought: that is closed, and the answer begins behind it', async () => {
		const running = await startFor({ a: anthropic });
		running.upstream('a').next(streamsMessage(broken.slice(0, 3), { end: 'cut' }));
		running.upstream('b').next(answers(text));
		const response = await running.ask({ ...messagesRequest, stream: true });
		const { blocks } = await checkedAnswer(response);
		expect(blocks).toMatchObject([
			{ type: 'thinking', thinking: 'How ', signature: unsignedMark },
			{ type: 'text', text },
		]);
	});

	it('within a call of a tool, which nobody has seen: another makes it', async () => {
		const running = await startFor({ a: anthropic });
		const calls = [{ id: 'toolu_1', name: 'age', json: '{"of":"wall"}' }];
		running
			.upstream('a')
			.next(streamsMessage(messageEvents({ text: 'Let me see.', calls }).slice(0, -4), { end: 'cut' }));
		const called = { index: 0, id: 'call_2', type: 'function', function: { name: 'age', arguments: '{"of":"wall"}' } };
		const chunk = { id: 'c', model: 'm', object: 'chat.completion.chunk' };
		running.upstream('b').next(
			streams([
				{ ...chunk, choices: [{ index: 0, delta: { role: 'assistant', tool_calls: [called] }, finish_reason: null }] },
				{ ...chunk, choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] },
			]),
		);
		const tools = [{ name: 'age', input_schema: { type: 'object' } }];
		const response = await running.ask({ ...messagesRequest, tools, stream: true });
		const { blocks, ended } = await checkedAnswer(response);
		expect(blocks).toMatchObject([
			{ type: 'text', text: 'Let me see.' },
			{ type: 'tool_use', id: 'call_2', name: 'age', json: '{"of":"wall"}' },
		]);
		expect(ended).toMatchObject({ delta: { stop_reason: 'tool_use' } });
	});

	it('and that nobody can finish ends in an error event of Messages', async () => {
		const running = await startFor({ a: anthropic, b: anthropic });
		running.upstream('a').always(streamsMessage(broken.slice(0, -3), { end: 'cut' }));
		running.upstream('b').always(failsAsAnthropic(500, 'api_error', 'Internal'));
		const response = await running.ask({ ...messagesRequest, stream: true });
		const events = readWire(await response.text());
		expect(events.at(-1)).toMatchObject({
			type: 'error',
			error: { type: 'api_error', code: 'stream_interrupted', message: expect.any(String) },
			request_id: response.headers.get('x-breakwater-request-id'),
		});
		expect(events.filter(({ type }) => type === 'message_stop' || type === 'message_delta')).toEqual([]);
	});
});
