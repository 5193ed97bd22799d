import { type ActorRefFrom, createActor, type InspectionEvent } from 'xstate';
import type { ProviderRef, ProviderStateName } from '../../machines/events.ts';
import { providerMachine } from '../../machines/provider/machine.ts';
import { stateNameOf } from '../../machines/provider/memory.ts';
import { type RequestContext, requestMachine } from '../../machines/request/machine.ts';
import { stateName } from '../../machines/request/state-name.ts';
import { type ActorConfig, actorsOf, gatesOf } from '../config/actors.ts';
import type { Config, ProviderConfig } from '../config/config.ts';
import { secretsInCredentials, secretsOf } from '../config/secrets.ts';
import { sourceOf } from '../config/source-of.ts';
import { targetsOf } from '../config/targets.ts';
import type { AnswerSink } from '../contract/answer-sink.ts';
import type { BudgetFigures } from '../contract/budget-figures.ts';
import type { Call, RunningCall } from '../contract/call.ts';
import type { CallRecord } from '../contract/call-record.ts';
import type { Protocol, ProviderDialect } from '../contract/dialect.ts';
import type { GatewayObserver } from '../contract/observer.ts';
import type { ProviderHealth, Service } from '../contract/service.ts';
import type { KeyTiming } from '../credentials/key-life.ts';
import type { LiveKey } from '../credentials/live-key.ts';
import { liveKeysOf } from '../credentials/live-keys.ts';
import { dialectFor, endpointsOf, type Offer, protocols } from '../dialects/dialects.ts';
import { estimatedCost } from '../prices/cost.ts';
import { pricesOf } from '../prices/price-of.ts';
import { type Simulator, startSimulator } from '../simulator/simulator.ts';
import { TokenCorrection } from '../tokens/correction.ts';
import { createClassifier } from '../upstream/classify/apply-error-rules.ts';
import { shippedErrorRules } from '../upstream/classify/shipped-error-rules.ts';
import { Connections, type EndpointOptions } from '../upstream/endpoint.ts';
import { LookUps } from '../upstream/look-ups.ts';
import { PassingHeaders } from '../upstream/passing-headers.ts';
import { noProxies, type Proxies } from '../upstream/proxies.ts';
import { readTls, type TlsMaterial } from '../upstream/tls-files.ts';
import { clock } from '../values/clock.ts';
import { LiveMap } from '../values/live-map.ts';
import { Budgets, hold } from './budgets/budgets.ts';
import { Exchange, type RequestActor } from './exchange.ts';
import { fittedRoute } from './fit.ts';
import { healthChecksOf } from './health/health-checks.ts';
import { modelsList } from './health/models-list.ts';
import { differs, providerHealth } from './health-report.ts';
import { keyWatch } from './key-watch.ts';
import { KnownSecrets } from './known-secrets.ts';
import { LiveRoutes } from './live-routes.ts';
import { Makers } from './makers.ts';
import { readinessAt, wouldGrant } from './readiness.ts';
import { RefusedFields } from './refused-fields.ts';
import type { RequestSettings } from './request-settings.ts';

export interface GatewayOptions {
	/** How a provider is spoken to; default: as its `protocol` says. */
	protocolOf?: (provider: ProviderConfig) => Protocol;
	/** XState's `inspect` for each new actor, where somebody looks at it; what it gets has policies, and no key, in it. */
	inspect?: (kind: 'provider' | 'request') => ActorInspector | undefined;
	/** Which proxy leads to a provider; default: none does. */
	proxies?: Proxies;
	/** When keys that are fetched are renewed; default: `usualTiming`. */
	keyTiming?: KeyTiming;
}

export interface ActorInspector {
	next(event: InspectionEvent): void;
}

export interface Gateway extends Service {
	readonly simulators: readonly Simulator[];
	/** How each budget stands. */
	readonly budgets: readonly BudgetFigures[];
	/** Calls under way. */
	readonly openCalls: number;
	/** Ends every call that still runs: its caller gets an error, never a fragment that looks whole. */
	interrupt(): void;
	/** Ends at once, with `interrupt`. */
	close(): Promise<void>;
}

/** Where one credential is reached, and what its provider has there. */
interface Address extends Omit<EndpointOptions, 'dialect' | 'liveKey'> {
	readonly liveKey: LiveKey | undefined;
	readonly protocol: Protocol;
	readonly offer: Offer;
}

type ProviderActor = ActorRefFrom<typeof providerMachine>;

/**
 * Joins the machines with I/O: one actor for each provider and credential, one for each request, and what they act on.
 * @param config checked and resolved
 * @returns a gateway that takes calls at once; the simulated providers of the configuration are running, and keys that are
 *   fetched have been, or could not be
 * @throws UserError when a provider is behind a proxy, or has certificates, that cannot be used
 */
