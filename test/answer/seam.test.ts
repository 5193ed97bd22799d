import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { overlapsOf, SeamFinder, type SeamOptions, type SeamState } from '../../src/answer/seam.ts';

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
	it('that simply goes on is joined exactly', () => {
		expect(join(whole, rest)).toEqual({ is: 'joined', text: rest, dropped: 0 });
	});

	it.each([
		['everything', answer],
		['half', answer.slice(30)],
		['the last sixteen characters', answer.slice(44)],
		['the end, and finishes', sent.slice(20)],
	])('that repeats %s could be a text that repeats itself', (_name, continuation) => {
		expect(join(whole, continuation).is).toBe('ambiguous');
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
		expect(join({ sent: 'bana', shown: 4, trusted: true }, 'na')).toEqual({ is: 'joined', text: 'na', dropped: 0 });
	});

	it('of a trusted model that begins with the whole text again is refused', () => {
		expect(join({ sent: 'Hello', shown: 5, trusted: true }, 'Hello, world').is).toBe('ambiguous');
	});

	it('of a trusted model may leave out the white space that it was not shown, but not write other', () => {
		const shown = { sent: 'stone by stone, ', shown: 15, trusted: true };
		expect(join(shown, ' by hand')).toEqual({ is: 'joined', text: 'by hand', dropped: 1 });
		expect(join(shown, 'by hand')).toEqual({ is: 'joined', text: 'by hand', dropped: 0 });
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
		expect(seam.feed(' pilot').is).toBe('joined');
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
