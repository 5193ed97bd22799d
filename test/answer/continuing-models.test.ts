import { afterEach, describe, expect, it } from 'vitest';
import { contentOf, eventsOf, type GatewaySetup, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { model, starts } from '../helpers/model.ts';
import { type Behaviour, chunkOf, chunksOf, streams } from '../helpers/upstream.ts';

let breakwater: TestGateway;
afterEach(() => breakwater.close());

const answer = 'The harbour wall was built in 1862, and it has kept the storms out of the town ever since that winter.';
const begun = 'The harbour wall was built in 1862, and it has kept the storms';

/** What a client reads of a stream; undefined where it ends with an error. */
async function streamed(first: Behaviour, ...others: Behaviour[]): Promise<string | undefined> {
	return streamedBy({}, first, ...others);
}

async function streamedBy(setup: GatewaySetup, first: Behaviour, ...others: Behaviour[]): Promise<string | undefined> {
	breakwater = await startGateway(setup);
	breakwater.upstream('a').next(first);
	breakwater.upstream('b').next(...others.slice(0, -1));
	breakwater.upstream('b').always(others.at(-1) ?? first);
	const text = await (await breakwater.post({ stream: true })).text();
	if (!text.includes('[DONE]')) return undefined;
	return contentOf(new Response(text));
}

const breaksAt = (text: string) => streams(chunksOf(text).slice(0, -1), { end: 'cut' });
const says = (...contents: string[]) =>
	streams([...contents.map((content) => chunkOf({ content })), chunkOf({}, 'stop')]);

describe('a continuation that loses white space', () => {
	it.each([
		['a space', 'it has kept the storms', 'out ever since.'],
		['a paragraph', 'Thus they built the wall.', 'Second part: the locks.'],
		['a line', '1. Draw them\n2. Sell them', '3. Build'],
	])('is asked again, and then is an error: %s', async (_name, sent, goesOn) => {
		expect(await streamed(breaksAt(sent), says(goesOn))).toBe(undefined);
		expect(breakwater.upstream('b').requests).toHaveLength(2);
		await breakwater.close();
		expect(await streamed(breaksAt(sent), says(goesOn), model({ answer: `${sent}\n${goesOn}` }))).toBe(
			`${sent}\n${goesOn}`,
		);
	});

	it.each(Object.keys(starts) as (keyof typeof starts)[])('is joined exactly, or not at all: %s', async (how) => {
		for (const repeats of ['nothing', 'last words', 'half', 'everything'] as const) {
			const text = await streamed(
				model({ answer, breaksAfter: begun.length }),
				model({ answer, repeats, starts: how }),
			);
			expect([answer, undefined]).toContain(text);
			if (repeats === 'last words' && how !== 'heading') expect(text).toBe(answer);
			await breakwater.close();
		}
		breakwater = await startGateway();
	});
});

describe('thoughts in the text', () => {
	it.each(['<think>', '<thinking>', '<Think>'])('of a continuation are left out: %s', async (tag) => {
		const end = tag.replace('<', '</');
		const thinks = says('\n', tag.slice(0, 4), tag.slice(4), 'Where ', 'was I?', end.slice(0, 3), end.slice(3), '\n\n');
		expect(thinks).toBeTypeOf('function');
		const goesOn = says(`${tag}Where was I?${end}\n\n`, 'kept the ', 'storms out of', ' the town.');
		expect(await streamed(breaksAt(begun), goesOn)).toBe(`${begun} out of the town.`);
		await breakwater.close();
		// Nothing but a thought is no continuation.
		expect(await streamed(breaksAt(begun), thinks)).toBe(undefined);
	});

	it('that a stream broke off in are ended, and the answer is told from its beginning', async () => {
		const text = await streamed(breaksAt('<think>\nWho built it? The'), model({ answer }));
		expect(text).toBe(`<think>\nWho built it? The\n</think>\n\n${answer}`);
		expect(breakwater.upstream('b').requests[0]?.text).not.toContain('Who built it');
		await breakwater.close();
		const both = await streamed(
			breaksAt('<think>\nWho built it? The'),
			says('<think>Hm, ', 'who?</think>\n\nThe ', 'town did.'),
		);
		expect(both).toBe('<think>\nWho built it? The\n</think>\n\nThe town did.');
		await breakwater.close();
		// One that says nothing has not carried it on; the next one does.
		const silent = streams([chunkOf({}, 'stop')]);
		expect(await streamed(breaksAt('<think>\nWho'), silent)).toBe('<think>\nWho\n</think>\n\nok');
	});

	it('that ended before the break stay as they are', async () => {
		const thought = '<think>\nWho built it?\n</think>\n\n';
		const text = await streamed(breaksAt(thought + begun), says('<think>Again?</think>', answer));
		expect(text).toBe(thought + answer);
	});

	it('that only a closing tag marks are left out: of a model that reasons, and in an answer that began so itself', async () => {
		const thinks = says('Okay, ', 'where was I? ', 'I go on.</thi', 'nk>\n\n', 'kept the storms', ' out of the town.');
		const reasons = { providers: { b: { models: { 'model-b': { reasons: true } } } } };
		expect(await streamedBy(reasons, breaksAt(begun), thinks)).toBe(`${begun} out of the town.`);
		expect(breakwater.upstream('b').requests).toHaveLength(1);
		await breakwater.close();
		const thought = 'Okay, who built it?</think>\n\n';
		expect(await streamed(breaksAt(thought + begun), thinks)).toBe(`${thought}${begun} out of the town.`);
		await breakwater.close();
		// What follows the thought has to prove its place.
		const goesOn = says('Okay.</think>\n\n', 'out of the town.');
		expect(await streamedBy(reasons, breaksAt(begun), goesOn)).toBe(undefined);
		await breakwater.close();
		const never = says('Okay, ', 'where was I? ', 'I do not know.');
		expect(await streamedBy(reasons, breaksAt(begun), never)).toBe(undefined);
	});

	it('are text where a text speaks of them', async () => {
		const text = 'The tag <think> opens a thought, and the tag </think> ends it, as every model knows.';
		expect(await streamed(model({ answer: text, breaksAfter: 40 }), model({ answer: text }))).toBe(text);
		await breakwater.close();
		const closing = 'What the model thinks ends with the tag </think> on a line, as every engineer knows.';
		expect(await streamed(model({ answer: closing, breaksAfter: 38 }), model({ answer: closing }))).toBe(closing);
	});
});

describe('a call of a tool as the continuation', () => {
	const call = chunkOf({
		tool_calls: [{ index: 0, id: 'x', type: 'function', function: { name: 'one', arguments: '{}' } }],
	});
	const half = chunkOf({
		tool_calls: [{ index: 0, id: 'w', type: 'function', function: { name: 'one', arguments: '{"a' } }],
	});
	const calls = (...before: string[]) =>
		streams([...before.map((content) => chunkOf({ content })), call, chunkOf({}, 'tool_calls')]);
	const spoke = 'Let me look at the tide tables. ';

	it.each([
		['alone', calls()],
		['behind white space', calls('\n')],
		['behind a thought', calls('<think>The tables.</think>')],
		['behind the last words', calls('at the tide tables. ')],
		['behind all of the text', calls(spoke)],
		['behind the last words without their white space', calls('look at the tide tables.')],
	])('completes an answer that broke off in a call: %s', async (_name, goesOn) => {
		expect(await streamed(streams([chunkOf({ content: spoke }), half], { end: 'cut' }), goesOn)).toBe(spoke);
		expect(breakwater.upstream('b').requests).toHaveLength(1);
		const response = await breakwater.post({ stream: true });
		await response.text();
	});

	it('says the call once, with one finish', async () => {
		breakwater = await startGateway();
		breakwater.upstream('a').next(streams([chunkOf({ content: spoke }), half], { end: 'cut' }));
		breakwater.upstream('b').next(calls());
		const events = eventsOf(await (await breakwater.post({ stream: true })).text());
		expect(events.filter((event) => event.includes('"id":"x"'))).toHaveLength(1);
		expect(events.join()).not.toContain('"id":"w"');
		expect(events.filter((event) => event.includes('"finish_reason":"tool_calls"'))).toHaveLength(1);
	});

	it('may follow more text', async () => {
		const goesOn = calls('look at the tide tables, ', 'as you asked.');
		expect(await streamed(breaksAt('Let me look at the tide tables,'), goesOn)).toBe(
			'Let me look at the tide tables, as you asked.',
		);
	});

	it('may follow a thought that the stream broke off in', async () => {
		expect(await streamed(breaksAt('<think>\nThe tables'), calls())).toBe('<think>\nThe tables\n</think>\n\n');
	});

	it('does not complete a text that broke off in a sentence', async () => {
		expect(await streamed(breaksAt('Let me look at the'), calls())).toBe(undefined);
	});
});
