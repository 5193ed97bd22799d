import OpenAI from 'openai';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { messages, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { answers, chunkOf, chunksOf, hangs, status, streams } from '../helpers/upstream.ts';

const text = 'A whole answer, with “quotes”, \n\nblank lines and 日本語 🎉.';

let breakwater: TestGateway;

beforeEach(async () => {
	breakwater = await startGateway({
		policy: { breaker: { failureThreshold: 10 } },
		providers: { a: { policy: { timeouts: { firstToken: '1s', response: '1s' } } } },
	});
	breakwater.upstream('b').always(answers(text));
});

afterEach(() => breakwater.close());

async function completed(): Promise<string> {
	const completion = await breakwater.openai.chat.completions.create({ model: 'default', messages });
	expect(completion.model).toBe('model-b');
	return completion.choices[0]?.message.content ?? '';
}

async function streamed(): Promise<string> {
	const stream = await breakwater.openai.chat.completions.create({ model: 'default', messages, stream: true });
	let joined = '';
	let finishReason: string | null | undefined;
	for await (const chunk of stream) {
		joined += chunk.choices[0]?.delta.content ?? '';
		finishReason = chunk.choices[0]?.finish_reason ?? finishReason;
	}
	expect(finishReason).toBe('stop');
	return joined;
}

test.each([
	['whole', completed],
	['streamed', streamed],
])('%s: a primary that sends 503, hangs, sends 429 with Retry-After, then 402 costs no answer', async (_name, ask) => {
	const primary = breakwater.upstream('a');
	const tooMany = status(429, { error: { message: 'slow down', code: 'rate_limit_exceeded' } }, { 'retry-after': '1' });
	const broke = status(402, { error: { message: 'Insufficient credits' } });
	primary.next(status(503), hangs(), tooMany, broke);
	for (const category of ['SERVER_ERROR', 'TIMEOUT', 'RATE_LIMIT', 'QUOTA_EXCEEDED']) {
		expect(await ask()).toBe(text);
		expect(breakwater.records.at(-1)?.trace).toMatchObject([
			{ target: 'a/model-a', failure: { category } },
			{ target: 'b/model-b', outcome: 'succeeded' },
		]);
	}
	expect((await breakwater.health()).a).toMatchObject({ state: 'quota-cooldown', reason: 'quota' });
	expect(await ask()).toBe(text);
	expect(primary.requests).toHaveLength(4);
});

test('a 429 whose wait is short is waited out on the same target', async () => {
	const patient = await startGateway({ policy: { onError: { RATE_LIMIT: { retries: 1 } } } });
	try {
		patient.upstream('a').next(status(429, undefined, { 'retry-after-ms': '60' }), answers('from the primary'));
		const completion = await patient.openai.chat.completions.create({ model: 'default', messages });
		expect(completion.choices[0]?.message.content).toBe('from the primary');
		expect(patient.records[0]?.trace).toMatchObject([
			{ did: 'attempt', outcome: 'failed' },
			{ did: 'wait', ms: 60 },
			{ did: 'attempt', outcome: 'succeeded' },
		]);
	} finally {
		await patient.close();
	}
});

test('usage and tool calls reach the client as the provider sent them', async () => {
	const call = { index: 0, id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"at":"sea"}' } };
	const usage = { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 };
	const chunks = [
		chunkOf({ role: 'assistant', content: null, tool_calls: [call] }),
		chunkOf({}, 'tool_calls'),
		{ ...chunkOf({}), choices: [], usage },
	];
	breakwater.upstream('a').next(streams(chunks));
	const stream = breakwater.openai.chat.completions.stream({
		model: 'default',
		messages,
		stream_options: { include_usage: true },
	});
	const completion = await stream.finalChatCompletion();
	expect(completion.choices[0]?.message.tool_calls).toMatchObject([{ id: 'call_1', function: { name: 'look' } }]);
	expect(completion.usage).toEqual(usage);
});

test('a missing [DONE] is supplied once the answer was finished', async () => {
	breakwater.upstream('a').next(streams(chunksOf(text, { fields: { model: 'model-b' } }), { end: 'close' }));
	expect(await streamed()).toBe(text);
});

test('the client gets the typed error of its own library', async () => {
	breakwater.upstream('a').always(status(400, { error: { message: 'temperature is too high', param: 'temperature' } }));
	const error = await breakwater.openai.chat.completions
		.create({ model: 'default', messages })
		.catch((thrown: unknown) => thrown);
	expect(error).toBeInstanceOf(OpenAI.BadRequestError);
	expect(error).toMatchObject({ status: 400, code: 'bad_request', type: 'invalid_request_error' });
	expect(String(error)).toContain('temperature is too high');
});

test('lists profiles and targets as models', async () => {
	const { data } = await breakwater.openai.models.list();
	expect(data.map(({ id, owned_by }) => [id, owned_by])).toEqual([
		['default', 'breakwater'],
		['a/model-a', 'a'],
		['b/model-b', 'b'],
	]);
});
