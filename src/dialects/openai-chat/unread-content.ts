import { isObject, type JsonObject } from '../../values/json.ts';

/**
 * Whether a completion, or a chunk of one, has anything in its choices that could be content, whatever the member is
 * called: text (white space is text), thoughts, a refusal, sound, annotations, calls, and what no one here knows. An answer
 * that has something must not be taken for one that says nothing.
 */
export function hasUnreadContent({ choices }: JsonObject): boolean {
	if (!Array.isArray(choices)) return false;
	return choices.some((choice) => {
		const { message, delta, text } = isObject(choice) ? choice : {};
		return saysSomething(message) || saysSomething(delta) || saysSomething(text);
	});
}

/** Who speaks and what kind of part it is say nothing by themselves; nor does a list or an object of nothing. */
function saysSomething(value: unknown): boolean {
	if (Array.isArray(value)) return value.some(saysSomething);
	if (isObject(value)) {
		return Object.entries(value).some(([name, member]) => name !== 'role' && name !== 'type' && saysSomething(member));
	}
	return value !== undefined && value !== null && value !== '' && value !== false;
}
