import type { Policy } from '../../machines/policy.ts';
import type { Simulation } from '../contract/simulation.ts';
import type { FileCandidate } from './chain-schema.ts';
import type {
	Config,
	Credential,
	ErrorRuleConfig,
	KeySource,
	NotificationsConfig,
	ProfileConfig,
	ProviderConfig,
	TargetConfig,
} from './config.ts';
import { type FileHealth, resolveHealth } from './health-schema.ts';
import { overlayPolicy } from './layers.ts';
import type { FileNotifications } from './notifications-schema.ts';
import { reasoningFirstToken } from './policy-defaults.ts';
import { defaultPolicy, type PolicyLayer } from './policy-schema.ts';
import type { File, FileProfile, FileProvider } from './schema.ts';
import { simulation } from './simulation-schema.ts';
import { overlayRequest, resolveTarget, streamsUpstream } from './targets.ts';

const anthropicUrl = 'https://api.anthropic.com';

type Table<T> = Readonly<Record<string, T>>;

/**
 * Makes the configuration out of a file that has been checked: layers laid over each other, profiles extended,
 * facts attached to targets.
 * @param requestValues texts in `request.defaults` and `request.force` that came from the environment
 * @returns deeply frozen, as machines and requests all share it
 */
export function resolve(file: string, content: File, requestValues: readonly string[] = []): Config {
	const base = overlayPolicy(defaultPolicy, content.policy);
	const patient = overlayPolicy(defaultPolicy, { timeouts: { firstToken: reasoningFirstToken } });
	const reasoningBase = overlayPolicy(patient, content.policy);
	const providers = mapTable(content.providers, (provider, name) =>
		resolveProvider(name, provider, base, reasoningBase, content.health),
	);
	const profiles = mapTable(content.profiles, (_, name) => resolveProfile(name, content, providers, base));
	const [first = ''] = Object.keys(profiles);
	return deepFreeze({
		file,
		server: content.server,
		...(content.logs !== undefined && { logs: content.logs }),
		...(content.notifications !== undefined && { notifications: resolveNotifications(content.notifications) }),
		providers,
		profiles,
		defaultProfile: 'default' in profiles ? 'default' : first,
		...(content.routing !== undefined && { routing: content.routing }),
		...(content.budget !== undefined && { budget: content.budget }),
		errorRules: content.errorRules.map(resolveRule),
		...(requestValues.length > 0 && { requestValues }),
	});
}

function resolveNotifications({ webhooks, ...others }: FileNotifications): NotificationsConfig {
	return { ...others, webhooks: webhooks.map((webhook) => ({ ...webhook, headers: lowerCaseNames(webhook.headers) })) };
}

function resolveProvider(
	name: string,
	provider: FileProvider,
	base: Policy,
	reasoningBase: Policy,
	healthOfFile: FileHealth | undefined,
): ProviderConfig {
	const { protocol, baseUrl, apiKey = [], headers, tls, models, limits, request, policy, simulate } = provider;
	const { streamUpstream = false, endpoints, apiVersion } = provider;
	const reachedAt = baseUrlOf(protocol, baseUrl);
	const health = resolveHealth(healthOfFile, provider.health, reachedAt.baseUrl);
	return {
		name,
		protocol,
		...reachedAt,
		...(endpoints !== undefined && { endpoints }),
		...(apiVersion !== undefined && { apiVersion }),
		credentials: credentialsOf(name, apiKey),
		headers: lowerCaseNames(headers),
		...(tls !== undefined && { tls }),
		models: mapTable(models ?? {}, (facts) => facts),
		limits,
		...(health !== undefined && { health }),
		request: { defaults: {}, force: {}, ...request },
		streamUpstream,
		policy: overlayPolicy(base, policy),
		reasoningPolicy: overlayPolicy(reasoningBase, policy),
		...(protocol === 'simulated' && { simulate: resolveSimulation(simulate ?? simulation.parse({})) }),
	};
}

function baseUrlOf(protocol: FileProvider['protocol'], given: string | undefined): Pick<ProviderConfig, 'baseUrl'> {
	const baseUrl = given ?? (protocol === 'anthropic' ? anthropicUrl : undefined);
	return baseUrl === undefined ? {} : { baseUrl };
}

