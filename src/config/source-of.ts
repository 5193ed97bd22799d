import type { Config } from './config.ts';

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
