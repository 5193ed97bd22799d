import type { CostWish, ReadOptions, RoutingWish } from '../contract/dialect.ts';
import { Refusal } from '../contract/refusal.ts';
import { clip } from '../values/clip.ts';
import { isObject, type JsonObject } from '../values/json.ts';
import { readHints, withoutHints } from './body-hints.ts';
import { openingOf } from './opening.ts';
import { parseBody } from './parse-body.ts';

/** The body of a request, parsed; of its members, `model` has been checked. */
export type RequestBody = JsonObject & { readonly model?: string | null };

/** Edits of a request that are found while it is read. */
export type FoundEdits = Record<string, string | undefined>;

/** The longest chain that a caller may name, as in the configuration. */
const MOST_MODELS = 100;

/** @throws Refusal when the text is no JSON object, or its `model` no text */
export function parseRequest(text: string): RequestBody {
	const body = parseBody(text);
	if (!isObject(body)) throw new Refusal('invalid_request', 'The body must be a JSON object.');
	if (hasModel(body)) return body;
	throw new Refusal('invalid_request', "'model' must be a string: a profile, a target or any model name.", 'model');
}

function hasModel(body: JsonObject): body is RequestBody {
	const { model } = body;
	return model === undefined || model === null || typeof model === 'string';
}

/**
 * Reads where a request wants to go.
 * @throws Refusal when one of the members that say it is of another kind
 */
export function readWish(body: RequestBody, lastUserMessage: RoutingWish['lastUserMessage']): RoutingWish {
	return {
		model: body.model ?? undefined,
		models: readModels(body.models),
		profile: readProfile(body.failover),
		costs: readCosts(body.failover),
		answerTokens: answerTokensOf(body),
		hints: readHints(body),
		lastUserMessage,
		opening: () => openingOf(body),
	};
}

/**
 * The members that are ours leave a request, and so do hints in `metadata` where they are.
 * @param text the request, from which `body` was parsed
 */
export function withoutOwnMembers(text: string, body: JsonObject, options: ReadOptions | undefined): FoundEdits {
	const edits: FoundEdits = {};
	if (body.models !== undefined) edits.models = undefined;
	if (body.failover !== undefined) edits.failover = undefined;
	if (body.meta !== undefined) edits.meta = undefined;
	if (options?.takesHints === true && isObject(body.metadata)) {
		Object.assign(edits, withoutHints(text, body.metadata));
	}
	return edits;
}

/** A chain of the caller's own. */
function readModels(models: unknown): readonly string[] | undefined {
	if (models === undefined || models === null) return undefined;
	if (!Array.isArray(models) || !models.every((model) => typeof model === 'string')) {
		throw new Refusal('invalid_request', "'models' must be a list of targets or model names, as strings.", 'models');
	}
	if (models.length > MOST_MODELS) {
		throw new Refusal('invalid_request', `'models' must not have more than ${MOST_MODELS} entries.`, 'models');
	}
	return models.length === 0 ? undefined : models;
}

/** What `failover` may say. */
const failoverTexts = ['profile', 'taskType', 'task_type', 'quality', 'maxCostTier', 'requireTier'];
const failoverMembers = [...failoverTexts, 'maxCostPerRequest'];

/**
 * The profile that `failover` names.
 * @throws Refusal
 */
function readProfile(failover: unknown): string | undefined {
	if (failover === undefined || failover === null) return undefined;
	if (!isObject(failover)) {
		throw new Refusal('invalid_request', '\'failover\' must be an object, such as {"profile": "cheap"}.', 'failover');
	}
	const unknown = Object.keys(failover).find((key) => !failoverMembers.includes(key));
	if (unknown !== undefined) {
		throw new Refusal(
			'invalid_request',
			`'failover.${clip(unknown)}' is not known; 'failover' has 'profile', 'taskType', 'quality', 'maxCostTier', 'requireTier' and 'maxCostPerRequest'.`,
			'failover',
		);
	}
	for (const name of failoverTexts) {
		const value = failover[name];
		if (value !== undefined && typeof value !== 'string') {
			throw new Refusal('invalid_request', `'failover.${name}' must be a string.`, `failover.${name}`);
		}
	}
	return typeof failover.profile === 'string' ? failover.profile : undefined;
}

/** What `failover`, of which the members have been checked, says that the request may cost. */
function readCosts(failover: unknown): CostWish | undefined {
	if (!isObject(failover)) return undefined;
	const { maxCostTier: maxTier, requireTier, maxCostPerRequest: maxUsd } = failover;
	if (maxTier === undefined && requireTier === undefined && maxUsd === undefined) return undefined;
	if (maxUsd !== undefined && !(typeof maxUsd === 'number' && maxUsd > 0)) {
		const message = "'failover.maxCostPerRequest' must be a number above 0, in USD.";
		throw new Refusal('invalid_request', message, 'failover.maxCostPerRequest');
	}
	return { maxTier: maxTier as string | undefined, requireTier: requireTier as string | undefined, maxUsd };
}

/** By whichever of its names the request gives it. */
function answerTokensOf(body: JsonObject): number | undefined {
	const given = [body.max_completion_tokens, body.max_output_tokens, body.max_tokens];
	return given.find((limit): limit is number => typeof limit === 'number' && limit > 0);
}

/** Of messages as chat and Messages have them, those of the user: the texts of the last. */
export function lastUserMessageOf(messages: readonly unknown[]): RoutingWish['lastUserMessage'] {
	return () => {
		const last = messages.findLast((message) => isObject(message) && message.role === 'user');
		const content = isObject(last) ? last.content : undefined;
		const parts: unknown[] = Array.isArray(content) ? content : [{ text: content }];
		const texts = parts
			.slice(0, 100)
			.flatMap((part) => (isObject(part) && typeof part.text === 'string' ? part.text : []));
		return { texts, isOnlyText: texts.length === parts.length };
	};
}
