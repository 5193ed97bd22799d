import type { BodyHints } from '../../contract/dialect.ts';

/** Profiles by the value of a hint, which is in small letters. */
export interface Hints {
	taskType: ReadonlyMap<string, string>;
	quality: ReadonlyMap<string, string>;
}

export interface HintHeaders {
	/** `X-Task-Type`. */
	taskType?: string | undefined;
	/** `X-Quality`. */
	quality?: string | undefined;
}

/** What came of the hints; no profile where none of them is configured. */
export interface HintFound {
	profile?: string;
	/** For the caller: `hint task-type=code`, or which hint is not known. */
	reason: string;
}

/**
 * The profile that the hints of a request lead to. Headers come before the body, and there the task type before the
 * quality; a value that is not configured is passed over.
 * @returns undefined when there is no hint
 */
export function lookUpHints(hints: Hints, headers: HintHeaders, body: BodyHints): HintFound | undefined {
	const given = [
		{ name: 'task-type', value: headers.taskType, profiles: hints.taskType },
		{ name: 'quality', value: headers.quality, profiles: hints.quality },
		{ name: 'task-type', value: body.taskType, profiles: hints.taskType },
		{ name: 'quality', value: body.quality, profiles: hints.quality },
	].flatMap(({ name, value, profiles }) => {
		const word = value?.trim().toLowerCase() ?? '';
		return word === '' ? [] : [{ name, word, profile: profiles.get(word) }];
	});
	const [first] = given;
	if (first === undefined) return undefined;
	const known = given.find(({ profile }) => profile !== undefined);
	if (known?.profile !== undefined) {
		return { profile: known.profile, reason: `hint ${known.name}=${known.word}` };
	}
	return { reason: `hint ${first.name}=${shown(first.word)} is not configured` };
}

function shown(word: string): string {
	return word.length > 40 ? `${word.slice(0, 40)}...` : word;
}
