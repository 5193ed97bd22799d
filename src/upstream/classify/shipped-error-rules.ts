import { errorRulesFile } from '../../values/package-paths.ts';
import { type ErrorRule, loadErrorRules } from './load-error-rules.ts';

let shipped: readonly ErrorRule[] | undefined;

/**
 * The rules that every configuration has behind its own. They are read once: that takes longer than all else at a start.
 * @throws Error when their file cannot be read, or is not a list of rules
 */
export function shippedErrorRules(): readonly ErrorRule[] {
	shipped ??= loadErrorRules(errorRulesFile);
	return shipped;
}
