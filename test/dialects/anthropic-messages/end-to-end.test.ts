import { describe, expect, it } from 'vitest';
import {
	answersMessage,
	assembled,
	failsAsAnthropic,
	messageEvents,
	messageOf,
	streamsMessage,
	wireOf,
} from '../../helpers/anthropic-shapes.ts';
import {
	anthropic,
	checkedAnswer,
	checkedEvents,
	messagesPerTest,
	messagesRequest,
} from '../../helpers/messages-per-test.ts';
import { wallAnswer } from '../../helpers/wall-answer.ts';

const { text, half, rest } = wallAnswer;

const { startFor } = messagesPerTest();

describe('a client and a provider of Messages', () => {
	it('have nothing changed between them but the model', async () => {
		const running = await startFor({ a: anthropic, b: anthropic });
		const events = [
			...messageEvents({ thinking: 'How old?', text }).slice(0, 2),
			{ type: 'ping' },
			{ type: 'news', nobody: ['knows', 1] },
			...messageEvents({ thinking: 'How old?', text }).slice(2),
		];
		running.upstream('a').next(streamsMessage(events));
		const body =
			'{"max_tokens" : 100,"model":"default",  "stream":true, "big":12345678901234567890, "messages":[{"role":"user","content":"Hello"}]}';
		const response = await running.ask(body, '/v1/messages?beta=true');
		expect(await response.text()).toBe(wireOf(events));
		expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
		const [sent] = running.upstream('a').requests;
		expect(sent?.path).toBe('/v1/messages');
		expect(sent?.text).toBe(body.replace('"default"', '"model-a"'));
		expect(running.records[0]).toMatchObject({ outcome: 'done', tokens: [{ input: 5, output: 7 }] });
	});

	it('a document goes through byte for byte', async () => {
		const running = await startFor({ a: anthropic, b: anthropic });
		const message = `{ "unknown": 1.50,${JSON.stringify(messageOf({ text })).slice(1)}`;
		running.upstream('a').next(async ({ response, end }) => {
			response.setHeader('content-type', 'application/json');
			await end(message);
		});
		expect(await (await running.ask(messagesRequest)).text()).toBe(message);
	});

	it('fail over before the first word', async () => {
		const running = await startFor({ a: anthropic, b: anthropic });
		running.upstream('a').next(failsAsAnthropic(529, 'overloaded_error', 'Overloaded'));
		running.upstream('b').next(answersMessage({ text }));
		const response = await running.ask({ ...messagesRequest, stream: true });
		expect((await checkedAnswer(response)).text).toBe(text);
		expect(running.records[0]?.trace).toMatchObject([
			{ failure: { category: 'SERVER_ERROR', reason: 'overloaded', status: 529 } },
			{ outcome: 'succeeded' },
		]);
	});

	it('fail over from an error in the stream, before the first word', async () => {
		const running = await startFor({ a: anthropic, b: anthropic });
		const overloaded = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
		running.upstream('a').next(streamsMessage([...messageEvents({}).slice(0, 1), overloaded]));
		running.upstream('b').next(answersMessage({ text }));
		const response = await running.ask({ ...messagesRequest, stream: true });
		expect((await checkedAnswer(response)).text).toBe(text);
		expect(running.records[0]?.trace).toMatchObject([
			{ failure: { category: 'SERVER_ERROR', reason: 'overloaded' } },
			{ outcome: 'succeeded' },
		]);
	});

	it('a broken stream goes on in the same block, with one usage', async () => {
		const running = await startFor({ a: anthropic, b: anthropic });
		const broken = messageEvents({ thinking: 'How old?', text: [half.slice(0, 20), half.slice(20)] });
		running.upstream('a').next(streamsMessage(broken.slice(0, -3), { end: 'cut' }));
		running
			.upstream('b')
			.next(answersMessage({ text: rest, thinking: 'Go on', usage: { input_tokens: 11, output_tokens: 13 } }));
		const events = await checkedEvents(await running.ask({ ...messagesRequest, stream: true }));
		const { blocks, text: said, ended } = assembled(events);
		expect(said).toBe(text);
		expect(blocks.map(({ type }) => type)).toEqual(['thinking', 'text']);
		expect(ended).toMatchObject({
			delta: { stop_reason: 'end_turn' },
			usage: { input_tokens: 16, output_tokens: 14 },
			failover: { usage: [{ target: 'a/model-a' }, { target: 'b/model-b' }] },
		});
		const messages = running.sentTo('b').messages;
		expect(messages).toMatchObject([{ role: 'user' }, { role: 'assistant', content: half }, { role: 'user' }]);
	});
});

describe('errors', () => {
	it('are those of Messages, by their status', async () => {
		const running = await startFor({ a: anthropic, b: anthropic });
		for (const name of ['a', 'b'])
			running.upstream(name).always(failsAsAnthropic(429, 'rate_limit_error', 'Slow down'));
		const limited = await running.ask(messagesRequest);
		expect(await limited.json()).toMatchObject({
			type: 'error',
			error: { type: 'rate_limit_error', code: expect.any(String), message: expect.stringContaining('Slow down') },
			request_id: limited.headers.get('x-breakwater-request-id'),
			failover: { attempts: [{ target: 'a/model-a' }, { target: 'b/model-b' }] },
		});
		expect([limited.status, limited.headers.has('retry-after')]).toEqual([429, true]);
	});

	it('of a request that is refused have its id', async () => {
		const running = await startFor({ a: anthropic });
		const refused = await running.ask({ ...messagesRequest, model: 7 });
		const id = refused.headers.get('x-breakwater-request-id');
		expect(await refused.json()).toMatchObject({ request_id: expect.stringMatching(new RegExp(`^${id}$`)) });
	});

	it('of a request in the wrong dialect name the path where it belongs', async () => {
		const running = await startFor({ a: anthropic });
		const asked = async (body: object) => {
			const response = await running.ask(body);
			return [response.status, ((await response.json()) as { error: object }).error];
		};
		const { max_tokens: _, ...without } = messagesRequest;
		expect(await asked(without)).toEqual([
			400,
			{
				type: 'invalid_request_error',
				code: 'invalid_request',
				param: 'max_tokens',
				message: expect.stringContaining('/v1/chat/completions'),
			},
		]);
		const withTool = [...messagesRequest.messages, { role: 'tool', tool_call_id: 'c', content: '' }];
		expect((await asked({ ...messagesRequest, messages: withTool }))[1]).toMatchObject({
			param: 'messages[1].role',
			message: expect.stringContaining('POST /v1/chat/completions'),
		});
		expect(running.upstream('a').requests).toEqual([]);
	});
});
