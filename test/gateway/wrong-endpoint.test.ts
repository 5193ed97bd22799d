import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../helpers/gateway.ts';
import { completes, status } from '../helpers/upstream.ts';

let breakwater: TestGateway;
beforeAll(async () => {
	breakwater = await startGateway({
		names: ['a', 'b'],
		providers: { a: { endpoints: ['chat', 'responses', 'completions', 'embeddings'] } },
		profiles: { default: { chain: ['a/model-a', 'b/model-b'] }, vectors: { chain: ['a/embed-1'] } },
	});
});
afterAll(() => breakwater.close());
afterEach(() => expect(breakwater.crashes).toEqual([]));

const openai = (message: string, code: string | null = null) => ({
	error: { message, type: 'invalid_request_error', param: 'model', code },
});

function ask(path: string, body: object): Promise<Response> {
	return fetch(`${breakwater.origin}${path}`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify(body),
	});
}

const embeddings = { input: 'Hello' };
const completion = { prompt: 'Hello' };
const chat = { messages: [{ role: 'user', content: 'Hello' }] };

describe('a model that its caller names at an endpoint where it does not answer', () => {
	it.each([
		['embeddings', '/v1/embeddings', 'a/model-a', embeddings, 404, openai('No such model', 'model_not_found')],
		['embeddings', '/v1/embeddings', 'a/model-a', embeddings, 400, openai('The model does not support Embeddings API')],
		['embeddings', '/v1/embeddings', 'a/model-a', embeddings, 400, openai('Invalid model: model-a', 'invalid_model')],
		[
			'a completion',
			'/v1/completions',
			'a/model-a',
			completion,
			404,
			openai('This is a chat model and not supported in the v1/completions endpoint.'),
		],
		[
			'a chat',
			'/v1/chat/completions',
			'a/model-a',
			chat,
			404,
			openai('This is not a chat model and thus not supported in the v1/chat/completions endpoint.'),
		],
		['a chat', '/v1/chat/completions', 'a/embed-1', chat, 400, openai('Invalid model: embed-1', 'invalid_model')],
		[
			'a response',
			'/v1/responses',
			'a/model-a',
			embeddings,
			400,
			openai("The requested model 'model-a' is not supported with the Responses API."),
		],
	])('is its caller’s mistake: %s, %s %s', async (_what, path, model, body, code, error) => {
		const before = breakwater.upstream('a').requests.length;
		breakwater.upstream('a').next(status(code, error));
		const response = await ask(path, { model, ...body });
		expect([response.status, await response.json()]).toMatchObject([
			code,
			{ error: { message: error.error.message, type: 'invalid_request_error' } },
		]);
		expect(response.headers.get('x-should-retry')).toBe('false');
		expect(breakwater.upstream('a').requests).toHaveLength(before + 1);
		expect((await breakwater.health()).a).toMatchObject({ state: 'closed', unavailableModels: {} });
	});

	it('is left for the next target of a chain', async () => {
		breakwater
			.upstream('a')
			.next(status(404, openai('This is a chat model and not supported in the v1/completions …')));
		const choices = [{ index: 0, text: 'Hi', finish_reason: 'stop' }];
		breakwater.upstream('b').next(completes({ id: 'cmpl-1', object: 'text_completion', model: 'model-b', choices }));
		const response = await ask('/v1/completions', { model: 'default', ...completion });
		expect([response.status, response.headers.get('x-breakwater-target')]).toEqual([200, 'b/model-b']);
		await response.text();
	});

	it('is not there where it is asked for what it does', async () => {
		breakwater.upstream('a').next(...[0, 1].map(() => status(404, openai('No such model', 'model_not_found'))));
		expect((await ask('/v1/embeddings', { model: 'a/embed-1', ...embeddings })).status).toBe(404);
		const { unavailableModels } = (await breakwater.health()).a ?? {};
		expect(unavailableModels).toHaveProperty('embed-1');
	});
});
