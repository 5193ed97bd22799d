import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AnswerSink } from '../../src/contract/answer-sink.ts';
import type { ClientRequest } from '../../src/contract/dialect.ts';
import type { FailureReport } from '../../src/contract/failure-report.ts';
import { ChatBody } from '../../src/dialects/openai-chat/chat-body.ts';
import { openaiChatClient } from '../../src/dialects/openai-chat/openai-chat.ts';
import { contentOf, messages, soon, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { answers, chunksOf, status, streams } from '../helpers/upstream.ts';

let breakwater: TestGateway;

beforeEach(async () => {
	breakwater = await startGateway({ policy: { breaker: { failureThreshold: 1, cooldown: '20ms' } } });
	// A half-open provider has one slot: a permit that is not given back shuts it out for minutes.
	breakwater.upstream('a').next(status(503));
	await breakwater.post();
	await soon(async () => expect((await breakwater.health()).a?.state).toBe('half-open'));
});

afterEach(() => breakwater.close());

/** Notes what it is told. */
class Recorder implements AnswerSink {
	readonly told: string[] = [];
	report: FailureReport | undefined;
	answer(): void {
		this.told.push('answer');
	}
	begin(): void {
		this.told.push('begin');
	}
	write(): boolean {
		this.told.push('write');
		return true;
	}
	end(): void {
		this.told.push('end');
	}
	fail(report: FailureReport): void {
		this.told.push('fail');
		this.report = report;
	}
	breakOff(report: FailureReport): void {
		this.told.push('breakOff');
		this.report = report;
	}
}

const bug = () => {
	throw new Error('a bug');
};

const { request: asked } = openaiChatClient.read(JSON.stringify({ messages, stream: true }));

function call(client: AnswerSink, request: ClientRequest = asked, id = 'req_bad') {
	return breakwater.gateway.call({ id, route: 'default', request, dialect: openaiChatClient }, client);
}

/** @param state of the provider: the first content of a stream has closed it, whatever became of the answer */
async function expectIsolated(state: 'closed' | 'half-open'): Promise<void> {
	const { crashes, health, post, records } = breakwater;
	await soon(() => expect(records.at(-1)).toMatchObject({ id: 'req_bad', outcome: 'failed', code: 'internal_error' }));
	expect(crashes).toMatchObject([{}]);
	expect((await health()).a).toMatchObject({ state, probesInFlight: 0 });
	expect(await contentOf(await post())).toBe('still there');
	expect(records.at(-1)?.trace).toMatchObject([
		{ target: 'a/model-a', probe: state === 'half-open', outcome: 'succeeded' },
	]);
}

describe('an exception in one request', () => {
	test('while its answer begins: it is told, and its probe is given back', async () => {
		breakwater.upstream('a').next(streams(chunksOf('lost'), { end: 'stall' }), answers('still there'));
		const client = Object.assign(new Recorder(), { begin: bug });
		call(client);
		await soon(() => expect(client.told).toEqual(['breakOff']));
		expect(client.report).toMatchObject({ status: 500, body: { error: { code: 'internal_error' } } });
		expect(client.report?.body.error.message).toContain('req_bad');
		await expectIsolated('closed');
		await soon(() => expect(breakwater.upstream('a').aborted).toBe(1));
	});

	test('before anything was sent: it is told, and its probe is given back', async () => {
		breakwater.upstream('a').next(answers('still there'));
		const client = new Recorder();
		call(client, { ...asked, body: new ChatBody('{"messages') });
		expect(client.told).toEqual(['fail']);
		expect(breakwater.upstream('a').requests).toHaveLength(1);
		await expectIsolated('half-open');
	});

	test('in a client that cannot even be told', async () => {
		breakwater.upstream('a').next(streams(chunksOf('lost'), { end: 'stall' }), answers('still there'));
		call(Object.assign(new Recorder(), { begin: bug, breakOff: bug }));
		await expectIsolated('closed');
	});

	test('at the end of its answer: its probe is given back', async () => {
		breakwater.upstream('a').next(answers('lost'), answers('still there'));
		const client = Object.assign(new Recorder(), { answer: bug });
		call(client, { ...asked, stream: false });
		await soon(() => expect(client.told).toEqual(['fail']));
		await expectIsolated('closed');
	});

	test('does not hurt the requests that run beside it', async () => {
		breakwater.upstream('a').next(answers('recovered'));
		await (await breakwater.post()).text();
		const text = 'a long answer that is on its way all the time';
		breakwater.upstream('a').always(streams(chunksOf(text), { delayMs: 4 }));
		const others = Array.from({ length: 5 }, () => breakwater.post({ stream: true }));
		for (let count = 0; count < 5; count++) call(Object.assign(new Recorder(), { begin: bug }));
		for (const other of others) expect(await contentOf(await other)).toBe(text);
		await soon(() => expect(breakwater.crashes).toHaveLength(5));
		expect((await breakwater.health()).a).toMatchObject({ state: 'closed', consecutiveFailures: 0 });
	});
});

describe('a gateway that closes', () => {
	test('tells every open call, blames no provider and leaves nothing running', async () => {
		breakwater.upstream('a').always(streams(chunksOf('never whole').slice(0, 2), { end: 'stall' }));
		const [streaming, waiting] = [new Recorder(), new Recorder()];
		call(streaming);
		await soon(() => expect(streaming.told).toEqual(['begin', 'write']));
		breakwater.upstream('a').always(() => {});
		call(waiting, asked, 'req_waiting');
		await soon(() => expect(breakwater.upstream('a').requests).toHaveLength(3));

		const before = breakwater.gateway.health();
		await breakwater.gateway.close();
		expect(streaming.told).toEqual(['begin', 'write', 'breakOff']);
		expect(waiting.told).toEqual(['fail']);
		for (const { report } of [streaming, waiting]) {
			expect(report).toMatchObject({ status: 503, body: { error: { code: 'shutting_down', type: 'server_error' } } });
		}
		await soon(() => {
			expect(breakwater.upstream('a').openSockets + breakwater.upstream('b').openSockets).toBe(0);
		});
		const after = breakwater.gateway.health();
		expect(after.b?.consecutiveFailures).toBe(before.b?.consecutiveFailures);
		expect(after.a?.state).toBe('closed');
	});

	test('tells the others when one of its clients throws', async () => {
		breakwater.upstream('a').always(() => {});
		breakwater.upstream('b').always(() => {});
		const clients = [Object.assign(new Recorder(), { fail: bug }), new Recorder()];
		for (const client of clients) call(client);
		await breakwater.gateway.close();
		expect(clients[1]?.told).toEqual(['fail']);
	});
});
