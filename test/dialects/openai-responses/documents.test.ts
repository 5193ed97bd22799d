import { describe, expect, it } from 'vitest';
import { openaiResponsesProvider } from '../../../src/dialects/openai-responses/openai-responses.ts';
import { readDocument } from '../../../src/dialects/openai-responses/read-document.ts';
import { proofId } from '../../../src/dialects/proofs.ts';
import { callOf, messageOf, responseEvents, responseOf, thoughtOf } from '../../helpers/responses-shapes.ts';

const read = (value: unknown) => readDocument(JSON.stringify(value), { model: 'asked' });

function answerOf(value: unknown) {
	const document = read(value);
	if (document.is !== 'answer') throw new Error('it is no answer');
	return document.answer;
}

describe('a document', () => {
	it('is an answer with its usage, its end and what its provider made', () => {
		const answer = answerOf(responseOf([thoughtOf('Hm.', 'secret'), callOf('look', {})], { store: true }));
		expect(answer.usage).toMatchObject({ input: 5, output: 2, cached: 2 });
		expect(answer.finishes).toEqual([{ reason: 'tool_calls' }]);
		expect(answer.made).toEqual(['resp_test', 'rs_test', proofId('secret'), 'fc_call_test']);
		expect(answer.hasContent()).toBe(true);
		const bytes = Buffer.from('{}');
		expect(answer.body(bytes)).toBe(bytes);
	});

	it('becomes the events that a stream of it has', () => {
		const response = responseOf([thoughtOf('Hm.'), messageOf('Old.'), callOf('look', { at: 'it' })]);
		const events = answerOf(response).events({ withUsage: true, inPieces: true });
		const types = (values: readonly Record<string, unknown>[]) => [...new Set(values.map(({ type }) => type))];
		const values = events.map(({ raw }) => raw.value as Record<string, unknown>);
		expect(types(values)).toEqual(types(responseEvents(response)));
		expect(values.map((value) => value.sequence_number)).toEqual(values.map((_, at) => at));
		expect(events.at(-1)?.parts.map(({ is }) => is)).toEqual(['finish', 'usage']);
		expect(
			answerOf(response)
				.events({ withUsage: false, inPieces: true })
				.at(-1)
				?.parts.map(({ is }) => is),
		).toEqual(['finish']);
	});

	it('comes in pieces only for a client that shows how it grows', () => {
		const text = 'A text that is longer than one piece. '.repeat(4);
		const saidIn = (inPieces: boolean) =>
			answerOf(responseOf(text))
				.events({ withUsage: false, inPieces })
				.flatMap(({ parts }) => parts.filter(({ is }) => is === 'text'));
		expect(saidIn(false)).toEqual([{ is: 'text', choice: 0, text }]);
		expect(saidIn(true).length).toBeGreaterThan(3);
	});

	it.each([
		[
			responseOf('Old.', { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }),
			'max_output_tokens',
		],
		[responseOf('Old.'), 'completed'],
	])('ends with its reason', (response, reason) => {
		expect(answerOf(response).finishes).toEqual([{ reason }]);
	});

	it.each([
		[
			responseOf([], { status: 'failed', error: { code: 'server_error', message: 'Sorry.' } }),
			['server_error'],
			['Sorry.'],
		],
		[responseOf([], { status: 'queued' }), ['queued'], []],
		[{ error: { code: 'rate_limit_exceeded', message: 'Slow.' } }, ['rate_limit_exceeded'], ['Slow.']],
		[{ object: 'chat.completion', choices: [] }, [], []],
	])('is none where it failed, or is not there yet: %#', (value, identifiers, texts) => {
		expect(read(value)).toMatchObject({ is: 'failure', error: { identifiers, texts } });
	});

	it.each([
		[[], false],
		[[messageOf('')], false],
		[[{ type: 'reasoning', summary: [] }], false],
		[[messageOf(' ')], true],
		[[thoughtOf('', 'secret')], true],
		[[{ type: 'image_generation_call', result: 'x' }], true],
	])('says something or nothing: %j', (output, isSaid) => {
		expect(answerOf(responseOf(output)).hasContent()).toBe(isSaid);
		const value = { type: 'response.completed', response: responseOf(output) };
		const raw = { dialect: 'openai-responses', data: '', value };
		expect(openaiResponsesProvider.hasUnreadContent({ parts: [], model: 'm', raw })).toBe(isSaid);
	});
});
