import { monitorEventLoopDelay } from 'node:perf_hooks';

/**
 * Runs something in which a provider must keep within a limit. Where the machine itself stood still for a good part of the
 * limit, what came of it proves nothing: it runs again, with a limit of twice the length.
 * @param limitMs the first limit
 * @param run gets the limit, ms; both the program and the provider are in this process
 * @param reset called before it runs again
 * @returns what came of a run in which the machine kept up
 */
export async function inStep<T>(limitMs: number, run: (limitMs: number) => Promise<T>, reset: () => Promise<void>) {
	for (let ms = limitMs; ; ms *= 2) {
		const stillness = monitorEventLoopDelay({ resolution: 10 });
		stillness.enable();
		const result = await run(ms);
		stillness.disable();
		if (stillness.max / 1e6 < ms / 3) return result;
		await reset();
	}
}
