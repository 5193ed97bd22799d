import type { Candidate, Way } from '../../machines/request/progress.ts';
import type { Call } from '../contract/call.ts';
import { topLevelMembers, withMembers } from '../values/json-members.ts';
import type { CandidateSettings } from './request-settings.ts';

/** The caller's request as one attempt puts it. */
export interface ProviderRequest {
	/** JSON text. */
	json: string;
	/** Whether it asks for a stream. */
	stream: boolean;
	/** How many answers it asks for (`n`). */
	choices: number;
}

type Members = Record<string, string | undefined>;

const none: Members = {};

/**
 * Sets what the configuration says of this target. A continuation is asked with the same settings.
 * @param settings of the target, if it has any
 * @param way a continuation is streamed unless the settings say otherwise
 */
export function providerRequest(
	call: Call,
	candidate: Pick<Candidate, 'model' | 'streamUpstream'>,
	settings: CandidateSettings | undefined,
	way: Way,
): ProviderRequest {
	const set = settings === undefined ? none : settingsFor(call.json, settings);
	const wished = call.stream || candidate.streamUpstream || way !== 'fresh';
	const stream = Object.hasOwn(set, 'stream') ? set.stream === 'true' : wished;
	const choices = Object.hasOwn(set, 'n') ? Math.max(1, Number(set.n ?? 1)) : call.choices;
	const model = JSON.stringify(candidate.model);
	return { json: withMembers(call.json, { model, ...streaming(call.stream, stream), ...set }), stream, choices };
}

/** Usage is asked for where the stream is ours alone; a request without a stream must not have options of one. */
function streaming(isStreamed: boolean, stream: boolean): Members {
	if (isStreamed === stream) return none;
	return stream
		? { stream: 'true', stream_options: '{"include_usage":true}' }
		: { stream: 'false', stream_options: undefined };
}

function settingsFor(json: string, { defaults, force }: CandidateSettings): Members {
	const names = Object.keys(defaults);
	if (names.length === 0) return force;
	const given = new Set<string>();
	// A member that is null is as good as none.
	for (const { key, valueStart, end } of topLevelMembers(json))
		if (json.slice(valueStart, end) !== 'null') given.add(key);
	const missing = names.filter((name) => !given.has(name)).map((name) => [name, defaults[name]]);
	return { ...Object.fromEntries(missing), ...force };
}
