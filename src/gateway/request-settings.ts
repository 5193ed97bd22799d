import type { RequestConfig } from '../config/config.ts';
import { asksForPlainText } from '../dialects/openai-chat/plain-text.ts';

/** What the configuration sets in the requests of one target. It is kept out of the machines: a header may be a secret. */
export interface CandidateSettings {
	/** Members of the body, as JSON texts, that are set where the caller gives none. */
	readonly defaults: Readonly<Record<string, string | undefined>>;
	/** Members of the body, as JSON texts, that are set whatever the caller gives; undefined takes one out. */
	readonly force: Readonly<Record<string, string | undefined>>;
	/** None of them makes an answer one that cannot be carried on. */
	readonly isPlainText: boolean;
	/** Further request headers, names in lower case. */
	readonly headers: Readonly<Record<string, string>>;
}

/** @returns undefined when nothing is set, which is the rule and costs nothing */
export function candidateSettings(
	{ defaults, force }: RequestConfig,
	headers: Readonly<Record<string, string>>,
): CandidateSettings | undefined {
	if ([defaults, force, headers].every((settings) => Object.keys(settings).length === 0)) return undefined;
	const isPlainText = [defaults, force].every((members) => asksForPlainText(members) && (members.n ?? 1) === 1);
	return { defaults: texts(defaults), force: texts(force), isPlainText, headers };
}

function texts(members: Readonly<Record<string, unknown>>): Record<string, string | undefined> {
	const entries = Object.entries(members).map(([name, value]) => [
		name,
		value === null ? undefined : JSON.stringify(value),
	]);
	return Object.fromEntries(entries);
}
