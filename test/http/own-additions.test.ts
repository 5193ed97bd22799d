import { afterEach, describe, expect, test } from 'vitest';
import type { RefusedField } from '../../src/contract/observer.ts';
import { contentOf, failureOf, type GatewaySetup, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { answers, type Behaviour, status } from '../helpers/upstream.ts';

let breakwater: TestGateway;

async function start(setup: GatewaySetup = {}): Promise<TestGateway> {
	breakwater = await startGateway(setup);
	return breakwater;
}

afterEach(() => breakwater.close());

const error = (message: string, param: string | null = null) => ({
	error: { message, type: 'invalid_request_error', param, code: null },
});

/** Refuses each request that has the member, and answers every other one. */
function refuses(member: string, refusal: Behaviour): Behaviour {
	return (exchange) => (member in Object(exchange.request.json) ? refusal : answers('ok'))(exchange);
}

const streamed = { providers: { a: { streamUpstream: true } } };

describe('a provider that refuses the stream_options that Breakwater added', () => {
	test.each([
		['400, in words', status(400, error("Unknown parameter: 'stream_options'."))],
		['400, as a param', status(400, error('No.', 'stream_options'))],
		['400, of its member', status(400, error('stream_options.include_usage: Extra inputs are not permitted'))],
		[
			'422 of FastAPI',
			status(422, {
				detail: [{ type: 'extra_forbidden', loc: ['body', 'stream_options'], msg: 'Extra inputs are not permitted' }],
			}),
		],
		['422, without a name', status(422, error('Extra inputs are not permitted'))],
		['422, without a word', status(422, '')],
		['500', status(500, error('stream_options is not implemented'))],
	])('%s: is asked again without it, once, and it is remembered', async (_name, refusal) => {
		const fields: RefusedField[] = [];
		const observe = () => ({ fieldRefused: (refused: RefusedField) => void fields.push(refused) });
		const { post, upstream, records, health } = await start({ ...streamed, observe });
		upstream('a').always(refuses('stream_options', refusal));
		expect(await contentOf(await post())).toBe('ok');
		expect(await contentOf(await post())).toBe('ok');
		const asked = upstream('a').requests.map(({ json }) => 'stream_options' in Object(json));
		expect(asked).toEqual([true, false, false]);
		expect(records.map(({ trace }) => trace.length)).toEqual([1, 1]);
		expect((await health()).a).toMatchObject({ consecutiveFailures: 0, lastFailure: null });
		expect(fields).toEqual([{ target: 'a/model-a', field: 'stream_options', isOurs: true }]);
	});

	test('and fails without it too, is asked once more only, and not held to refuse it', async () => {
		const { post, upstream } = await start({ ...streamed, names: ['a'] });
		upstream('a').always(status(422, ''));
		expect((await post()).status).toBe(422);
		expect((await post()).status).toBe(422);
		const asked = upstream('a').requests.map(({ json }) => 'stream_options' in Object(json));
		expect(asked).toEqual([true, false, true, false]);
	});

	test('another mistake is not asked about again', async () => {
		const { post, upstream } = await start({ ...streamed, names: ['a'] });
		upstream('a').always(status(400, error("Invalid type for 'temperature'.", 'temperature')));
		const response = await post({ temperature: 'hot' });
		expect(response.status).toBe(400);
		expect((await failureOf(response)).error.message).toContain('temperature');
		expect(upstream('a').requests).toHaveLength(1);
	});

	test('a caller’s own stream_options are the caller’s', async () => {
		const { post, upstream } = await start({ names: ['a'] });
		upstream('a').always(refuses('stream_options', status(400, error("Unknown parameter: 'stream_options'."))));
		expect((await post({ stream: true, stream_options: { include_usage: true } })).status).toBe(400);
		expect(upstream('a').requests).toHaveLength(1);
	});
});
