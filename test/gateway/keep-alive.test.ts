import { afterEach, describe, expect, test } from 'vitest';
import { contentOf, eventsOf, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { answers, type Behaviour, chunkOf, chunksOf, delayed, hangs, status, streams } from '../helpers/upstream.ts';

let breakwater: TestGateway;

afterEach(() => breakwater.close());

const comments = (text: string) => text.split('\n\n').filter((event) => event.startsWith(':'));
const policy = { continuation: { keepAlive: '60ms' } };
const call = (args: string) =>
	chunkOf({ tool_calls: [{ index: 0, id: 'c1', type: 'function', function: { name: 'f', arguments: args } }] });

/** Says something, pauses, and goes on. */
function pausing(first: readonly object[], rest: readonly object[]): Behaviour {
	return async (exchange) => {
		const { response, write, end } = exchange;
		response.setHeader('content-type', 'text/event-stream');
		for (const event of first) await write(`data: ${JSON.stringify(event)}\n\n`);
		await delayed(400, () => {})(exchange);
		for (const event of rest) await write(`data: ${JSON.stringify(event)}\n\n`);
		await end('data: [DONE]\n\n');
	};
}

describe('a stream that has begun', () => {
	const [role, one, ...rest] = chunksOf('one two three') as [object, object, ...object[]];
	const closing = chunkOf({}, 'tool_calls');

	test.each([
		['its provider is quiet', pausing([role, one], rest)],
		['a call of a tool is held back', pausing([role, one, call('{"a":')], [call('1}'), closing])],
	])('has comments while %s, and is whole', async (_, behaviour) => {
		breakwater = await startGateway({ policy });
		breakwater.upstream('a').next(behaviour);
		const text = await (await breakwater.post({ stream: true })).text();
		expect(comments(text).length).toBeGreaterThanOrEqual(2);
		expect(comments(text).length).toBeLessThanOrEqual(7);
		expect(eventsOf(text).at(-1)).toBe('[DONE]');
	});

	test('has none while it flows', async () => {
		breakwater = await startGateway({ policy: { continuation: { keepAlive: '1s' } } });
		breakwater.upstream('a').next(streams(chunksOf('word '.repeat(40)), { delayMs: 40 }));
		expect(comments(await (await breakwater.post({ stream: true })).text())).toEqual([]);
	});

	test('has them while its continuation is waited for', async () => {
		breakwater = await startGateway({ policy });
		breakwater.upstream('a').next(streams(chunksOf('only half of it').slice(0, 3), { end: 'cut' }));
		breakwater.upstream('b').next(delayed(400, answers('only half of it')));
		const text = await (await breakwater.post({ stream: true })).text();
		expect(comments(text)[0]).toBe(': the answer is carried on');
		expect(comments(text).length).toBeGreaterThanOrEqual(3);
	});
});

test('before its first content a stream has no comment, so that an error keeps its status', async () => {
	breakwater = await startGateway({ policy: { ...policy, timeouts: { firstToken: '400ms' } } });
	breakwater.upstream('a').next(hangs());
	breakwater.upstream('b').next(status(400));
	const response = await breakwater.post({ stream: true });
	expect(response.status).toBe(400);
	breakwater.upstream('a').next(delayed(300, answers('late')));
	const late = await breakwater.post({ stream: true });
	expect(await contentOf(late)).toBe('late');
});

test('an answer that is not streamed is JSON and nothing else', async () => {
	breakwater = await startGateway({ policy, providers: { a: { streamUpstream: true } } });
	const [role, one, ...rest] = chunksOf('one two three') as [object, object, ...object[]];
	breakwater.upstream('a').next(pausing([role, one], rest));
	expect(await contentOf(await breakwater.post())).toBe('one two three');
});
