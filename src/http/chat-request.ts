import { Refusal } from './errors.ts';
import { clip, isObject, parseJson } from './json.ts';

/** A chat completion request as far as Breakwater reads it; everything else in it is the provider's. */
export interface ChatRequest {
	/** The text as it came. */
	json: string;
	model: string | undefined;
	stream: boolean;
	/** `failover.profile`. */
	profile: string | undefined;
	/** `n`. */
	choices: number;
	/** The answer is one plain text, which another model could carry on. */
	isContinuable: boolean;
}

/**
 * Reads the body of `POST /v1/chat/completions`.
 * @param json the body as text
 * @throws Refusal when it is not one that any provider could answer
 */
export function parseChatRequest(json: string): ChatRequest {
	const body = parseJson(json);
	if (!isObject(body)) throw new Refusal('invalid_request', 'The body must be a JSON object.');
	const { model, messages, stream, failover } = body;
	if (model !== undefined && model !== null && typeof model !== 'string') {
		throw new Refusal('invalid_request', "'model' must be a string: a profile, a target or any model name.", 'model');
	}
	if (!Array.isArray(messages) || messages.length === 0) {
		throw new Refusal('invalid_request', "'messages' must be a list with at least one message.", 'messages');
	}
	if (stream !== undefined && stream !== null && typeof stream !== 'boolean') {
		throw new Refusal('invalid_request', "'stream' must be true or false.", 'stream');
	}
	const choices = typeof body.n === 'number' && body.n > 1 ? body.n : 1;
	const isContinuable = choices === 1 && isPlainText(body);
	return {
		json,
		model: model ?? undefined,
		stream: stream === true,
		profile: readProfile(failover),
		choices,
		isContinuable,
	};
}

/** Half a document of a schema, probabilities of tokens, or sound: no other model can go on with these. */
function isPlainText({ response_format: format, logprobs, modalities }: Record<string, unknown>): boolean {
	const isDocument = isObject(format) && format.type !== 'text';
	const isSound = Array.isArray(modalities) && modalities.some((modality) => modality !== 'text');
	return !isDocument && !isSound && logprobs !== true;
}

function readProfile(failover: unknown): string | undefined {
	if (failover === undefined || failover === null) return undefined;
	if (!isObject(failover)) {
		throw new Refusal('invalid_request', '\'failover\' must be an object, such as {"profile": "cheap"}.', 'failover');
	}
	const unknown = Object.keys(failover).find((key) => key !== 'profile');
	if (unknown !== undefined) {
		throw new Refusal(
			'invalid_request',
			`'failover.${clip(unknown)}' is not known; 'failover' has 'profile'.`,
			'failover',
		);
	}
	const { profile } = failover;
	if (profile === undefined) return undefined;
	if (typeof profile === 'string') return profile;
	throw new Refusal('invalid_request', "'failover.profile' must be a string.", 'failover.profile');
}
