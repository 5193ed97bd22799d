import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { contentOf, type GatewaySetup, messages, soon, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { inStep } from '../helpers/in-step.ts';
import { answers, type Behaviour, chunkOf, chunksOf, hangs, stallsAfter, status } from '../helpers/upstream.ts';

let breakwater: TestGateway;

async function start(setup: GatewaySetup = {}): Promise<TestGateway> {
	breakwater = await startGateway(setup);
	return breakwater;
}

afterEach(() => breakwater.close());

describe('a client that leaves', () => {
	/** Sends a request, waits until the upstream has it, and leaves. */
	async function leave(body: object, until: () => void = () => {}): Promise<void> {
		const { post, upstream } = breakwater;
		const controller = new AbortController();
		const reply = post(body, { signal: controller.signal }).then((response) => response.text());
		const left = expect(reply).rejects.toThrow('abort');
		await soon(() => expect(upstream('a').requests.length).toBeGreaterThan(0));
		await soon(until);
		controller.abort();
		await left;
	}

	async function expectNoVerdict(): Promise<void> {
		const { health, records, upstream } = breakwater;
		await soon(() => expect(records).toMatchObject([{ outcome: 'aborted' }]));
		expect((await health()).a).toMatchObject({ state: 'closed', consecutiveFailures: 0, lastFailure: null });
		expect(upstream('b').requests).toHaveLength(0);
	}

	test.each([false, true])('before the first token aborts the attempt (stream: %s)', async (stream) => {
		const { upstream } = await start();
		upstream('a').next(hangs());
		await leave({ stream });
		await soon(() => expect(upstream('a').aborted).toBe(1));
		await expectNoVerdict();
		expect(breakwater.records[0]?.trace).toMatchObject([{ did: 'attempt', outcome: 'abandoned' }]);
	});

	test('in the middle of a stream aborts the attempt', async () => {
		const { post, upstream } = await start();
		upstream('a').next(stallsAfter(chunksOf('one two three').slice(0, 3)));
		const controller = new AbortController();
		const response = await post({ stream: true }, { signal: controller.signal });
		const reader = response.body?.getReader();
		expect(new TextDecoder().decode((await reader?.read())?.value)).toContain('one');
		controller.abort();
		await soon(() => expect(upstream('a').aborted).toBe(1));
		await expectNoVerdict();
	});

	test('in the middle of a whole answer aborts the attempt', async () => {
		const { upstream } = await start();
		upstream('a').next(stallsAfter('{"id":'));
		await leave({});
		await soon(() => expect(upstream('a').aborted).toBe(1));
		await expectNoVerdict();
	});

	test('during a backoff ends the request: nothing more is sent', async () => {
		const { upstream, records } = await start({
			policy: {
				retry: { backoff: '1s', maxBackoff: '1s', jitter: 0 },
				onError: { SERVER_ERROR: { retries: 5 } },
			},
		});
		upstream('a').always(status(503));
		await leave({}, () => expect(breakwater.gateway.health().a?.consecutiveFailures).toBe(1));
		await soon(() => expect(records).toMatchObject([{ outcome: 'aborted' }]));
		await sleep(1200);
		expect(upstream('a').requests).toHaveLength(1);
		expect(upstream('b').requests).toHaveLength(0);
	});

	test('gives the slot of its probe back', async () => {
		const { post, upstream, health, records } = await start({
			policy: { breaker: { failureThreshold: 1, cooldown: '30ms' } },
		});
		upstream('a').next(status(503), hangs(), answers('recovered'));
		await post();
		await soon(async () => expect((await health()).a?.state).toBe('half-open'));

		const controller = new AbortController();
		const probe = expect(post({}, { signal: controller.signal })).rejects.toThrow('abort');
		await soon(async () => expect((await health()).a?.probesInFlight).toBe(1));
		expect((await post()).headers.get('x-breakwater-target')).toBe('b/model-b');
		controller.abort();
		await probe;

		await soon(async () => expect((await health()).a).toMatchObject({ state: 'half-open', probesInFlight: 0 }));
		expect(await contentOf(await post())).toBe('recovered');
		expect(records.at(-1)?.trace).toMatchObject([{ target: 'a/model-a', probe: true, outcome: 'succeeded' }]);
		expect((await health()).a?.state).toBe('closed');
	});

	test('does not disturb the others on the same provider', async () => {
		const { post, upstream } = await start();
		upstream('a').next(hangs(), stallsAfter(chunksOf('never whole').slice(0, 2)));
		const controller = new AbortController();
		const lost = expect(post({}, { signal: controller.signal })).rejects.toThrow('abort');
		await soon(() => expect(upstream('a').requests).toHaveLength(1));
		const stream = await post({ stream: true });
		controller.abort();
		await lost;
		await soon(() => expect(upstream('a').aborted).toBe(1));
		expect(await contentOf(await post())).toBe('ok');
		const reader = stream.body?.getReader();
		expect(new TextDecoder().decode((await reader?.read())?.value)).toContain('never');
		await reader?.cancel();
	});
});

describe('a reader that is slow', () => {
	const EVENTS = 1000;

	/**
	 * A stream that is not read while nothing more of it can be sent, for longer than a provider may be idle; then to its end.
	 * @returns how many events were sent until then, and what came
	 */
	async function readLate(idleMs: number) {
		const { upstream, origin } = await start({ policy: { timeouts: { idle: `${idleMs}ms` } } });
		const flood = new Flood(EVENTS);
		upstream('a').next(flood.behaviour);
		const socket = connect(Number(new URL(origin).port), '127.0.0.1');
		const body = JSON.stringify({ messages, stream: true });
		const length = Buffer.byteLength(body);
		socket.write(
			`POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`,
		);
		socket.pause();

		await soon(() => expect(flood.sentEvents).toBeGreaterThan(0));
		let sentUnread = -1;
		while (sentUnread !== flood.sentEvents) {
			sentUnread = flood.sentEvents;
			await sleep(0.6 * idleMs);
		}
		await sleep(0.6 * idleMs);

		let received = 0;
		let tail = '';
		for await (const piece of socket) {
			received += piece.length;
			tail = (tail + piece.toString('latin1')).slice(-100);
		}
		return { sentUnread, sent: flood.sentEvents, received, tail };
	}

	test('slows the provider down, and is no idle provider', async () => {
		const { sentUnread, sent, received, tail } = await inStep(1000, readLate, () => breakwater.close());
		// What lies between the two ends is the kernels' buffers and ours, of a bounded size.
		expect(sentUnread).toBeLessThan(EVENTS / 2);
		expect(sent).toBe(EVENTS);
		expect(received).toBeGreaterThan(EVENTS * Flood.eventBytes);
		expect(tail).toContain('data: [DONE]\n\n');
	});
});

/** A stream of large events that are sent as fast as they are taken. */
class Flood {
	static readonly eventBytes = 64 * 1024;
	sentEvents = 0;
	readonly behaviour: Behaviour;

	constructor(events: number) {
		const event = `data: ${JSON.stringify(chunkOf({ content: 'x'.repeat(Flood.eventBytes) }))}\n\n`;
		this.behaviour = async ({ response, write, end }) => {
			response.setHeader('content-type', 'text/event-stream');
			for (; this.sentEvents < events; this.sentEvents++) await write(event);
			await end(`data: ${JSON.stringify(chunkOf({}, 'stop'))}\n\ndata: [DONE]\n\n`);
		};
	}
}
