import { openaiFailure, tokens, type Wire } from './wire.ts';

interface EmbeddingsBody {
	readonly model: string;
	readonly input: string | readonly string[];
	readonly encoding_format?: string;
}

/** The vector of every text. */
export const vector = [0.25, -0.5, 0.75] as const;

export const embeddings: Wire<EmbeddingsBody> = {
	path: '/embeddings',
	mistakeIn({ input }) {
		return input === undefined ? 'input: a text or a list of texts is required.' : undefined;
	},
	read({ model }) {
		return { model, stream: false, tools: [], returned: '', said: '', endsWithSaid: false };
	},
	/** The SDK asks for base64, which is shorter, and decodes it. */
	document(_saying, { model, input, encoding_format }) {
		const texts = typeof input === 'string' ? [input] : input;
		const encoded = Buffer.from(new Float32Array(vector).buffer).toString('base64');
		const embedding = encoding_format === 'base64' ? encoded : vector;
		const data = texts.map((_text, index) => ({ object: 'embedding', index, embedding }));
		return { object: 'list', data, model, usage: { prompt_tokens: tokens.input, total_tokens: tokens.input } };
	},
	events() {
		return [];
	},
	failure: openaiFailure,
};