export async function createGateway(
	config: Config,
	observer: GatewayObserver = {},
	{ inspect: inspectorOf, protocolOf = configuredProtocol, proxies = noProxies, keyTiming }: GatewayOptions = {},
): Promise<Gateway> {
	// A proxy that cannot be used is found now, and not by the first request.
	const proxySecrets = addressesOf(config).flatMap((address) => {
		const authorization = proxies(address)?.authorization;
		return authorization === undefined ? [] : secretsInCredentials(authorization);
	});
	// As files that cannot be used are.
	const material = tlsOf(config);
	const simulators = await startSimulators(config);
	const connections = new Connections(config.server.answerLimit, {
		proxies,
		lookUps: new LookUps({ onTrouble: (trouble) => observer.lookUpTroubled?.(trouble) }),
		onSurplus: (origin, wasTrusted) => observer.surplusReceived?.(origin, wasTrusted),
	});
	const rules = [...config.errorRules, ...shippedErrorRules()];
	const secrets = new KnownSecrets([...secretsOf(config), ...proxySecrets]);
	const classify = createClassifier(rules, secrets.redact);
	const passing = new PassingHeaders(secrets.hasSecret);

	const providers = new Map<string, ProviderActor>();
	const actors = actorsOf(config);
	const gates = gatesOf(actors);
	for (const actor of actors) {
		const key = actor.model === undefined ? undefined : required(providers.get(actor.credential), actor.credential);
		providers.set(actor.id, startProvider(actor, key, config, observer, inspectorOf?.('provider')));
	}
	const liveKeys = liveKeysOf(config, {
		listenerOf: (id, source) => keyWatch({ id, source, actor: required(providers.get(id), id), secrets, observer }),
		proxies,
		tls: material,
		timing: keyTiming,
	});
	const addresses = new Map<string, Address>();
	for (const provider of Object.values(config.providers)) {
		const { name, headers, apiVersion } = provider;
		const tls = material.get(name);
		const protocol = protocolOf(provider);
		const baseUrl = provider.baseUrl ?? simulators.get(name)?.baseUrl ?? '';
		for (const { id, apiKey } of provider.credentials) {
			const account = { baseUrl, apiKey, apiVersion, headers };
			addresses.set(id, { provider: name, protocol, offer: provider, ...account, tls, liveKey: liveKeys.get(id) });
		}
	}

	const prices = pricesOf(config, clock.toWall(clock.now()));
	const routes = new LiveRoutes(config, {
		actorOf: (gate) => required(providers.get(gate), gate),
		contactOf: ({ credential, model, target }, { settings, abilities, endpoints }, client) => {
			const address = required(addresses.get(credential), credential);
			const { protocol, offer } = address;
			const dialect = dialectFor(client, protocol, endpointsOf(protocol, offer, endpoints), model);
			if (dialect === undefined) return undefined;
			const headers = { ...address.headers, ...settings?.headers };
			return {
				endpoint: connections.endpoint({ ...address, dialect, headers }),
				liveKey: address.liveKey,
				settings,
				isContinuable: leavesContinuable(dialect, settings),
				abilities,
				learnsLimits: learnsLimits(config.providers[address.provider], model),
				price: prices.get(target),
			};
		},
	});
	const refusedFields = new RefusedFields((refused) => observer.fieldRefused?.(refused));
	const onLocalFault = (what: string) => observer.localFault?.(what);
	const checks = healthChecksOf(config, {
		routes,
		prices,
		actorOf: (id) => required(providers.get(id), id),
		listEndpointOf: (id) => connections.endpoint({ ...required(addresses.get(id), id), dialect: modelsList }),
		liveKeys,
		classify,
		answerLimit: config.server.answerLimit,
		observer,
	});
	const makers = new Makers();
	const correction = new TokenCorrection();
	const budgets = Budgets.of(config, (news) => observer.budgetReached?.(news));
	const exchanges = new LiveMap<Exchange>();
	const exchangeOf = ({ progress }: RequestContext) => required(exchanges.get(progress.id), progress.id);
	// Once, here: providing actions costs more than a whole request.
	const machine = requestMachine.provide({
		actions: {
			startAttempt: ({ context }) => exchangeOf(context).startAttempt(context.progress),
			stopAttempt: ({ context }) => exchangeOf(context).stopAttempt(),
			commitAnswer: ({ context }) => exchangeOf(context).commitAnswer(context.progress),
			finishAnswer: ({ context }) => exchangeOf(context).finishAnswer(context.progress),
			takeUpAnswer: ({ context }) => exchangeOf(context).takeUpAnswer(context.progress),
			reportFailure: ({ context }) => exchangeOf(context).reportFailure(context.progress),
		},
	});

	const { answerLimit } = config.server;
	const lastFailureOf = (credential: string) =>
		required(providers.get(credential), credential).getSnapshot().context.lastFailure;

	function call(asked: Call, sink: AnswerSink): RunningCall {
		// To count tokens costs nothing.
		const budgeted = asked.dialect.estimate === undefined ? budgets?.lead(asked) : undefined;
		const request = budgeted?.call ?? asked;
		const live = routes.of(request);
		if (live.contacts.length === 0 && request.dialect.estimate !== undefined) {
			return answerEstimate(request, request.dialect.estimate(request.request), sink);
		}
		const { policy, commit } = live;
		const { candidates, contacts, passedOver, bond } = fittedRoute(live, request, makers);
		const { retainedText } = policy.continuation;
		const { tokens } = request.request;
		const { factors: tokenFactors } = correction;
		const now = clock.now();
		const endsAt = request.timeoutMs === undefined ? Number.POSITIVE_INFINITY : now + request.timeoutMs;
		const input = { id: request.id, candidates, policy, tokens, tokenFactors, now, endsAt };
		const inspect = inspectorOf?.('request');
		const actor: RequestActor = createActor(machine, inspect === undefined ? { input } : { input, inspect });
		const settle = budgeted && hold(budgeted.budgets, costOfPrompt(candidates[0]?.target, tokens, now));
		const onEnd = (record: CallRecord) => {
			exchanges.delete(request.id);
			settle?.(record.cost);
			noteCounted(record, tokens);
			observer.callEnded?.(record);
			request.onEnd?.(record);
		};
		const exchange = new Exchange(
			{
				call: request,
				sink,
				commit,
				contacts,
				passedOver,
				bond,
				makers,
				classify,
				passing,
				answerLimit,
				refusedFields,
				retainedText,
				lastFailureOf,
				onLocalFault,
				onEnd,
			},
			actor,
		);
		exchanges.set(request.id, exchange);
		observer.callStarted?.({
			id: request.id,
			route: request.route,
			stream: request.request.stream,
			client: request.client,
			startedAt: input.now,
			follow: (listener) => actor.subscribe(({ context, value }) => listener(context.progress, stateName(value))),
			present: () => {
				const { context, value } = actor.getSnapshot();
				return { progress: context.progress, state: stateName(value) };
			},
		});
		// Without an error observer XState rethrows in a timer, which would take every other request down.
		actor.subscribe({
			error: (error) => {
				observer.crashed?.(error, request.id);
				exchange.crash();
			},
		});
		exchange.start();
		return exchange;
	}

	/** @returns about what it costs at the first target, USD; 0 where that is not known */
	function costOfPrompt(target: string | undefined, tokens: number, now: number): number {
		const price = target === undefined ? undefined : prices.get(target);
		return (price && estimatedCost(price, { inputTokens: tokens, outputTokens: 0 }, clock.toWall(now))) ?? 0;
	}

	/** What the provider has counted of a prompt corrects the estimates for its target. */
	function noteCounted({ target, estimatedTokens, tokens: counts }: CallRecord, tokens: number): void {
		const counted = estimatedTokens === undefined ? undefined : counts.findLast((count) => count.target === target);
		if (target !== undefined && counted !== undefined) correction.note(target, tokens, counted.input);
	}

	function checkOf(id: string): Pick<ProviderHealth, 'check'> {
		const check = checks.get(id);
		return check === undefined ? {} : { check: check.report };
	}

	function interrupt(): void {
		for (const exchange of exchanges.values()) exchange.shutDown();
	}

	await Promise.all([...liveKeys.values()].map((key) => key.start()));
	for (const check of checks.values()) check.start();
	return {
		profiles: Object.keys(config.profiles),
		targets: targetsOf(config),
		defaultProfile: config.defaultProfile,
		embeddings: Object.values(config.profiles)
			.filter((profile) => profile.for === 'embeddings')
			.map(({ name, chain }) => ({ profile: name, models: chain.map(({ model }) => model) })),
		chains: Object.fromEntries(
			Object.values(config.profiles).map(({ name, chain }) => [name, chain.map(({ target }) => target)]),
		),
		simulators: [...simulators.values()],
		get budgets() {
			return budgets?.figures ?? [];
		},
		get openCalls() {
			return exchanges.size;
		},
		call,
		operate(provider, event, by) {
			const actor = required(providers.get(provider), provider);
			const before = actor.getSnapshot();
			actor.send(event);
			// A key that is trusted again, or that is to be asked, is so with all of its models.
			const models = event.type === 'operator.tripped' ? [] : actors.filter((other) => isModelOf(provider, other));
			for (const { id } of models) required(providers.get(id), id).send(event);
			const after = actor.getSnapshot();
			observer.providerOperated?.(provider, event, stateNameOf(before), stateNameOf(after), by);
			return {
				changed: differs(before.context, after.context) || before.value !== after.value,
				before: providerHealth(before),
				after: providerHealth(after),
			};
		},
		grants: (credential, model) =>
			[credential, gates.of(credential, model)].every((id) =>
				wouldGrant(required(providers.get(id), id).getSnapshot(), model, clock.now()),
			),
		servable: () => {
			const isServable = readinessAt((id) => required(providers.get(id), id).getSnapshot(), clock.now());
			const names = Object.keys(config.profiles);
			return Object.fromEntries(names.map((name) => [name, isServable(routes.named(name))]));
		},
		health: () =>
			Object.fromEntries(
				[...providers].map(([id, actor]) => [id, { ...providerHealth(actor.getSnapshot()), ...checkOf(id) }]),
			),
		interrupt,
		close: async () => {
			interrupt();
			for (const check of checks.values()) check.stop();
			await Promise.all([...liveKeys.values()].map((key) => key.stop()));
			for (const actor of providers.values()) actor.stop();
			await connections.close();
			await Promise.all([...simulators.values()].map((simulator) => simulator.close()));
		},
	};
}

