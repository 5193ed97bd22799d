import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { overlapsOf } from '../../src/answer/overlaps.ts';
import { SeamFinder, type SeamOptions, type SeamState } from '../../src/answer/seam.ts';
import { starts } from '../helpers/model.ts';

/** Feeds a continuation piece by piece, as a stream does, and returns the last word on it with what came after. */
function join(options: SeamOptions, continuation: string, pieceLength = 3): SeamState {
	const seam = new SeamFinder(options);
	for (let at = 0; at < continuation.length; at += pieceLength) {
		const state = seam.feed(continuation.slice(at, at + pieceLength));
		if (state.is === 'joined') return { ...state, text: state.text + continuation.slice(at + pieceLength) };
		if (state.is !== 'pending') return state;
	}
	return seam.finish();
}

const answer = 'The harbour wall was built in 1862, and it has kept the storms out of the town ever since that winter.';
const sent = answer.slice(0, 60);
const rest = answer.slice(60);
const whole = { sent, shown: sent.length, trusted: false };

describe('a continuation', () => {
	it.each([
		['everything', answer],
		['half', answer.slice(30)],
		['its last words', answer.slice(44)],
		['the end, and finishes', sent.slice(20)],
	])('that repeats %s joins in one place', (_name, continuation) => {
		const state = join(whole, continuation);
		const text = continuation.length > sent.length - 20 && continuation !== sent.slice(20) ? rest : undefined;
		expect(state).toMatchObject({ is: 'joined', ...(text !== undefined && { text }) });
	});

	it.each([
		['a space', 'it has kept the storms', 'out ever since.'],
		['a space that is there', 'it has kept the storms', ' out ever since.'],
		['a paragraph', 'This is how they built the wall.', 'Second part: the locks.'],
		['a line of a list', '1. Draw the plans\n2. Sell them', '3. Build'],
		['nothing, in the middle of a word', 'it has kept the sto', 'rms out ever since.'],
		['nothing, between two signs', 'It is «', 'so» they say'],
	])('without the last words may have lost white space: %s', (_name, before, continuation) => {
		expect(join({ sent: before, shown: before.length, trusted: false }, continuation).is).toBe('ambiguous');
	});

	it.each(['trimmed', 'capital', 'paragraph', 'code block'] as const)(
		'that begins with the last words, %s, is joined exactly',
		(how) => {
			for (const from of [30, 40])
				expect(join(whole, starts[how](answer.slice(from)))).toMatchObject({ is: 'joined', text: rest });
			for (const from of [40, 30, 0]) {
				expect(join({ ...whole, shown: 40 }, starts[how](answer.slice(from)))).toMatchObject({
					is: 'joined',
					text: rest,
				});
			}
		},
	);

	it('of a language without spaces needs fewer signs', () => {
		const before = '港の壁は1862年に建てられ、嵐を防いできた。潮が満ちると';
		const state = join({ sent: before, shown: before.length, trusted: false }, '潮が満ちると、船が出る。');
		expect(state).toEqual({ is: 'joined', text: '、船が出る。', dropped: 6 });
	});

	it('that may repeat what the text itself repeats is asked again', () => {
		const cases = [
			['We rowed over and over and over again and over and over again ', 'and over and over again and sank'],
			['await pump.wait(50);\nawait pump.', 'wait(50);\nawait pump.wait(50);\n'],
			['They said:\nrow on, row on, row on;\n', 'row on, row on, row on;\nrow home.'],
			['{\n  return harbour;\n  return harbo', 'harbour;\n  return harbour;\n'],
			['\tpump();\n\tawait pump.wait(50);', '\n\tawait pump.wait(50);\n}'],
			['a wall, a good wall\na good old wall', '\na good old wall'],
		] as const;
		for (const [before, after] of cases) {
			expect(join({ sent: before, shown: before.length, trusted: false }, after).is).toBe('ambiguous');
		}
	});

	it('of a trusted model is not believed where two words may have become one', () => {
		const trusted = (before: string, after: string, shown = before.length) =>
			join({ sent: before, shown, trusted: true }, after).is;
		expect(trusted('kept the storms', 'out ever since')).toBe('ambiguous');
		expect(trusted('kept the storms', ' out ever since')).toBe('joined');
		expect(trusted('kept the storms,', 'which')).toBe('joined');
		expect(trusted('in 18', '62')).toBe('ambiguous');
		expect(trusted('潮が', '満ちる')).toBe('joined');
		expect(trusted('kept the storms ', 'out ever since', 15)).toBe('ambiguous');
		expect(trusted('kept the storms\n\n', '\nout', 15)).toBe('ambiguous');
		expect(trusted('kept the storms\n\n', '\n\nout', 15)).toBe('joined');
	});

	it('that says nothing is not taken for the end of the text, unless it writes the known end first', () => {
		expect(join(whole, '').is).toBe('ambiguous');
		expect(join({ ...whole, trusted: true }, '').is).toBe('ambiguous');
		expect(join({ sent, shown: 40, trusted: false }, '').is).toBe('diverged');
		expect(join({ sent, shown: 40, trusted: false }, sent.slice(40))).toEqual({ is: 'joined', text: '', dropped: 20 });
		expect(join({ sent: '', shown: 0, trusted: false }, '')).toEqual({ is: 'joined', text: '', dropped: 0 });
	});

	it('that could be an overlap or a coincidence is refused', () => {
		expect(join({ sent: 'bana', shown: 4, trusted: false }, 'na').is).toBe('ambiguous');
		expect(join({ sent: 'Hello', shown: 5, trusted: false }, 'Hello, world').is).toBe('ambiguous');
	});

	it('that repeats what the text itself repeats is refused', () => {
		const refrain = 'row, row, row your boat, ';
		expect(join({ sent: refrain.repeat(3), shown: 75, trusted: false }, `${refrain}gently`).is).toBe('ambiguous');
	});

	it('that starts over and then says something else is refused', () => {
		expect(join(whole, `${answer.slice(0, 40)}but nobody knows by whom`).is).toBe('diverged');
	});

	it('of a trusted model keeps short coincidences', () => {
		expect(join({ sent: 'so, so', shown: 6, trusted: true }, ', so')).toEqual({
			is: 'joined',
			text: ', so',
			dropped: 0,
		});
	});

	it('of a trusted model that begins with the whole text again is refused', () => {
		expect(join({ sent: 'Hello', shown: 5, trusted: true }, 'Hello, world').is).toBe('ambiguous');
	});

	it('of a trusted model has to write the white space that it was not shown', () => {
		const shown = { sent: 'stone by stone, ', shown: 15, trusted: true };
		expect(join(shown, ' by hand')).toEqual({ is: 'joined', text: 'by hand', dropped: 1 });
		expect(join(shown, 'by hand').is).toBe('ambiguous');
		expect(join(shown, '\nby hand').is).toBe('ambiguous');
	});

	it('from a point further back has to write what came after that point', () => {
		const back = { sent, shown: 40, trusted: false };
		expect(join(back, answer.slice(40))).toEqual({ is: 'joined', text: rest, dropped: 20 });
		expect(join(back, answer)).toEqual({ is: 'joined', text: rest, dropped: 60 });
		expect(join(back, 'something else').is).toBe('diverged');
	});

	it('is held no longer than it could be a repetition', () => {
		const seam = new SeamFinder(whole);
		expect(seam.feed('The harbour').is).toBe('pending');
		expect(seam.feed(' pilot').is).toBe('ambiguous');
	});
});

