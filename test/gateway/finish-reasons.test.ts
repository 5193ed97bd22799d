import { afterEach, describe, expect, it } from 'vitest';
import { logObserver } from '../../src/observe/log/log.ts';
import {
	contentOf,
	eventsOf,
	failureOf,
	type GatewaySetup,
	startGateway,
	type TestGateway,
} from '../helpers/gateway.ts';
import { model } from '../helpers/model.ts';
import { type Behaviour, chunkOf, completionOf, streams } from '../helpers/upstream.ts';

let breakwater: TestGateway | undefined;
afterEach(() => breakwater?.close());

const whole = 'The harbour wall has kept the storms out ever since.';
const half = 'The harbour wall has kept the storms out';

/** An answer of this text whose end has these members. */
function ends(content: string | null, choice: Record<string, unknown>): Behaviour {
	const chunks = [...(content === null ? [] : [chunkOf({ content })]), { ...chunkOf({}), choices: [endOf(choice)] }];
	return (exchange) => {
		if ((exchange.request.json as { stream?: boolean }).stream === true) return streams(chunks)(exchange);
		const message = { role: 'assistant', content };
		exchange.response.writeHead(200, { 'content-type': 'application/json' });
		return exchange.end(JSON.stringify(completionOf('', { choices: [{ index: 0, message, ...choice }] })));
	};
}

function endOf(choice: Record<string, unknown>) {
	return { index: 0, delta: {}, finish_reason: null, ...choice };
}

async function start(setup: GatewaySetup = {}) {
	breakwater = await startGateway(setup);
	return breakwater;
}

const failures: [string, Record<string, unknown>][] = [
	...['abort', 'network_error', 'insufficient_system_resource', 'error', 'ERROR', 'MALFORMED_FUNCTION_CALL'].map(
		(reason): [string, Record<string, unknown>] => [reason, { finish_reason: reason }],
	),
	['a reason in two halves', { finish_reason: 'function_call_filter: MALFORMED_FUNCTION_CALL' }],
	['an error beside stop', { finish_reason: 'stop', error: { code: 502, message: 'upstream died' } }],
	['an error that is a text', { finish_reason: 'stop', error: 'upstream died' }],
	['a native reason beside stop', { finish_reason: 'stop', native_finish_reason: 'network_error' }],
];

describe.each(failures)('a finish that means a failure: %s', (_name, choice) => {
	it('is no end of a stream, which is carried on', async () => {
		const { upstream, post, records } = await start();
		upstream('a').always(ends(half, choice));
		upstream('b').always(model({ answer: whole, repeats: 'everything' }));
		expect(await contentOf(await post({ stream: true }))).toBe(whole);
		expect(records[0]?.trace).toSatisfy(([first]) => first.failure.category === 'SERVER_ERROR');
	});

	it('is no document', async () => {
		const { upstream, post } = await start();
		upstream('a').always(ends(half, choice));
		const response = await post();
		expect(response.headers.get('x-breakwater-target')).toBe('b/model-b');
	});
});

