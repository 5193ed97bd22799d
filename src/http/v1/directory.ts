import type { Service } from '../../contract/service.ts';
import type { Directory } from './choose-route.ts';

/** How requests that name no profile find one, as it is configured. */
export interface Routing {
	hints?: { taskType?: Readonly<Record<string, string>>; quality?: Readonly<Record<string, string>> };
	heuristics?: Readonly<Record<string, string>>;
}

/** What can be asked for, as maps: the names that are looked up in them come from requests. */
export function directoryOf(
	{
		profiles,
		targets,
		defaultProfile,
		aliases,
		affine,
	}: Pick<Service, 'profiles' | 'targets' | 'defaultProfile' | 'aliases' | 'affine'>,
	{ unknownModel, routing = {} }: Pick<Directory, 'unknownModel'> & { routing?: Routing | undefined },
): Directory {
	const { hints, heuristics } = routing;
	return {
		profiles: new Set(profiles),
		targets: new Set(targets.map(({ target }) => target)),
		targetOfModel: uniqueModels(targets),
		defaultProfile,
		aliases: new Map(Object.entries(aliases)),
		affine: new Set(affine),
		unknownModel,
		hints: hints && {
			taskType: new Map(Object.entries(hints.taskType ?? {})),
			quality: new Map(Object.entries(hints.quality ?? {})),
		},
		heuristics: heuristics && new Map(Object.entries(heuristics)),
	};
}

/**
 * The same for requests for vectors. Those of two models cannot stand in for each other, so the name of a model is enough to
 * choose a profile for embeddings that has it, or its target; whatever names nothing goes to the first of these profiles.
 */
export function directoryOfVectors(directory: Directory, embeddings: Service['embeddings']): Directory {
	const ofProfiles = embeddings.flatMap(({ profile, models }) =>
		models.map((model): [string, string] => [model, profile]),
	);
	return {
		...directory,
		defaultProfile: embeddings[0]?.profile ?? directory.defaultProfile,
		// The first profile that has a model is the last to be written.
		routeOfModel: new Map([...directory.targetOfModel, ...ofProfiles.reverse()]),
	};
}

function uniqueModels(targets: Service['targets']): Map<string, string> {
	const byModel = Map.groupBy(targets, ({ target, provider }) => target.slice(provider.length + 1));
	const unique = [...byModel].flatMap(([model, [only, another]]): [string, string][] =>
		only === undefined || another !== undefined ? [] : [[model, only.target]],
	);
	return new Map(unique);
}
