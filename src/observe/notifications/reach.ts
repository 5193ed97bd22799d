import type { Config } from '../../config/config.ts';
import type { Service } from '../../contract/service.ts';
import { candidateName } from '../../values/candidate-name.ts';
import { covers, type Incident } from './incident.ts';

/** What is known of the providers at this moment. */
export type Present = Pick<Service, 'grants' | 'servable'>;

/** One target of a profile, as far as incidents are concerned. */
interface ReachedTarget {
	target: string;
	provider: string;
	model: string;
	/** The id of its key's actor. */
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

/** Which profiles lose targets to incidents, and what is left to them. */
export class Reach {
	readonly #present: () => Present | undefined;
	readonly #profiles: readonly { name: string; candidates: readonly ReachedTarget[] }[];

	/** @param present absent until the gateway runs */
	constructor(config: Config, present: () => Present | undefined) {
		this.#present = present;
		this.#profiles = Object.values(config.profiles).map(({ name, chain }) => ({
			name,
			candidates: chain.flatMap(({ target, provider, model }) =>
				(config.providers[provider]?.credentials ?? []).map(({ id }) => ({ target, provider, model, credential: id })),
			),
		}));
	}

	/**
	 * The profiles that lose a target, and what is left to each by what the provider actors would do now: a target goes on when
	 * a permit would be granted for it. One that an incident keeps out does not, even while it is probed.
	 * @param hits the incidents that are reported
	 * @param open all that are open
	 */
	of(hits: readonly Incident[], open: readonly Incident[]): ReachedProfile[] {
		const isHit = candidatesOf(hits);
		const isOut = candidatesOf([...open, ...hits]);
		const present = this.#present();
		const servable = present?.servable() ?? {};
		const grants = ({ credential, model }: ReachedTarget) => present?.grants(credential, model) ?? true;
		return this.#profiles.flatMap(({ name, candidates }) => {
			if (!candidates.some(isHit)) return [];
			const others = candidates.filter((candidate) => !isOut(candidate) && grants(candidate));
			const isServable = servable[name] ?? others.length > 0;
			return [{ profile: name, goesOnWith: isServable ? [...new Set(others.map(candidateName))] : [], isServable }];
		});
	}
}

/** Whether one of them covers a target; by provider actor first, as hundreds of incidents meet thousands of targets. */
function candidatesOf(incidents: readonly Incident[]): (candidate: ReachedTarget) => boolean {
	const byProvider = Map.groupBy(incidents, ({ provider }) => provider);
	return (candidate) =>
		[candidate.credential, `${candidate.credential}/${candidate.model}`].some((id) =>
			byProvider.get(id)?.some((incident) => covers(incident, candidate)),
		);
}
