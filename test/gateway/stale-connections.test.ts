import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { traceLine } from '../../src/observe/trace-text.ts';
import { contentOf, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { delayed, forgetful, resets } from '../helpers/upstream.ts';

let breakwater: TestGateway;

afterEach(() => breakwater.close());

test('six requests after a pause, on connections that are reset, open nothing and are no attempts of their own', async () => {
	breakwater = await startGateway({ names: ['a'] });
	breakwater.upstream('a').always(forgetful(delayed(20, resets())));
	const six = () => Promise.all(Array.from({ length: 6 }, () => breakwater.post().then(contentOf)));
	expect(await six()).toEqual(Array(6).fill('here'));
	await sleep(50);
	expect(await six()).toEqual(Array(6).fill('here'));
	expect((await breakwater.health()).a).toMatchObject({ state: 'closed', consecutiveFailures: 0, lastFailure: null });
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