describe('a finish reason', () => {
	it('that means a failure is an error in the stream where nobody carries it on', async () => {
		const { upstream, post } = await start({ names: ['a'] });
		upstream('a').always(ends(half, { finish_reason: 'abort' }));
		const events = eventsOf(await (await post({ stream: true })).text());
		expect(events.at(-1)).toContain('"code":"stream_interrupted"');
		expect(events.join()).not.toContain('abort"}');
	});

	it('is the business of your own rules first', async () => {
		const errorRules = [
			{ code: 'finishReason:abort', as: 'RATE_LIMIT.mine' },
			{ code: 'finishReason:length', as: 'TIMEOUT.cut' },
			{ code: 'finishReason:odd*', as: 'MODEL_UNAVAILABLE.odd' },
		];
		const { upstream, post } = await start({ names: ['a', 'b', 'c'], errorRules });
		for (const [reason, category] of [
			['abort', 'RATE_LIMIT'],
			['length', 'TIMEOUT'],
			['oddity', 'MODEL_UNAVAILABLE'],
		]) {
			for (const name of ['a', 'b', 'c']) upstream(name).next(ends(half, { finish_reason: reason }));
			const { failover } = await failureOf(await post());
			expect(failover?.attempts[0]).toMatchObject({ category });
		}
	});

	it('that is a known end is whole, whatever a rule for anything says', async () => {
		const errorRules = [
			{ code: 'finishReason:*', as: 'SERVER_ERROR' },
			{ code: '*', status: '2xx', as: 'SERVER_ERROR' },
		];
		const { upstream, post } = await start({ errorRules });
		for (const reason of ['stop', 'length', 'end_turn', 'MAX_TOKENS', 'eos_token', 'FinishReason.STOP', 'pause_turn']) {
			upstream('a').next(ends(half, { finish_reason: reason }));
			expect((await post()).headers.get('x-breakwater-target')).toBe('a/model-a');
		}
	});

	it.each([
		['content_filter', undefined],
		['SAFETY', undefined],
		['refusal', undefined],
		['content_filter: PROHIBITED_CONTENT', undefined],
		['stop', 'RECITATION'],
	])('that is a refusal (%s, %s) is the answer, unless the policy sends it on', async (reason, native) => {
		const choice = { finish_reason: reason, ...(native && { native_finish_reason: native }) };
		const { upstream, post } = await start({
			profiles: {
				on: {
					chain: ['a/model-a', 'b/model-b'],
					policy: { onError: { 'BAD_REQUEST.content_policy': { then: 'next' } } },
				},
			},
		});
		for (const stream of [false, true]) {
			upstream('a').next(ends(null, choice), ends(stream ? null : half, choice));
			const kept = await post({ stream });
			expect(kept.headers.get('x-breakwater-target')).toBe('a/model-a');
			expect(await kept.text()).toContain(reason);
			const left = await post({ stream, model: 'on' });
			expect(left.headers.get('x-breakwater-target')).toBe('b/model-b');
		}
	});

	it('that is a refusal is the end of what has been sent already', async () => {
		const { upstream, post } = await start({ policy: { onError: { 'BAD_REQUEST.content_policy': { then: 'next' } } } });
		upstream('a').always(async ({ response, write, end }) => {
			response.writeHead(200, { 'content-type': 'text/event-stream' });
			await write(`data: ${JSON.stringify(chunkOf({ content: half }))}\n\n`);
			await new Promise((resolve) => setTimeout(resolve, 50));
			await end(`data: ${JSON.stringify(chunkOf({}, 'content_filter'))}\n\ndata: [DONE]\n\n`);
		});
		const response = await post({ stream: true });
		expect(response.headers.get('x-breakwater-target')).toBe('a/model-a');
		expect(await contentOf(response)).toBe(half);
	});

	it('that nobody knows is passed on, warned of once and counted', async () => {
		const lines: object[] = [];
		const log = { warn: (line: object) => void lines.push(line), info: () => {} };
		const { upstream, post, origin } = await start({ observe: () => logObserver(log as never) });
		upstream('a').always(ends(half, { finish_reason: 'tide "went" out\nsk-1' }));
		for (const stream of [false, true]) expect(await (await post({ stream })).text()).toContain('tide \\"went\\" out');
		expect(lines).toEqual([{ provider: 'a', finishReason: 'tide ?went? out?sk-1' }]);
		const metrics = await (await fetch(`${origin}/metrics`)).text();
		expect(metrics).toContain('breakwater_unknown_finish_reasons_total{gen_ai_provider_name="a"} 2');
	});

	it('may be the word null, which is none', async () => {
		const { upstream, post } = await start();
		const chunks = [chunkOf({ content: 'The ' }, 'null'), chunkOf({ content: 'tide.' }, 'null'), chunkOf({}, 'stop')];
		upstream('a').always(streams(chunks));
		expect(await contentOf(await post({ stream: true }))).toBe('The tide.');
		upstream('a').always(streams(chunks.slice(0, 2), { end: 'done' }));
		upstream('b').always(model({ answer: 'The tide.', repeats: 'everything' }));
		expect(await contentOf(await post({ stream: true }))).toBe('The tide.');
	});
});
