import type { ActorRefFrom } from 'xstate';
import type { providerMachine } from '../../../machines/provider/machine.ts';
import type { Config, HealthConfig, ProviderConfig } from '../../config/config.ts';
import type { GatewayObserver } from '../../contract/observer.ts';
import type { LiveKey } from '../../credentials/live-key.ts';
import type { Price } from '../../prices/price.ts';
import type { Classify } from '../../upstream/classify/apply-error-rules.ts';
import type { Endpoint } from '../../upstream/endpoint.ts';
import type { LiveRoutes } from '../live-routes.ts';
import { type CheckPlan, chatPlan, checkedTarget, listPlan } from './check-plan.ts';
import { HealthCheck } from './health-check.ts';

/** What checks need of the running gateway. */
export interface CheckSurroundings {
	routes: LiveRoutes;
	prices: ReadonlyMap<string, Price>;
	/** @param id of a provider actor */
	actorOf(id: string): ActorRefFrom<typeof providerMachine>;
	/** Where the list of models of a credential is. */
	listEndpointOf(credential: string): Endpoint;
	/** By credential. */
	liveKeys: ReadonlyMap<string, LiveKey>;
	classify: Classify;
	answerLimit: number;
	observer: GatewayObserver;
}

/**
 * The active checks of every key whose provider has some, by credential; none of them runs yet. A provider without any model that
 * could be asked has none with `chat`.
 */
export function healthChecksOf(config: Config, surroundings: CheckSurroundings): ReadonlyMap<string, HealthCheck> {
	const checked = Object.values(config.providers).flatMap((provider) => {
		const { health, credentials } = provider;
		return health === undefined ? [] : credentials.map(({ id }) => ({ id, provider, health }));
	});
	return new Map(
		checked.flatMap(({ id, provider, health }): [string, HealthCheck][] => {
			const planned = planOf(config, provider, health, id, surroundings);
			return planned === undefined ? [] : [[id, checkOf(id, health, planned, surroundings)]];
		}),
	);
}

/** A plan, and the id of the actor that a permit for it is asked of. */
type Planned = CheckPlan & { gate: string };

function planOf(
	config: Config,
	provider: ProviderConfig,
	health: HealthConfig,
	credential: string,
	{ routes, prices, listEndpointOf, liveKeys }: CheckSurroundings,
): Planned | undefined {
	if (health.with === 'models') {
		const { timeouts } = provider.policy;
		const plan = listPlan(listEndpointOf(credential), { liveKey: liveKeys.get(credential), timeouts });
		return { ...plan, gate: credential };
	}
	const target = checkedTarget(config, provider, prices);
	return target && chatPlan(routes, credential, target);
}

function checkOf(
	id: string,
	policy: HealthConfig,
	{ gate, ...plan }: Planned,
	{ actorOf, classify, answerLimit, observer }: CheckSurroundings,
): HealthCheck {
	return new HealthCheck({
		id,
		policy,
		key: actorOf(id),
		gate: actorOf(gate),
		plan,
		classify,
		answerLimit,
		onEnded: (ended) => observer.healthChecked?.(id, ended),
		onLocalFault: (what) => observer.localFault?.(what),
		onCrash: (error) => observer.crashed?.(error, `the health checks of ${id}`),
	});
}
