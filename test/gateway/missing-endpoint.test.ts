import { afterEach, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../helpers/gateway.ts';
import { status } from '../helpers/upstream.ts';

let breakwater: TestGateway;
afterEach(() => breakwater.close());

const missing = status(404, { error: { code: '404', message: 'Resource not found' } });

async function askResponses(): Promise<Response> {
	return fetch(`${breakwater.origin}/v1/responses`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ model: 'default', input: 'Hello' }),
	});
}

test('an endpoint that is not there is asked for once, the next target answers, and other dialects do not suffer', async () => {
	breakwater = await startGateway({
		providers: { a: { endpoints: ['chat', 'responses'] } },
		policy: { onError: { SERVER_ERROR: { retries: 2 } }, breaker: { failureThreshold: 1 } },
	});
	breakwater.upstream('a').next(missing, missing);
	for (let round = 0; round < 2; round += 1) {
		const response = await askResponses();
		expect([response.status, response.headers.get('x-breakwater-target')]).toEqual([200, 'b/model-b']);
		await response.text();
	}
	expect(breakwater.upstream('a').requests).toHaveLength(2);
	expect((await breakwater.health()).a).toMatchObject({ state: 'closed', unavailableModels: {} });
	const chat = await breakwater.post();
	expect(chat.headers.get('x-breakwater-target')).toBe('a/model-a');
	await chat.text();
});

test('an endpoint that nobody has is an error that says what to change', async () => {
	breakwater = await startGateway({ names: ['a'], providers: { a: { endpoints: ['chat', 'responses'] } } });
	breakwater.upstream('a').next(missing);
	const response = await askResponses();
	const { error } = (await response.json()) as { error: { message: string } };
	expect(response.status).toBe(502);
	expect(error.message).toMatch(
		/no such endpoint: correct providers\.a\.baseUrl, or list .* in providers\.a\.endpoints/,
	);
});
