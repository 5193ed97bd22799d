import type { ReadConfig } from '../config/load.ts';
import { checkConfig, ExploredParts } from '../verify/check-config.ts';
import type { Report } from '../verify/report/report.ts';

/** Of this process, which sets up one configuration and ends. */
const explored = new ExploredParts();

/**
 * Checks a configuration as `breakwater check` does, which takes seconds the first time. Drafts of one conversation have
 * most in common (their providers, when another model is to come first): what was explored for one is taken for the next.
 */
export function checkOnce(read: ReadConfig): Report {
	return checkConfig(read, { explored });
}
