import { describe, expect, it } from 'vitest';
import {
	ask,
	called,
	gatewayFor,
	resetAll,
	says,
	sends,
	sendsJson,
	streamedPairs,
	wall,
	wholeStream,
	wireOf,
} from './pair.ts';
import { type End, used } from './spoken.ts';

const call = { name: 'age', arguments: { of: 'the wall' } };
const silent = { text: '' };
const ends: [End, string][] = [
	['stop', wall.text],
	['length', 'The harbour wall was'],
	['refused', 'I would rather not'],
];

describe.each(streamedPairs)('%s,', (_name, pair) => {
	const [caller, spoken] = pair;
	const running = gatewayFor(pair);
	const trace = () => running().records.at(-1)?.trace ?? [];
	const { pieces, wire } = spoken;

	describe.each([
		['a stream', { ...caller.streamed }, wholeStream],
		['a document', {}, {}],
	])('%s', (_form, members, whole) => {
		it.each(ends)('says how it ended (%s), and what it used', async (end, text) => {
			running().upstream('a').always(says(spoken, { text, end }));
			const { heard } = await ask(running(), caller, members);
			expect(heard).toMatchObject({ ...whole, text, end, calls: [], usage: used, usedBy: undefined });
			expect(trace()).toMatchObject([{ target: 'a/one', outcome: 'succeeded' }]);
		});

		it.skipIf(spoken.isPlain)('has calls of tools, beside a text and without', async () => {
			for (const said of [called, { ...called, text: '' }]) {
				running().upstream('a').always(says(spoken, said));
				const { heard } = await ask(running(), caller, { ...members, ...caller.tools });
				expect(heard).toMatchObject({ ...whole, text: said.text, calls: [call], end: 'tool-calls', usage: used });
			}
		});

		it('that is refused goes to the next provider where the policy says so', async () => {
			running()
				.upstream('a')
				.always(says(spoken, { text: '', end: 'refused' }));
			running().upstream('b').always(says(spoken, wall));
			const { heard } = await ask(running(), caller, { ...members, model: 'picky' });
			expect(heard).toMatchObject({ ...whole, text: wall.text, end: 'stop' });
			expect(trace()[0]).toMatchObject({ failure: { category: 'BAD_REQUEST', reason: 'content_policy' } });
			expect((await running().health()).a).toMatchObject({ state: 'closed', consecutiveFailures: 0 });
			const kept = await ask(running(), caller, members);
			expect(kept.heard).toMatchObject({ ...whole, text: '', end: 'refused' });
		});

		it('that says nothing is left for the next provider, and is the answer where that says nothing either', async () => {
			running().upstream('a').always(says(spoken, silent));
			running().upstream('b').always(says(spoken, wall));
			const { heard } = await ask(running(), caller, members);
			expect(heard).toMatchObject({ ...whole, text: wall.text });
			expect(trace()[0]).toMatchObject({ failure: { category: 'UNKNOWN_TRANSIENT', reason: 'answer_silent' } });
			expect((await running().health()).a).toMatchObject({ state: 'closed', consecutiveFailures: 0 });
			running().upstream('b').always(says(spoken, silent));
			const both = await ask(running(), caller, members);
			expect(both.heard).toMatchObject({ ...whole, text: '', end: 'stop', calls: [] });
		});
	});

	it.each(['close', 'fin', 'rst', 'stall'] as const)(
		'a finished stream without an end mark is whole (%s)',
		async (end) => {
			const { begin, content, finish } = pieces(wall);
			running()
				.upstream('stalls')
				.always(sends(wire([...begin, ...content, ...finish]), { end }));
			running().upstream('b').always(says(spoken, wall));
			const { heard } = await ask(running(), caller, { ...caller.streamed, model: 'stalling' });
			expect(heard).toMatchObject({ ...wholeStream, text: wall.text, end: 'stop', usage: used });
			// What was on its way when a connection was reset may never have come.
			if (end !== 'rst') expect(trace()).toMatchObject([{ target: 'stalls/one', outcome: 'succeeded' }]);
		},
	);

	it('an error behind the finish takes nothing from a stream', async () => {
		const { begin, content, finish } = pieces(wall);
		running()
			.upstream('a')
			.always(sends(wire([...begin, ...content, ...finish, spoken.errorEvent('overloaded')])));
		const { heard } = await ask(running(), caller, caller.streamed);
		expect(heard).toMatchObject({ ...wholeStream, text: wall.text, end: 'stop' });
	});

	it('a stream that is the whole document in one event is read', async () => {
		running()
			.upstream('a')
			.always(sends(`data: ${JSON.stringify(spoken.document(wall))}\n\n`));
		const { heard } = await ask(running(), caller, caller.streamed);
		expect(heard).toMatchObject({ ...wholeStream, text: wall.text, end: 'stop', usage: used });
		expect(trace()).toHaveLength(1);
	});

	it('events that nobody knows, and comments, do no harm', async () => {
		const { begin, content, finish, mark } = pieces(wall);
		const { unknownEvent } = spoken;
		const events = [...begin, unknownEvent, ...content.flatMap((event) => [event, unknownEvent]), ...finish];
		const commented = wire(events).replaceAll('\n\n', '\n\n: here\n\n');
		running()
			.upstream('a')
			.always(sends(commented + mark));
		const { heard } = await ask(running(), caller, caller.streamed);
		expect(heard).toMatchObject({ ...wholeStream, text: wall.text, end: 'stop', usage: used });
		expect(trace()).toMatchObject([{ target: 'a/one', outcome: 'succeeded' }]);
	});

	it.each([wall, ...(spoken.isPlain ? [] : [called])])(
		'comes in the other form than it was asked for: %j',
		async (said) => {
			const calls = said.call === undefined ? [] : [call];
			const expected = { text: said.text, calls, end: said.call === undefined ? 'stop' : 'tool-calls', usage: used };
			running()
				.upstream('a')
				.always(sendsJson(spoken.document(said)));
			const { heard: stream } = await ask(running(), caller, { ...caller.streamed, ...caller.tools });
			expect(stream).toMatchObject({ ...wholeStream, ...expected });
			running()
				.upstream('a')
				.always(sends(wireOf(spoken, said)));
			const { response, heard: document } = await ask(running(), caller, caller.tools);
			expect(response.headers.get('content-type')).toMatch(/^application\/json/);
			expect(document).toMatchObject(expected);
			resetAll(running());
		},
	);
});

