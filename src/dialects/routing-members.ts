import type { RoutingWish } from '../contract/dialect.ts';
import { Refusal } from '../contract/refusal.ts';
import { clip } from '../values/clip.ts';
import { isObject } from '../values/json.ts';

/** Edits of a request that are found while it is read. */
export type FoundEdits = Record<string, string | undefined>;

/** The longest chain that a caller may name, as in the configuration. */
const MOST_MODELS = 100;

/** Of English text, and roughly of anything else. */
const CHARACTERS_PER_TOKEN = 4;

/** About how many tokens so many characters are. */
export function tokensOf(characters: number): number {
	return Math.ceil(characters / CHARACTERS_PER_TOKEN);
}

/** @throws Refusal */
export function readModel(model: unknown): string | undefined {
	if (model === undefined || model === null) return undefined;
	if (typeof model === 'string') return model;
	throw new Refusal('invalid_request', "'model' must be a string: a profile, a target or any model name.", 'model');
}

/** @throws Refusal */
export function readStream(stream: unknown): boolean {
	if (stream === undefined || stream === null) return false;
	if (typeof stream === 'boolean') return stream;
	throw new Refusal('invalid_request', "'stream' must be true or false.", 'stream');
}

/**
 * A chain of the caller's own; no provider gets it.
 * @throws Refusal
 */
export function readModels(models: unknown, edits: FoundEdits): readonly string[] | undefined {
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

/**
 * The profile that `failover` names.
 * @throws Refusal
 */
export function readProfile(failover: unknown): string | undefined {
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

/** Of messages as chat and Messages have them, those of the user: the texts of the last. */
export function lastUserMessage(messages: readonly unknown[]): ReturnType<RoutingWish['lastUserMessage']> {
	const last = messages.findLast((message) => isObject(message) && message.role === 'user');
	const content = isObject(last) ? last.content : undefined;
	const parts: unknown[] = Array.isArray(content) ? content : [{ text: content }];
	const texts = parts
		.slice(0, 100)
		.flatMap((part) => (isObject(part) && typeof part.text === 'string' ? part.text : []));
	return { texts, isOnlyText: texts.length === parts.length };
}
