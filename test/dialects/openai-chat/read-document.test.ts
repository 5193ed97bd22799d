import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readDocument } from '../../../src/dialects/openai-chat/read-document.ts';
import { completionOf } from '../../helpers/openai-shapes.ts';

function read(value: unknown) {
	return readText(JSON.stringify(value));
}

function withMessage(message: unknown, finishReason: unknown = null) {
	return { model: 'm', choices: [{ index: 0, message, finish_reason: finishReason }] };
}

const believed = { is: 'answer' };
const failure = { is: 'failure' };
const readText = (text: string) => readDocument(text, { model: 'asked' });

describe('a completion', () => {
	it.each([
		['with text', completionOf('Hi')],
		['with text and no finish reason', withMessage({ content: 'Hi' })],
		['with text in parts', withMessage({ content: [{ type: 'text', text: 'Hi' }] })],
		['with a tool call and no text', withMessage({ content: null, tool_calls: [{ id: 'call_1' }] })],
		['with a refusal', withMessage({ content: null, refusal: 'I cannot' })],
		['with a finish reason and an empty text', withMessage({ content: '' }, 'stop')],
		['with a null error', { ...completionOf('Hi'), error: null }],
		['with an empty error', { ...completionOf('Hi'), error: '' }],
		['with two choices', { model: 'm', choices: [...completionOf('a').choices, ...completionOf('b').choices] }],
	])('%s is believed', (_name, value) => {
		expect(read(value)).toMatchObject(believed);
	});

	it.each([
		['no model', { ...completionOf('Hi'), model: undefined }],
		['an empty model', { ...completionOf('Hi'), model: '' }],
		['a model that is no text', { ...completionOf('Hi'), model: null }],
	])('with %s gets it filled in, and is otherwise as it came', (_name, value) => {
		const bytes = Buffer.from(JSON.stringify(value));
		const reading = readText(bytes.toString());
		if (reading.is !== 'answer') throw new Error('it is an answer');
		expect(JSON.parse(reading.answer.body(bytes).toString())).toEqual({
			...JSON.parse(bytes.toString()),
			model: 'asked',
		});
	});

	it('goes out byte for byte where nothing is missing in it', () => {
		const bytes = Buffer.from(JSON.stringify(completionOf('Hi'), null, 3));
		const reading = readText(bytes.toString());
		expect(reading.is === 'answer' && reading.answer.body(bytes)).toBe(bytes);
	});

	it('may stand in white space', () => {
		expect(readText(`\n \r\n${JSON.stringify(completionOf('Hi'), null, 2)}\n`)).toMatchObject(believed);
	});
});

describe('a failure is', () => {
	it.each([
		['nothing', ''],
		['white space', ' \n'],
		['HTML', '<html><body>Bad gateway</body></html>'],
		['JSON that is cut off', JSON.stringify(completionOf('Hi')).slice(0, -1)],
		['two completions', JSON.stringify(completionOf('Hi')).repeat(2)],
		['a stream', `data: ${JSON.stringify(completionOf('Hi'))}\n\n`],
		['a list', `[${JSON.stringify(completionOf('Hi'))}]`],
		['a text', '"Hi"'],
		['null', 'null'],
	])('%s', (_name, body) => {
		expect(readText(body)).toMatchObject(failure);
	});

	it.each([
		['an error object', { error: { message: 'no' } }],
		['an error beside choices', { ...completionOf('Hi'), error: { message: 'no' } }],
		['an error that is a text', { ...completionOf('Hi'), error: 'no' }],
		['no choices', { model: 'm' }],
		['an empty list of choices', { model: 'm', choices: [] }],
		['choices that are no list', { model: 'm', choices: { 0: {} } }],
		['a choice that is null', { model: 'm', choices: [null] }],
		['a choice without a message', { model: 'm', choices: [{ finish_reason: 'stop' }] }],
		['a message that is a text', withMessage('Hi', 'stop')],
		['the finish reason "error"', withMessage({ content: 'Hi' }, 'error')],
		['neither text nor an end', withMessage({ role: 'assistant', content: '' })],
		['nothing but null', withMessage({ content: null, tool_calls: null, refusal: null })],
		['an empty refusal', withMessage({ content: null, refusal: '' })],
		['empty lists', withMessage({ content: [], tool_calls: [] })],
		['one good choice and a broken one', { choices: [...completionOf('Hi').choices, { message: null }] }],
	])('%s', (_name, value) => {
		expect(read(value)).toMatchObject(failure);
	});
});

it('never throws', () => {
	const choice = fc.record({ message: fc.jsonValue(), finish_reason: fc.jsonValue() });
	const value = fc.oneof(fc.jsonValue(), fc.record({ error: fc.jsonValue(), choices: fc.array(choice) }));
	const body = fc.oneof(
		fc.string(),
		value.map((any) => JSON.stringify(any)),
	);
	fc.assert(
		fc.property(body, (text) => {
			expect(['answer', 'failure']).toContain(readText(text).is);
		}),
	);
});
