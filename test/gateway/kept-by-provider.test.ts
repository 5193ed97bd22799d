import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answersMessage } from '../helpers/anthropic-shapes.ts';
import { startGateway, type TestGateway } from '../helpers/gateway.ts';
import { anthropic, messagesRequest, postTo } from '../helpers/messages-per-test.ts';
import { responds } from '../helpers/responses-shapes.ts';
import { status } from '../helpers/upstream.ts';

let breakwater: TestGateway;
beforeEach(async () => {
	breakwater = await startGateway({
		names: ['a', 'b', 'c'],
		providers: {
			a: { endpoints: ['chat', 'responses'], apiKey: ['key-of-a-one', 'key-of-a-two'] },
			b: { endpoints: ['chat', 'responses'] },
			c: anthropic,
		},
		profiles: {
			several: { chain: ['a/model-a', 'b/model-b'] },
			keys: { chain: ['a/model-a', 'a/other'] },
		},
	});
	breakwater.upstream('a').always(responds('Hi'));
	breakwater.upstream('b').always(responds('Hi'));
	breakwater.upstream('c').always(answersMessage({ text: 'Hi' }));
});
afterEach(async () => {
	expect(breakwater.crashes).toEqual([]);
	await breakwater.close();
});

const files = { input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'file-1' }] }] };
const message = {
	...messagesRequest,
	messages: [{ role: 'user', content: [{ type: 'document', source: { type: 'file', file_id: 'file_1' } }] }],
};

const ask = (body: object) => postTo(breakwater, body, '/v1/responses');
const keysOf = (name: string) => breakwater.upstream(name).requests.map(({ headers }) => headers.authorization);

const unknownFile = status(404, {
	error: { message: 'File with id file-1 not found.', type: 'invalid_request_error', param: 'input', code: null },
});
const unknownToAnthropic = status(404, {
	type: 'error',
	error: { type: 'not_found_error', message: 'File not found: file_1' },
});

describe('an id of a file that nobody here knows', () => {
	it.each(['a/model-a', 'b/model-b', 'keys'])('goes to the one provider that the caller names: %s', async (model) => {
		const answer = await ask({ model, ...files });
		expect(answer.status).toBe(200);
		const [asked] = [...breakwater.upstream('a').requests, ...breakwater.upstream('b').requests];
		expect(asked?.json).toMatchObject(files);
	});

	it('goes to each key of that provider, until one has it', async () => {
		breakwater.upstream('a').next(unknownFile);
		const answer = await ask({ model: 'a/model-a', ...files });
		expect(answer.status).toBe(200);
		expect(keysOf('a')).toEqual(['Bearer key-of-a-one', 'Bearer key-of-a-two']);
	});

	it('and that no key has is the caller’s mistake, which takes nothing out of service', async () => {
		breakwater.upstream('a').next(unknownFile, unknownFile);
		const answer = await ask({ model: 'a/model-a', ...files });
		expect([answer.status, await answer.json()]).toMatchObject([
			404,
			{ error: { message: 'File with id file-1 not found.', type: 'invalid_request_error' } },
		]);
		breakwater.upstream('c').next(unknownToAnthropic);
		const other = await postTo(breakwater, { ...message, model: 'c/model-c' });
		expect([other.status, await other.json()]).toMatchObject([
			404,
			{ error: { type: 'not_found_error', message: 'File not found: file_1' } },
		]);
		const health = await breakwater.health();
		for (const provider of ['a#1', 'a#2', 'c']) {
			expect(health[provider]).toMatchObject({ state: 'closed', unavailableModels: {} });
		}
	});

	it('is refused where several providers could have been meant', async () => {
		const answer = await ask({ model: 'several', ...files });
		expect([answer.status, await answer.json()]).toMatchObject([400, { error: { code: 'unknown_state' } }]);
		expect([...keysOf('a'), ...keysOf('b')]).toEqual([]);
	});
});
