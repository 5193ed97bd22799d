import type { RequestConfig } from '../config/config.ts';
import type { RequestMembers } from '../contract/dialect.ts';

/** What the configuration sets in the requests of one target. It is kept out of the machines: a header may be a secret. */
export interface RequestSettings extends RequestMembers {
	/** The same members as values. */
	readonly given: RequestConfig;
	/** Further request headers, names in lower case. */
	readonly headers: Readonly<Record<string, string>>;
}

/** @returns undefined when nothing is set, which is the rule and costs nothing */
export function requestSettings(
	given: RequestConfig,
	headers: Readonly<Record<string, string>>,
): RequestSettings | undefined {
	const { defaults, force } = given;
	if ([defaults, force, headers].every((settings) => Object.keys(settings).length === 0)) return undefined;
	return { defaults: texts(defaults), force: texts(force), given, headers };
}

function texts(members: Readonly<Record<string, unknown>>): Record<string, string | undefined> {
	const entries = Object.entries(members).map(([name, value]) => [
		name,
		value === null ? undefined : JSON.stringify(value),
	]);
	return Object.fromEntries(entries);
}