it('overlapsOf finds every overlap, the longest first', () => {
	fc.assert(
		fc.property(
			fc.string({ unit: fc.constantFrom('a', 'b') }),
			fc.string({ unit: fc.constantFrom('a', 'b') }),
			(a, b) => {
				const expected: number[] = [];
				for (let k = Math.min(a.length, b.length); k > 0; k--) if (a.endsWith(b.slice(0, k))) expected.push(k);
				expect(overlapsOf(a, b)).toEqual(expected);
			},
		),
	);
});

it('whatever the answer, the cut, and how much is repeated: exactly the rest, or a refusal', () => {
	const texts = fc.oneof(
		fc.lorem({ maxCount: 40 }),
		fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n'), maxLength: 60 }),
		fc.string({ unit: 'grapheme', maxLength: 80 }),
	);
	const behaviours = fc.constantFrom('everything', 'half', 'nothing');
	fc.assert(
		fc.property(
			texts,
			fc.double({ min: 0, max: 1, noNaN: true }),
			behaviours,
			fc.integer({ min: 1, max: 7 }),
			(text, where, behaviour, piece) => {
				const cut = Math.floor(where * text.length);
				const repeatedFrom = { everything: 0, half: Math.floor(cut / 2), nothing: cut }[behaviour];
				const state = join({ sent: text.slice(0, cut), shown: cut, trusted: false }, text.slice(repeatedFrom), piece);
				if (state.is === 'joined') expect(state.text).toBe(text.slice(cut));
				else expect(['ambiguous', 'diverged']).toContain(state.is);
			},
		),
		{ numRuns: 2000 },
	);
});

