import { afterEach, expect, test, vi } from 'vitest';
import { traceLine } from '../../src/observe/trace-text.ts';
import { contentOf, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { answers, resets, together } from '../helpers/upstream.ts';

let breakwater: TestGateway;

afterEach(() => breakwater.close());

test('six requests after a pause, on connections that are reset, open nothing and are no attempts of their own', async () => {
	breakwater = await startGateway({ names: ['a'] });
	const upstream = breakwater.upstream('a');
	const six = () => Promise.all(Array.from({ length: 6 }, () => breakwater.post().then(contentOf)));
	const firstSix = together(6, answers('here'));
	upstream.next(...Array(6).fill(firstSix));
	expect(await six()).toEqual(Array(6).fill('here'));
	expect(upstream.openSockets).toBe(6);

	const nextSix = together(6, resets());
	upstream.next(...Array(6).fill(nextSix));
	upstream.always(answers('here'));
	// A connection was stale where it is reset soon after a request was sent on it: by this clock, at once.
	const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now());
	expect(await six().finally(() => clock.mockRestore())).toEqual(Array(6).fill('here'));
	expect((await breakwater.health()).a).toMatchObject({ state: 'closed', consecutiveFailures: 0, lastFailure: null });
	expect(breakwater.records).toHaveLength(12);
	for (const { trace } of breakwater.records.slice(6)) {
		expect(trace).toMatchObject([
			{ did: 'reconnect', target: 'a/model-a' },
			{ did: 'attempt', outcome: 'succeeded' },
		]);
		expect(traceLine(trace)).toMatch(/^a\/model-a stale connection, sent again → a\/model-a ok, \d+ ms$/);
	}
	const metrics = await (await fetch(`${breakwater.origin}/metrics`)).text();
	expect(metrics).not.toMatch(/breakwater_attempts_total\{[^}]*outcome="failed"/);
});
