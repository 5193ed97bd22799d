import { describe, expect, it } from 'vitest';
import { requestMachine } from '../../../../machines/request/machine.ts';
import { samplePaths } from '../../../../src/verify/prove/request/paths.ts';
import { replay, routeOver } from './route.ts';

const route = routeOver([
	{ target: 'a/m', credentials: 2 },
	{ target: 'b/m', prefill: true },
]);

describe('sample paths', () => {
	const paths = samplePaths(route, 60);

	it('are as many as asked for, and no two are the same', () => {
		expect(paths).toHaveLength(60);
		expect(new Set(paths.map(({ steps }) => JSON.stringify(steps))).size).toBe(60);
		expect(samplePaths(route, 3)).toEqual(paths.slice(0, 3));
	});

	it('show every ending, every category, retries, denials and continuations', () => {
		const words = paths.flatMap(({ steps }) => steps.map((step) => step.words)).join('\n');
		expect(new Set(paths.map(({ ending }) => ending))).toEqual(new Set(['done', 'failed', 'aborted']));
		const codes = paths.flatMap(({ code }) => code ?? []);
		expect(codes).toEqual(
			expect.arrayContaining([
				'all_targets_unavailable',
				'deadline_exceeded',
				'provider_auth_failed',
				'stream_interrupted',
			]),
		);
		expect(words).toMatch(/are waited, then a\/m/);
		expect(words).toMatch(/is asked: denied/);
		expect(words).toMatch(/carries the answer on/);
		const categories = paths.flatMap(({ steps }) =>
			steps.flatMap(({ event }) => ('failure' in event ? [(event.failure as { category: string }).category] : [])),
		);
		expect(new Set(categories).size).toBe(9);
	});

	it('are asked of providers that are closed, and never again of one that denied', () => {
		for (const { steps } of paths) {
			const denied = new Set<string>();
			for (const { event, provider = '', providerState } of steps) {
				if (event.type === 'permit.denied') denied.add(provider);
				if (event.type === 'permit.granted') expect([providerState, denied.has(provider)]).toEqual(['closed', false]);
			}
		}
	});

	it('end as the machine that runs ends, with as many attempts on each target', () => {
		for (const { steps, ending, attempts } of paths) {
			const { states, progress } = replay(route, requestMachine, steps);
			expect(states).toEqual(steps.map(({ requestState }) => requestState));
			expect(states.at(-1)).toBe(ending);
			const made = progress.trace.filter(({ did }) => did === 'attempt').map(({ target }) => target);
			for (const target of ['a/m', 'b/m']) {
				expect(made.filter((name) => name === target)).toHaveLength(attempts[target] ?? 0);
			}
		}
	});

	it('tell a status only where no answer has begun', () => {
		for (const { steps, status, code, ending } of paths) {
			const hasBegun = steps.some(({ event }) => event.type === 'attempt.answering');
			expect(status !== undefined).toBe(ending === 'failed' && !hasBegun);
			expect(code !== undefined).toBe(ending === 'failed');
		}
	});
});
