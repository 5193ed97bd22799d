import type { ProviderAsk, RequestMembers } from '../contract/dialect.ts';
import type { Edits, JsonText } from '../values/json-members.ts';
import { withOneLimit } from './limit-members.ts';

const none: Edits = {};

/**
 * What the configuration sets in a request: its defaults where the caller gives nothing, and what it forces.
 * @param limitNames under which the target is told how long an answer may be, the best first
 */
export function settingsFor(
	body: Pick<JsonText, 'has'>,
	members: RequestMembers | undefined,
	limitNames: readonly string[],
): Edits {
	if (members === undefined) return none;
	const { defaults, force } = withOneLimit(body, members, limitNames);
	const names = Object.keys(defaults);
	if (names.length === 0) return force;
	const missing = names.filter((name) => !body.has(name)).map((name) => [name, defaults[name]]);
	return { ...Object.fromEntries(missing), ...force };
}

/** Whether an attempt streams: as the configuration forces it, else as anyone wishes; a continuation is streamed. */
export function isStreamed({ request, streamUpstream, way }: ProviderAsk, set: Edits): boolean {
	if (Object.hasOwn(set, 'stream')) return set.stream === 'true';
	return request.stream || streamUpstream || way !== 'fresh';
}

/** The same for an attempt of this form: one that is not streamed would be refused for options of a stream. */
export function settingsOfForm(set: Edits, stream: boolean): Edits {
	return stream || !Object.hasOwn(set, 'stream_options') ? set : { ...set, stream_options: undefined };
}

/** What OpenAI's older dialects are asked for a stream's usage with; an answer does not depend on it. */
export const addedToStreams = ['stream_options'];

/** Usage is asked for where the stream is ours alone; a request without a stream must not have options of one. */
export function streamMembers(isStreamed: boolean, stream: boolean, withheld: ProviderAsk['withheld']): Edits {
	if (isStreamed === stream) return none;
	if (!stream) return { stream: 'false', stream_options: undefined };
	const isWithheld = withheld?.includes('stream_options') === true;
	return { stream: 'true', stream_options: isWithheld ? undefined : '{"include_usage":true}' };
}
