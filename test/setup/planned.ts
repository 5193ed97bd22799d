import { loadKnownModels } from '../../src/config/known-models.ts';
import { type ReadConfig, readConfigText } from '../../src/config/load.ts';
import { configText } from '../../src/setup/config-text.ts';
import { type Plan, planConfiguration } from '../../src/setup/plan.ts';
import type { Surroundings } from '../../src/setup/surroundings.ts';
import { explainCase } from '../../src/verify/play/play.ts';

export const known = loadKnownModels();
export const usable = Object.keys(known.providers).filter(
	(name) =>
		known.providers[name]?.needsEndpoint === undefined && Object.keys(known.providers[name]?.models ?? {}).length > 0,
);

/** What `init` would plan where these keys are set, and these local servers answer. */
export function planOf(providers: readonly string[], local: readonly string[]): Plan {
	const keys = providers.flatMap((provider) => {
		const { title = '', keys: [variable = ''] = [], baseUrl = '' } = known.providers[provider] ?? {};
		return [{ provider, title, variable, baseUrl, source: 'environment' as const }];
	});
	const localServers = local.map((name, index) => ({
		name,
		title: name,
		baseUrl: `http://127.0.0.1:${11434 + index}/v1`,
		state: 'answers' as const,
		models: [{ name: 'qwen3:8b' }, { name: 'qwen2.5-coder:7b' }],
	}));
	const surroundings = { discovery: { keys, localServers }, known } as unknown as Surroundings;
	const plan = planConfiguration(surroundings, { port: 4010 });
	if (plan === undefined) throw new Error('nothing was planned');
	return plan;
}

export function combinations(names: readonly string[], size: number): string[][] {
	if (size === 0) return [[]];
	return names.flatMap((name, index) => combinations(names.slice(index + 1), size - 1).map((rest) => [name, ...rest]));
}

/** What `init` writes, read again. */
export function writtenFor(providers: readonly string[], local: readonly string[]): ReadConfig {
	const env = Object.fromEntries(providers.map((name) => [known.providers[name]?.keys[0] ?? '', `a-key-of-${name}`]));
	return readConfigText(configText(planOf(providers, local), { hasSchema: false }), { file: 'gateway.yaml', env });
}

/** How a provider may die, in the words of `explain`. */
const deaths = ['401', '403', '402', '429', '500', '503', '404', 'refused', 'timeout', 'dns', 'cut'];

/** The profiles that the death of one provider leaves without an answer. */
export function lostProfiles({ config }: ReadConfig): string[] {
	// A model for embeddings that one provider alone has dies with it: no other model may stand in.
	const profiles = Object.values(config.profiles).filter(
		({ for: use, chain }) => use === 'answers' || new Set(chain.map(({ provider }) => provider)).size > 1,
	);
	return Object.keys(config.providers).flatMap((dead) =>
		deaths.flatMap((death) =>
			profiles.flatMap(({ name: profile }) => {
				const { client } = explainCase(config, { profile, when: `${dead}: ${death}`, stream: true });
				return client.gets === 'answer' ? [] : [`${profile}, ${dead}: ${death} → ${client.code}`];
			}),
		),
	);
}
