import { describe, expect, it } from 'vitest';
import { ChatDocumentWriter } from '../../../src/dialects/openai-chat/document-writer.ts';
import { cpuMsOf } from '../../helpers/cpu-time.ts';
import { chunkOf, chunksOf } from '../../helpers/upstream.ts';

function assembled(chunks: readonly object[]) {
	const answer = new ChatDocumentWriter('req');
	for (const chunk of chunks) answer.addChunk({ ...chunk });
	return JSON.parse(answer.whole());
}

/** The only choice of an answer. */
function choiceOf(...chunks: object[]) {
	return assembled(chunks).choices[0];
}

describe('an answer put together', () => {
	it('has every field that a completion has', () => {
		const chunks = chunksOf('All of it.', { includeUsage: true, fields: { system_fingerprint: 'fp', created: 7 } });
		const { usage, ...answer } = assembled(chunks);
		expect(answer).toEqual({
			id: expect.stringMatching(/./),
			object: 'chat.completion',
			created: 7,
			model: expect.stringMatching(/./),
			system_fingerprint: 'fp',
			choices: [
				{
					index: 0,
					message: { role: 'assistant', content: 'All of it.', refusal: null },
					logprobs: null,
					finish_reason: 'stop',
				},
			],
		});
		expect(usage.total_tokens).toBeGreaterThan(0);
	});

	it('has the first id that is one, and the model that wrote last', () => {
		const head = { id: '', object: '', created: 0, model: 'm0', choices: [], prompt_filter_results: [{}] };
		const first = chunkOf({ content: 'a' }, null, { id: 'one', created: 7, model: 'm1' });
		const last = chunkOf({ content: 'b' }, 'stop', { id: 'two', created: 8, model: 'm2' });
		expect(assembled([head, first, last])).toMatchObject({
			id: 'one',
			created: 7,
			model: 'm2',
			prompt_filter_results: [{}],
		});
	});

	it('has the last usage, with its parts', () => {
		const [early, late] = [{ total_tokens: 1 }, { total_tokens: 3 }];
		const parts = { usage: [{ target: 'a/m', usage: null }] };
		const answer = assembled([
			chunkOf({ content: 'a' }, null, { usage: early }),
			{ ...chunkOf({}), choices: [], usage: late, failover: parts },
			chunkOf({}, 'stop', { usage: null }),
		]);
		expect(answer).toMatchObject({ usage: late, failover: parts });
		expect(assembled([chunkOf({ content: 'a' })])).not.toHaveProperty('usage');
		expect(assembled([chunkOf({ content: 'a' })])).not.toHaveProperty('failover');
	});

	it('has its thoughts and its refusal', () => {
		const choice = choiceOf(
			chunkOf({ reasoning_content: 'Hm', reasoning_details: [{ text: 'Hm' }] }),
			chunkOf({ reasoning_content: 'm.', reasoning_details: [{ text: 'm.' }], content: null }),
			chunkOf({ refusal: 'I ' }),
			chunkOf({ refusal: 'cannot.', content: null }),
		);
		expect(choice.message).toEqual({
			role: 'assistant',
			content: null,
			refusal: 'I cannot.',
			reasoning_content: 'Hmm.',
			reasoning_details: [{ text: 'Hm' }, { text: 'm.' }],
		});
	});

	it('has several choices, each with its own text, in the order of their indexes', () => {
		const on = (index: number, delta: object, finish: string | null = null) => ({
			...chunkOf({}),
			choices: [{ index, delta, finish_reason: finish }],
		});
		const { choices } = assembled([
			on(1, { content: 'b' }),
			on(0, { content: 'a' }),
			on(1, { content: 'B' }, 'length'),
			on(0, { content: 'A' }, 'stop'),
		]);
		expect(choices).toMatchObject([
			{ index: 0, message: { content: 'aA' }, finish_reason: 'stop' },
			{ index: 1, message: { content: 'bB' }, finish_reason: 'length' },
		]);
	});

	it('has the probabilities, and what else a choice says', () => {
		const with_ = (logprobs: object | null, others: object = {}) => ({
			...chunkOf({}),
			choices: [{ index: 0, delta: { content: 'a' }, logprobs, ...others }],
		});
		const choice = choiceOf(
			with_(null),
			with_({ content: [{ token: 'a' }], refusal: null }),
			with_({ content: [{ token: 'b' }], refusal: null }, { content_filter_results: { hate: { filtered: false } } }),
		);
		expect(choice.logprobs.content).toEqual([{ token: 'a' }, { token: 'b' }]);
		expect(choice.content_filter_results).toEqual({ hate: { filtered: false } });
	});

	it('keeps what it has when later chunks say null', () => {
		const choice = choiceOf(
			chunkOf({ content: 'a' }, 'length'),
			chunkOf({ role: null, content: null, tool_calls: null }, null),
		);
		expect(choice).toMatchObject({ message: { role: 'assistant', content: 'a' }, finish_reason: 'length' });
	});

	it('keeps text and parts apart where content is both', () => {
		const thought = { type: 'thinking', thinking: [] };
		expect(
			choiceOf(chunkOf({ content: '' }), chunkOf({ content: [thought] }), chunkOf({ content: 'a' })).message,
		).toEqual({
			role: 'assistant',
			refusal: null,
			content: [thought, { type: 'text', text: 'a' }],
		});
		expect(choiceOf(chunkOf({ content: 'a' }), chunkOf({ content: [thought] })).message.content).toEqual([
			{ type: 'text', text: 'a' },
			thought,
		]);
	});

	it('is JSON even without a chunk', () => {
		expect(assembled([])).toEqual({ object: 'chat.completion', choices: [] });
	});
});

