import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../helpers/gateway.ts';
import { anthropic, postTo } from '../helpers/messages-per-test.ts';
import { completes, status, streams } from '../helpers/upstream.ts';

let breakwater: TestGateway;
beforeEach(async () => {
	const endpoints = ['chat', 'responses'];
	breakwater = await startGateway({
		names: ['a', 'b', 'c', 'd'],
		providers: { a: anthropic, b: anthropic, c: { endpoints }, d: { endpoints } },
		profiles: {
			messages: { chain: ['a/model-a', 'b/model-b'] },
			responses: { chain: ['c/model-c', 'd/model-d'] },
		},
	});
});
afterEach(async () => {
	expect(breakwater.crashes).toEqual([]);
	await breakwater.close();
});

const refused = status(400, {
	type: 'error',
	error: { type: 'invalid_request_error', message: 'messages.1.content.0: Invalid `signature` in `thinking` block' },
});
const unverified = status(400, {
	error: {
		message: 'The encrypted content gAAA...DQ== could not be verified.',
		type: 'invalid_request_error',
		param: null,
		code: 'invalid_encrypted_content',
	},
});

const message = (...content: object[]) =>
	completes({
		id: 'msg_1',
		type: 'message',
		role: 'assistant',
		model: 'm',
		content: [...content, { type: 'text', text: 'Hi' }],
		stop_reason: 'end_turn',
		stop_sequence: null,
		usage: { input_tokens: 1, output_tokens: 1 },
	});
const response = completes({
	id: 'resp_1',
	object: 'response',
	status: 'completed',
	model: 'm',
	output: [{ type: 'message', id: 'msg_1', role: 'assistant', content: [{ type: 'output_text', text: 'Hi' }] }],
});

const thinking = (signature: string) => ({ type: 'thinking', thinking: 'Hm', signature });
const reasoning = (encrypted: string) => ({ type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: encrypted });
const says = { type: 'text', text: 'Hello' };
const call = { type: 'tool_use', id: 'toolu_1', name: 'look', input: {} };
const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'quay' }] };

const conversation = (...content: object[]) => ({
	model: 'messages',
	max_tokens: 4096,
	messages: [
		{ role: 'user', content: 'Hi' },
		{ role: 'assistant', content },
		{ role: 'user', content: 'And?' },
	],
});
const input = (...thoughts: object[]) => ({
	model: 'responses',
	input: [{ role: 'user', content: 'Hi' }, ...thoughts, { role: 'user', content: 'And?' }],
});

function askedOf(name: string): Record<string, unknown>[] {
	return breakwater.upstream(name).requests.map(({ json }) => json as Record<string, unknown>);
}

/** The blocks of the assistant in each request. */
function blocksSent(name: string): unknown[] {
	return askedOf(name).map(({ messages }) => (messages as { content: unknown }[])[1]?.content);
}

