import type { Response as OpenAiResponse } from 'openai/resources/responses/responses';
import { describe, expect, it } from 'vitest';
import { failureOf } from '../../helpers/gateway.ts';
import { checkedResponse, native, responsesPerTest } from '../../helpers/responses-per-test.ts';
import {
	callOf,
	messageOf,
	readFrames,
	responds,
	responseEvents,
	responseFrame,
	responseOf,
	streamsResponse,
	textIn,
	thoughtOf,
} from '../../helpers/responses-shapes.ts';
import { status } from '../../helpers/upstream.ts';
import { wallAnswer } from '../../helpers/wall-answer.ts';

const { text, half, rest } = wallAnswer;

const { startFor } = responsesPerTest();
const start = () => startFor({ a: native, b: native });

describe('between two that speak Responses', () => {
	it('a stream and a document go through byte for byte, members that nobody knows included', async () => {
		const { respond, upstream } = await start();
		const events = responseEvents(responseOf([thoughtOf('Old walls.'), messageOf(text)], { novelty: { size: 1 } }));
		const sent = [...events.slice(0, 3), { type: 'response.novelty', sequence_number: 3, size: 7 }, ...events.slice(3)];
		upstream('a').next(streamsResponse(sent));
		const streamed = await respond({ stream: true, novelty: 12 });
		expect(await streamed.text()).toBe(sent.map(responseFrame).join(''));
		expect(streamed.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
		upstream('a').next(responds(text, { novelty: [1.0] }));
		const document = await (await respond('{ "model":"a/model-a", "input" : "Hi", "top_p":1.0 }')).text();
		expect(document).toBe(JSON.stringify(responseOf(text, { novelty: [1.0] })));
		const [first, second] = upstream('a').requests;
		expect(first?.path).toBe('/v1/responses');
		expect(first?.json).toEqual({ input: 'How old is it?', stream: true, novelty: 12, model: 'model-a' });
		expect(second?.text).toBe('{ "model":"model-a", "input" : "Hi", "top_p":1.0 }');
	});

	it('the next provider answers where one fails before the first word, also with an error inside its stream', async () => {
		const { respond, upstream, records } = await start();
		const begun = responseEvents(responseOf([thoughtOf('Hm.'), messageOf(text)])).slice(0, 3);
		const response = responseOf([], { status: 'failed', error: { code: 'server_error', message: 'Sorry.' } });
		upstream('a').next(streamsResponse([...begun, { type: 'response.failed', response, sequence_number: 3 }]));
		upstream('b').next(responds(text));
		const { events } = await checkedResponse(await respond({ stream: true }));
		expect(textIn(events)).toBe(text);
		expect(records[0]?.trace).toMatchObject([
			{ target: 'a/model-a', failure: { category: 'SERVER_ERROR' } },
			{ target: 'b/model-b', outcome: 'succeeded' },
		]);
	});

	it('a stream that breaks is carried on in the same response and the same item, with one usage', async () => {
		const { respond, upstream, records } = await start();
		upstream('a').next(streamsResponse(responseEvents(responseOf(half)).slice(0, -4), { end: 'cut' }));
		upstream('b').next(responds(rest, { id: 'resp_other', model: 'other' }));
		const { events, response } = await checkedResponse(await respond({ stream: true }));
		expect(textIn(events)).toBe(text);
		expect(response).toMatchObject({
			id: 'resp_test',
			status: 'completed',
			output: [messageOf(text)],
			store: false,
			usage: { input_tokens: 5, output_tokens: 1, total_tokens: 6 },
			failover: { usage: [{ target: 'a/model-a', usage: null }, { target: 'b/model-b' }] },
		});
		const asked = upstream('b').requests[0]?.json as { input: object[]; stream: boolean };
		expect(asked.stream).toBe(true);
		expect(asked.input).toMatchObject([
			{ role: 'user', content: 'How old is it?' },
			{ role: 'assistant', content: half },
			{ role: 'user' },
		]);
		expect(records[0]).toMatchObject({ outcome: 'done', target: 'b/model-b' });
	});

	it('a model that goes on by itself elsewhere is asked in words here', async () => {
		const models = { 'model-b': { prefill: true } };
		const { respond, upstream, records } = await startFor({ a: native, b: { ...native, models } });
		upstream('a').next(streamsResponse(responseEvents(responseOf(half)).slice(0, -4), { end: 'cut' }));
		upstream('b').next(responds(rest));
		expect(textIn(readFrames(await (await respond({ stream: true })).text()))).toBe(text);
		expect(records[0]?.trace[1]).toMatchObject({ target: 'b/model-b', way: 'instruct' });
	});

	it('a stream that nobody can carry on ends in an error that the official client raises', async () => {
		const { respond, upstream, openai } = await start();
		for (const name of ['a', 'b']) {
			upstream(name).always(streamsResponse(responseEvents(responseOf(half)).slice(0, -4), { end: 'cut' }));
		}
		const events = readFrames(await (await respond({ stream: true })).text());
		const last = events.at(-1) as Record<string, unknown>;
		expect(last).toMatchObject({ type: 'error', code: 'stream_interrupted', param: null });
		expect(last.sequence_number).toBe(events.length - 1);
		expect(events.filter(({ type }) => String(type) === 'response.completed')).toEqual([]);
		const reading = async () => {
			for await (const _ of await openai.responses.create({ model: 'x', input: 'Hi', stream: true })) {
				// Only its end matters.
			}
		};
		await expect(reading()).rejects.toThrow();
	});

	it('a call of a tool comes whole or not at all', async () => {
		const { respond, upstream } = await start();
		const call = callOf('look', { where: 'there' });
		const events = responseEvents(responseOf([call]));
		upstream('a').next(streamsResponse(events.slice(0, 5), { end: 'cut' }));
		upstream('b').next(streamsResponse(events));
		const got = await checkedResponse(await respond({ stream: true }));
		expect(got.events.filter(({ type }) => type === 'response.output_item.done')).toMatchObject([{ item: call }]);
	});

	it('a document for a client that streams becomes a stream, and a stream for one that does not a document', async () => {
		const { respond, upstream } = await start();
		const output = [thoughtOf('Old.'), messageOf(text), callOf('look', {})];
		upstream('a').next(status(200, responseOf(output)));
		const { response } = await checkedResponse(await respond({ stream: true }));
		expect(response).toEqual(responseOf(output));
		upstream('a').next(streamsResponse(responseEvents(responseOf(output))));
		expect(await (await respond()).json()).toEqual(responseOf(output));
	});

	it('an answer that one provider keeps is asked of it alone, and its thoughts are left out elsewhere', async () => {
		const { respond, upstream } = await start();
		const thought = thoughtOf('Hm.', 'secret');
		const input = [{ role: 'user', content: 'Hi' }, thought, messageOf('Old.')];
		upstream('a').next(status(503), responds([thought, messageOf('Old.')], { store: true }));
		upstream('b').next(responds([thought, messageOf('Old.')], { store: true }));
		const first = await respond({ stream: true });
		await first.text();
		expect(first.headers.get('x-breakwater-target')).toBe('b/model-b');
		await respond({ previous_response_id: 'resp_test' });
		expect(upstream('b').requests[1]?.json).toMatchObject({ previous_response_id: 'resp_test' });
		const dropped = await respond({ input });
		expect(dropped.headers.get('x-breakwater-dropped')).toBe('encrypted reasoning');
		const { id: _, ...anonymous } = messageOf('Old.');
		expect(upstream('a').requests[1]?.json).toMatchObject({ input: [input[0], anonymous] });
	});

	it('the official client reads a carried-on stream to its end', async () => {
		const { upstream, openai } = await start();
		upstream('a').next(streamsResponse(responseEvents(responseOf(half)).slice(0, -4), { end: 'cut' }));
		upstream('b').next(responds(rest));
		const final: OpenAiResponse = await openai.responses.stream({ model: 'x', input: 'Hi' }).finalResponse();
		expect(final.output_text).toBe(text);
	});
});

describe('a request that nobody could answer', () => {
	it.each([
		[{ messages: [] }, 'messages', /\/v1\/chat\/completions/],
		[{ input: [] }, 'input', /at least one/],
		[{ input: 'Hi', background: true }, 'background', /kept/],
		[{ input: 'Hi', previous_response_id: 'resp_bw_1' }, 'previous_response_id', /whole input/],
		[
			{ input: 'Hi', tools: [{ type: 'function', function: { name: 'age' } }] },
			'tools[0]',
			/'tools\[0\]' is a tool of POST \/v1\/chat\/completions; here .*'parameters'/,
		],
		[{ input: 'Hi', stream: 'yes' }, 'stream', /true or false/],
	])('is refused with what to change: %j', async (body, param, message) => {
		const { respond, upstream } = await start();
		const response = await respond(JSON.stringify(body));
		expect(response.status).toBe(400);
		expect((await failureOf(response)).error).toMatchObject({ param, message: expect.stringMatching(message) });
		expect(upstream('a').requests).toEqual([]);
	});
});