it('white space that was lost behind a thought is a doubt that only known words dispel', () => {
	const said = (shown: number, text: string, isDoubted: boolean) => {
		const finder = new SeamFinder({ sent: 'The tide is in', shown, trusted: true });
		if (isDoubted) finder.doubt();
		return finder.feed(text).is;
	};
	expect(said(14, ', and the boats are out', false)).toBe('joined');
	expect(said(14, ', and the boats are out', true)).toBe('ambiguous');
	expect(said(9, 'is in, and the boats are out', true)).toBe('joined');
});

it.each([
	[
		'the space at the seam was lost, and the repetition begins behind one',
		'  return harbour;\n    await pump.wait(50);\n    await',
		'pump.wait(50);\n    await pump.wait(50);\n}\n',
	],
	[
		'the line break at the seam was lost',
		'}\n    console.log("the tide is coming in");',
		'console.log("the tide is coming in");\n    console.log("the tide is going out");\n',
	],
	[
		'the text was cut in its indentation, which was lost',
		'}\n    console.log("the tide is coming in");\n   ',
		'console.log("the tide is coming in");\n    console.log("the tide is going out");\n',
	],
	[
		'two lines end with the same sign, before which the text was cut',
		'    await pump.wait(50);\n    console.log("the tide is coming in")',
		';\n    console.log("the tide is coming in");\n  return harbour;\n',
	],
	[
		'two lines stand there over and over again',
		`}\n  open the gate\n${'  wait for the tide\n'.repeat(3)} `,
		`open the gate\n${'  wait for the tide\n'.repeat(3)}  wait for the ship\n`,
	],
	[
		'two lines stand there over and over again, and the last one is cut',
		`}\n${'  open the gate;\n'.repeat(2)}${'  wait for the tide;\n'.repeat(2)}  wait for the tide`,
		`;\n  open the gate;\n${'  wait for the tide;\n'.repeat(3)}  wait for the ship;\n`,
	],
	[
		'the words have been said before',
		'row on to the harbour wall; we sang: row on to the harbour wall',
		' row on to the harbour wall, and then we slept',
	],
	['emoji, quotation marks and rules are repeated by chance', 'Ships: "🇳🇱","👩‍🚀","🇳🇱","', '🇳🇱","🌊","🇳🇱"]'],
	['two words are repeated by chance', 'the gulls over the harbour wall', 'harbour wall, they cried'],
	['any sign begins a word', '港の壁は古い。潮が満ちる、嵐。潮が', '潮が満ちる、嵐。潮が満ちる港'],
])('one text with two readings is asked again: %s', (_name, before, after) => {
	for (const pieceLength of [1, 3, 200]) {
		expect(join({ sent: before, shown: before.length, trusted: false }, after, pieceLength).is).toBe('ambiguous');
	}
});

it('a refrain with a capital or without it is two places', () => {
	const refrain = 'row on and on and on, my dear, ';
	const before = `They sang: R${refrain.slice(1)}${refrain}`;
	const after = `R${refrain.slice(1)}${refrain}and they slept.`;
	for (const shown of [before.length, before.length - refrain.length]) {
		expect(join({ sent: before, shown, trusted: false }, after).is).toBe('ambiguous');
	}
});

it('a line that is cut after its first letter, and stands there once more, is no repetition', () => {
	const sent = '    await pump.wait(50);\nfor (const ship of ships) {\nf';
	const finder = new SeamFinder({ sent, shown: sent.length, trusted: false });
	expect(finder.feed('or (const ship of ships) {\nfor (const boat of boats) {\n').is).toBe('ambiguous');
});

it('asked from further back, a line without its indentation is a reading too', () => {
	const line = '    await pump.wait(50);\n';
	const sent = `Report\n${line}${line}`;
	const finder = new SeamFinder({ sent, shown: sent.length - line.length, trusted: false });
	const state = finder.feed(`${line.trimStart()}${line}}\n`);
	expect(state.is).toBe('ambiguous');
});
