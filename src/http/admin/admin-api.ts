import type { FastifyInstance, FastifyRequest } from 'fastify';
import { LONGEST_TIMER_MS } from '../../../machines/backoff.ts';
import type { OperatorEvent } from '../../../machines/events.ts';
import { Refusal } from '../../contract/refusal.ts';
import type { Service } from '../../contract/service.ts';
import type { RecentRequest, RecentRequests } from '../../observe/recent-requests.ts';
import { traceLine } from '../../observe/trace-text.ts';
import { clip } from '../../values/clip.ts';
import { clock, rfc3339 } from '../../values/clock.ts';
import type { AccessCheck } from '../callers/caller-check.ts';
import { readFilter, readTripBody, refuseFields } from './admin-input.ts';

/** What the configuration says of a provider actor. */
export interface ProviderFacts {
	/** The actor's id. */
	id: string;
	provider: string;
	/** The model that it stands for; null where it stands for a key. */
	model: string | null;
	protocol: string;
	/** Scheme, host and port of its address, and no more: the rest may hold a key. Null for a simulated one. */
	origin: string | null;
	/** Where its credential stands in the file. */
	source: string;
}

export interface AdminSources {
	providers: readonly ProviderFacts[];
	requests: RecentRequests;
	/** Reads `30m` into ms; a mistake is the rest of a sentence. */
	readDuration: (text: string) => { value: number } | { mistake: string };
}

const actions = ['trip', 'reset', 'probe'] as const;
type Action = (typeof actions)[number];

interface LastAction {
	action: Action;
	/** RFC 3339. */
	at: string;
	/** The address that it came from. */
	by: string;
}

type ActionRequest = FastifyRequest<{ Params: { id: string; action: string }; Body: string | undefined }>;

/** The admin API: the state of the provider actors, actions on them, and the last requests. */
export function addAdminApi(
	server: FastifyInstance,
	service: Service,
	checkAccess: AccessCheck,
	sources: AdminSources,
): void {
	const { providers, requests, readDuration } = sources;
	const lastActions = new Map<string, LastAction>();
	const onRequest = checkAccess;

	server.get('/admin/providers', { onRequest }, () => {
		const health = service.health();
		const views = providers.map((facts) => ({
			...facts,
			...health[facts.id],
			lastAction: lastActions.get(facts.id) ?? null,
		}));
		return { providers: views };
	});

	server.post('/admin/providers/:id/:action', { onRequest: [checkAccess, assumeJson] }, (request: ActionRequest) => {
		const { id } = request.params;
		const action = actions.find((name) => name === request.params.action);
		if (!providers.some((provider) => provider.id === id)) throw unknownProvider(id, providers);
		if (action === undefined) throw unknownAction(request.params.action);
		const event = eventOf(action, request.body ?? '', readDuration);
		const by = request.ip;
		const { changed, before, after } = service.operate(id, event, by);
		lastActions.set(id, { action, at: rfc3339(event.now), by });
		return { provider: id, action, changed, before, after };
	});

	server.get('/admin/requests', { onRequest }, (request) => ({
		requests: requests.list(readFilter(request.query)).map(requestView),
	}));

	server.get<{ Params: { id: string } }>('/admin/requests/:id', { onRequest }, (request) => {
		const found = requests.find(request.params.id);
		if (found !== undefined) return requestView(found);
		throw new Refusal(
			'unknown_request',
			'There is no such request among the last ones; it is under way, or no longer kept.',
		);
	});
}

/** An action needs no body, and some clients give an empty one the type of a form. A body without a type is read as JSON. */
async function assumeJson({ headers }: FastifyRequest): Promise<void> {
	const { 'content-length': length, 'transfer-encoding': encoding } = headers;
	if (length === '0') delete headers['content-type'];
	else if (length !== undefined || encoding !== undefined) headers['content-type'] ??= 'application/json';
}

function eventOf(action: Action, body: string, readDuration: AdminSources['readDuration']): OperatorEvent {
	if (action === 'trip') {
		const forMs = readTripBody(body, readDuration) ?? LONGEST_TIMER_MS;
		return { type: 'operator.tripped', now: clock.now(), forMs };
	}
	refuseFields(body, action);
	return { type: action === 'reset' ? 'operator.reset' : 'operator.probed', now: clock.now() };
}

function unknownProvider(id: string, providers: readonly ProviderFacts[]): Refusal {
	const known = providers.slice(0, 50).map((provider) => provider.id);
	const more = providers.length > known.length ? ', …' : '';
	const hint = known.some((name) => name.includes('#')) ? ' (in an address, # is written %23)' : '';
	return new Refusal(
		'unknown_provider',
		`There is no provider '${clip(id)}'; the providers are ${known.join(', ')}${more}${hint}.`,
	);
}

function unknownAction(action: string): Refusal {
	return new Refusal('unknown_action', `There is no action '${clip(action)}'; the actions are ${actions.join(', ')}.`);
}

function requestView({ record, endedAt }: RecentRequest) {
	return {
		...record,
		startedAt: new Date(endedAt - record.ms).toISOString(),
		endedAt: new Date(endedAt).toISOString(),
		trace: traceLine(record.trace),
	};
}
