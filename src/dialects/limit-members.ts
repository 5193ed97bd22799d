import type { RequestMembers } from '../contract/dialect.ts';
import type { JsonText } from '../values/json-members.ts';

type Members = RequestMembers['defaults'];

/** How many tokens an answer may have goes by a name of its own in each API, and is one setting all the same. */
const limitNames = ['max_tokens', 'max_completion_tokens', 'max_output_tokens'] as const;

/**
 * What the configuration sets, with the limit of an answer under one name alone: two of them in one request contradict each
 * other, and a model knows but one.
 * @param names those that the target knows, the best first
 */
export function withOneLimit(
	body: Pick<JsonText, 'has'>,
	members: RequestMembers,
	names: readonly string[],
): RequestMembers {
	const { defaults, force } = members;
	const usual = limitIn(defaults, names);
	const forced = limitIn(force, names);
	if (usual === undefined && forced === undefined) return members;
	const isGiven = forced !== undefined || limitNames.some((name) => body.has(name));
	return {
		defaults: usual === undefined ? defaults : { ...withoutLimits(defaults), ...(isGiven ? {} : usual) },
		force: forced === undefined ? force : { ...withoutLimits(force), ...noLimit, ...forced },
	};
}

/** Tokens that an answer may have by the configuration. @param given what the caller says */
export function limitBy(members: RequestMembers | undefined, given: number | undefined): number | undefined {
	if (members === undefined) return given;
	const [forced, usual] = [members.force, members.defaults].map((set) => Object.values(limitIn(set, []) ?? {})[0]);
	return numberOf(forced) ?? given ?? numberOf(usual);
}

const noLimit = Object.fromEntries(limitNames.map((name) => [name, undefined]));

/** Under a name that the target knows; undefined where none is set. */
function limitIn(members: Members, names: readonly string[]): Readonly<Record<string, string>> | undefined {
	const isSet = (name: string) => members[name] !== undefined;
	const name = names.find(isSet) ?? limitNames.find(isSet);
	const value = name === undefined ? undefined : members[name];
	if (name === undefined || value === undefined) return undefined;
	return { [names.includes(name) ? name : (names[0] ?? name)]: value };
}

function withoutLimits(members: Members): Members {
	return { ...members, ...noLimit };
}

function numberOf(json: string | undefined): number | undefined {
	const value = Number(json);
	return Number.isSafeInteger(value) && value > 0 ? value : undefined;
}
