import { runInNewContext } from 'node:vm';
import { jsonrepair } from 'jsonrepair';

/** Of a longer body nobody can say what was meant, and it would take too long to guess: characters. */
const LONGEST = 256 * 1024;
/** All other requests wait while one is repaired; some texts would take minutes, ms. */
const LONGEST_TIME_MS = 250;

/**
 * Makes JSON of a text that is almost JSON: with single quotes, comments, a comma too many, a bracket missing at its end.
 * @param text one that is not JSON
 * @returns undefined when it is beyond repair, too long, or takes too long
 */
export function repairJson(text: string): string | undefined {
	if (text.length > LONGEST) return undefined;
	try {
		// A deadline for code that never waits is something that only a context has.
		const repaired: unknown = runInNewContext(
			'repair(text)',
			{ repair: jsonrepair, text },
			{ timeout: LONGEST_TIME_MS },
		);
		return typeof repaired === 'string' ? repaired : undefined;
	} catch {
		// Beyond repair, nested too deeply, or out of time: to the caller it is the same.
		return undefined;
	}
}
