import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
	corrected,
	counted,
	MINUTE_MS,
	type RateWindow,
	roomAt,
	withGrant,
} from '../../../machines/provider/rate-window.ts';

const start = Date.parse('2026-09-01T00:00:00Z');

/** Grants at these times after the start, ms, each of so many tokens. */
function windowOf(...grants: [at: number, tokens: number][]): RateWindow {
	return grants.reduce<RateWindow>((window, [at, tokens]) => withGrant(window, tokens, start + at), []);
}

describe('the window of what was granted in the last minute', () => {
	it('has room while less is granted than may be', () => {
		const limits = { requestsPerMinute: 2, tokensPerMinute: 100 };
		expect(roomAt([], limits, 100, start)).toBe(start);
		expect(roomAt(windowOf([0, 60]), limits, 40, start)).toBe(start);
	});

	it('has room again to the ms when enough has left it', () => {
		const window = windowOf([0, 60], [1_500, 30], [3_700, 10]);
		expect(roomAt(window, { tokensPerMinute: 100 }, 1, start + 5_000)).toBe(start + MINUTE_MS);
		expect(roomAt(window, { tokensPerMinute: 100 }, 61, start + 5_000)).toBe(start + 1_500 + MINUTE_MS);
		expect(roomAt(window, { requestsPerMinute: 3 }, 0, start + 5_000)).toBe(start + MINUTE_MS);
		expect(roomAt(window, { requestsPerMinute: 3 }, 0, start + MINUTE_MS - 1)).toBe(start + MINUTE_MS);
		expect(roomAt(window, { requestsPerMinute: 3 }, 0, start + MINUTE_MS)).toBe(start + MINUTE_MS);
	});

	it('waits for both where both are full', () => {
		const window = windowOf([0, 0], [2_000, 100]);
		expect(roomAt(window, { requestsPerMinute: 2, tokensPerMinute: 100 }, 50, start + 2_000)).toBe(
			start + 2_000 + MINUTE_MS,
		);
	});

	it('never has room for what is larger than the whole limit', () => {
		expect(roomAt([], { tokensPerMinute: 100 }, 101, start)).toBe(Number.POSITIVE_INFINITY);
	});

	it('counts what was used in place of what was reserved, in the second of the grant', () => {
		const window = windowOf([0, 60], [5_000, 40]);
		const more = corrected(window, start, 0, 30);
		expect(counted(more, start + 5_000)).toEqual({ requests: 2, tokens: 130 });
		expect(roomAt(more, { tokensPerMinute: 100 }, 0, start + 5_000)).toBe(start + MINUTE_MS);
		expect(counted(corrected(window, start + 5_000, -1, -40), start + 5_000)).toEqual({ requests: 1, tokens: 60 });
		expect(corrected(window, start - 1_000, 0, 30)).toBe(window);
	});

	it('has 61 entries at most, however many grants there are', () => {
		let window: RateWindow = [];
		for (let at = 0; at < 5 * MINUTE_MS; at += 137) window = withGrant(window, 1, start + at);
		expect(window.length).toBeLessThanOrEqual(61);
		expect(counted(window, start + 5 * MINUTE_MS).requests).toBeGreaterThan(MINUTE_MS / 137 - 1);
	});

	it('adds to the newest second where a clock goes backwards', () => {
		const window = windowOf([5_000, 1], [3_000, 1]);
		expect(counted(window, start + 5_000)).toEqual({ requests: 2, tokens: 2 });
		expect(window).toHaveLength(1);
	});

	const grant = fc.record({ afterMs: fc.integer({ min: 0, max: 20_000 }), tokens: fc.integer({ min: 0, max: 60 }) });

	it('lets no 60 s hold more than the limits, and holds nothing back for longer than a second more', () => {
		fc.assert(
			fc.property(fc.array(grant, { maxLength: 60 }), fc.integer({ min: 1, max: 8 }), (asked, requestsPerMinute) => {
				const limits = { requestsPerMinute, tokensPerMinute: 100 };
				const granted: { at: number; tokens: number }[] = [];
				let window: RateWindow = [];
				let now = start;
				const fits = (tokens: number, keptMs: number) => {
					const held = granted.filter(({ at }) => at + keptMs > now);
					const used = held.reduce((sum, one) => sum + one.tokens, 0);
					return held.length + 1 <= requestsPerMinute && used + tokens <= limits.tokensPerMinute;
				};
				for (const { afterMs, tokens } of asked) {
					now += afterMs;
					const at = roomAt(window, limits, tokens, now);
					if (at > now) {
						expect(fits(tokens, MINUTE_MS + 1_000)).toBe(false);
						expect(roomAt(window, limits, tokens, at - 1)).toBe(at);
						expect(roomAt(window, limits, tokens, at)).toBe(at);
						continue;
					}
					expect(fits(tokens, MINUTE_MS)).toBe(true);
					window = withGrant(window, tokens, now);
					granted.push({ at: now, tokens });
				}
			}),
		);
	});
});
