import type { ProviderRef } from '../../machines/events.ts';
import type { Candidate } from '../../machines/request/progress.ts';
import type { Config } from '../config/config.ts';
import type { Call } from '../contract/call.ts';
import type { ClientDialect } from '../contract/dialect.ts';
import type { Contact } from './contact.ts';
import { makesVectors, ofOneModel } from './one-model.ts';
import {
	type Asking,
	type CandidatePlan,
	type ConfiguredRoute,
	type Route,
	routesOf,
	singleRoutesOf,
} from './routes.ts';

/** A route on the provider actors, for callers of one dialect. */
export interface LiveRoute extends Route {
	/** The targets that can be asked for what comes in the dialect. */
	readonly candidates: readonly Candidate[];
	/** How each target is spoken to, by its position. */
	readonly contacts: readonly Contact[];
	readonly sendsWithout: boolean;
	/** Every target takes whatever comes, as it comes: nothing has to be looked at in a request. */
	readonly takesAll: boolean;
	/** The same of what is nothing but text. */
	readonly takesText: boolean;
	/** Why it has no candidate: `endpoint` where no provider has one for the dialect, else what its models are for. */
	readonly lack: 'endpoint' | 'embeddings' | 'answers' | undefined;
}

/** Finds what a target needs of the running gateway. */
export interface Switchboard {
	/** @param gate the actor's id */
	actorOf(gate: string): ProviderRef;
	/** @returns undefined where the target cannot be asked for what comes in the dialect */
	contactOf(plan: CandidatePlan, asking: Asking, dialect: ClientDialect): Contact | undefined;
}

/** Every way that a call can take through the providers. */
export class LiveRoutes {
	readonly #switchboard: Switchboard;
	readonly #named: ReadonlyMap<string, ConfiguredRoute>;
	/** Each target by itself, as a link of a chain that a caller names. */
	readonly #links: ReadonlyMap<string, ConfiguredRoute>;
	/** Those that have been asked for, by the dialect. */
	readonly #live = new Map<string, Map<ConfiguredRoute, LiveRoute>>();

	constructor(config: Config, switchboard: Switchboard) {
		this.#switchboard = switchboard;
		this.#named = routesOf(config);
		this.#links = singleRoutesOf(config);
	}

	/** @throws Error when it names what is not configured, which whoever takes calls has to see to */
	of({ route, targets, dialect }: Pick<Call, 'route' | 'targets' | 'dialect'>): LiveRoute {
		return targets === undefined ? this.#in(dialect, this.named(route)) : this.#chainOf(targets, dialect);
	}

	/** In no dialect. @throws Error when there is no such profile or target */
	named(name: string): ConfiguredRoute {
		return found(this.#named, name);
	}

	/** Made when they are first asked for, since most callers of a gateway speak one dialect. */
	#in(dialect: ClientDialect, route: ConfiguredRoute): LiveRoute {
		let inDialect = this.#live.get(dialect.name);
		if (inDialect === undefined) {
			inDialect = new Map();
			this.#live.set(dialect.name, inDialect);
		}
		let live = inDialect.get(route);
		if (live === undefined) {
			live = this.#made(dialect, route);
			inDialect.set(route, live);
		}
		return live;
	}

	/** Made anew for each call: to keep it would be to let callers fill the memory with made-up chains. */
	#chainOf(targets: readonly string[], dialect: ClientDialect): LiveRoute {
		const links = targets.map((target) => found(this.#links, target));
		const [first] = links;
		if (first === undefined) throw new Error('a chain needs at least one target');
		return this.#made(dialect, {
			// The default profile's, in every link.
			...first,
			isOneTarget: links.length === 1,
			candidates: links.flatMap(({ candidates }, link) => candidates.map((candidate) => ({ ...candidate, link }))),
			asking: links.flatMap(({ asking }) => asking),
		});
	}

	#made(dialect: ClientDialect, route: ConfiguredRoute): LiveRoute {
		const { actorOf, contactOf } = this.#switchboard;
		const stops = route.candidates.flatMap((plan, position) => {
			const asking = route.asking[position];
			const contact = asking && contactOf(plan, asking, dialect);
			return asking === undefined || contact === undefined ? [] : [{ plan, asking, contact }];
		});
		const isForVectors = dialect.needsOneModel === true;
		const used = isForVectors ? ofOneModel(stops, route) : route.isForEmbeddings ? [] : stops;
		const takesText = used.every(({ contact }) => contact.endpoint.dialect.name === dialect.name);
		return {
			candidates: used.map(({ plan, contact }) => ({
				...plan,
				...(contact.endpoint.dialect.prefill === undefined ? {} : { prefill: contact.endpoint.dialect.prefill }),
				actor: actorOf(plan.gate),
			})),
			contacts: used.map((stop) => {
				const isUnlikely = route.isOneTarget && makesVectors(stop) !== isForVectors;
				return isUnlikely ? { ...stop.contact, isUnlikely } : stop.contact;
			}),
			policy: route.policy,
			commit: route.commit,
			sendsWithout: route.sendsWithout,
			takesAll: takesText && used.every(({ contact }) => contact.abilities.input === undefined),
			takesText,
			lack: used.length > 0 ? undefined : lackOf(stops.length, route.isForEmbeddings, isForVectors),
		};
	}
}

function lackOf(reached: number, isForEmbeddings: boolean, isForVectors: boolean): LiveRoute['lack'] {
	if (isForEmbeddings && !isForVectors) return 'answers';
	return reached > 0 ? 'embeddings' : 'endpoint';
}

function found<T>(routes: ReadonlyMap<string, T>, name: string): T {
	const route = routes.get(name);
	if (route === undefined) throw new Error(`${name} is not known to the gateway`);
	return route;
}
