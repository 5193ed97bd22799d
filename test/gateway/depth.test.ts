import { afterEach, describe, expect, it } from 'vitest';
import { failureOf, messages, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { answers, type Behaviour, chunkOf, completionOf } from '../helpers/upstream.ts';

let breakwater: TestGateway | undefined;
afterEach(() => breakwater?.close());

/** As a text: `JSON.stringify` runs out of stack on what it stands for. */
const deep = (levels: number, open = '[', close = ']') => `${open.repeat(levels)}1${close.repeat(levels)}`;
const withDeep = (value: object, levels: number) => JSON.stringify(value).replace('"DEEP"', deep(levels));

function sends(contentType: string, body: string): Behaviour {
	return async ({ response, end }) => {
		response.writeHead(200, { 'content-type': contentType });
		await end(body);
	};
}

const finish = `data: ${JSON.stringify({ ...chunkOf({}), choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}\n\ndata: [DONE]\n\n`;
const call = { index: 0, id: 'c', type: 'function', function: { name: 'f', arguments: 'DEEP' } };

/** Where a provider may put it; each is put together into a document for a caller without a stream. */
const places: [string, object][] = [
	['a member that nobody knows', { ...chunkOf({ content: 'Hello' }), more: 'DEEP' }],
	['a member of a delta', chunkOf({ content: 'Hello', more: 'DEEP' })],
	['the arguments of a call', chunkOf({ tool_calls: [call] })],
];

async function expectNextTarget(
	bad: Behaviour,
	providers: Record<string, Record<string, unknown>> = {},
): Promise<void> {
	breakwater = await startGateway({ providers });
	breakwater.upstream('a').always(bad);
	breakwater.upstream('b').always(answers('from b'));
	const response = await breakwater.post({ messages });
	expect(response.status).toBe(200);
	expect(response.headers.get('x-breakwater-target')).toMatch(/^b\//);
	expect(breakwater.crashes).toEqual([]);
}

describe('an answer that is deeper than can be written again goes on to the next target', () => {
	it.each(places)('as a stream: %s', async (_place, value) => {
		const stream = `data: ${withDeep(value, 10_000)}\n\n${finish}`;
		await expectNextTarget(sends('text/event-stream', stream), { a: { streamUpstream: true } });
	});

	it('as a document', async () => {
		const whole = withDeep({ ...completionOf('Hello'), more: 'DEEP' }, 10_000);
		await expectNextTarget(sends('application/json', whole));
	});
});

it('an error of a provider that is that deep is read as one without words', async () => {
	breakwater = await startGateway();
	breakwater.upstream('a').always(async ({ response, end }) => {
		response.writeHead(400, { 'content-type': 'application/json' });
		await end(`{"error":{"message":"no","code":${deep(20_000)}}}`);
	});
	const { error } = await failureOf(await breakwater.post({ messages }));
	expect(error.type).not.toBe('internal_error');
	expect(breakwater.crashes).toEqual([]);
});

it.each([
	['in a member that nobody knows', `"x":${deep(10_000)}`],
	['in objects', `"x":${deep(10_000, '{"a":', '}')}`],
	['just too deep', `"x":${deep(500)}`],
])('a request that is that deep is the caller’s mistake: %s', async (_name, member) => {
	breakwater = await startGateway();
	const response = await breakwater.post(`{"messages":${JSON.stringify(messages)},${member}}`);
	expect(response.status).toBe(400);
	expect((await failureOf(response)).error).toMatchObject({
		code: 'invalid_request',
		message: expect.stringContaining('nested more than 500 levels deep'),
	});
	expect(breakwater.upstream('a').requests).toEqual([]);
});

it('a request that may be that deep, and one with many brackets in its texts, is passed on', async () => {
	breakwater = await startGateway();
	breakwater.upstream('a').always(answers('ok'));
	const said = JSON.stringify([{ role: 'user', content: '[{"'.repeat(2000) }]);
	const response = await breakwater.post(`{"messages":${said},"x":${deep(499)}}`);
	expect(response.status).toBe(200);
});
