import { afterEach, describe, expect, it } from 'vitest';
import { failureOf, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { model } from '../helpers/model.ts';
import { type Behaviour, chunkOf } from '../helpers/upstream.ts';

let breakwater: TestGateway;
afterEach(() => breakwater.close());

const message = 'This model has a maximum context length of 4096 tokens.';
const error = { code: 400, message, type: 'exceed_context_size_error' };
const role = `data: ${JSON.stringify(chunkOf({ role: 'assistant', content: '' }))}\n\n`;

function sends(text: string): Behaviour {
	return async ({ response, end }) => {
		response.writeHead(200, { 'content-type': 'text/event-stream' });
		await end(text);
	};
}

const frames: [string, string][] = [
	['a field', `error: ${JSON.stringify(error)}\n\n`],
	['a field that holds an error object', `error: ${JSON.stringify({ error })}\n\n`],
	['a field without its end', `error: ${JSON.stringify(error)}`],
	['a field of text', `error: ${message}\n\n`],
	['a bare line', `${JSON.stringify({ error })}\n`],
	['a bare line of an error without a wrapping', `${JSON.stringify(error)}\n\n`],
	['a bare line that is a detail', `${JSON.stringify({ detail: message })}\n\n`],
	['a document', JSON.stringify({ error }, undefined, 2)],
	['a document in a list', JSON.stringify([{ error }], undefined, 2)],
];

describe.each(frames)('an error that is no event: %s', (_name, frame) => {
	it.each([
		['alone', ''],
		['after the role', role],
		['after a comment', ': wait\n\n'],
	])('is read as one, %s: nobody is blamed, and a larger window is asked', async (_when, before) => {
		breakwater = await startGateway({ providers: { b: { models: { 'model-b': { contextWindow: 1_000_000 } } } } });
		for (const end of ['', 'data: [DONE]\n\n']) {
			breakwater.upstream('a').next(sends(`${before}${frame}${frame.endsWith('\n') ? end : ''}`));
			const response = await breakwater.post({ stream: true });
			expect(response.headers.get('x-breakwater-target')).toBe('b/model-b');
			expect(await response.text()).toContain('[DONE]');
		}
		expect(await breakwater.health()).toMatchObject({ a: { consecutiveFailures: 0 } });
		expect(breakwater.records[0]?.trace[0]).toMatchObject({
			failure: { category: 'BAD_REQUEST', reason: 'context_length' },
		});
	});

	it('breaks a stream off, which is carried on', async () => {
		const answer = 'The harbour wall has kept the storms out ever since.';
		breakwater = await startGateway();
		const begun = `data: ${JSON.stringify(chunkOf({ content: answer.slice(0, 30) }))}\n\n`;
		const overloaded = frame
			.replaceAll(message, 'overloaded')
			.replaceAll('exceed_context_size_error', 'overloaded_error')
			.replaceAll('400', '503');
		breakwater.upstream('a').always(sends(`${begun}${overloaded}`));
		breakwater.upstream('b').always(model({ answer }));
		expect(await (await breakwater.post({ stream: true })).text()).toContain('[DONE]');
		expect(breakwater.records[0]?.trace[0]).toMatchObject({
			failure: { category: 'SERVER_ERROR', reason: 'overloaded' },
		});
	});
});

it('lines that are no error leave a stream as it is', async () => {
	breakwater = await startGateway({ names: ['a'] });
	const chunks = [chunkOf({ content: 'ok' }), chunkOf({}, 'stop')].map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`);
	breakwater
		.upstream('a')
		.next(sends(`status: fine\n{"progress":1}\n${chunks.join('{"error":null}\n')}error: {"message":"late"}\n\n`));
	expect(await (await breakwater.post({ stream: true })).text()).toContain('[DONE]');
	breakwater.upstream('a').next(sends('what is this?\n\n'));
	expect((await failureOf(await breakwater.post({ stream: true }))).failover?.attempts[0]).toMatchObject({
		reason: 'malformed',
	});
});
