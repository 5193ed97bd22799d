import type { Config } from '../config/config.ts';

/** One rung of a profile, as far as incidents are concerned. */
interface Rung {
	target: string;
	model: string;
	/** The provider actor's id. */
	credential: string;
}

/** A profile that an incident reaches, and what still serves it. */
export interface ReachedProfile {
	profile: string;
	/** Targets in the order of the chain, with the number of the key where a provider has several; empty: none. */
	goesOnWith: string[];
}

/**
 * The profiles that lose a rung, and what is left to each.
 * @param isHit whether the incident takes this rung out of traffic
 * @param isOut whether another open incident does
 */
export function reachedProfiles(
	config: Config,
	isHit: (rung: Rung) => boolean,
	isOut: (rung: Rung) => boolean,
): ReachedProfile[] {
	return Object.values(config.profiles).flatMap(({ name, chain }) => {
		const rungs = chain.flatMap(({ target, provider, model }) =>
			(config.providers[provider]?.credentials ?? []).map(({ id }) => ({ target, model, credential: id })),
		);
		if (!rungs.some(isHit)) return [];
		const others = rungs.filter((rung) => !isHit(rung) && !isOut(rung));
		return [{ profile: name, goesOnWith: [...new Set(others.map(rungName))] }];
	});
}

function rungName({ target, credential }: Rung): string {
	const number = credential.indexOf('#');
	return number === -1 ? target : `${target} (${credential.slice(number)})`;
}

/** The part of the file that an incident is about: where its key stands, or where its model is asked for. */
export function sourceOf(config: Config, actorId: string, model: string | undefined): string {
	const provider = Object.values(config.providers).find(({ credentials }) =>
		credentials.some(({ id }) => id === actorId),
	);
	if (provider === undefined) return 'providers';
	const { name, credentials } = provider;
	const credential = credentials.find(({ id }) => id === actorId);
	if (model === undefined) return credential?.source ?? `providers.${name}`;
	const places = Object.values(config.profiles).flatMap((profile) =>
		profile.chain.flatMap(({ target }, index) =>
			target === `${name}/${model}` ? [`profiles.${profile.name}.chain[${index}]`] : [],
		),
	);
	return places[0] ?? `providers.${name}.models.${model}`;
}