/** What needs no provider is answered at once: there is nothing to leave, and nothing to wait for. */
function answerEstimate({ id, route, dialect, onEnd }: Call, body: string, sink: AnswerSink): RunningCall {
	const info = { requestId: id, route, target: undefined, attempts: undefined, isEstimated: true };
	sink.answer(info, body, dialect.contentTypes.document);
	onEnd?.(undefined);
	return { leave: () => undefined, resume: () => undefined };
}

/** @param key the actor of its key, where this one stands for a model of it */
function startProvider(
	{ id, policy, concurrent, rates, model: name }: ActorConfig,
	key: ProviderRef | undefined,
	config: Config,
	observer: GatewayObserver,
	inspect: ActorInspector | undefined,
) {
	const model = name === undefined || key === undefined ? {} : { model: { name, key } };
	const limits = { ...(concurrent !== undefined && { concurrent }), ...(rates && { rates }) };
	const input = { id, policy, now: clock.now(), ...limits, ...model };
	const actor = createActor(providerMachine, { id, input, ...(inspect && { inspect }) });
	let state: ProviderStateName = 'closed';
	actor.subscribe({
		next: (snapshot) => {
			const present = stateNameOf(snapshot);
			if (present === state) return;
			const from = state;
			state = present;
			observer.providerChanged?.(id, from, state, providerHealth(snapshot));
		},
		error: (error) => observer.crashed?.(error, `provider ${id}`),
	});
	actor.on('provider.alarmed', (alarm) => {
		const source = sourceOf(config, id, alarm.alarm === 'model' ? alarm.model : undefined);
		observer.providerAlarmed?.(id, source, alarm);
	});
	return actor.start();
}