describe('proofs of thoughts that nobody here knows, and that their reader refuses', () => {
	it('are left out of a message, which is asked for once more, and named', async () => {
		breakwater.upstream('a').next(refused, message());
		const answer = await postTo(breakwater, conversation(thinking('of B'), says));
		expect([answer.status, answer.headers.get('x-breakwater-target')]).toEqual([200, 'a/model-a']);
		expect(answer.headers.get('x-breakwater-dropped')).toBe('signed thinking');
		expect(blocksSent('a')).toEqual([[thinking('of B'), says], [says]]);
		expect(breakwater.upstream('b').requests).toHaveLength(0);
		expect((await breakwater.health()).a).toMatchObject({ state: 'closed', unavailableModels: {} });
	});

	it('are left out of a response, too', async () => {
		breakwater.upstream('c').next(unverified, response);
		const answer = await postTo(breakwater, input(reasoning('of D')), '/v1/responses');
		expect([answer.status, answer.headers.get('x-breakwater-target')]).toEqual([200, 'c/model-c']);
		expect(answer.headers.get('x-breakwater-dropped')).toBe('encrypted reasoning');
		expect(askedOf('c').map((body) => (body.input as unknown[]).length)).toEqual([3, 2]);
	});

	it('are left out from the beginning where they come again, of those who refused them', async () => {
		breakwater.upstream('a').next(refused, message(), message());
		await postTo(breakwater, conversation(thinking('of B'), says));
		const again = await postTo(breakwater, conversation(thinking('of B'), says));
		expect(again.headers.get('x-breakwater-dropped')).toBe('signed thinking');
		expect(blocksSent('a')).toHaveLength(3);
		breakwater.upstream('a').next(status(503));
		breakwater.upstream('b').next(message());
		const elsewhere = await postTo(breakwater, conversation(thinking('of B'), says));
		expect([elsewhere.headers.get('x-breakwater-target'), elsewhere.headers.get('x-breakwater-dropped')]).toEqual([
			'b/model-b',
			null,
		]);
		expect(blocksSent('b')).toEqual([[thinking('of B'), says]]);
	});

	it('leave those of the reader itself in', async () => {
		breakwater.upstream('a').next(message(thinking('of A')), refused, message());
		await postTo(breakwater, conversation(says));
		await postTo(breakwater, conversation(thinking('of B'), thinking('of A'), says));
		expect(blocksSent('a').slice(1)).toEqual([
			[thinking('of B'), thinking('of A'), says],
			[thinking('of A'), says],
		]);
	});

	it('all go where only those of the reader itself are left, which another account of it made', async () => {
		breakwater.upstream('a').next(message(thinking('of A')), refused, message());
		await postTo(breakwater, conversation(says));
		const answer = await postTo(breakwater, conversation(thinking('of A'), says));
		expect(answer.status).toBe(200);
		expect(blocksSent('a').slice(1)).toEqual([[thinking('of A'), says], [says]]);
	});

	it('are no reason to ask for ever: refused without any, the request goes on', async () => {
		breakwater.upstream('a').next(refused, refused);
		breakwater.upstream('b').next(message());
		const answer = await postTo(breakwater, conversation(thinking('of B'), says));
		expect([answer.headers.get('x-breakwater-target'), answer.headers.get('x-breakwater-dropped')]).toEqual([
			'b/model-b',
			null,
		]);
		expect(blocksSent('a')).toHaveLength(2);
	});

	it('end the request with what was said where nobody is left', async () => {
		breakwater.upstream('a').next(refused, refused);
		const answer = await postTo(breakwater, { ...conversation(thinking('of B'), says), model: 'a/model-a' });
		expect([answer.status, await answer.json()]).toMatchObject([
			400,
			{ error: { type: 'invalid_request_error', message: expect.stringContaining('Invalid `signature`') } },
		]);
	});

	it('take the thinking of a turn with them that must begin with it, which is said', async () => {
		breakwater.upstream('a').next(refused, message());
		const { messages, ...request } = conversation(thinking('of B'), call);
		const answer = await postTo(breakwater, {
			...request,
			thinking: { type: 'enabled', budget_tokens: 1024 },
			messages: [...messages.slice(0, 2), result],
		});
		expect(answer.headers.get('x-breakwater-dropped')).toBe('signed thinking, and with it the thinking of this turn');
		expect(askedOf('a').map((body) => body.thinking)).toEqual([{ type: 'enabled', budget_tokens: 1024 }, undefined]);
		expect(blocksSent('a')[1]).toEqual([call]);
	});

	it('are asked without under no key of an idempotent request, whose body is another now', async () => {
		breakwater.upstream('a').next(refused, message());
		await postTo(breakwater, conversation(thinking('of B'), says), '/v1/messages', { 'idempotency-key': 'once' });
		const keys = breakwater.upstream('a').requests.map(({ headers }) => headers['idempotency-key']);
		expect(keys).toEqual(['once', undefined]);
	});

	it('are not left out of an answer that has begun', async () => {
		const begun = [
			{ type: 'message_start', message: { id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content: [] } },
			{ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
			{ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hel' } },
			{ type: 'error', error: { type: 'invalid_request_error', message: 'Invalid `signature` in `thinking` block' } },
		];
		breakwater.upstream('a').next(streams(begun, { end: 'close' }));
		const answer = await postTo(breakwater, { ...conversation(thinking('of B'), says), stream: true });
		expect((await answer.text()).match(/Hel/g)).toHaveLength(1);
		expect(breakwater.upstream('a').requests).toHaveLength(1);
	});
});
