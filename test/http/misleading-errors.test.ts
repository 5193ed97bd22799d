import { afterEach, describe, expect, test } from 'vitest';
import type { RefusedField } from '../../src/contract/observer.ts';
import { contentOf, failureOf, type GatewaySetup, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { answers, status } from '../helpers/upstream.ts';

let breakwater: TestGateway;

async function start(setup: GatewaySetup = {}): Promise<TestGateway> {
	breakwater = await startGateway(setup);
	return breakwater;
}

afterEach(() => breakwater.close());

const error = (message: string, code: string | number | null = null) => ({
	error: { message, type: null, param: null, code },
});
const tooLarge = status(
	429,
	error('Request too large for model-a on tokens per min (TPM): Limit 1, Requested 2.', 'rate_limit_exceeded'),
);
const cannotAfford = status(402, error('You requested up to 900 tokens, but can only afford 12.', 402));
const page = '<!DOCTYPE html><html><title>Just a moment...</title></html>';

describe('a failure that is nobody’s fault', () => {
	test.each([
		['429 request too large', tooLarge],
		['402 can only afford', cannotAfford],
		['413', status(413, error('Too large.'))],
	])('%s sends this request on, and the same target is asked next time', async (_name, behaviour) => {
		const { post, upstream, health } = await start();
		upstream('a').next(behaviour);
		upstream('b').always(answers('from b'));
		expect(await contentOf(await post())).toBe('from b');
		const { a } = await health();
		expect(a).toMatchObject({ state: 'closed', consecutiveFailures: 0, recentResults: { failed: 0 } });
		expect(await contentOf(await post())).toBe('ok');
	});

	test('where every target says so, the caller reads 413, and that trying again does not help', async () => {
		const { post, upstream } = await start();
		upstream('a').next(tooLarge);
		upstream('b').next(cannotAfford);
		const response = await post();
		expect(response.status).toBe(413);
		expect(response.headers.get('x-should-retry')).toBe('false');
		const { error: told } = await failureOf(response);
		expect(told).toMatchObject({ code: 'request_too_large', type: 'invalid_request_error' });
		expect(told.message).toContain('can only afford 12');
	});
});

test('a model that is not there, told as a 400, is made unavailable, and its provider is not', async () => {
	const { post, upstream, health } = await start();
	upstream('a').next(status(400, error('Model Not Exist')));
	upstream('b').always(answers('from b'));
	expect(await contentOf(await post())).toBe('from b');
	const { a } = await health();
	expect(a).toMatchObject({ state: 'closed', unavailableModels: { 'model-a': expect.any(String) } });
});

describe('a block by an intermediary', () => {
	test.each([
		['403 with a page', status(403, page)],
		['401 with a page', status(401, page)],
		['403 cf-mitigated', status(403, '', { 'cf-mitigated': 'challenge' })],
		['401 without a JSON error behind a CDN', status(401, 'Unauthorized', { server: 'cloudflare' })],
		['407', status(407, error('Proxy authentication required'))],
		['511', status(511, page)],
	])('%s is no verdict on the key', async (_name, behaviour) => {
		const { post, upstream, health, records } = await start();
		upstream('a').next(behaviour);
		upstream('b').next(answers('from b'));
		expect(await contentOf(await post())).toBe('from b');
		expect((await health()).a).toMatchObject({
			state: 'closed',
			lastFailure: { category: 'UNKNOWN_TRANSIENT', reason: 'intermediary' },
		});
		expect(records[0]?.trace).toHaveLength(2);
	});

	test.each([
		['a plain 401', status(401, error('Incorrect API key provided.', 'invalid_api_key'))],
		[
			'a 401 in JSON from behind a CDN',
			status(401, error('Incorrect API key provided.'), { server: 'cloudflare', 'cf-ray': '8f0-FRA' }),
		],
		['a 401 in words', status(401, 'Unauthorized')],
	])('%s stays one', async (_name, behaviour) => {
		const { post, upstream, health } = await start();
		upstream('a').next(behaviour);
		await post();
		expect((await health()).a).toMatchObject({ state: 'open', reason: 'auth' });
	});
});

describe('a wait that nobody wants', () => {
	test.each([
		['a 503 for 30 days is obeyed for an hour', 503, 3_600_000],
		['a 429 for 30 days is obeyed for a day', 429, 86_400_000],
	])('%s', async (_name, code, waitMs) => {
		const { post, upstream, health } = await start();
		upstream('a').next(status(code, error('Later.'), { 'retry-after': String(30 * 86_400) }));
		await post();
		const { a } = await health();
		expect(a?.state).toBe('open');
		const left = Date.parse(a?.retryAt ?? '') - Date.now();
		expect(left).toBeLessThanOrEqual(waitMs);
		expect(left).toBeGreaterThan(waitMs - 60_000);
	});
});

describe('a field that one provider does not take', () => {
	const unsupported = status(422, error("Unsupported parameter: 'seed' is not supported with this model."));

	test('is answered by another provider, and the caller and the log are told', async () => {
		const fields: RefusedField[] = [];
		const observe = () => ({ fieldRefused: (refused: RefusedField) => void fields.push(refused) });
		const { post, upstream, records, health } = await start({ observe });
		upstream('a').always(unsupported);
		upstream('b').always(answers('from b'));
		for (const _ of [1, 2]) {
			const response = await post({ seed: 7 });
			expect(response.headers.get('x-breakwater-unsupported')).toBe('a/model-a; field=seed');
			expect(await contentOf(response)).toBe('from b');
		}
		expect(records.map(({ unsupported }) => unsupported)).toEqual(
			Array(2).fill({ target: 'a/model-a', field: 'seed' }),
		);
		expect(fields).toEqual([{ target: 'a/model-a', field: 'seed', isOurs: false }]);
		expect((await health()).a).toMatchObject({ state: 'closed', recentResults: { failed: 0 } });
	});

	test('in a stream, too', async () => {
		const { post, upstream } = await start();
		upstream('a').next(unsupported);
		const response = await post({ seed: 7, stream: true });
		expect(response.headers.get('x-breakwater-unsupported')).toBe('a/model-a; field=seed');
		expect(await contentOf(response)).toBe('ok');
	});

	test.each([
		['rejects it too', status(422, error('Unknown field `seed`.'))],
		['is broken', status(500, error('The server had an error.'))],
		['has no credit', status(402, error('Insufficient Balance'))],
	])('is told in the words of the first one when the other one %s', async (_name, behaviour) => {
		const { post, upstream } = await start({ names: ['a', 'b', 'c'] });
		upstream('a').next(unsupported);
		upstream('b').next(behaviour);
		const response = await post({ seed: 7 });
		expect(response.status).toBe(422);
		expect(response.headers.get('x-should-retry')).toBe('false');
		expect((await failureOf(response)).error.message).toContain("Unsupported parameter: 'seed'");
		expect(upstream('c').requests).toHaveLength(0);
	});

	test('a name that the request does not have is not repeated', async () => {
		const { post, upstream, records } = await start();
		upstream('a').next(status(400, error("Unknown parameter: 'secretword'.")));
		const response = await post({ seed: 7 });
		expect(response.headers.get('x-breakwater-unsupported')).toBe('a/model-a');
		expect(records[0]?.unsupported).toEqual({ target: 'a/model-a' });
	});

	test('a mistake that is wrong everywhere ends at the first provider', async () => {
		const { post, upstream } = await start();
		upstream('a').next(status(400, error("Invalid type for 'temperature': expected a number.")));
		expect((await post({ temperature: 'hot' })).status).toBe(400);
		expect(upstream('b').requests).toHaveLength(0);
	});
});
