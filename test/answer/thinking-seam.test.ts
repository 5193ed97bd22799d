import { describe, expect, it } from 'vitest';
import type { SeamState } from '../../src/answer/seam.ts';
import { ThinkingSeam, type ThinkingSeamOptions } from '../../src/answer/thinking-seam.ts';

const sent = 'The harbour wall was built in 1862, and it has kept the storms';
const instructed = { sent, shown: sent.length, trusted: false, mayThinkUnmarked: true };

/** The last word on a continuation that comes piece by piece, with the text that came after it. */
function join(options: ThinkingSeamOptions, continuation: string, pieceLength = 3): SeamState {
	const seam = new ThinkingSeam(options);
	for (let at = 0; at < continuation.length; at += pieceLength) {
		const state = seam.feed(continuation.slice(at, at + pieceLength));
		if (state.is === 'joined') return { ...state, text: state.text + continuation.slice(at + pieceLength) };
		if (state.is !== 'pending') return state;
	}
	return seam.finish(false);
}

describe('a thought of which only the end is marked', () => {
	const thought = 'Okay, where was I? I go on.</think>\n\n';

	it.each([1, 3, 500])('is left out, and what follows joins where it proves its place: pieces of %i', (pieceLength) => {
		const state = join(instructed, `${thought}it has kept the storms out.`, pieceLength);
		expect(state).toMatchObject({ is: 'joined', text: ' out.' });
		expect(join(instructed, `${thought}out of the town.`, pieceLength).is).toBe('ambiguous');
		// Some think twice.
		const twice = join(instructed, `${thought}<think>Hm.</think>it has kept the storms out.`, pieceLength);
		expect(twice).toMatchObject({ is: 'joined', text: ' out.' });
	});

	it('is no reason to believe a model about what follows it, where that proves nothing', () => {
		expect(join({ ...instructed, trusted: true }, `${thought} out of the town.`).is).toBe('ambiguous');
		const back = { ...instructed, shown: 43 };
		expect(join(back, `${thought}it has kept the storms out.`)).toMatchObject({ is: 'joined', text: ' out.' });
		expect(join(back, `${thought} out of the town.`).is).toBe('diverged');
	});

	it('is waited for only where it may come, and not for ever', () => {
		const seam = new ThinkingSeam({ ...instructed, mayThinkUnmarked: false });
		expect(seam.feed('Okay, where').is).toBe('ambiguous');
		const patient = new ThinkingSeam(instructed);
		expect(patient.feed('Okay, where').is).toBe('pending');
		expect(patient.finish(false).is).toBe('ambiguous');
		const endless = new ThinkingSeam(instructed);
		const states = Array.from({ length: 500 }, () => endless.feed('I wonder. ').is);
		expect(states[0]).toBe('pending');
		expect(states.at(-1)).toBe('ambiguous');
	});

	it('is none where the text before the tag proves its place, or a tag opened it there', () => {
		expect(join(instructed, 'it has kept the storms: so ends a </think> tag')).toMatchObject({
			is: 'joined',
			text: ': so ends a </think> tag',
		});
		expect(join(instructed, 'Okay. <think>Hm.</think>it has kept the storms out.').is).toBe('ambiguous');
	});
});
