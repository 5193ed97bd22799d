import type { Policy } from '../../machines/policy.ts';
import type { providerMachine } from '../../machines/provider/machine.ts';
import type { requestMachine } from '../../machines/request/machine.ts';
import { actorsOf } from '../config/actors.ts';
import type { Config } from '../config/config.ts';
import type { ReadConfig } from '../config/load.ts';
import { type Route, routesOf } from '../gateway/routes.ts';
import { isObject } from '../values/json.ts';
import { withCauses } from './causes.ts';
import { causesIn, lint } from './lint/lint.ts';
import type { Bounds } from './prove/explore.ts';
import { inMinutes } from './prove/provider/aspects.ts';
import { checkProvider, type SharedExplorations } from './prove/provider/prove-provider.ts';
import type { ProviderSummary } from './prove/provider/summary.ts';
import { checkProfile } from './prove/request/prove-profile.ts';
import { checkScopes, type ScopesResult } from './prove/scopes/prove-scopes.ts';
import type { LintFinding, ProfileReport, ProviderReport, Report } from './report/report.ts';

export interface CheckSetup {
	/** Of each exploration; each has a default of its own. */
	bounds?: Pick<Bounds, 'states'>;
	/** Called now and then in an exploration. @param what `profile default` */
	onProgress?: (what: string, states: number) => void;
	/** Explore these machines instead of those that run. */
	machines?: { provider?: typeof providerMachine; request?: typeof requestMachine };
	/** Explore this profile only, with the providers that it leads to. It must be one of the configuration's. */
	profile?: string | undefined;
	/** Explorations of earlier checks under the same bounds and machines; what is not there yet is added. Default: none. */
	explored?: ExploredParts;
}

type CheckedProvider = ReturnType<typeof checkProvider>;

/**
 * What checks have explored, each part by the text of all that it depends on. It holds reports alone, never the states
 * that were explored, which are hundreds of megabytes.
 */
export class ExploredParts {
	readonly providers = new Map<string, CheckedProvider>();
	readonly keys = new Map<string, ScopesResult>();
	readonly profiles = new Map<string, ProfileReport>();
}

/**
 * Checks what a configuration does: applies the lint rules, explores each policy of its providers once, and each of its profiles
 * against everything that the providers can say. Profiles that differ in nothing but their name are explored once.
 * @param read from `readConfig`
 */
export function checkConfig(read: ReadConfig, setup: CheckSetup = {}): Report {
	const startedAt = performance.now();
	const { config } = read;
	const lintFindings = lint(read);
	const causes = causesIn(read);
	const earlier = setup.explored ?? new ExploredParts();
	const toCheck = providersToCheck(config, setup);
	const providersKey = stableText(toCheck.map(({ ids, isOfModel, policy }) => [ids, isOfModel, behaviourKey(policy)]));
	const checked = checkProviders(toCheck, setup, earlier);
	const summaries = new Map<string, ProviderSummary>();
	const providers = checked.map(({ summary, properties, ...report }, index) => {
		for (const id of report.ids) summaries.set(id, summary);
		return { ...report, properties: withCauses(properties, toCheck[index]?.names ?? [], causes) };
	});
	const keys = keysToCheck(config, setup).map(({ names, ids, policy }) => {
		const key = behaviourKey(inMinutes(policy));
		const options = {
			...machineOption(setup.machines?.provider),
			...boundsOption(`models of ${ids.join(', ')}`, setup),
		};
		const known = earlier.keys.get(key) ?? checkScopes(policy, options);
		earlier.keys.set(key, known);
		const { properties, ...report } = known;
		return { ids, ...report, properties: withCauses(properties, names, causes) };
	});
	const routes = routesOf(config);
	const explored = new Map<string, ProfileReport>();
	const profiles = Object.keys(config.profiles).flatMap((name) => {
		const route = routes.get(name);
		if (route === undefined || name !== (setup.profile ?? name)) return [];
		const options = { ...machineOption(setup.machines?.request), ...boundsOption(`profile ${name}`, setup) };
		const key = routeKey(route);
		// Its providers' summaries are a part of what a profile depends on.
		const earlierKey = `${providersKey} ${key}`;
		const known = earlier.profiles.get(earlierKey) ?? checkProfile({ ...route, name, providers: summaries }, options);
		earlier.profiles.set(earlierKey, known);
		explored.set(key, known);
		const { properties, ...report } = known;
		return [{ ...report, name, properties: withCauses(properties, [name], causes) }];
	});
	const parts = [...providers, ...keys, ...explored.values()];
	return {
		file: config.file,
		verdict: verdictOn(lintFindings, [...providers, ...keys, ...profiles]),
		lintFindings,
		providers,
		keys,
		profiles,
		states: parts.reduce((sum, { states }) => sum + states, 0),
		transitions: parts.reduce((sum, { transitions }) => sum + transitions, 0),
		ms: Math.round(performance.now() - startedAt),
		memory: process.resourceUsage().maxRSS * 1024,
	};
}

