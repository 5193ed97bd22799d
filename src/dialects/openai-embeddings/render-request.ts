import type { ProviderAsk, RenderedRequest } from '../../contract/dialect.ts';
import type { Edits } from '../../values/json-members.ts';
import { settingsFor } from '../render-members.ts';
import { dialectName, EmbeddingsBody } from './embeddings-body.ts';

/** What is set for answers in words, and would have a request for vectors refused. */
const ofAnswers: ReadonlySet<string> = new Set([
	...[
		'messages',
		'stream',
		'stream_options',
		'temperature',
		'top_p',
		'top_k',
		'min_p',
		'n',
		'stop',
		'seed',
		'logprobs',
	],
	...[
		'max_tokens',
		'max_completion_tokens',
		'max_output_tokens',
		'frequency_penalty',
		'presence_penalty',
		'repetition_penalty',
	],
	...['reasoning', 'reasoning_effort', 'thinking', 'verbosity', 'response_format'],
	...['tools', 'tool_choice', 'parallel_tool_calls'],
]);

/**
 * The caller's request as one attempt puts it: with the model's name, and with what the configuration sets for vectors.
 * @throws Error when the request came in another dialect
 */
export function renderRequest({ request, model, members }: ProviderAsk): RenderedRequest {
	const { body, choices } = request;
	if (!(body instanceof EmbeddingsBody))
		throw new Error(`${dialectName} cannot render a request of ${request.dialect}`);
	const set = withoutThoseOfAnswers(settingsFor(body, members, []));
	return { body: body.render({ model: JSON.stringify(model), ...set }), stream: false, choices };
}

function withoutThoseOfAnswers(set: Edits): Edits {
	return Object.fromEntries(Object.entries(set).filter(([name]) => !ofAnswers.has(name)));
}
