import { describe, expect, it } from 'vitest';
import { Refusal } from '../../src/contract/refusal.ts';
import { bondOf, foreignTo } from '../../src/gateway/borrowed.ts';
import { Makers } from '../../src/gateway/makers.ts';

const response = { id: 'resp_1', what: 'previous_response_id', isNeeded: true };
const thought = { id: 'proof', what: 'encrypted reasoning', isNeeded: false };
const candidates = (...credentials: string[]) => credentials.map((credential) => ({ credential }));

function makersOf(made: Record<string, string>): Makers {
	const makers = new Makers();
	for (const [id, credential] of Object.entries(made)) makers.note([id], credential);
	return makers;
}

function refusalOf(run: () => unknown): Refusal | undefined {
	try {
		run();
		return undefined;
	} catch (error) {
		if (error instanceof Refusal) return error;
		throw error;
	}
}

describe('a request with an id that one provider made', () => {
	it('is bound to the key that made it', () => {
		const makers = makersOf({ resp_1: 'b#2' });
		expect(bondOf([response], candidates('a', 'b#1', 'b#2'), makers, 'main')).toEqual({
			what: 'previous_response_id',
			credential: 'b#2',
		});
	});

	it('goes to the only one that there is, unasked: after a restart, too', () => {
		expect(bondOf([response], candidates('a', 'a'), new Makers(), 'main')).toBeUndefined();
	});

	it('is refused in words that help where nobody knows who made it', () => {
		const refusal = refusalOf(() => bondOf([response], candidates('a', 'b'), new Makers(), 'main'));
		expect(refusal).toMatchObject({ code: 'unknown_state', param: 'previous_response_id' });
		expect(refusal?.message).toMatch(/Send the whole input instead/);
	});

	it('is refused where its maker is not asked', () => {
		const refusal = refusalOf(() => bondOf([response], candidates('a', 'b'), makersOf({ resp_1: 'c' }), 'main'));
		expect(refusal?.message).toMatch(/made by c, which 'main' does not ask/);
	});

	it('is refused where two made what it names', () => {
		const file = { id: 'file_1', what: 'file_id', isNeeded: true };
		const makers = makersOf({ resp_1: 'a', file_1: 'b' });
		const refusal = refusalOf(() => bondOf([response, file], candidates('a', 'b'), makers, 'main'));
		expect(refusal?.message).toMatch(/two providers made/);
	});

	it('is bound to nobody by what can be left out', () => {
		expect(bondOf([thought], candidates('a', 'b'), makersOf({ proof: 'a' }), 'main')).toBeUndefined();
	});
});

describe('a proof', () => {
	it('is foreign to every provider but its maker, whichever key it was', () => {
		const makers = makersOf({ proof: 'a#1' });
		expect(foreignTo('a', [thought], makers)).toEqual([]);
		expect(foreignTo('b', [thought], makers)).toEqual([thought]);
	});

	it('is foreign to nobody where its maker is not known', () => {
		expect(foreignTo('b', [thought], new Makers())).toEqual([]);
	});

	it('is foreign to whoever refused it, and to nobody else', () => {
		const makers = makersOf({ proof: 'a' });
		makers.noteRefused(['proof'], 'a');
		expect(foreignTo('a', [thought], makers)).toEqual([thought]);
		expect(foreignTo('ab', [thought], new Makers())).toEqual([]);
	});
});

describe('the makers', () => {
	it('are as many as there may be: what was used longest ago is forgotten', () => {
		const makers = new Makers(2);
		makers.note(['one', 'two'], 'a');
		expect(makers.of('one')).toBe('a');
		makers.note(['three'], 'b');
		expect([makers.of('one'), makers.of('two'), makers.of('three')]).toEqual(['a', undefined, 'b']);
	});

	it('remember as many refusals', () => {
		const makers = new Makers(2);
		makers.noteRefused(['one', 'two', 'three'], 'a');
		expect(['one', 'two', 'three'].map((id) => makers.wasRefused(id, 'a'))).toEqual([false, true, true]);
	});
});
