import type { Policy } from '../../machines/policy.ts';
import type { providerMachine } from '../../machines/provider/machine.ts';
import type { requestMachine } from '../../machines/request/machine.ts';
import type { Config } from '../config/config.ts';
import type { ReadConfig } from '../config/load.ts';
import { type Route, routesOf } from '../gateway/routes.ts';
import { isObject } from '../values/json.ts';
import { withCauses } from './causes.ts';
import { causesIn, lint } from './lint/lint.ts';
import type { Bounds } from './prove/explore.ts';
import { checkProvider, type SharedExplorations } from './prove/provider/prove-provider.ts';
import type { ProviderSummary } from './prove/provider/summary.ts';
import { checkProfile } from './prove/request/prove-profile.ts';
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
	readonly providers = new Map<string, readonly CheckedProvider[]>();
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
	const providersKey = stableText(toCheck.map(({ ids, policy }) => [ids, behaviourKey(policy)]));
	const checked = earlier.providers.get(providersKey) ?? checkProviders(toCheck, setup);
	earlier.providers.set(providersKey, checked);
	const summaries = new Map<string, ProviderSummary>();
	const providers = checked.map(({ summary, properties, ...report }, index) => {
		for (const id of report.ids) summaries.set(id, summary);
		return { ...report, properties: withCauses(properties, toCheck[index]?.names ?? [], causes) };
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
	const parts = [...providers, ...explored.values()];
	return {
		file: config.file,
		verdict: verdictOn(lintFindings, [...providers, ...profiles]),
		lintFindings,
		providers,
		profiles,
		states: parts.reduce((sum, { states }) => sum + states, 0),
		transitions: parts.reduce((sum, { transitions }) => sum + transitions, 0),
		ms: Math.round(performance.now() - startedAt),
		memory: process.resourceUsage().maxRSS * 1024,
	};
}

function checkProviders(toCheck: ReturnType<typeof providersToCheck>, setup: CheckSetup): CheckedProvider[] {
	const shared: SharedExplorations = new Map();
	return toCheck.map(({ ids, policy }) => {
		const options = {
			shared,
			...machineOption(setup.machines?.provider),
			...boundsOption(`provider ${ids.join(', ')}`, setup),
		};
		return checkProvider(ids, policy, options);
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

/** Providers whose actors behave the same are explored once, under the names of all their credentials. */
function providersToCheck(
	{ providers, profiles }: Config,
	{ profile }: CheckSetup,
): { names: string[]; ids: string[]; policy: Policy }[] {
	const chain = profile === undefined ? undefined : profiles[profile]?.chain.map(({ provider }) => provider);
	const wanted = Object.values(providers).filter(({ name }) => chain?.includes(name) ?? true);
	const alike = Map.groupBy(wanted, ({ policy }) => behaviourKey(policy));
	return [...alike.values()].flatMap((group) => {
		const [first] = group;
		if (first === undefined) return [];
		const ids = group.flatMap(({ credentials }) => credentials.map(({ id }) => id));
		return [{ names: group.map(({ name }) => name), ids, policy: first.policy }];
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
