import type { Simulation } from '../contract/simulation.ts';

/** Node fires a timer at once when it is asked to wait longer than this, ms. */
export const longestTimerMs = 2 ** 31 - 1;

/**
 * Refuses what could not be simulated: timers that Node would fire at once, steps that last no time at all.
 * @throws RangeError that names the provider, the field and the range.
 */
export function assertSimulation(name: string, simulation: Simulation): void {
	const { firstToken, tokenInterval, tokens, script } = simulation;
	const check = (field: string, value: number | undefined, least: number, most: number) => {
		if (value === undefined || (value >= least && value <= most)) return;
		throw new RangeError(`Simulated provider '${name}': ${field} is ${value}; give a number from ${least} to ${most}.`);
	};
	check('firstToken', firstToken, 0, longestTimerMs);
	check('tokenInterval', tokenInterval, 0, longestTimerMs);
	check('tokens', tokens, 0, 1_000_000);
	for (const [index, step] of script.entries()) {
		check(`script[${index}].for`, step.for, 1, Number.MAX_SAFE_INTEGER);
		check(`script[${index}].requests`, step.requests, 1, Number.MAX_SAFE_INTEGER);
		check(`script[${index}].status`, step.status, 400, 599);
		check(`script[${index}].retryAfter`, step.retryAfter, 0, Number.MAX_SAFE_INTEGER);
		check(`script[${index}].pause`, step.pause, 0, longestTimerMs);
		check(`script[${index}].afterTokens`, step.afterTokens, 0, Number.MAX_SAFE_INTEGER);
	}
}
