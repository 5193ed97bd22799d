import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runs } from '../../helpers/runs.ts';
import { explain } from './explained-case.ts';

describe('whatever the script says', () => {
	const time = fc.integer({ min: 0, max: 400_000 }).map((ms) => `${ms}ms`);
	const outcome = fc
		.tuple(
			fc.constantFrom(
				'ok',
				'503',
				'429',
				'cut',
				'stall',
				'error-event',
				'reset',
				'refused',
				'QUOTA_EXCEEDED',
				'BAD_REQUEST.prefill',
				'UNKNOWN_TRANSIENT.seam_ambiguous',
			),
			time,
		)
		.map(([word, after]) => `${word} after=${after}`);
	const state = fc
		.tuple(fc.constantFrom('open', 'open hint', 'open auth', 'quota-cooldown'), time)
		.map(([word, forMs]) => `${word} 1s${forMs}`);
	const item = fc.oneof(
		outcome,
		fc.constantFrom('timeout', 'connect-timeout', 'half-open', 'half-open busy', 'unavailable', 'cut tokens=0'),
		state,
	);
	const entry = fc.oneof(
		{ weight: 3, arbitrary: fc.array(outcome, { minLength: 1, maxLength: 4 }).map((all) => all.join(', ')) },
		{ weight: 2, arbitrary: item },
	);
	const leaving = fc.option(time.map((after) => `client leaves after=${after}`));
	const script = fc
		.tuple(entry, entry, entry, leaving)
		.map(([openai, anthropic, local, client]) =>
			[`openai: ${openai}`, `anthropic: ${anthropic}`, `local: ${local}`, client ?? ''].join('; '),
		);
	const profile = fc.constantFrom('default', 'cheap', 'safe', 'anthropic/claude');

	test('the trace ends in time, tells the truth about its attempts, and leaves nothing half done', () => {
		fc.assert(
			fc.property(script, profile, fc.boolean(), (when, name, stream) => {
				const { ms, steps, attempts, trace, after, client } = explain(when, { profile: name, stream });
				const times = steps.map(({ at }) => at);
				expect(times).toEqual(times.toSorted((a, b) => a - b));
				expect(ms).toBe(times.at(-1));
				const isCommitted = steps.some(({ event }) => event.type === 'attempt.answering');
				expect(ms).toBeLessThanOrEqual(300_000 + (isCommitted ? 3_600_000 : 0));
				expect(steps.at(-1)?.requestState).toMatch(/^(done|failed|aborted)$/);
				expect(steps.filter(({ event }) => event.type === 'permit.granted')).toHaveLength(attempts);
				expect(trace.filter(({ did }) => did === 'attempt')).toHaveLength(attempts);
				expect(client.gets === 'left').toBe(steps.at(-1)?.event.type === 'client.left');
				for (const { id, probesInFlight } of after)
					if (!when.includes('busy')) expect([id, probesInFlight]).toEqual([id, 0]);
			}),
			runs(500),
		);
	});
});