function ofSecondChoice(chunk: object): Record<string, unknown> {
	return JSON.parse(JSON.stringify(chunk).replace('"index":0', '"index":1'));
}

describe('several answers at once', () => {
	const chats = streamedPairs.filter(([, [caller]]) => caller.name === 'chat');

	describe.each(chats)('%s', (_name, pair) => {
		const [caller, spoken] = pair;
		const running = gatewayFor(pair);

		it.runIf(spoken.name === 'chat')('are not carried on: that they broke off is told', async () => {
			const { begin, content } = spoken.pieces(wall);
			const both = [...begin, ...content.slice(0, 5)].flatMap((chunk) => [chunk, ofSecondChoice(chunk)]);
			running()
				.upstream('a')
				.always(sends(spoken.wire(both)));
			running().upstream('b').always(says(spoken, wall));
			const { heard } = await ask(running(), caller, { ...caller.streamed, n: 2 });
			expect(heard).toMatchObject({ problems: [], isWhole: false, error: { code: 'stream_interrupted' } });
			expect(running().upstream('b').requests).toEqual([]);
		});

		it.runIf(spoken.name !== 'chat')('are asked of nobody who cannot give them', async () => {
			const { response, failure } = await ask(running(), caller, { n: 2 });
			expect(response.status).toBe(400);
			expect(failure).toMatchObject({
				error: { code: 'not_carried', message: expect.stringMatching(/several answers at once/) },
			});
			expect(running().upstream('a').requests).toEqual([]);
		});
	});
});
