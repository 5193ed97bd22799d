import { afterEach, beforeEach, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../helpers/gateway.ts';
import { answers } from '../helpers/upstream.ts';

let breakwater: TestGateway;

beforeEach(async () => {
	breakwater = await startGateway({ providers: { a: { models: { 'model-a': { input: ['text'] } } } } });
	for (const name of ['a', 'b']) breakwater.upstream(name).always(answers('OK'));
});

afterEach(() => breakwater.close());

const asked = () => ['a', 'b'].map((name) => breakwater.upstream(name).requests.length);

test('a picture goes to the next target, past a model that only reads', async () => {
	const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } };
	await (await breakwater.post({ messages: [{ role: 'user', content: [image] }] })).text();
	expect(asked()).toEqual([0, 1]);
});

test('a text goes to a model that only reads', async () => {
	await (await breakwater.post({})).text();
	expect(asked()).toEqual([1, 0]);
});

test('a text for a model that only reads is not looked at: what contradicts itself is for the provider to refuse', async () => {
	const reply = await breakwater.post({ messages: [{ role: 'tool', tool_call_id: 'nobodys', content: 'x' }] });
	expect(reply.status).toBe(200);
	expect(asked()).toEqual([1, 0]);
});
