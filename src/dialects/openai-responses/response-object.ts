import type { JsonObject } from '../../values/json.ts';

/** Settings of a request that a response repeats, and what it says where the request does not. */
const settings: JsonObject = {
	instructions: null,
	max_output_tokens: null,
	metadata: {},
	parallel_tool_calls: true,
	reasoning: { effort: null, summary: null },
	temperature: null,
	text: { format: { type: 'text' } },
	tool_choice: 'auto',
	tools: [],
	top_p: null,
	truncation: 'disabled',
	user: null,
};

/** Who answers. */
export interface ResponseHead {
	readonly id: string;
	readonly model: string;
	/** Seconds since 1970. */
	readonly createdAt: number;
}

/**
 * A response of our own that has just begun. Nobody keeps it.
 * @param request the body, parsed
 */
export function newResponse(request: JsonObject, { id, model, createdAt }: ResponseHead): JsonObject {
	const given = Object.keys(settings).flatMap((name) => {
		const value = request[name] ?? undefined;
		return value === undefined ? [] : [[name, value] as const];
	});
	return {
		id,
		object: 'response',
		created_at: createdAt,
		status: 'in_progress',
		background: false,
		error: null,
		incomplete_details: null,
		model,
		output: [],
		previous_response_id: null,
		...settings,
		...Object.fromEntries(given),
		store: false,
		usage: null,
	};
}