describe('calls of tools put together', () => {
	const call = (part: object) => chunkOf({ tool_calls: [part] });

	it('are whole, by their indexes, with no content beside them', () => {
		const choice = choiceOf(
			chunkOf({ role: 'assistant', content: null }),
			call({ index: 1, id: 'y', type: 'function', function: { name: 'two', arguments: '' } }),
			call({ index: 0, id: 'x', type: 'function', function: { name: 'one', arguments: '' } }),
			call({ index: 0, function: { arguments: '{"a":' } }),
			call({ index: 1, function: { arguments: '{}' } }),
			call({ index: 0, function: { arguments: '1}' } }),
			chunkOf({}, 'tool_calls'),
		);
		expect(choice).toMatchObject({ message: { content: null }, finish_reason: 'tool_calls' });
		expect(choice.message.tool_calls).toEqual([
			{ id: 'x', type: 'function', function: { name: 'one', arguments: '{"a":1}' } },
			{ id: 'y', type: 'function', function: { name: 'two', arguments: '{}' } },
		]);
	});

	it.each([
		['again', { id: 'x', type: 'function', function: { name: 'one', arguments: '{}' } }],
		['as null', { id: null, type: null, function: { name: null, arguments: '{}' } }],
		['as an empty text', { id: '', type: '', function: { name: '', arguments: '{}' } }],
	])('are not disturbed by providers that tell their names in every chunk: %s', (_name, more) => {
		const { message } = choiceOf(
			call({ index: 0, id: 'x', type: 'function', function: { name: 'one', arguments: '' } }),
			call({ index: 0, ...more }),
		);
		expect(message.tool_calls).toEqual([{ id: 'x', type: 'function', function: { name: 'one', arguments: '{}' } }]);
	});

	it('without indexes are one each', () => {
		const { message } = choiceOf(call({ id: 'x' }), call({ id: 'y' }));
		expect(message.tool_calls).toEqual([{ id: 'x' }, { id: 'y' }]);
	});

	it('with an absurd index cost no more than others', () => {
		const assemble = () => {
			const { message } = choiceOf(call({ index: 4_000_000_000, id: 'x' }), call({ index: -1, id: 'y' }));
			expect(message.tool_calls).toEqual([{ id: 'y' }, { id: 'x' }]);
		};
		expect(cpuMsOf(assemble)).toBeLessThan(1000);
	});

	it('in the legacy form are whole too', () => {
		const { message } = choiceOf(
			chunkOf({ function_call: { name: 'one', arguments: '' } }),
			chunkOf({ function_call: { arguments: '{"a":' } }),
			chunkOf({ function_call: { arguments: '1}' } }, 'function_call'),
		);
		expect(message.function_call).toEqual({ name: 'one', arguments: '{"a":1}' });
	});

	it('without a finish reason have the one that fits', () => {
		expect(choiceOf(call({ index: 0, id: 'x' })).finish_reason).toBe('tool_calls');
		expect(choiceOf(chunkOf({ content: 'a' })).finish_reason).toBe('stop');
	});
});
