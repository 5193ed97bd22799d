import { describe, expect, it } from 'vitest';
import { ChatDocumentWriter } from '../../../src/dialects/openai-chat/document-writer.ts';
import { ChatStreamReader } from '../../../src/dialects/openai-chat/stream-reader.ts';
import type { JsonObject } from '../../../src/values/json.ts';
import { chunkOf } from '../../helpers/upstream.ts';

interface Told {
	/** The data of the events, as they go to a client. */
	data: string[];
	chunks: { choices: { delta: JsonObject & { content?: string }; finish_reason: string | null }[] }[];
	text: string;
	finishes: string[];
	isWhole: boolean;
	/** The same put together. */
	message: JsonObject;
	document: { choices: (JsonObject & { message: JsonObject })[] };
}

function told(...values: object[]): Told {
	const reader = new ChatStreamReader({ model: 'm', maxEventLength: 100_000, choices: 1 });
	const text = values.map((value) => `data: ${JSON.stringify(value)}\n\n`).join('');
	const events = [...reader.feed(Buffer.from(`${text}data: [DONE]\n\n`)), ...reader.finish()];
	const writer = new ChatDocumentWriter('1');
	for (const event of events) writer.add(event);
	const data = events.map(({ raw }) => raw.data);
	const chunks = data.map((one) => JSON.parse(one)) as Told['chunks'];
	const choices = chunks.flatMap((chunk) => chunk.choices);
	const document = JSON.parse(writer.whole());
	return {
		data,
		chunks,
		text: choices.map(({ delta }) => delta.content ?? '').join(''),
		finishes: choices.flatMap(({ finish_reason: reason }) => reason ?? []),
		isWhole: reader.state.is === 'whole',
		message: document.choices[0]?.message,
		document,
	};
}

function chunk(choice: object, more: object = {}) {
	return { ...chunkOf({}), choices: [{ index: 0, ...choice }], ...more };
}
const says = (content: unknown, more: object = {}) => chunk({ message: { role: 'assistant', content }, ...more });
const call = (...pieces: object[]) => chunkOf({ tool_calls: pieces });
const fn = (name: string | undefined, given: unknown) => ({
	function: { ...(name !== undefined && { name }), arguments: given },
});

describe('chunks with a message where the delta should be', () => {
	const hello = { text: 'Hello, world', finishes: ['stop'], isWhole: true };
	const stop = chunkOf({}, 'stop');

	it.each([
		['as far as it has come', [says('Hello'), says('Hello, '), says('Hello, world'), stop]],
		['piece by piece', [says('Hello'), says(', '), says('world', { finish_reason: 'stop' })]],
		[
			'the whole at last, beside its delta',
			[
				chunkOf({ content: 'Hello' }),
				chunk({ delta: { content: ', world' }, message: { content: 'Hello, world' }, finish_reason: 'stop' }),
			],
		],
		[
			'the whole at last, beside an empty delta',
			[
				chunkOf({ content: 'Hello, world' }),
				chunk({ delta: {}, message: { content: 'Hello, world' }, finish_reason: 'stop' }),
			],
		],
		[
			'the whole at last, alone, without its white space',
			[chunkOf({ content: 'Hello, world' }), says('Hello, world ', { finish_reason: 'stop' })]
				.slice(0, 1)
				.concat(says('Hello, world', { finish_reason: 'stop' })),
		],
		['the whole at once', [says('Hello, world', { finish_reason: 'stop' })]],
		[
			'the whole at once, twice',
			[says('Hello, world', { finish_reason: 'stop' }), says('Hello, world', { finish_reason: 'stop' })],
		],
		[
			'the whole at once, beside an empty delta',
			[chunk({ delta: {}, message: { content: 'Hello, world' }, finish_reason: 'stop' })],
		],
	])('are one text with one finish: %s', (_name, chunks) => {
		const { text, finishes, isWhole, message } = told(...chunks);
		expect({ text, finishes, isWhole }).toEqual(hello);
		expect(message).toMatchObject({ role: 'assistant', content: 'Hello, world' });
	});

	it('have no finish where the provider sent none', () => {
		for (const chunks of [
			[says('Hello')],
			[says('Hello'), says('Hello, world')],
			[says('Hello', { finish_reason: null })],
		]) {
			const { finishes, isWhole } = told(...chunks);
			expect({ finishes, isWhole }).toEqual({ finishes: [], isWhole: false });
		}
	});

	it('have their thoughts and calls once', () => {
		const calls = [{ index: 0, id: 'x', ...fn('one', '{}') }];
		const whole = { content: 'Hi', reasoning_content: 'Hm.', tool_calls: calls };
		const { message } = told(
			chunkOf({ reasoning_content: 'Hm.' }),
			chunkOf({ content: 'Hi', tool_calls: calls }),
			chunk({ delta: {}, message: whole, finish_reason: 'tool_calls' }),
		);
		expect(message).toMatchObject({
			content: 'Hi',
			reasoning_content: 'Hm.',
			tool_calls: [{ id: 'x', ...fn('one', '{}') }],
		});
	});
});

