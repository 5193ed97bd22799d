import type { File, FileProvider } from './schema.ts';

/** A chain that is made of families of models, instead of written target by target. */
export interface ChainRule {
	readonly models: readonly string[];
	readonly acrossProviders?: boolean;
}

/** A model that a file names, in the list of its provider or in a chain. */
interface NamedModel {
	readonly target: string;
	readonly provider: string;
	readonly model: string;
	/** The name under which it is the same model as others. */
	readonly sameAs: string;
}

export function isRule(chain: File['profiles'][string]['chain']): chain is ChainRule & typeof chain {
	return chain !== undefined && !Array.isArray(chain);
}

/**
 * The targets of a rule. Family by family: its models at the first provider of the file that has any of the first family, else at
 * the first that has any of it; across providers, then the same models elsewhere, then those of the family that only others have.
 */
export function targetsOfRule({ models: families, acrossProviders = false }: ChainRule, file: File): string[] {
	const named = modelsNamedIn(file);
	const primary = membersOf(families[0] ?? '', named)[0]?.provider;
	const targets = families.flatMap((family) => {
		const members = membersOf(family, named);
		const home = members.some(({ provider }) => provider === primary) ? primary : members[0]?.provider;
		const own = members.filter(({ provider }) => provider === home);
		if (!acrossProviders) return own;
		const elsewhere = members.filter(({ provider }) => provider !== home);
		const same = own.flatMap(({ sameAs }) => elsewhere.filter((other) => other.sameAs === sameAs));
		return [...own, ...same, ...elsewhere];
	});
	return [...new Set(targets.map(({ target }) => target))];
}

/** The families of a rule that no model belongs to. */
export function unknownFamilies({ models }: ChainRule, file: File): string[] {
	const named = modelsNamedIn(file);
	return models.filter((family) => membersOf(family, named).length === 0);
}

/** The names that a family may have, for a suggestion. */
export function modelNamesIn(file: File): string[] {
	return [...new Set(modelsNamedIn(file).map(({ model }) => model))];
}

/** Provider by provider, in the order of the file: what it lists, then what chains name. */
function modelsNamedIn({ providers, profiles }: File): NamedModel[] {
	const chained = Object.values(profiles).flatMap(({ chain }) => (Array.isArray(chain) ? chain : []));
	return Object.entries(providers).flatMap(([provider, { models = {} }]) => {
		const inChains = chained.flatMap(({ target }) =>
			target.startsWith(`${provider}/`) ? [target.slice(provider.length + 1)] : [],
		);
		const names = [...new Set([...Object.keys(models), ...inChains])];
		return names.map((model) => ({ target: `${provider}/${model}`, provider, model, sameAs: sameAsOf(model, models) }));
	});
}

function sameAsOf(model: string, models: NonNullable<FileProvider['models']>): string {
	return (Object.hasOwn(models, model) ? models[model]?.sameAs : undefined) ?? model;
}

function membersOf(family: string, named: readonly NamedModel[]): NamedModel[] {
	return named.filter(({ model, sameAs }) => [model, sameAs].some((name) => isOfFamily(name, family)));
}

/** `qwen` has `qwen3` and `qwen-max` in it, `gpt-5` has `openai/gpt-5-mini` and `gpt-5.4`, but neither `gpt-50` nor `gpt-5o`. */
function isOfFamily(name: string, family: string): boolean {
	const wanted = family.toLowerCase();
	const whole = name.toLowerCase();
	const goesOn = /[0-9]$/.test(wanted) ? /^[a-z0-9]/ : /^[a-z]/;
	return [whole, whole.slice(whole.lastIndexOf('/') + 1)].some(
		(form) => form.startsWith(wanted) && !goesOn.test(form.slice(wanted.length)),
	);
}
