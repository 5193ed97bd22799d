import type { Policy } from '../../machines/policy.ts';
import type { providerMachine } from '../../machines/provider/machine.ts';
import type { Limits } from '../../machines/provider/rate.ts';
import type { requestMachine } from '../../machines/request/machine.ts';
import { actorsOf } from '../config/actors.ts';
import type { Config } from '../config/config.ts';
import type { ReadConfig } from '../config/load.ts';
import { routesOf } from '../gateway/routes.ts';
import { cataloguedAt } from '../prices/catalogue.ts';
import { pricesOf } from '../prices/price-of.ts';
import { nameList } from '../values/first-lines.ts';
import { activeChecks } from './active-checks.ts';
import { behaviourKey, routeKey } from './alike.ts';
import { withCauses } from './causes.ts';
import { causesIn, lint } from './lint/lint.ts';
import { defaultBounds } from './prove/default-bounds.ts';
import type { Bounds } from './prove/explore.ts';
import { inMinutes, smallRates } from './prove/provider/aspects.ts';
import { checkProvider, type SharedExplorations } from './prove/provider/prove-provider.ts';
import type { ProviderSummary } from './prove/provider/summary.ts';
import { type ExploredProfile, exploreProfile } from './prove/request/prove-profile.ts';
import { sampleCosts } from './prove/request/sample-cost.ts';
import { checkScopes, type ScopesResult } from './prove/scopes/prove-scopes.ts';
import { TotalBound } from './prove/total-bound.ts';
import type { Coverage, LintFinding, ProfileReport, ProviderReport, Report } from './report/report.ts';
import { toldReports } from './told.ts';

