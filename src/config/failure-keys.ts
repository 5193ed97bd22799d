import { z } from 'zod';
import { categories } from '../../machines/failure.ts';
import { inWords, nearest } from '../values/nearest.ts';

/** A category, or a category and a reason: `BAD_REQUEST` or `BAD_REQUEST.context_length`. */
export const failureKey = z
	.string({ error: 'is not a category; write one such as `TIMEOUT`, or `CATEGORY.reason`' })
	.meta({ pattern: `^(${categories.join('|')})(\\.[a-z][a-z0-9_]*)?$` })
	.superRefine((key, context) => {
		const mistake = mistakeOfFailureKey(key);
		if (mistake !== undefined) context.addIssue({ code: 'custom', message: mistake });
	});

/** `BAD_REQUEST` of `BAD_REQUEST.context_length`. */
export function categoryOf(key: string): string {
	return key.split('.')[0] ?? key;
}

function mistakeOfFailureKey(key: string): string | undefined {
	const [category = '', ...reasons] = key.split('.');
	if (!categories.some((known) => known === category)) {
		const meant = nearest(category, categories);
		const right = meant === undefined ? `choose from ${inWords(categories)}` : `did you mean \`${meant}\`?`;
		return `is not a category; ${right}`;
	}
	if (reasons.length === 0 || (reasons.length === 1 && /^[a-z][a-z0-9_]*$/.test(reasons.join()))) return undefined;
	return 'has a reason that is not in snake_case; write for example `BAD_REQUEST.context_length`';
}
