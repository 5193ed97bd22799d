import { describe, expect, it } from 'vitest';
import { deepSample } from '../../helpers/deep-sample.ts';
import { ask, called, fails, gatewayFor, resetAll, says, sends, streamedPairs, wholeStream, wireOf } from './pair.ts';

const call = { name: 'age', arguments: { of: 'the wall' } };

describe.each(streamedPairs)('%s: an answer that is cut at any byte', (_name, pair) => {
	const [caller, spoken, own] = pair;
	const running = gatewayFor(pair);
	const said = spoken.isPlain ? { text: 'It is as old as the hills.' } : { ...called, thought: 'Hm.' };
	const calls = spoken.isPlain ? [] : [call];
	const wire = Buffer.from(wireOf(spoken, said));
	const members = { ...caller.streamed, ...caller.tools };

	/** Asks once for each place between two bytes, or for each third one. */
	async function cutEverywhere(
		model: string,
		step: 1 | 3,
		check: (asked: Awaited<ReturnType<typeof ask>>) => void,
	): Promise<void> {
		const places = Array.from({ length: Math.ceil((wire.length + 1) / step) }, (_, place) => place * step);
		for (const bytes of deepSample(places)) {
			running()
				.upstream('a')
				.always(sends(wire.subarray(0, bytes), { end: bytes % 2 === 0 ? 'fin' : 'close' }));
			const asked = await ask(running(), caller, { ...members, model });
			try {
				check(asked);
			} catch (error) {
				throw new Error(`cut behind byte ${bytes}: …${wire.subarray(0, bytes).toString().slice(-80)}`, {
					cause: error,
				});
			}
			resetAll(running());
		}
	}

	const nexts = [['default', 1, 'b', spoken] as const, ['mixed', 3, 'own', own] as const];

	it.each(own === spoken ? nexts.slice(0, 1) : nexts)('is made whole (profile %s)', async (model, step, name, next) => {
		running().upstream(name).always(says(next, said));
		await cutEverywhere(model, step, ({ heard }) => {
			const end = spoken.isPlain ? 'stop' : 'tool-calls';
			expect(heard).toMatchObject({ ...wholeStream, text: said.text, calls, end });
		});
	});

	it('is whole, or told to be broken, where nobody else answers', async () => {
		running().upstream('b').always(fails(spoken, 'broken'));
		await cutEverywhere('default', 3, ({ response, heard, failure }) => {
			if (heard === undefined) {
				expect([response.status, failure]).toMatchObject([502, { error: { code: 'all_targets_failed' } }]);
				return;
			}
			expect(heard).toMatchObject({ problems: [], ids: [expect.any(String)] });
			if (heard.isWhole) expect(heard).toMatchObject({ ...wholeStream, text: said.text, calls });
			else expect(heard).toMatchObject({ calls: [], end: undefined, error: { code: 'stream_interrupted' } });
			expect(said.text.startsWith(heard.text)).toBe(true);
		});
	});
});
