import type { Service } from '../call.ts';
import type { Config } from '../config/config.ts';
import { covers, type Incident } from './incident.ts';

/** What is known of the providers at this moment. */
export type Present = Pick<Service, 'grants' | 'servable'>;

/** One rung of a profile, as far as incidents are concerned. */
interface Rung {
	target: string;
	provider: string;
	model: string;
	/** The provider actor's id. */
	credential: string;
}

/** A profile that an incident reaches, and what still serves it. */
export interface ReachedProfile {
	profile: string;
	/** Targets in the order of the chain, with the number of the key where a provider has several; empty: none. */
	goesOnWith: string[];
	/** What `/ready` says of it. With nothing to go on with, its requests can still try what has failed. */
	isServable: boolean;
}

/** Which profiles lose rungs to incidents, and what is left to them. */
export class Reach {
	readonly #present: () => Present | undefined;
	readonly #profiles: readonly { name: string; rungs: readonly Rung[] }[];

	/** @param present absent until the gateway runs */
	constructor(config: Config, present: () => Present | undefined) {
		this.#present = present;
		this.#profiles = Object.values(config.profiles).map(({ name, chain }) => ({
			name,
			rungs: chain.flatMap(({ target, provider, model }) =>
				(config.providers[provider]?.credentials ?? []).map(({ id }) => ({ target, provider, model, credential: id })),
			),
		}));
	}

	/**
	 * The profiles that lose a rung, and what is left to each by what the provider actors would do now: a rung goes on when
	 * a permit would be granted for it. One that an incident keeps out does not, even while it is probed.
	 * @param hits the incidents that are told of
	 * @param open all that are open
	 */
	of(hits: readonly Incident[], open: readonly Incident[]): ReachedProfile[] {
		const isHit = rungsOf(hits);
		const isOut = rungsOf([...open, ...hits]);
		const present = this.#present();
		const servable = present?.servable() ?? {};
		const grants = ({ credential, model }: Rung) => present?.grants(credential, model) ?? true;
		return this.#profiles.flatMap(({ name, rungs }) => {
			if (!rungs.some(isHit)) return [];
			const others = rungs.filter((rung) => !isOut(rung) && grants(rung));
			const isServable = servable[name] ?? others.length > 0;
			return [{ profile: name, goesOnWith: isServable ? [...new Set(others.map(rungName))] : [], isServable }];
		});
	}
}

/** Whether one of them covers a rung; by provider actor first, as hundreds of incidents meet thousands of rungs. */
function rungsOf(incidents: readonly Incident[]): (rung: Rung) => boolean {
	const byProvider = Map.groupBy(incidents, ({ provider }) => provider);
	return (rung) => byProvider.get(rung.credential)?.some((incident) => covers(incident, rung)) ?? false;
}

function rungName({ target, credential }: Rung): string {
	const number = credential.indexOf('#');
	return number === -1 ? target : `${target} (${credential.slice(number)})`;
}
