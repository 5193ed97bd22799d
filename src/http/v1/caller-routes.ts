import { modelsRoute } from '../../contract/models-route.ts';
import { Refusal } from '../../contract/refusal.ts';
import type { Service } from '../../contract/service.ts';
import { clip } from '../../values/clip.ts';
import type { Clients } from '../callers/caller-check.ts';
import type { Directory, RouteChoice } from './choose-route.ts';

/** Where one caller may go that may not go everywhere. */
export class CallerRoutes {
	/** Its profiles, in the order of the configuration. */
	readonly #profiles: readonly string[];
	readonly #names: ReadonlySet<string>;

	/** @param profiles those that it may ask, and with them the targets of their chains */
	constructor(profiles: readonly string[], chains: Service['chains']) {
		this.#profiles = profiles;
		this.#names = new Set([...profiles, ...profiles.flatMap((profile) => chains[profile] ?? [])]);
	}

	/** Whether it may ask a profile, or a target. */
	has(name: string): boolean {
		return this.#names.has(name);
	}

	/**
	 * Where its requests are looked up: those that name nothing go to a profile of its own.
	 * @param suits whether a profile is for what comes in the dialect
	 */
	directoryFrom(directory: Directory, suits: (profile: string) => boolean): Directory {
		const { defaultProfile } = directory;
		if (this.has(defaultProfile)) return directory;
		return { ...directory, defaultProfile: this.#profiles.find(suits) ?? defaultProfile };
	}

	/** @throws Refusal where the caller may not go there */
	check(client: string, { route, targets, reason }: RouteChoice): void {
		const barred = (targets ?? [route]).find((name) => !this.has(name));
		if (barred === undefined) return;
		const own = this.#profiles.slice(0, 20).join(', ');
		const led = route === modelsRoute ? '' : ` (chosen by: ${clip(reason)})`;
		const message = `The client '${client}' may not use '${clip(barred)}'${led}; it may use the profiles ${own} and the targets in their chains (server.clients).`;
		throw new Refusal('profile_not_allowed', message);
	}
}

/** By the name of the caller, for those that may not go everywhere. */
export function callerRoutes(clients: Clients = {}, { chains }: Pick<Service, 'chains'>): Map<string, CallerRoutes> {
	return new Map(
		Object.entries(clients).flatMap(([name, { profiles }]): [string, CallerRoutes][] =>
			profiles === undefined ? [] : [[name, new CallerRoutes(profiles, chains)]],
		),
	);
}