export interface CheckSetup {
	/** Of each exploration; each has a default of its own. */
	bounds?: Pick<Bounds, 'states'>;
	/** Transitions of all explorations together; what was not begun by then is left out. It has a default. */
	total?: number | undefined;
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
 * What checks have explored, each part by the text of all that it depends on. It holds reports and the ways to the worst
 * cases alone, never all the states that were explored, which are hundreds of megabytes.
 */
export class ExploredParts {
	readonly providers = new Map<string, CheckedProvider>();
	readonly keys = new Map<string, ScopesResult>();
	readonly profiles = new Map<string, ExploredProfile>();
}

/**
 * Checks what a configuration does: applies the lint rules, explores each policy of its providers once, and each of its profiles
 * against everything that the providers can say. Profiles that differ in names alone are explored once.
 * @param read from `readConfig`
 */
export function checkConfig(read: ReadConfig, setup: CheckSetup = {}): Report {
	const startedAt = performance.now();
	const { config } = read;
	const lintFindings = lint(read);
	const causes = causesIn(read);
	const check: Check = {
		setup,
		total: new TotalBound(setup.total ?? defaultBounds.total),
		earlier: setup.explored ?? new ExploredParts(),
		skipped: { providers: [], keys: [], profiles: [] },
	};
	const toCheck = providersToCheck(config, setup);
	const checked = checkProviders(toCheck, check);
	const providers = checked.map(({ names, report: { summary, properties, ...report } }) => {
		return { ...report, properties: withCauses(properties, names, causes) };
	});
	const keys = checkKeys(keysToCheck(config, setup), check).map(({ names, report: { properties, ...report } }) => {
		return { ...report, properties: withCauses(properties, names, causes) };
	});
	const summaries = new Map(checked.flatMap(({ report }) => report.ids.map((id) => [id, report.summary] as const)));
	const explored = checkProfiles(config, toCheck, summaries, check);
	const profiles = explored.map(({ report }) => {
		return { ...report, properties: withCauses(report.properties, [report.name], causes) };
	});
	// Profiles that are alike were explored once.
	const parts = [...providers, ...keys, ...new Map(explored.map(({ key, report }) => [key, report])).values()];
	const { total, skipped } = check;
	const isStopped = Object.values(skipped).some((names) => names.length > 0) || wasCutShort(total, parts);
	return {
		file: config.file,
		verdict: verdictOn(lintFindings, [...providers, ...keys, ...profiles], isStopped),
		lintFindings,
		providers,
		keys,
		profiles,
		told: toldReports({ providers: config.providers, profiles: profilesToCheck(config, setup) }),
		activeChecks: activeChecks(config),
		...(isStopped && { stopped: { transitions: total.most, skipped } }),
		states: parts.reduce((sum, { states }) => sum + states, 0),
		transitions: parts.reduce((sum, { transitions }) => sum + transitions, 0),
		ms: Math.round(performance.now() - startedAt),
		memory: process.resourceUsage().maxRSS * 1024,
	};
}

/** One check that is under way. */
interface Check {
	readonly setup: CheckSetup;
	readonly total: TotalBound;
	readonly earlier: ExploredParts;
	/** What was not begun, since the total was used up. */
	readonly skipped: { providers: string[]; keys: string[]; profiles: string[] };
}

function profilesToCheck({ profiles }: Config, { profile }: CheckSetup): Config['profiles'] {
	const only = profile === undefined ? undefined : profiles[profile];
	return only === undefined ? profiles : { [only.name]: only };
}

function wasCutShort(total: TotalBound, parts: readonly Coverage[]): boolean {
	return total.isReached && parts.some(({ unexplored }) => unexplored.length > 0);
}

/** A result that was cut short by the total says nothing to a later check, which has a total of its own. */
function remember<T extends Coverage>(known: Map<string, T>, key: string, found: T, { total }: Check): T {
	if (!wasCutShort(total, [found])) known.set(key, found);
	return found;
}

function checkProviders(toCheck: ReturnType<typeof providersToCheck>, check: Check) {
	const { setup, total, earlier, skipped } = check;
	const shared: SharedExplorations = new Map();
	return toCheck.flatMap((toExplore): { names: string[]; report: CheckedProvider }[] => {
		const { names, ids, policy, isOfModel, rates } = toExplore;
		const key = behaviourOf(toExplore);
		const known = earlier.providers.get(key);
		// A counterexample has the ids in it.
		if (known?.properties.every(({ holds }) => holds)) return [{ names, report: { ...known, ids } }];
		if (total.isReached) {
			skipped.providers.push(...ids);
			return [];
		}
		const options = {
			shared,
			isOfModel,
			rates,
			...machineOption(setup.machines?.provider),
			...boundsOption(`provider ${nameList(ids)}`, check),
		};
		return [{ names, report: remember(earlier.providers, key, checkProvider(ids, policy, options), check) }];
	});
}

function checkKeys(toCheck: ReturnType<typeof keysToCheck>, check: Check) {
	const { setup, total, earlier, skipped } = check;
	return toCheck.flatMap(({ names, ids, policy }): { names: string[]; report: ProviderReport }[] => {
		const key = behaviourKey(inMinutes(policy));
		const known = earlier.keys.get(key);
		if (known !== undefined) return [{ names, report: { ids, ...known } }];
		if (total.isReached) {
			skipped.keys.push(...ids);
			return [];
		}
		const options = {
			...machineOption(setup.machines?.provider),
			...boundsOption(`models of ${nameList(ids)}`, check),
		};
		return [{ names, report: { ids, ...remember(earlier.keys, key, checkScopes(policy, options), check) } }];
	});
}

function checkProfiles(
	config: Config,
	toCheck: ReturnType<typeof providersToCheck>,
	providers: ReadonlyMap<string, ProviderSummary>,
	check: Check,
): { key: string; report: ProfileReport }[] {
	const { setup, total, earlier, skipped } = check;
	const behaviours = new Map(
		toCheck.flatMap((explored) => {
			const behaviour = behaviourOf(explored);
			return explored.ids.map((id) => [id, behaviour] as const);
		}),
	);
	const routes = routesOf(config);
	// Not now: the same file must not be told another cost in another hour.
	const prices = pricesOf(config, cataloguedAt);
	return Object.keys(config.profiles).flatMap((name) => {
		const plan = routes.get(name);
		if (plan === undefined || name !== (setup.profile ?? name)) return [];
		const route = { ...plan, name, providers, costs: sampleCosts(plan, prices, cataloguedAt) };
		const key = routeKey(route, (id) => behaviours.get(id) ?? '');
		const known = earlier.profiles.get(key)?.reportOn(route);
		if (known !== undefined) return [{ key, report: known }];
		if (total.isReached) {
			skipped.profiles.push(name);
			return [];
		}
		const options = { ...machineOption(setup.machines?.request), ...boundsOption(`profile ${name}`, check) };
		const explored = exploreProfile(route, options);
		const { report } = explored;
		if (!wasCutShort(total, [report])) earlier.profiles.set(key, explored);
		return [{ key, report }];
	});
}

/** What is wrong outweighs what is unknown: it stays wrong however much more is explored. */
function verdictOn(
	lintFindings: readonly LintFinding[],
	parts: readonly (ProviderReport | ProfileReport)[],
	isStopped: boolean,
): Report['verdict'] {
	const isBroken = parts.some(({ properties }) => properties.some(({ holds }) => !holds));
	if (isBroken || lintFindings.some(({ severity }) => severity === 'error')) return 'fails';
	return isStopped || parts.some(({ unexplored }) => unexplored.length > 0) ? 'unknown' : 'holds';
}

function boundsOption(what: string, { setup: { bounds, onProgress }, total }: Check): { bounds: Partial<Bounds> } {
	return { bounds: { ...bounds, total, ...(onProgress && { onProgress: (states) => onProgress(what, states) }) } };
}

function machineOption<M>(machine: M | undefined): { machine?: M } {
	return machine === undefined ? {} : { machine };
}

/** Provider actors that behave the same. */
interface ProvidersToCheck {
	/** Of the providers. */
	readonly names: string[];
	readonly ids: string[];
	readonly policy: Policy;
	readonly isOfModel: boolean;
	/** What they may grant in a minute. */
	readonly rates: Limits | undefined;
}

/** All that an exploration of a provider actor depends on: of its limits per minute, which there are. */
function behaviourOf({ policy, isOfModel, rates }: Pick<ProvidersToCheck, 'policy' | 'isOfModel' | 'rates'>): string {
	return `${isOfModel} ${behaviourKey(policy)} ${JSON.stringify(rates && smallRates(rates))}`;
}

/** They are explored once, under the ids of all of them. */
function providersToCheck(config: Config, { profile }: CheckSetup): ProvidersToCheck[] {
	const chain = profile === undefined ? undefined : config.profiles[profile]?.chain.map(({ provider }) => provider);
	const wanted = actorsOf(config).filter(({ provider }) => chain?.includes(provider) ?? true);
	const alike = Map.groupBy(wanted, ({ policy, model, rates }) =>
		behaviourOf({ policy, isOfModel: model !== undefined, rates }),
	);
	return [...alike.values()].flatMap((group) => {
		const [first] = group;
		if (first === undefined) return [];
		const names = [...new Set(group.map(({ provider }) => provider))];
		const isOfModel = first.model !== undefined;
		return [{ names, ids: group.map(({ id }) => id), policy: first.policy, isOfModel, rates: first.rates }];
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
