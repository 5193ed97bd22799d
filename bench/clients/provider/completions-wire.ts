import { wholeAnswer } from './model.ts';
import { openaiFailure, tokens, unnamed, type Wire } from './wire.ts';

interface CompletionsBody {
	readonly model: string;
	readonly stream?: boolean;
	readonly prompt: string | readonly string[];
	readonly stream_options?: { readonly include_usage?: boolean };
}

const usage = {
	prompt_tokens: tokens.input,
	completion_tokens: tokens.output,
	total_tokens: tokens.input + tokens.output,
};

export const completions: Wire<CompletionsBody> = {
	path: '/completions',
	mistakeIn({ prompt }) {
		return prompt === undefined ? 'prompt: a text is required.' : undefined;
	},
	/** A prompt that ends with the beginning of the answer is to be gone on with. */
	read({ model, stream = false, prompt }) {
		const text = typeof prompt === 'string' ? prompt : prompt.join('');
		const begins = text.lastIndexOf(wholeAnswer.slice(0, 20));
		return {
			model,
			stream,
			tools: [],
			returned: '',
			said: begins === -1 ? '' : text.slice(begins),
			endsWithSaid: true,
		};
	},
	document(saying, { model }) {
		const text = saying.is === 'text' ? saying.pieces.join('') : '';
		const choice = { index: 0, text, logprobs: null, finish_reason: 'stop' };
		return { id: 'cmpl-1', object: 'text_completion', created: 1_790_000_000, model, choices: [choice], usage };
	},
	events(saying, { model, stream_options }) {
		const chunk = (choices: object[], more: object = {}) =>
			unnamed({ id: 'cmpl-1', object: 'text_completion', created: 1_790_000_000, model, choices, ...more });
		const piece = (text: string, finish: string | null) =>
			chunk([{ index: 0, text, logprobs: null, finish_reason: finish }]);
		return [
			...(saying.is === 'text' ? saying.pieces : []).map((text) => piece(text, null)),
			piece('', 'stop'),
			...(stream_options?.include_usage === true ? [chunk([], { usage })] : []),
			unnamed('[DONE]'),
		];
	},
	failure: openaiFailure,
};
