import { Refusal } from '../../contract/refusal.ts';
import { asksForPlainText } from '../../dialects/openai-chat/plain-text.ts';
import { withMembers } from '../../values/json-members.ts';
import { type BodyHints, readHints, withoutHints } from './body-hints.ts';
import { clip, isObject, parseJson } from './json.ts';

/** A chat completion request as far as Breakwater reads it; everything else in it is the provider's. */
export interface ChatRequest {
	/** The text as it came, but for the members that are Breakwater's own. */
	json: string;
	model: string | undefined;
	/** `models`: a chain of the caller's own, not empty; undefined where there is none. */
	models: readonly string[] | undefined;
	stream: boolean;
	/** `stream_options.include_usage`. */
	includeUsage: boolean;
	/** `failover.profile`. */
	profile: string | undefined;
	hints: BodyHints;
	/** As the caller gave them; they are not checked further than that they are a list. */
	messages: readonly unknown[];
	/** `n`. */
	choices: number;
	/** The answer is one plain text, which another model could carry on. */
	isContinuable: boolean;
}

export interface ChatRequestOptions {
	/** Whether hints choose profiles; then those in `metadata` are ours. */
	takesHints: boolean;
}

type Edits = Record<string, string | undefined>;

/** The longest chain that a caller may name, as in the configuration. */
const MOST_MODELS = 100;

/**
 * Reads the body of `POST /v1/chat/completions`.
 * @param json the body as text
 * @throws Refusal when it is not one that any provider could answer
 */
export function parseChatRequest(json: string, options: ChatRequestOptions = { takesHints: false }): ChatRequest {
	const body = parseJson(json);
	if (!isObject(body)) throw new Refusal('invalid_request', 'The body must be a JSON object.');
	const { model, stream, stream_options: streamOptions } = body;
	if (model !== undefined && model !== null && typeof model !== 'string') {
		throw new Refusal('invalid_request', "'model' must be a string: a profile, a target or any model name.", 'model');
	}
	const edits: Edits = {};
	const messages = readMessages(body, edits);
	if (stream !== undefined && stream !== null && typeof stream !== 'boolean') {
		throw new Refusal('invalid_request', "'stream' must be true or false.", 'stream');
	}
	const models = readModels(body.models, edits);
	const profile = readProfile(body.failover);
	const hints = readHints(body);
	if (body.failover !== undefined) edits.failover = undefined;
	if (body.meta !== undefined) edits.meta = undefined;
	if (options.takesHints && isObject(body.metadata)) Object.assign(edits, withoutHints(json, body.metadata));
	const choices = typeof body.n === 'number' && body.n > 1 ? body.n : 1;
	return {
		json: Object.keys(edits).length === 0 ? json : withMembers(json, edits),
		model: model ?? undefined,
		models,
		stream: stream === true,
		includeUsage: isObject(streamOptions) && streamOptions.include_usage === true,
		profile,
		hints,
		messages,
		choices,
		isContinuable: choices === 1 && asksForPlainText(body),
	};
}

/** A `prompt` stands in for messages that are missing or empty. It is an older API's, which no chat provider takes. */
function readMessages({ messages, prompt }: Record<string, unknown>, edits: Edits): readonly unknown[] {
	const text = Array.isArray(prompt) && prompt.length === 1 ? prompt[0] : prompt;
	const isText = typeof text === 'string';
	if (isText) edits.prompt = undefined;
	if (Array.isArray(messages) && messages.length > 0) return messages;
	const isMissing = messages === undefined || messages === null || Array.isArray(messages);
	if (!isMissing || !isText || text === '') {
		throw new Refusal('invalid_request', "'messages' must be a list with at least one message.", 'messages');
	}
	const asked = [{ role: 'user', content: text }];
	edits.messages = JSON.stringify(asked);
	return asked;
}

function readModels(models: unknown, edits: Edits): readonly string[] | undefined {
	if (models === undefined) return undefined;
	edits.models = undefined;
	if (models === null) return undefined;
	if (!Array.isArray(models) || !models.every((model) => typeof model === 'string')) {
		throw new Refusal('invalid_request', "'models' must be a list of targets or model names, as strings.", 'models');
	}
	if (models.length > MOST_MODELS) {
		throw new Refusal('invalid_request', `'models' must not have more than ${MOST_MODELS} entries.`, 'models');
	}
	return models.length === 0 ? undefined : models;
}

/** What `failover` may say. */
const failoverMembers = ['profile', 'taskType', 'task_type', 'quality'];

function readProfile(failover: unknown): string | undefined {
	if (failover === undefined || failover === null) return undefined;
	if (!isObject(failover)) {
		throw new Refusal('invalid_request', '\'failover\' must be an object, such as {"profile": "cheap"}.', 'failover');
	}
	const unknown = Object.keys(failover).find((key) => !failoverMembers.includes(key));
	if (unknown !== undefined) {
		throw new Refusal(
			'invalid_request',
			`'failover.${clip(unknown)}' is not known; 'failover' has 'profile', 'taskType' and 'quality'.`,
			'failover',
		);
	}
	for (const name of failoverMembers) {
		const value = failover[name];
		if (value !== undefined && typeof value !== 'string') {
			throw new Refusal('invalid_request', `'failover.${name}' must be a string.`, `failover.${name}`);
		}
	}
	return typeof failover.profile === 'string' ? failover.profile : undefined;
}
