import { request as requestSchema } from '../config/request-schema.ts';
import { isObject } from '../values/json.ts';
import type { DraftCandidate } from './draft.ts';
import type { Members, Report } from './litellm-values.ts';
import { shown } from './notice.ts';

/** Parameters that LiteLLM passes on as members of the request (https://docs.litellm.ai/docs/completion/input). */
const ofRequest: ReadonlySet<string> = new Set([
	'dimensions',
	'encoding_format',
	'frequency_penalty',
	'logit_bias',
	'logprobs',
	'max_completion_tokens',
	'max_tokens',
	'metadata',
	'min_p',
	'modalities',
	'n',
	'parallel_tool_calls',
	'presence_penalty',
	'reasoning_effort',
	'repetition_penalty',
	'response_format',
	'safety_identifier',
	'seed',
	'service_tier',
	'stop',
	'store',
	'stream',
	'stream_options',
	'temperature',
	'thinking',
	'tool_choice',
	'tools',
	'top_k',
	'top_logprobs',
	'top_p',
	'user',
	'verbosity',
	'web_search_options',
]);

/** What a client leaves out is set, as LiteLLM does it. What is left in `params` has no equivalent, and is reported. */
export function readRequestDefaults(params: Members, report: Report): DraftCandidate['request'] {
	const extra = params.read('extra_body');
	const members = isObject(extra) ? Object.entries(extra) : [];
	if (extra !== undefined && !isObject(extra)) {
		report('warning', [...params.path, 'extra_body'], '`extra_body` is not a map and was not imported.');
	}
	const named = params.unread().filter(([name]) => ofRequest.has(name));
	const defaults: Record<string, unknown> = {};
	for (const [name, value] of [...named, ...members]) {
		if (requestSchema.safeParse({ defaults: { [name]: value } }).success && name !== '__proto__')
			defaults[name] = value;
		else
			report('warning', [...params.path, name], `\`${shown(name)}\` cannot be set in a request and was not imported.`);
	}
	for (const [name] of params.unread()) {
		if (ofRequest.has(name)) continue;
		report('warning', [...params.path, name], withoutEquivalent[name] ?? noEquivalent(name));
	}
	return Object.keys(defaults).length > 0 ? { defaults } : undefined;
}

export function noEquivalent(name: string): string {
	return `\`${shown(name)}\` has no equivalent and was not imported.`;
}

const limit = 'has no equivalent: a provider that is at its limit is left alone for as long as it says.';

/** What stands in place of what has no equivalent. */
const withoutEquivalent: Readonly<Record<string, string>> = {
	rpm: `\`rpm\` ${limit}`,
	tpm: `\`tpm\` ${limit}`,
	weight: '`weight` has no equivalent: the targets of a chain are asked in their order.',
};
