import { describe, expect, it } from 'vitest';
import type { Behaviour } from '../../helpers/upstream.ts';
import { type BrokenStream, brokenStreams } from './broken-streams.ts';
import type { FaultsOf } from './fault-share.ts';
import {
	ask,
	beginning,
	called,
	fails,
	gatewayFor,
	resetAll,
	says,
	sends,
	streamedPairs,
	wall,
	wholeStream,
} from './pair.ts';
import { used } from './spoken.ts';

/** Words of the answer that come before it breaks. */
const SHOWN = 5;
const shown = 'The harbour wall was built';
/** Words at the end of the answer that the second provider does not come to. */
const wordsBehind = 6;
const faults = Object.entries(brokenStreams);
const interrupted = expect.objectContaining({
	code: 'stream_interrupted',
	message: expect.stringMatching(/broke off/),
});
const call = { name: 'age', arguments: { of: 'the wall' } };

/** Each pair in the middle of a stream: these of its faults, and what no table has. */
export function describeBrokenStreams(faultsOf: FaultsOf): void {
	describe.each(streamedPairs)('%s, in the middle of a stream:', (_name, pair) => {
		const [caller, spoken, own] = pair;
		const running = gatewayFor(pair);
		const trace = () => running().records.at(-1)?.trace ?? [];
		const { streamed } = caller;
		/** Some words more, and it breaks again. */
		const continuesBriefly: Behaviour = (exchange) => {
			const text = spoken.restOf(exchange.request.json, wall.text);
			const words = spoken.pieces({ text }).content.length - wordsBehind;
			return sends(beginning(spoken, { text }, words))(exchange);
		};
		const others = own === spoken ? [] : [['own', 'mixed', own] as const];
		const nexts = [['b', 'default', spoken] as const, ...others];

		describe.each(faultsOf(pair, faults))('%s', (fault, { does, is }: BrokenStream) => {
			it('is carried on by the next provider, whatever it speaks', async () => {
				running()
					.upstream('a')
					.always(does(spoken, wall, SHOWN));
				for (const [name, model, next] of nexts) {
					running().upstream(name).always(says(next, wall));
					const { heard } = await ask(running(), caller, { ...streamed, model });
					expect(heard).toMatchObject({ ...wholeStream, text: wall.text, end: 'stop', calls: [] });
					expect(trace()).toMatchObject([{ failure: is }, { target: `${name}/one`, outcome: 'succeeded' }]);
					expect((await running().health()).a).toMatchObject({ state: 'closed', consecutiveFailures: 1 });
					resetAll(running());
				}
			});

			it('is carried on for a caller who waits for a document', async () => {
				running()
					.upstream('a')
					.always(does(spoken, wall, SHOWN));
				running().upstream('b').always(says(spoken, wall));
				const { heard } = await ask(running(), caller, { model: 'collected' });
				expect(heard).toMatchObject({ text: wall.text, end: 'stop', calls: [] });
				expect(trace()).toMatchObject([{ failure: is }, { target: 'b/one', outcome: 'succeeded' }]);
			});

			it('is told where nobody can carry it on', async () => {
				running()
					.upstream('a')
					.always(does(spoken, wall, SHOWN));
				running().upstream('b').always(fails(spoken, 'broken'));
				const { response, heard, failure } = await ask(running(), caller, streamed);
				// What was on its way when a connection was reset may never have come.
				if (fault === 'the connection is reset' && heard === undefined) expect(failure).toBeDefined();
				else {
					expect(response.status).toBe(200);
					expect(heard).toMatchObject({ problems: [], isWhole: false, end: undefined, error: interrupted });
					expect(wall.text.startsWith(heard?.text ?? '')).toBe(true);
				}
				resetAll(running());
				const document = await ask(running(), caller, { model: 'collected' });
				expect([document.response.status, document.heard]).toEqual([502, undefined]);
			});

			it.skipIf(spoken.isPlain)('within a call: there is one whole call or none', async () => {
				const { content } = spoken.pieces(called);
				const asked = { ...streamed, ...caller.tools };
				running()
					.upstream('a')
					.always(does(spoken, called, content.length - 1));
				for (const [name, model, next] of nexts) {
					running().upstream(name).always(says(next, called));
					const { heard } = await ask(running(), caller, { ...asked, model });
					expect(heard).toMatchObject({ ...wholeStream, text: called.text, calls: [call], end: 'tool-calls' });
					resetAll(running());
				}
				running().upstream('b').always(fails(spoken, 'broken'));
				const { heard, failure } = await ask(running(), caller, asked);
				if (heard === undefined) expect(failure).toBeDefined();
				else expect(heard).toMatchObject({ problems: [], isWhole: false, calls: [], error: interrupted });
			});

			it.skipIf(spoken.isPlain)('within a call that is all of the answer: another makes it', async () => {
				const bare = { ...called, text: '' };
				running()
					.upstream('a')
					.always(does(spoken, bare, 1));
				running().upstream('b').always(says(spoken, bare));
				const { heard } = await ask(running(), caller, { ...streamed, ...caller.tools });
				expect(heard).toMatchObject({ ...wholeStream, text: '', calls: [call], end: 'tool-calls' });
				expect(trace()).toMatchObject([{ failure: is }, { target: 'b/one', way: 'fresh', outcome: 'succeeded' }]);
			});
		});

		it('what all attempts used is summed, and the next provider is shown what there is', async () => {
			running()
				.upstream('a')
				.always(sends(beginning(spoken, wall, SHOWN)));
			for (const [name, model, next] of nexts) {
				running().upstream(name).always(says(next, wall));
				const { heard } = await ask(running(), caller, { ...streamed, model });
				const { input, output } = spoken.usedByHalf;
				expect(heard?.usage).toEqual({ input: input + used.input, output: output + used.output });
				expect(heard?.usedBy).toEqual(['a/one', `${name}/one`]);
				expect(running().upstream(name).requests.at(-1)?.text).toContain(shown);
				resetAll(running());
			}
		});

		it('which breaks again where another carries it on, a third provider ends the answer', async () => {
			running()
				.upstream('a')
				.always(sends(beginning(spoken, wall, SHOWN)));
			running().upstream('b').always(continuesBriefly);
			running().upstream('own').always(says(own, wall));
			const { heard } = await ask(running(), caller, { ...streamed, model: 'long' });
			expect(heard).toMatchObject({ ...wholeStream, text: wall.text, end: 'stop' });
			expect(heard?.usedBy).toEqual(['a/one', 'b/one', 'own/one']);
			expect(running().upstream('own').requests.at(-1)?.text).toContain('in 1862, and it');
		});

		it.skipIf(spoken.isPlain)('within a thought: the next provider answers', async () => {
			const thoughtful = { ...wall, thought: 'How old is that? Let me think.' };
			running()
				.upstream('a')
				.always(sends(beginning(spoken, thoughtful, 3)));
			for (const [name, model, next] of nexts) {
				running().upstream(name).always(says(next, thoughtful));
				const { heard } = await ask(running(), caller, { ...streamed, model });
				expect(heard).toMatchObject({ ...wholeStream, text: wall.text, end: 'stop' });
				expect(trace()).toMatchObject([{ failure: { reason: 'truncated' } }, { outcome: 'succeeded' }]);
				resetAll(running());
			}
		});

		it('silence is a timeout, and the next provider carries on', async () => {
			running()
				.upstream('stalls')
				.always(sends(beginning(spoken, wall, SHOWN), { end: 'stall' }));
			running().upstream('b').always(says(spoken, wall));
			const { heard } = await ask(running(), caller, { ...streamed, model: 'stalling' });
			expect(heard).toMatchObject({ ...wholeStream, text: wall.text, end: 'stop' });
			expect(trace()[0]).toMatchObject({ failure: { category: 'TIMEOUT', reason: 'idle' } });
		});
	});
}
