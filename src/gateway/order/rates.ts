import type { Config } from '../../config/config.ts';

/** Of four tokens of a usual request, those of its prompt. */
const PROMPT_SHARE = 0.75;

/**
 * What targets cost as the configuration says.
 * @returns for each target the USD for a million tokens, three of four of which are of the prompt; undefined where it is not known
 */
export function configuredRates({ providers }: Pick<Config, 'providers'>): (target: string) => number | undefined {
	return (target) => {
		const slash = target.indexOf('/');
		const price = providers[target.slice(0, slash)]?.models[target.slice(slash + 1)]?.price;
		return price && PROMPT_SHARE * price.input + (1 - PROMPT_SHARE) * price.output;
	};
}
