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

/** Whether the key of a provider actor is fetched, and so may be another one without a restart. */
export function fetchesKey({ providers }: Pick<Config, 'providers'>, actorId: string): boolean {
	const credentials = Object.values(providers).flatMap((provider) => provider.credentials);
	return credentials.find(({ id }) => id === actorId)?.keyFrom !== undefined;
}
