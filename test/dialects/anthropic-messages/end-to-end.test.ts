import { afterEach, describe, expect, it } from 'vitest';
import { MessagesGrammar } from '../../../src/dialects/anthropic-messages/grammar.ts';
import {
	answersMessage,
	assembled,
	failsAsAnthropic,
	type MessagesObject,
	messageEvents,
	messageOf,
	readWire,
	streamsMessage,
	wireOf,
} from '../../helpers/anthropic-shapes.ts';
import { type GatewaySetup, startGateway, type TestGateway } from '../../helpers/gateway.ts';
import { answers, chunksOf, completes, status, streams } from '../../helpers/upstream.ts';

const text = 'The harbour wall was built in 1862, and it has kept the storms out of the town ever since.';
const half = text.slice(0, 46);
const rest = text.slice(text.indexOf('1862'));

let gateway: TestGateway | undefined;
afterEach(async () => {
	await gateway?.close();
	gateway = undefined;
});

const anthropic = { protocol: 'anthropic' };

/** Each provider of the test, and the protocol that it speaks: `a` is asked first. */
async function start(providers: GatewaySetup['providers'], more: Omit<GatewaySetup, 'providers'> = {}) {
	gateway = await startGateway({ providers: providers ?? {}, ...more });
	return gateway;
}

const request = { model: 'default', max_tokens: 100, messages: [{ role: 'user', content: 'How old is it?' }] };

function post({ origin }: TestGateway, body: object | string, path = '/v1/messages', headers: object = {}) {
	return fetch(`${origin}${path}`, {
		method: 'POST',
		headers: { 'content-type': 'application/json', ...headers },
		body: typeof body === 'string' ? body : JSON.stringify(body),
	});
}

/** What a provider was asked first. */
function sentTo(running: TestGateway, name: string): Record<string, unknown> {
	return running.upstream(name).requests[0]?.json as Record<string, unknown>;
}

/** The stream follows the grammar, to its end. */
function checked(events: readonly MessagesObject[]): readonly MessagesObject[] {
	const grammar = new MessagesGrammar();
	expect(events.map((event) => grammar.next(event))).toEqual(events.map(() => undefined));
	expect(grammar.isComplete).toBe(true);
	return events;
}

describe('a client and a provider of Messages', () => {
	it('have nothing changed between them but the model', async () => {
		const running = await start({ a: anthropic, b: anthropic });
		const events = [
			...messageEvents({ thinking: 'How old?', text }).slice(0, 2),
			{ type: 'ping' },
			{ type: 'news', nobody: ['knows', 1] },
			...messageEvents({ thinking: 'How old?', text }).slice(2),
		];
		running.upstream('a').next(streamsMessage(events));
		const body =
			'{"max_tokens" : 100,"model":"default",  "stream":true, "big":12345678901234567890, "messages":[{"role":"user","content":"Hello"}]}';
		const response = await post(running, body, '/v1/messages?beta=true');
		expect(await response.text()).toBe(wireOf(events));
		expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
		const [sent] = running.upstream('a').requests;
		expect(sent?.path).toBe('/v1/messages');
		expect(sent?.text).toBe(body.replace('"default"', '"model-a"'));
		expect(running.records[0]).toMatchObject({ outcome: 'done', tokens: [{ input: 5, output: 7 }] });
	});

	it('a document goes through byte for byte', async () => {
		const running = await start({ a: anthropic, b: anthropic });
		const message = `{ "unknown": 1.50,${JSON.stringify(messageOf({ text })).slice(1)}`;
		running.upstream('a').next(async ({ response, end }) => {
			response.setHeader('content-type', 'application/json');
			await end(message);
		});
		expect(await (await post(running, request)).text()).toBe(message);
	});

	it('fail over before the first word', async () => {
		const running = await start({ a: anthropic, b: anthropic });
		running.upstream('a').next(failsAsAnthropic(529, 'overloaded_error', 'Overloaded'));
		running.upstream('b').next(answersMessage({ text }));
		const response = await post(running, { ...request, stream: true });
		expect(assembled(checked(readWire(await response.text()))).text).toBe(text);
		expect(running.records[0]?.trace).toMatchObject([
			{ failure: { category: 'SERVER_ERROR', reason: 'overloaded', status: 529 } },
			{ outcome: 'succeeded' },
		]);
	});

	it('fail over from an error in the stream, before the first word', async () => {
		const running = await start({ a: anthropic, b: anthropic });
		const overloaded = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
		running.upstream('a').next(streamsMessage([...messageEvents({}).slice(0, 1), overloaded]));
		running.upstream('b').next(answersMessage({ text }));
		const response = await post(running, { ...request, stream: true });
		expect(assembled(checked(readWire(await response.text()))).text).toBe(text);
		expect(running.records[0]?.trace).toMatchObject([
			{ failure: { category: 'SERVER_ERROR', reason: 'overloaded' } },
			{ outcome: 'succeeded' },
		]);
	});

	it('a broken stream goes on in the same block, with one usage', async () => {
		const running = await start({ a: anthropic, b: anthropic });
		const broken = messageEvents({ thinking: 'How old?', text: [half.slice(0, 20), half.slice(20)] });
		running.upstream('a').next(streamsMessage(broken.slice(0, -3), { end: 'cut' }));
		running
			.upstream('b')
			.next(answersMessage({ text: rest, thinking: 'Go on', usage: { input_tokens: 11, output_tokens: 13 } }));
		const events = checked(readWire(await (await post(running, { ...request, stream: true })).text()));
		const { blocks, text: said, ended } = assembled(events);
		expect(said).toBe(text);
		expect(blocks.map(({ type }) => type)).toEqual(['thinking', 'text']);
		expect(ended).toMatchObject({
			delta: { stop_reason: 'end_turn' },
			usage: { input_tokens: 16, output_tokens: 14 },
			failover: { usage: [{ target: 'a/model-a' }, { target: 'b/model-b' }] },
		});
		const messages = sentTo(running, 'b').messages;
		expect(messages).toMatchObject([{ role: 'user' }, { role: 'assistant', content: half }, { role: 'user' }]);
	});
});

describe('a client of Messages in front of a provider of chat', () => {
	it('gets a stream of Messages', async () => {
		const running = await start({});
		running.upstream('a').next(answers(text));
		const response = await post(running, { ...request, system: 'Be brief.', stream: true });
		const { text: said, ended, blocks } = assembled(checked(readWire(await response.text())));
		expect([said, blocks.length]).toEqual([text, 1]);
		expect(ended).toMatchObject({ delta: { stop_reason: 'end_turn', stop_sequence: null } });
	});
});

void [completes, status, streams, chunksOf];
