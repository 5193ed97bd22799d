import type { ProviderRef } from '../../machines/events.ts';
import type { Candidate } from '../../machines/request/progress.ts';
import type { Config } from '../config/config.ts';
import type { Call } from '../contract/call.ts';
import type { Contact } from './exchange.ts';
import type { RequestSettings } from './request-settings.ts';
import { type ConfiguredRoute, type Route, routesOf, singleRoutesOf } from './routes.ts';

/** A route on the provider actors. */
export interface LiveRoute extends Route {
	readonly candidates: readonly Candidate[];
	/** How each target is spoken to, by its position. */
	readonly contacts: readonly Contact[];
}

/** Finds what a target needs of the running gateway. */
export interface Switchboard {
	/** @param gate the actor's id */
	actorOf(gate: string): ProviderRef;
	contactOf(credential: string, settings: RequestSettings | undefined): Contact;
}

/** Every way that a call can take through the providers. */
export class LiveRoutes {
	readonly #named: ReadonlyMap<string, LiveRoute>;
	/** Each target by itself, as a link of a chain that a caller names. */
	readonly #links: ReadonlyMap<string, LiveRoute>;

	constructor(config: Config, switchboard: Switchboard) {
		this.#named = live(routesOf(config), switchboard);
		this.#links = live(singleRoutesOf(config), switchboard);
	}

	/** @throws Error when it names what is not configured, which whoever takes calls has to see to */
	of({ route, targets }: Pick<Call, 'route' | 'targets'>): LiveRoute {
		return targets === undefined ? this.named(route) : this.#chainOf(targets);
	}

	/** @throws Error when there is no such profile or target */
	named(name: string): LiveRoute {
		return found(this.#named, name);
	}

	/** Made anew for each call: to keep it would be to let callers fill the memory with made-up chains. */
	#chainOf(targets: readonly string[]): LiveRoute {
		const links = targets.map((target) => found(this.#links, target));
		const [first] = links;
		if (first === undefined) throw new Error('a chain needs at least one target');
		return {
			candidates: links.flatMap(({ candidates }, link) => candidates.map((candidate) => ({ ...candidate, link }))),
			contacts: links.flatMap(({ contacts }) => contacts),
			// The default profile's, in every link.
			policy: first.policy,
			commit: first.commit,
		};
	}
}

function found(routes: ReadonlyMap<string, LiveRoute>, name: string): LiveRoute {
	const route = routes.get(name);
	if (route === undefined) throw new Error(`${name} is not known to the gateway`);
	return route;
}

function live(routes: ReadonlyMap<string, ConfiguredRoute>, { actorOf, contactOf }: Switchboard) {
	const entries = [...routes].map(([name, { candidates, settings, policy, commit }]): [string, LiveRoute] => [
		name,
		{
			candidates: candidates.map((candidate) => ({ ...candidate, actor: actorOf(candidate.gate) })),
			contacts: candidates.map(({ credential }, position) => contactOf(credential, settings[position])),
			policy,
			commit,
		},
	]);
	return new Map(entries);
}