/** A step without an extent lasts one request. */
function resolveSimulation(given: NonNullable<FileProvider['simulate']>): Simulation {
	const script = given.script.map((step) => ('for' in step || 'requests' in step ? step : { ...step, requests: 1 }));
	return { ...given, script };
}

function credentialsOf(provider: string, keys: readonly (string | KeySource)[]): Credential[] {
	const source = `providers.${provider}.apiKey`;
	const [only] = keys;
	if (only === undefined) return [{ id: provider, source }];
	if (keys.length === 1) return [{ id: provider, ...keyOf(only), source }];
	return keys.map((key, index) => ({ id: `${provider}#${index + 1}`, ...keyOf(key), source: `${source}[${index}]` }));
}

function keyOf(key: string | KeySource): Pick<Credential, 'apiKey' | 'keyFrom'> {
	return typeof key === 'string' ? { apiKey: key } : { keyFrom: key };
}

function resolveProfile(name: string, content: File, providers: Table<ProviderConfig>, base: Policy): ProfileConfig {
	const lineage = lineageOf(name, content.profiles);
	const chain = lineage.findLast((profile) => profile.chain !== undefined)?.chain ?? [];
	const layers = lineage.flatMap((profile) => profile.policy ?? []);
	const budget = content.profiles[name]?.budget;
	const streamUpstream = lineage.findLast((profile) => profile.streamUpstream !== undefined)?.streamUpstream;
	return {
		name,
		chain: chain
			.flatMap((candidate) => resolveCandidate(candidate, providers, layers))
			.map((candidate) => ({
				...candidate,
				streamUpstream: streamsUpstream(
					candidate.request,
					streamUpstream ?? providers[candidate.provider]?.streamUpstream ?? false,
				),
			})),
		commit: lineage.findLast((profile) => profile.commit !== undefined)?.commit ?? 'first-token',
		for: lineage.findLast((profile) => profile.for !== undefined)?.for ?? 'answers',
		whenNotCarried: lineage.findLast((profile) => profile.whenNotCarried !== undefined)?.whenNotCarried ?? 'pass-over',
		policy: layers.reduce(overlayPolicy, base),
		policyLayers: layers,
		...(streamUpstream !== undefined && { streamUpstream }),
		...(budget !== undefined && { budget }),
	};
}

function resolveCandidate(
	{ target, request, headers, policy }: FileCandidate,
	providers: Table<ProviderConfig>,
	layers: readonly Partial<PolicyLayer>[],
): TargetConfig[] {
	return resolveTarget(target, providers, layers).map((resolved) => ({
		...resolved,
		request: overlayRequest(resolved.request, request),
		headers: lowerCaseNames(headers),
		policy: overlayPolicy(resolved.policy, policy),
	}));
}

/** A profile and those it extends, the most distant first, as their policies are laid over each other. */
function lineageOf(name: string, profiles: Table<FileProfile>): FileProfile[] {
	const profile = profiles[name];
	if (profile === undefined) return [];
	return [...(profile.extends === undefined ? [] : lineageOf(profile.extends, profiles)), profile];
}

function resolveRule(rule: File['errorRules'][number]): ErrorRuleConfig {
	const { status, header, ...others } = rule;
	return {
		...others,
		...(status !== undefined && { status: status.map(statusOf) }),
		...(header !== undefined && { header: lowerCaseNames(header) }),
	};
}

/** A status in quotes or from the environment is the same as without; a class such as `5XX` is written small. */
function statusOf(status: number | string): number | string {
	const number = Number(status);
	return Number.isNaN(number) ? String(status).toLowerCase() : number;
}

function lowerCaseNames(headers: Table<string> = {}): Table<string> {
	return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** Without a prototype: names come from requests too, and a model called `constructor/x` must find nothing. */
function mapTable<T, U>(table: Table<T>, map: (value: T, name: string) => U): Table<U> {
	const entries = Object.entries(table).map(([name, value]) => [name, map(value, name)]);
	return Object.assign(Object.create(null), Object.fromEntries(entries));
}

function deepFreeze<T>(value: T): T {
	if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
	for (const field of Object.values(value)) deepFreeze(field);
	return Object.freeze(value);
}
