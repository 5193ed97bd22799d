import { chatRequest, conversation, type Pace, paceText } from './chat.ts';

/** One of the APIs in which the benchmark asks, and in which its mock provider answers. */
export type DialectName = 'chat' | 'messages' | 'responses' | 'completions' | 'embeddings';

/** How the benchmark asks in a dialect. */
export interface BenchDialect {
	/** Where its requests are posted, to a gateway and to the mock provider alike. */
	path: string;
	/** JSON text of a request of about 1 KB; streamed when a pace is given. */
	request: (pace?: Pace) => string;
	/** What stands before the text of a streamed token, wherever its event was serialized without spaces. */
	contentMarker: string;
	/** Stands in the text of every whole answer of the mock provider. */
	answerWord: string;
	/** What every stream ends with, behind its last token. */
	endMarker: string;
}

const { instructions, turns } = conversation;
const streamed = (pace: Pace | undefined) => (pace === undefined ? {} : { stream: true });

function messagesRequest(pace?: Pace): string {
	return JSON.stringify({
		model: 'default',
		system: instructions,
		messages: turns,
		temperature: 0.2,
		max_tokens: 256,
		metadata: { user_id: paceText(pace) },
		...streamed(pace),
	});
}

function responsesRequest(pace?: Pace): string {
	return JSON.stringify({
		model: 'default',
		instructions,
		input: turns,
		temperature: 0.2,
		max_output_tokens: 256,
		store: false,
		user: paceText(pace),
		...streamed(pace),
	});
}

function completionsRequest(pace?: Pace): string {
	const prompt = [instructions, ...turns.map(({ role, content }) => `${role}: ${content}`)].join('\n\n');
	return JSON.stringify({
		model: 'default',
		prompt,
		temperature: 0.2,
		max_tokens: 256,
		user: paceText(pace),
		...streamed(pace),
	});
}

/** The texts for which vectors are asked, and how many numbers each of those has. */
export const embeddedTexts: readonly string[] = [instructions, ...turns.map(({ content }) => content)];
export const dimensions = 64;

/** As OpenAI's own clients ask: for base64. */
function embeddingsRequest(): string {
	const asked = { model: 'default', input: embeddedTexts, dimensions, encoding_format: 'base64', user: 'bench' };
	return JSON.stringify(asked);
}

export const dialects: Readonly<Record<DialectName, BenchDialect>> = {
	chat: {
		path: '/v1/chat/completions',
		request: chatRequest,
		contentMarker: '"content":"',
		answerWord: 'parcel',
		endMarker: 'data: [DONE]',
	},
	messages: {
		path: '/v1/messages',
		request: messagesRequest,
		contentMarker: '"text":"',
		answerWord: 'parcel',
		endMarker: 'event: message_stop',
	},
	responses: {
		path: '/v1/responses',
		request: responsesRequest,
		contentMarker: '"delta":"',
		answerWord: 'parcel',
		endMarker: 'event: response.completed',
	},
	completions: {
		path: '/v1/completions',
		request: completionsRequest,
		contentMarker: '"text":"',
		answerWord: 'parcel',
		endMarker: 'data: [DONE]',
	},
	embeddings: {
		path: '/v1/embeddings',
		request: embeddingsRequest,
		contentMarker: '',
		answerWord: '"embedding":"',
		endMarker: '',
	},
};
