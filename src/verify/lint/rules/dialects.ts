import type { Path } from '../../../config/tree.ts';
import { endpointsOf, protocols } from '../../../dialects/dialects.ts';
import type { Finding, Rule } from '../rule.ts';
import type { LintedCandidate, LintSubject } from '../subject.ts';

/** In which endpoints a target answers, by the words of the configuration. */
function answeringIn({ provider, target }: LintedCandidate): readonly string[] {
	const protocol = protocols[provider.protocol];
	if (protocol === undefined) return [];
	const endpoints = endpointsOf(protocol, provider, provider.models[target.model]?.endpoints);
	return endpoints.filter((endpoint) => protocol.endpoints[endpoint] !== undefined);
}

/** Vectors of two models have nothing to do with each other: an index that holds both finds nothing. */
function mixedEmbeddings({ profiles }: LintSubject): Finding[] {
	return profiles.flatMap(({ profile, candidates }) => {
		const [first] = candidates;
		if (profile.for !== 'embeddings' || first === undefined) return [];
		const others = candidates.filter(({ target }) => target.sameAs !== first.target.sameAs);
		return others.map(({ target, at, concerns }) => ({
			at: [at],
			concerns,
			reason: `\`${target.target}\` is another model than \`${first.target.target}\`, and vectors of two models cannot stand in for each other`,
			advice: `remove it, or, where it is the same model under another name, say so with \`sameAs: ${first.target.sameAs}\``,
		}));
	});
}

function neverAsked({ profiles }: LintSubject): Finding[] {
	return profiles.flatMap(({ profile, candidates }) => {
		const isForEmbeddings = profile.for === 'embeddings';
		const silent = candidates.filter((candidate) => {
			const endpoints = answeringIn(candidate);
			return isForEmbeddings ? !endpoints.includes('embeddings') : endpoints.every((one) => one === 'embeddings');
		});
		return silent.map(({ target, at, concerns }) => ({
			at: [at],
			concerns,
			reason: `\`${target.target}\` is never asked: it has no endpoint for ${profile.for}`,
			advice: 'correct the `endpoints` of its provider or its model, or remove it',
		}));
	});
}

/** An endpoint that the protocol does not have at all. */
function foreignEndpoints({ config }: LintSubject): Finding[] {
	return Object.values(config.providers).flatMap(({ name, protocol, endpoints = [], models }) => {
		const has = Object.keys(protocols[protocol]?.endpoints ?? {});
		const finding = (endpoint: string, at: Path): Finding[] =>
			has.includes(endpoint)
				? []
				: [
						{
							at: [at],
							reason: `providers of the protocol \`${protocol}\` have no endpoint \`${endpoint}\``,
							advice: `write ${has.map((one) => `\`${one}\``).join(', ')}, or another \`protocol\``,
						},
					];
		const ofModels = Object.entries(models).flatMap(([model, facts]) =>
			(facts.endpoints ?? []).flatMap((endpoint, index) =>
				finding(endpoint, ['providers', name, 'models', model, 'endpoints', index]),
			),
		);
		return [
			...endpoints.flatMap((endpoint, index) => finding(endpoint, ['providers', name, 'endpoints', index])),
			...ofModels,
		];
	});
}

export const dialectRules: readonly Rule[] = [
	{
		id: 'mixed-embeddings',
		severities: ['error'],
		finds: 'a profile for embeddings whose targets are several models',
		find: mixedEmbeddings,
	},
	{
		id: 'target-without-endpoint',
		severities: ['warning'],
		finds: 'a target that has no endpoint for what its profile is asked for',
		find: neverAsked,
	},
	{
		id: 'unknown-endpoint',
		severities: ['warning'],
		finds: 'an endpoint that the protocol of a provider does not have',
		find: foreignEndpoints,
	},
];