function checkProviders(
	toCheck: ReturnType<typeof providersToCheck>,
	setup: CheckSetup,
	earlier: ExploredParts,
): CheckedProvider[] {
	const shared: SharedExplorations = new Map();
	return toCheck.map(({ ids, policy, isOfModel }) => {
		const key = `${isOfModel} ${behaviourKey(policy)}`;
		const known = earlier.providers.get(key);
		// A counterexample has the ids in it.
		if (known?.properties.every(({ holds }) => holds)) return { ...known, ids };
		const options = {
			shared,
			isOfModel,
			...machineOption(setup.machines?.provider),
			...boundsOption(`provider ${ids.join(', ')}`, setup),
		};
		const checked = checkProvider(ids, policy, options);
		earlier.providers.set(key, checked);
		return checked;
	});
}

/** What is wrong outweighs what is unknown: it stays wrong however much more is explored. */
function verdictOn(
	lintFindings: readonly LintFinding[],
	parts: readonly (ProviderReport | ProfileReport)[],
): Report['verdict'] {
	const isBroken = parts.some(({ properties }) => properties.some(({ holds }) => !holds));
	if (isBroken || lintFindings.some(({ severity }) => severity === 'error')) return 'fails';
	return parts.some(({ unexplored }) => unexplored.length > 0) ? 'unknown' : 'holds';
}

function boundsOption(what: string, { bounds, onProgress }: CheckSetup): { bounds: Partial<Bounds> } {
	return { bounds: { ...bounds, ...(onProgress && { onProgress: (states) => onProgress(what, states) }) } };
}

function machineOption<M>(machine: M | undefined): { machine?: M } {
	return machine === undefined ? {} : { machine };
}

/** Provider actors that behave the same are explored once, under the ids of all of them. */
function providersToCheck(
	config: Config,
	{ profile }: CheckSetup,
): { names: string[]; ids: string[]; policy: Policy; isOfModel: boolean }[] {
	const chain = profile === undefined ? undefined : config.profiles[profile]?.chain.map(({ provider }) => provider);
	const wanted = actorsOf(config).filter(({ provider }) => chain?.includes(provider) ?? true);
	const alike = Map.groupBy(wanted, ({ policy, model }) => `${model !== undefined} ${behaviourKey(policy)}`);
	return [...alike.values()].flatMap((group) => {
		const [first] = group;
		if (first === undefined) return [];
		const names = [...new Set(group.map(({ provider }) => provider))];
		const isOfModel = first.model !== undefined;
		return [{ names, ids: group.map(({ id }) => id), policy: first.policy, isOfModel }];
	});
}

/** Keys with several models in use; those whose policies differ in nothing that is looked at are explored once. */
function keysToCheck(config: Config, { profile }: CheckSetup): { names: string[]; ids: string[]; policy: Policy }[] {
	const chain = profile === undefined ? undefined : config.profiles[profile]?.chain.map(({ provider }) => provider);
	const keys = new Set(actorsOf(config).flatMap(({ model, credential }) => (model === undefined ? [] : [credential])));
	const wanted = Object.values(config.providers).flatMap(({ name, policy, credentials }) =>
		(chain?.includes(name) ?? true) ? credentials.map(({ id }) => ({ name, id, policy })) : [],
	);
	const alike = Map.groupBy(
		wanted.filter(({ id }) => keys.has(id)),
		({ policy }) => behaviourKey(inMinutes(policy)),
	);
	return [...alike.values()].flatMap((group) => {
		const [first] = group;
		if (first === undefined) return [];
		const names = [...new Set(group.map(({ name }) => name))];
		return [{ names, ids: group.map(({ id }) => id), policy: first.policy }];
	});
}

/** All that a provider actor obeys of a policy, and that its failures are made from. */
function behaviourKey({ breaker, retry, onError }: Policy): string {
	return stableText({ breaker, retry, onError });
}

/** All that a request obeys of a route. */
function routeKey({ candidates, policy, commit }: Route): string {
	return stableText({ candidates, policy, commit });
}

/** The same for what is the same, in whatever order it is written. */
function stableText(data: object): string {
	return JSON.stringify(data, (_key, value: unknown) =>
		isObject(value) ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))) : value,
	);
}
