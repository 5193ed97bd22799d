import { expect, test } from 'vitest';
import { nextRenewal, otherKey } from '../../src/gateway/other-key.ts';

test.each<[what: string, isReplaced: boolean[], isAskedAgain: boolean[]]>([
	['the present key is refused once, and then believed to be', [false, false], [true, false]],
	['a key that has been replaced proves nothing', [true, true, false, true], [true, true, true, false]],
	['nor does it after one that was present', [false, true, false], [true, true, false]],
	['there is an end to it', [true, true, true, true], [true, true, true, false]],
])('%s', (_what, isReplaced, isAskedAgain) => {
	let renewal: ReturnType<typeof nextRenewal>;
	const asked = isReplaced.map((replaced) => {
		const next = nextRenewal(renewal, replaced);
		renewal = next ?? renewal;
		return next !== undefined;
	});
	expect(asked).toEqual(isAskedAgain);
});

test('another key is waited for, for a bounded time', async () => {
	const key = (renewal: Promise<boolean>) => ({ present: 'a', renewAfter: () => renewal });
	expect(await otherKey(key(Promise.resolve(true)), 'a', 60_000)).toBe(true);
	expect(await otherKey(key(Promise.resolve(false)), 'a', 60_000)).toBe(false);
	expect(await otherKey(key(new Promise(() => {})), 'a', 10)).toBe(false);
});
