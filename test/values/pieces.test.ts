import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Pieces } from '../../src/values/pieces.ts';

it('are the whole of what came, however it was cut', () => {
	fc.assert(
		fc.property(fc.array(fc.integer({ min: 0, max: 400_000 }), { maxLength: 12 }), (lengths) => {
			const came = lengths.map((length, at) => Buffer.alloc(length, at + 1));
			const pieces = new Pieces();
			for (const bytes of came) pieces.add(bytes);
			expect(pieces.whole().equals(Buffer.concat(came))).toBe(true);
			expect(pieces.length).toBe(Buffer.concat(came).length);
		}),
		{ numRuns: 50 },
	);
});

it('of one piece are that piece itself, however large it is', () => {
	const piece = Buffer.alloc(3_000_000);
	const pieces = new Pieces();
	pieces.add(piece);
	expect(pieces.whole()).toBe(piece);
});

it('of nothing are nothing', () => {
	expect(new Pieces().whole()).toHaveLength(0);
});
