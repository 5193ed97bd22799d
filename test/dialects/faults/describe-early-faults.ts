import { describe, expect, it } from 'vitest';
import { hangs } from '../../helpers/upstream.ts';
import { type EarlyFault, earlyFaults } from './early-faults.ts';
import type { FaultsOf } from './fault-share.ts';
import type { Caller } from './heard.ts';
import {
	type Asked,
	ask,
	beginning,
	gatewayFor,
	namedPairs,
	resetAll,
	says,
	sends,
	wall,
	wholeStream,
} from './pair.ts';

type Told = Pick<EarlyFault, 'told' | 'client'>;

/** An error in the words of the caller's dialect, with the headers that its library acts on. */
function expectTold(
	{ errorType, overloadedStatus }: Caller,
	{ response, failure }: Asked,
	{ told, client = 'retries' }: Told,
): void {
	const { code = expect.any(String), message = /\S/ } = told;
	const status = code === 'all_targets_overloaded' ? (overloadedStatus ?? told.status) : told.status;
	const error = { type: errorType?.(status) ?? expect.any(String), code, message: expect.stringMatching(message) };
	expect(response.status).toBe(status);
	expect(failure).toMatchObject(errorType === undefined ? { error } : { type: 'error', error });
	expect(response.headers.get('content-type')).toMatch(/^application\/json/);
	expect(response.headers.get('x-should-retry')).toBe(client === 'gives up' ? 'false' : null);
	if (client === 'gives up') return;
	const seconds = Number(response.headers.get('retry-after'));
	expect(seconds).toBeGreaterThan(0);
	expect(seconds).toBeLessThanOrEqual(client === 'waits' ? 7 : 1);
}

/** Each pair before the first word of an answer: these of its faults, and silence. */
export function describeEarlyFaults(faultsOf: FaultsOf): void {
	describe.each(namedPairs)('%s', (_name, pair) => {
		const [caller, spoken] = pair;
		const running = gatewayFor(pair);
		// A reset on a connection that an earlier request has left is met by a new one, which fails as well.
		const trace = () => (running().records.at(-1)?.trace ?? []).filter(({ did }) => did !== 'reconnect');

		describe.each(spoken.streams ? ['stream', 'document'] : ['document'])('before the first word of a %s,', (form) => {
			const members = form === 'stream' ? caller.streamed : {};
			const whole = { text: wall.text, ...(form === 'stream' && wholeStream) };
			// Beside a stream, what comes in place of an answer is all that a document could change.
			const isTold = form === 'stream' || !spoken.streams;
			const faults = faultsOf(pair, Object.entries(earlyFaults)).filter(
				([, { only = form, is }]) => only === form && (isTold || is.status === 200),
			);

			it.each(faults)('%s is made good by the next provider, or told', async (_fault, fault) => {
				const { does, is, leaves = { state: 'closed', consecutiveFailures: 1 }, isFinal = false } = fault;
				running().upstream('a').always(does(spoken));
				running().upstream('b').always(says(spoken, wall));
				const first = await ask(running(), caller, members);
				expect(trace()[0]).toMatchObject({ target: 'a/one', failure: is });
				expect((await running().health()).a).toMatchObject(leaves);
				if (isFinal) {
					expect(trace()).toHaveLength(1);
					expectTold(caller, first, fault);
					return;
				}
				expect(first.heard).toMatchObject(whole);
				expect(trace()[1]).toMatchObject({ target: 'b/one', outcome: 'succeeded' });
				resetAll(running());
				running().upstream('b').always(does(spoken));
				expectTold(caller, await ask(running(), caller, members), fault);
			});

			it('silence is a timeout, and made good or told', async () => {
				running().upstream('silent').always(hangs());
				running().upstream('b').always(says(spoken, wall));
				const { heard } = await ask(running(), caller, { ...members, model: 'silent' });
				expect(heard).toMatchObject(whole);
				const reason = form === 'stream' ? 'first_token' : 'response';
				expect(trace()[0]).toMatchObject({ failure: { category: 'TIMEOUT', reason } });
				expect((await running().health()).silent).toMatchObject({ state: 'closed', consecutiveFailures: 1 });
				running()
					.upstream('silent')
					.always(sends(beginning(spoken, wall, 0), { end: 'stall' }));
				if (form === 'stream')
					expect((await ask(running(), caller, { ...members, model: 'silent' })).heard).toMatchObject(whole);
				resetAll(running());
				const mute = await ask(running(), caller, { ...members, model: 'mute' });
				expectTold(caller, mute, { told: { status: 504, code: 'all_targets_timed_out' } });
			});
		});
	});
}
