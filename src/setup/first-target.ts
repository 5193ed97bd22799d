import { isTarget } from '../config/targets.ts';
import { inWords, nearest } from '../values/nearest.ts';
import { type FirstTarget, whereOf } from './plan.ts';
import type { Surroundings } from './surroundings.ts';

/**
 * The target that `--default-model` names, with where it is: among what was found, or, for a provider of the user's own,
 * in the variables `NAME_BASE_URL` and `NAME_API_KEY`.
 * @param text `provider/model`
 * @returns the target, or why it cannot be one, as one sentence
 */
export function resolveFirst(
	text: string,
	{ discovery, known, environment }: Surroundings,
): FirstTarget | { problem: string } {
	if (!isTarget(text))
		return { problem: 'A model is named with its provider, such as --default-model openai/gpt-5.4.' };
	const slash = text.indexOf('/');
	const name = text.slice(0, slash);
	const model = text.slice(slash + 1);

	const key = discovery.keys.find(({ provider }) => provider === name);
	if (key?.problem !== undefined) return { problem: key.problem };
	const where = key === undefined ? undefined : whereOf(key, known);
	if (key !== undefined && where !== undefined) {
		return { name, model, title: key.title, ...where, keyVariable: key.variable, isLocal: false };
	}
	const facts = known.providers[name];
	if (facts !== undefined) {
		return {
			problem: `There is no key for ${facts.title}; set ${facts.keys.join(' or ')} in the environment or in .env.`,
		};
	}
	const server = discovery.localServers.find((candidate) => candidate.name === name);
	if (server?.state === 'answers') {
		const { title, baseUrl, models } = server;
		if (models.some((one) => one.name === model)) return { name, model, title, baseUrl, isLocal: true };
		return { problem: `${title} has no model '${model}'; it has ${inWords(models.map((one) => one.name)) || 'none'}.` };
	}
	if (server !== undefined)
		return { problem: server.problem ?? `${server.title} does not answer at ${server.baseUrl}; start it first.` };
	return ownProvider(name, model, { discovery, known, environment });
}

function ownProvider(
	name: string,
	model: string,
	{ known, environment }: Surroundings,
): FirstTarget | { problem: string } {
	const prefix = name.toUpperCase().replace(/[^A-Z0-9]+/g, '_');
	const baseUrl = environment.variables[`${prefix}_BASE_URL`];
	const keyVariable = `${prefix}_API_KEY`;
	const hasKey = environment.variables[keyVariable] !== undefined;
	if (baseUrl !== undefined) {
		// The address stays in the environment too: some hold more than an address.
		const written = `\${${prefix}_BASE_URL}`;
		return { name, model, title: 'your own', baseUrl: written, isLocal: false, ...(hasKey && { keyVariable }) };
	}
	const names = [...Object.keys(known.providers), ...Object.keys(known.localServers)];
	const meant = nearest(name, names);
	const hint = meant === undefined ? `choose from ${inWords(names)}` : `did you mean \`${meant}\``;
	return {
		problem: `'${name}' is no provider that Breakwater knows: ${hint}, or set ${prefix}_BASE_URL (and ${keyVariable}) for one of your own.`,
	};
}
