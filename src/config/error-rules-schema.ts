import { z } from 'zod';
import { patternMistake, patternSteps } from '../values/linear-pattern.ts';
import { failureKey } from './failure-keys.ts';
import { count, oneOrMany, pattern, section, table, text, textThat } from './fields.ts';
import { headerName } from './provider-schema.ts';

const ruleStatus = z.union(
	[count(100, 599), textThat((value) => /^[1-5](\d\d|xx)$/i.test(value), 'is not a status; write `429` or `5xx`')],
	{ error: 'is not a status; write `429`, `5xx` or a list of them' },
);

const rulePatterns = ['status', 'code', 'type', 'message', 'header', 'provider'] as const;

const words = (what: string) => oneOrMany(text(), `write ${what} or a list of them, in quotes`);

const errorRule = section({
	status: oneOrMany(ruleStatus, 'write `429`, `5xx` or a list of them')
		.exactOptional()
		.describe('HTTP statuses, or classes of them such as `5xx`: one or a list. Default: any.'),
	code: words('a code').exactOptional().describe('Values of `error.code`: one or a list. Default: any.'),
	type: words('a type').exactOptional().describe('Values of `error.type`: one or a list. Default: any.'),
	message: pattern()
		.exactOptional()
		.describe('A regular expression for the message, without regard to case. Default: any.'),
	header: table(headerName, pattern())
		.exactOptional()
		.describe('Regular expressions for response headers, by name. Default: any.'),
	provider: words('the name of a provider').exactOptional().describe('Providers by name: one or a list. Default: any.'),
	as: failureKey.describe('What the failure is: `CATEGORY` or `CATEGORY.reason`. Required.'),
}).refine((rule) => rulePatterns.some((condition) => condition in rule), {
	error: `has no condition and would fit every failure; give at least one of ${rulePatterns.join(', ')}`,
});

/** An error is compared with every rule: this many steps for each of its characters, three times those of the shipped rules. */
const MOST_STEPS = 20_000;
/** What is too large takes longest to compile; more than this many are not printed either. */
const MOST_MISTAKES = 100;

/** Your own classification rules. */
export const errorRules = z
	.array(errorRule, { error: 'is not a list; write rules such as `- { status: 418, as: RATE_LIMIT }`' })
	.max(1_000, { error: 'has more than 1000 rules; remove some' })
	.superRefine(checkPatterns);

/** They are compiled one after the other, so that of too many no more are compiled than may be. */
function checkPatterns(rules: readonly z.output<typeof errorRule>[], context: z.core.$RefinementCtx): void {
	let steps = 0;
	let mistakes = 0;
	for (const { path, source } of rules.flatMap(patternsOf)) {
		if (mistakes === MOST_MISTAKES) return;
		const mistake = patternMistake(source);
		if (mistake !== undefined) {
			context.addIssue({ code: 'custom', path, message: mistake });
			mistakes += 1;
			continue;
		}
		steps += patternSteps(source);
		if (steps <= MOST_STEPS) continue;
		const message = `is too much: the regular expressions of all rules up to this one have ${steps} steps, at most ${MOST_STEPS}; use fewer or smaller ones`;
		context.addIssue({ code: 'custom', path, message });
		return;
	}
}

function patternsOf({ message, header = {} }: z.output<typeof errorRule>, index: number) {
	return [
		...(message === undefined ? [] : [{ path: [index, 'message'], source: message }]),
		...Object.entries(header).map(([name, source]) => ({ path: [index, 'header', name], source })),
	];
}