describe('a finish', () => {
	it('comes once: a second one is dropped, with what stands beside it kept', () => {
		const filter = { content_filter_results: { hate: 'safe' } };
		const { finishes, document, data } = told(
			chunkOf({ tool_calls: [{ index: 0, id: 'x', ...fn('one', '{}') }] }),
			chunkOf({}, 'tool_calls'),
			chunkOf({}, 'stop'),
			chunk({ delta: {}, finish_reason: 'stop', ...filter }),
		);
		expect(finishes).toEqual(['tool_calls']);
		expect(data).toHaveLength(3);
		expect(document.choices[0]).toMatchObject({ finish_reason: 'tool_calls', ...filter });
	});

	it('is not erased by an empty one', () => {
		const { document } = told(chunkOf({ content: 'a' }, 'length'), chunkOf({}, ''), chunkOf({}, null));
		expect(document.choices[0]?.finish_reason).toBe('length');
		const writer = new ChatDocumentWriter('1');
		for (const reason of ['length', '']) writer.addChunk(chunkOf({}, reason));
		expect(JSON.parse(writer.whole()).choices[0].finish_reason).toBe('length');
	});
});

describe('calls of tools', () => {
	const two = [
		{ id: 'x', ...fn('one', '{"a":1}') },
		{ id: 'y', ...fn('two', '{"b":2}') },
	];

	it.each([
		['both at index 0', [call({ index: 0, ...two[0] }), call({ index: 0, ...two[1] })]],
		['both at index 0, in one chunk', [call({ index: 0, ...two[0] }, { index: 0, ...two[1] })]],
		[
			'both at index 0, in pieces',
			[
				call({ index: 0, id: 'x', ...fn('one', '{"a"') }),
				call({ index: 0, ...fn(undefined, ':1}') }),
				call({ index: 0, id: 'y', ...fn('two', '') }),
				call({ index: 0, ...fn(undefined, '{"b":2}') }),
			],
		],
		['without indexes', [call({ ...two[0] }), call({ ...two[1] })]],
		[
			'without indexes, in pieces',
			[
				call({ id: 'x', ...fn('one', '') }),
				call(fn(undefined, '{"a":')),
				call(fn(undefined, '1}')),
				call({ id: 'y', ...fn('two', '{"b"') }),
				call({ id: null, ...fn(null as never, ':2}') }),
			],
		],
		['with an index that is a text', [call({ index: '0', ...two[0] }), call({ index: '1', ...two[1] })]],
		[
			'with an index only later',
			[call({ ...two[0], ...fn('one', '') }), call({ index: 0, ...fn(undefined, '{"a":1}') }), call({ ...two[1] })],
		],
		[
			'with ids and names again',
			[
				call({ index: 0, id: 'x', ...fn('one', '{"a"') }, { index: 1, id: 'y', ...fn('two', '{"b"') }),
				call({ index: 0, id: 'x', ...fn('one', ':1}') }, { index: 1, id: 'y', ...fn('two', ':2}') }),
			],
		],
		[
			'by their ids, at a wrong index',
			[
				call({ index: 0, id: 'x', ...fn('one', '{"a"') }, { index: 0, id: 'y', ...fn('two', '{"b"') }),
				call({ index: 0, id: 'x', ...fn(undefined, ':1}') }, { index: 0, id: 'y', ...fn(undefined, ':2}') }),
			],
		],
		[
			'with a new id in every piece',
			[
				call({ index: 0, id: 'x', ...fn('one', '{"a"') }),
				call({ index: 0, id: 'x2', ...fn(undefined, ':1}') }),
				call({ index: 1, ...two[1] }),
			],
		],
		[
			'with arguments that are objects',
			[call({ index: 0, id: 'x', ...fn('one', { a: 1 }) }), call({ index: 1, id: 'y', ...fn('two', { b: 2 }) })],
		],
		[
			'in turns',
			[
				call({ index: 0, id: 'x', ...fn('one', '{"a"') }),
				call({ index: 1, id: 'y', ...fn('two', '{"b"') }),
				call({ index: 0, ...fn(undefined, ':1}') }),
				call({ index: 1, ...fn(undefined, ':2}') }),
			],
		],
		[
			'with a name in pieces',
			[
				call({ index: 0, id: 'x', ...fn('o', '') }),
				call({ index: 0, ...fn('ne', '{"a":1}') }),
				call({ index: 1, ...two[1] }),
			],
		],
	])('are told apart: %s', (_name, chunks) => {
		const { chunks: sent, message } = told(...chunks, chunkOf({}, 'tool_calls'));
		expect(message.tool_calls).toEqual(two);
		// As a client does that joins by index and adds up every text.
		const added: Record<number, { id: string; name: string; arguments: string }> = {};
		for (const piece of sent.flatMap(({ choices }) =>
			choices.flatMap(({ delta }) => (delta.tool_calls ?? []) as never[]),
		)) {
			const { index, id, function: called } = piece as { index: number; id?: string; function: Record<string, string> };
			const known = added[index] ?? { id: '', name: '', arguments: '' };
			added[index] = known;
			known.id += id ?? '';
			known.name += called.name ?? '';
			known.arguments += called.arguments ?? '';
		}
		expect(Object.values(added)).toEqual([
			{ id: 'x', name: 'one', arguments: '{"a":1}' },
			{ id: 'y', name: 'two', arguments: '{"b":2}' },
		]);
	});

	it('without any ids are told apart by their names, behind whole arguments', () => {
		const { message } = told(
			call({ index: 0, ...fn('one', '{"a":1}') }),
			call({ index: 0, ...fn('one', '{"a":2}') }),
			chunkOf({}, 'stop'),
		);
		expect(message.tool_calls).toEqual([fn('one', '{"a":1}'), fn('one', '{"a":2}')]);
	});

	it('that are right already stay as they came, byte for byte', () => {
		const odd = `{"choices":[{"index":0,"delta":{"tool_calls":[ {"index":1,"id":"x","function":{"arguments":"{}","name":"one"}} ]}}],"model":"m"}`;
		const reader = new ChatStreamReader({ model: 'm', maxEventLength: 10_000, choices: 1 });
		expect(reader.feed(Buffer.from(`data: ${odd}\n\n`))[0]?.raw.data).toBe(odd);
	});

	it('of a document are a text in chunks, too', () => {
		const message = { role: 'assistant', content: null, tool_calls: [{ id: 'x', ...fn('one', { a: 1 }) }] };
		const { message: assembled } = told(chunk({ message, finish_reason: 'tool_calls' }));
		expect(assembled.tool_calls).toEqual([two[0]]);
		const older = { role: 'assistant', function_call: { name: 'one', arguments: { a: 1 } } };
		expect(told(chunk({ message: older, finish_reason: 'function_call' })).message.function_call).toEqual({
			name: 'one',
			arguments: '{"a":1}',
		});
	});

	it('in the older form have their arguments as a text', () => {
		const { message } = told(
			chunkOf({ function_call: { name: 'one', arguments: { a: 1 } } }),
			chunkOf({}, 'function_call'),
		);
		expect(message.function_call).toEqual({ name: 'one', arguments: '{"a":1}' });
	});
});

describe('put together', () => {
	it('verdicts that are told again in every chunk do not grow', () => {
		const verdicts = { content_filter_results: { hate: { filtered: false, severity: 'safe' } }, moderation: 'safe' };
		const { document } = told(
			...['a', 'b', 'c'].map((content) => chunk({ delta: { content, verdict: 'safe' }, ...verdicts })),
			chunkOf({}, 'stop'),
		);
		expect(document.choices[0]).toMatchObject({ ...verdicts, message: { content: 'abc', verdict: 'safe' } });
	});

	it('thoughts in detail are joined by their index', () => {
		const detail = (index: number, more: object) => ({ type: 'reasoning.text', index, format: 'f-1', ...more });
		const { message } = told(
			chunkOf({ reasoning_details: [detail(0, { text: 'Hm' })] }),
			chunkOf({ reasoning_details: [detail(0, { text: 'm.' }), detail(1, { text: 'So' })] }),
			chunkOf({ reasoning_details: [detail(0, { text: '', signature: 'abc' })] }),
			chunkOf({ content: 'a' }, 'stop'),
		);
		expect(message.reasoning_details).toEqual([
			detail(0, { text: 'Hmm.', signature: 'abc' }),
			detail(1, { text: 'So' }),
		]);
	});
});
