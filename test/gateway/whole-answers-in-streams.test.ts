import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { assembled, messageOf, readWire } from '../helpers/anthropic-shapes.ts';
import { contentOf, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { anthropic, checked, messagesRequest, postTo } from '../helpers/messages-per-test.ts';
import { callOf, readFrames, responseEvents, responseFrame, responseOf, textIn } from '../helpers/responses-shapes.ts';
import { type Behaviour, completionOf, streams } from '../helpers/upstream.ts';

let breakwater: TestGateway;
beforeAll(async () => {
	breakwater = await startGateway({
		names: ['chat', 'messages', 'responses'],
		providers: { messages: anthropic, responses: { endpoints: ['responses'] } },
		policy: { breaker: { failureThreshold: 1000 } },
	});
});
afterAll(() => breakwater.close());
afterEach(() => expect(breakwater.crashes).toEqual([]));

const text = 'The harbour wall was built in 1862.';
/** Longer than what is kept of a body to find an error in it. */
const long = `${text} `.repeat(1000);

/** The bytes of a body that is called a stream of events. */
function body(...pieces: string[]): Behaviour {
	return streams(pieces.map(Buffer.from), { end: 'close' });
}
const event = (value: object, name?: string) =>
	`${name === undefined ? '' : `event: ${name}\n`}data: ${JSON.stringify(value)}\n\n`;
const halves = (whole: string) => [whole.slice(0, whole.length >> 1), whole.slice(whole.length >> 1)];

interface Way {
	readonly provider: 'chat' | 'messages' | 'responses';
	readonly whole: (said: string) => object;
	/** As one event, or several. */
	readonly wires: Readonly<Record<string, (whole: object) => string>>;
}

const bare = {
	'a document in the place of a stream': (whole: object) => JSON.stringify(whole),
	'the same over several lines': (whole: object) => JSON.stringify(whole, null, 2),
};

const ways: readonly Way[] = [
	{
		provider: 'chat',
		whole: completionOf,
		wires: {
			...bare,
			'a completion as an event': (whole) => `${event(whole)}data: [DONE]\n\n`,
			'the same without an end mark': event,
		},
	},
	{
		provider: 'messages',
		whole: (said) => messageOf({ text: said, thinking: 'Hm' }),
		wires: {
			...bare,
			'a message as an event': (whole) => event(whole, 'message'),
			'the same without a name': event,
			'the same with an end': (whole) => event(whole) + event({ type: 'message_stop' }, 'message_stop'),
		},
	},
	{
		provider: 'responses',
		whole: responseOf,
		wires: {
			...bare,
			'the end of a response alone': (response) => responseFrame({ type: 'response.completed', response }),
			'the end of one that was begun': (response) =>
				[...responseEvents(response as never).slice(0, 2), { type: 'response.completed', response, sequence_number: 2 }]
					.map(responseFrame)
					.join(''),
			'a response as an event': event,
			'a response as the end': (response) => event(response, 'response.completed'),
		},
	},
];

const cases = ways.flatMap(({ provider, whole, wires }) =>
	Object.entries(wires).map(([name, wireOf]) => ({ provider, name, whole, wireOf })),
);

describe.each(cases)('$provider: $name', ({ provider, whole, wireOf }) => {
	const model = `${provider}/model-${provider}`;

	it.each([
		['short', text],
		['long', long],
	])('is a whole answer to callers of chat: %s', async (_length, said) => {
		breakwater.upstream(provider).next(body(...halves(wireOf(whole(said)))));
		expect(await contentOf(await breakwater.post({ model, stream: true }))).toBe(said);
		breakwater.upstream(provider).next(body(wireOf(whole(said))));
		expect(await contentOf(await breakwater.post({ model }))).toBe(said);
	});

	it('is a right stream to callers of Messages', async () => {
		breakwater.upstream(provider).next(body(wireOf(whole(text))));
		const answer = await postTo(breakwater, { ...messagesRequest, model, stream: true });
		expect(assembled(checked(readWire(await answer.text()))).text).toBe(text);
	});

	it('is one to callers of Responses, who read it from its pieces', async () => {
		breakwater.upstream(provider).next(body(wireOf(whole(text))));
		const answer = await postTo(breakwater, { model, input: 'Hello', stream: true }, '/v1/responses');
		const events = readFrames(await answer.text());
		expect(textIn(events)).toBe(text);
		expect(events.at(-1)?.type).toBe('response.completed');
		expect(events.map((one) => one.sequence_number)).toEqual(events.map((_, index) => index));
	});
});

describe('what is not whole', () => {
	it('is no answer where the document is cut off', async () => {
		const cut = JSON.stringify(completionOf(text)).slice(0, -20);
		breakwater.upstream('chat').next(body(cut));
		expect((await breakwater.post({ model: 'chat/model-chat', stream: true })).status).toBe(502);
	});

	it('is no answer where the message does not say why it ended', async () => {
		breakwater.upstream('messages').next(body(event({ ...messageOf({ text }), stop_reason: null })));
		const answer = await postTo(breakwater, { ...messagesRequest, model: 'messages/model-messages', stream: true });
		expect(answer.status).toBe(502);
	});

	it('is an error where the document is one', async () => {
		const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
		breakwater.upstream('messages').next(body(JSON.stringify(error)));
		const { failover } = (await (
			await postTo(breakwater, { ...messagesRequest, model: 'messages/model-messages', stream: true })
		).json()) as { failover: { attempts: object[] } };
		expect(failover.attempts).toMatchObject([{ category: 'SERVER_ERROR', reason: 'overloaded' }]);
	});

	it('is no answer where the response is still in progress', async () => {
		breakwater.upstream('responses').next(body(event({ ...responseOf(text), status: 'in_progress' })));
		expect((await breakwater.post({ model: 'responses/model-responses', stream: true })).status).toBe(502);
	});

	it('a call of a tool in a whole response comes once', async () => {
		const response = responseOf([callOf('look', { at: 'wall' })]);
		breakwater.upstream('responses').next(body(responseFrame({ type: 'response.completed', response })));
		const answer = await breakwater.post({ model: 'responses/model-responses' });
		expect(await answer.json()).toMatchObject({
			choices: [
				{
					finish_reason: 'tool_calls',
					message: { tool_calls: [{ function: { name: 'look', arguments: '{"at":"wall"}' } }] },
				},
			],
		});
	});
});