/** Of providers, and of the OAuth servers that give their keys. */
function addressesOf({ providers }: Config): string[] {
	return Object.values(providers).flatMap(({ baseUrl, credentials }) => [
		...(baseUrl === undefined ? [] : [baseUrl]),
		...credentials.flatMap(({ keyFrom }) =>
			keyFrom !== undefined && 'oauth' in keyFrom ? [keyFrom.oauth.tokenUrl] : [],
		),
	]);
}

/** By provider. */
function tlsOf({ providers }: Config): Map<string, TlsMaterial> {
	return new Map(
		Object.values(providers).flatMap(({ name, tls }) => (tls ? [[name, readTls(name, tls)] as const] : [])),
	);
}

async function startSimulators(config: Config): Promise<Map<string, Simulator>> {
	const simulated = Object.values(config.providers).flatMap(({ name, simulate }) =>
		simulate ? [{ name, simulate }] : [],
	);
	const started = await Promise.all(simulated.map(({ name, simulate }) => startSimulator(name, simulate)));
	return new Map(started.map((simulator) => [simulator.name, simulator]));
}

function configuredProtocol({ protocol }: ProviderConfig): Protocol {
	return required(protocols[protocol], `the protocol ${protocol}`);
}

function isModelOf(credential: string, actor: ActorConfig): boolean {
	return actor.model !== undefined && actor.credential === credential;
}

function learnsLimits(provider: ProviderConfig | undefined, model: string): boolean {
	return provider?.models[model]?.limits?.learn ?? provider?.limits.learn ?? false;
}

/** Whether what the configuration sets in a request leaves its answer one that can be carried on. */
function leavesContinuable(dialect: ProviderDialect, settings: RequestSettings | undefined): boolean {
	if (settings === undefined) return true;
	const { defaults, force } = settings.given;
	return dialect.isContinuable(defaults) && dialect.isContinuable(force);
}

function required<T>(value: T | undefined, name: string): T {
	if (value === undefined) throw new Error(`${name} is not known to the gateway`);
	return value;
}
