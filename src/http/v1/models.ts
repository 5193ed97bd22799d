import type { FastifyInstance, RouteShorthandOptions } from 'fastify';
import { Refusal } from '../../contract/refusal.ts';
import type { Service } from '../../contract/service.ts';
import { isAnthropicCaller } from './caller-kind.ts';
import type { CallerRoutes } from './caller-routes.ts';

/** Anthropic's own bounds. */
const USUAL_LIMIT = 20;
const MOST_LISTED = 1000;

/** A name that can be asked for: a profile, or a target. */
interface Listed {
	readonly id: string;
	readonly owner: string;
}

interface ModelsOptions {
	checked: RouteShorthandOptions;
	/** Since when there are these models, ms. */
	startedAt: number;
	/** By the name of the caller, for those that may not go everywhere. */
	routes: ReadonlyMap<string, CallerRoutes>;
}

/** Which part of the list Anthropic's clients ask for. */
interface Page {
	limit?: string;
	after_id?: string;
	before_id?: string;
}

/**
 * `GET /v1/models` and `GET /v1/models/{id}`, as OpenAI's API has them, or Anthropic's, by the headers of the caller.
 */
export function addModels(
	server: FastifyInstance,
	service: Pick<Service, 'profiles' | 'targets'>,
	{ checked, startedAt, routes }: ModelsOptions,
): void {
	const all = listOf(service);
	const inOpenAi = all.map((one) => openaiModel(one, startedAt));
	const inAnthropic = all.map((one) => anthropicModel(one, startedAt));
	/** Those that a caller may ask for. */
	const seenBy = <T extends { id: string }>(models: readonly T[], client: string | undefined): readonly T[] => {
		const own = client === undefined ? undefined : routes.get(client);
		return own === undefined ? models : models.filter(({ id }) => own.has(id));
	};

	server.get<{ Querystring: Page }>('/v1/models', checked, ({ headers, query, client }) =>
		isAnthropicCaller(headers)
			? pageOf(seenBy(inAnthropic, client), query)
			: { object: 'list', data: seenBy(inOpenAi, client) },
	);
	server.get<{ Params: { '*': string } }>('/v1/models/*', checked, ({ headers, params, client }) => {
		const models = seenBy<{ id: string }>(isAnthropicCaller(headers) ? inAnthropic : inOpenAi, client);
		const model = models.find(({ id }) => id === params['*']);
		if (model !== undefined) return model;
		throw new Refusal('model_not_found', 'There is no such profile or target; GET /v1/models lists them.', 'model');
	});
}

function listOf({ profiles, targets }: Pick<Service, 'profiles' | 'targets'>): readonly Listed[] {
	return [
		...profiles.map((id) => ({ id, owner: 'breakwater' })),
		...targets.map(({ target, provider }) => ({ id: target, owner: provider })),
	];
}

function openaiModel({ id, owner }: Listed, startedAt: number) {
	return { id, object: 'model', created: Math.floor(startedAt / 1000), owned_by: owner };
}

type AnthropicModel = ReturnType<typeof anthropicModel>;

function anthropicModel({ id }: Listed, startedAt: number) {
	return { type: 'model', id, display_name: id, created_at: new Date(startedAt).toISOString() };
}

/** @throws Refusal where the page is none of this list */
function pageOf(models: readonly AnthropicModel[], { limit, after_id: after, before_id: before }: Page) {
	const count = limitOf(limit);
	const from = after === undefined ? 0 : placeOf(models, after, 'after_id') + 1;
	const to = before === undefined ? models.length : placeOf(models, before, 'before_id');
	const within = models.slice(from, Math.max(from, to));
	const data = before !== undefined && after === undefined ? within.slice(-count) : within.slice(0, count);
	return {
		data,
		has_more: data.length < within.length,
		first_id: data[0]?.id ?? null,
		last_id: data.at(-1)?.id ?? null,
	};
}

function limitOf(limit: string | undefined): number {
	if (limit === undefined) return USUAL_LIMIT;
	const count = /^\d{1,4}$/.test(limit) ? Number(limit) : 0;
	if (count >= 1 && count <= MOST_LISTED) return count;
	throw new Refusal('invalid_request', `'limit' must be a whole number from 1 to ${MOST_LISTED}.`, 'limit');
}

function placeOf(models: readonly AnthropicModel[], id: string, param: string): number {
	const place = models.findIndex((model) => model.id === id);
	if (place !== -1) return place;
	throw new Refusal('invalid_request', `'${param}' is the id of no model; GET /v1/models lists them.`, param);
}
