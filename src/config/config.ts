import type { HealthCheckPolicy } from '../../machines/health-check/context.ts';
import type { Policy } from '../../machines/policy.ts';
import type { Limits } from '../../machines/provider/rate.ts';
import type { InputKind } from '../contract/dialect.ts';
import type { Simulation } from '../contract/simulation.ts';
import type { BudgetPeriod } from './budget-schema.ts';
import type { PolicyLayer } from './policy-schema.ts';

/** A whole configuration, checked and resolved: every default filled in, every duration in ms, every size in bytes. */
export interface Config {
	/** The file it came from, as it was given. */
	file: string;
	server: ServerConfig;
	/** Absent where no log files are wanted. */
	logs?: LogsConfig;
	/** Absent where nobody is to be notified. */
	notifications?: NotificationsConfig;
	providers: Readonly<Record<string, ProviderConfig>>;
	profiles: Readonly<Record<string, ProfileConfig>>;
	/** `default` when it is defined, else the first profile of the file. */
	defaultProfile: string;
	/** Absent where requests that name no profile go to the default one. */
	routing?: RoutingConfig;
	/** Of all requests together; absent where they may cost what they do. */
	budget?: BudgetConfig;
	/** The user's own classification rules, in their order; they go before the shipped ones. */
	/** Texts that `request.defaults` and `request.force` have from the environment: they are not shown. Absent for none. */
	requestValues?: readonly string[];
	errorRules: readonly ErrorRuleConfig[];
}

export interface ServerConfig {
	host: string;
	/** 0 is any free port. */
	port: number;
	/** How long the head and the body of a request may take to come, ms; a body that keeps coming may take longer. */
	timeouts: { head: number; body: number };
	/** The largest request body, bytes. */
	bodyLimit: number;
	/** The largest answer taken from a provider, bytes. */
	answerLimit: number;
	/** How much this process takes on at once. */
	limits: ServerLimits;
	unknownModel: 'default' | 'reject';
	/** Whether a request body that is not quite JSON is repaired instead of refused. */
	repairJson: boolean;
	/** How long new requests are still taken after a signal to stop, ms. */
	drainDelay: number;
	/** How long open requests may go on after that, ms. */
	drainTimeout: number;
	/** Further names of this machine that callers without keys may use; absent for none. */
	hosts?: readonly string[];
	/** Origins of pages that may call, `*` for all; absent for none. */
	corsOrigins?: readonly string[];
	/** By name; absent where callers need no key. */
	clients?: Readonly<Record<string, ClientConfig>>;
	/** Absent where the admin API is shut. */
	adminKey?: string;
	adminFrom: 'loopback' | 'anywhere';
	/** Absent where `/metrics` and `/health` are open. */
	monitoringKey?: string;
	/** Paths of a certificate and its key; absent where it speaks http. */
	tls?: { cert: string; key: string };
}

export interface ServerLimits {
	/** Requests in flight. */
	requests: number;
	/** Connections of callers. */
	connections: number;
	/** What requests in flight hold, bytes. */
	memory: number;
	/** How late the event loop may be for some time, ms. */
	eventLoopLag: number;
	/** Of one address; absent where there is no limit. */
	connectionsPerAddress?: number;
}

/** A caller with a name. */
export interface ClientConfig {
	/** At least one; any of them will do. */
	key: readonly string[];
	/** Absent where it has no limit, as in those below. */
	requestsPerMinute?: number;
	/** Of prompts and answers. */
	tokensPerMinute?: number;
	/** Requests in flight. */
	concurrent?: number;
	/** Those that it may ask; absent: all. */
	profiles?: readonly string[];
	/** Absent where its requests may cost what they do. */
	budget?: BudgetConfig;
}

/** What requests may cost in a period. */
export interface BudgetConfig {
	usd: number;
	per: BudgetPeriod;
	/** What becomes of requests when it is spent: `refuse`, or the profile that serves instead. */
	then: string;
	/** The share of it from which on is warned, 0 to 1. */
	warnAt: number;
}

/** Which profile a request goes to that names none. */
export interface RoutingConfig {
	/** Profiles by the value of a hint, in small letters. */
	hints?: {
		taskType?: Readonly<Record<string, string>>;
		quality?: Readonly<Record<string, string>>;
	};
	/** Profiles by what the last message looks like. */
	heuristics?: { code?: string; critical?: string; cheap?: string };
}

export interface LogsConfig {
	folder: string;
	/** Bytes. */
	maxSize: number;
	/** How many files, the one that is written to among them. */
	keep: number;
}

export interface NotificationsConfig {
	webhooks: readonly WebhookConfig[];
	/** How often an incident that lasts is reported again, ms; 0 is never. */
	reminder: number;
	/** A provider that is out of traffic for this long is an incident too, ms. */
	downAfter?: number;
}

export interface WebhookConfig {
	/** A secret: it is never shown. */
	url: string;
	format: 'json' | 'slack';
	/** Further request headers, names in lower case. */
	headers: Readonly<Record<string, string>>;
}

/** Files in PEM, by path from the working directory. */
export interface TlsConfig {
	/** Who may have signed the provider's certificate; absent: the authorities that Node knows. */
	ca?: string;
	/** Never without `key`. */
	cert?: string;
	key?: string;
}

export interface ProviderConfig {
	name: string;
	protocol: 'openai' | 'anthropic' | 'azure' | 'simulated';
	/** Without a slash at its end. Always there but for `simulated`. */
	baseUrl?: string;
	/** What it has of the API; absent: what its protocol usually has. */
	endpoints?: readonly string[];
	/** The version of the API that is asked for; absent: as the protocol has it. */
	apiVersion?: string;
	/** At least one, perhaps without a key. */
	credentials: readonly Credential[];
	/** Extra request headers, names in lower case. */
	headers: Readonly<Record<string, string>>;
	/** Absent where TLS is as Node makes it. */
	tls?: TlsConfig;
	models: Readonly<Record<string, ModelFacts>>;
	/** How much is asked of it with each of its keys. */
	limits: Required<Pick<TargetLimits, 'concurrent'>> & TargetLimits;
	/** How it is checked while nobody asks it; absent where it is not. */
	health?: HealthConfig;
	/** What is set in the requests to every model of it. */
	request: RequestConfig;
	/** Whether answers are streamed from it whatever the client asked for. */
	streamUpstream: boolean;
	/** defaults ← `policy` ← the provider's policy. */
	policy: Policy;
	/** The same for models that reason, whose defaults are longer. */
	reasoningPolicy: Policy;
	/** Always there for `simulated`, never for any other. */
	simulate?: Simulation;
}

/** How one key of a provider is checked without a request. */
export interface HealthConfig extends HealthCheckPolicy {
	/** What it is asked for: the list of its models, or an answer of one token. */
	with: 'models' | 'chat';
	/** It is on this machine or in its own network, and may be checked although its cooldown is not over. */
	isOwnServer: boolean;
}

/** How much is asked of a key, or of one of its models. */
export interface TargetLimits extends Limits {
	/** Attempts in flight. */
	concurrent?: number;
}

export interface Credential {
	/** The provider actor's id: the provider's name, or `openai#1`, `openai#2` when it has several. */
	id: string;
	/** The key as it is written; never beside `keyFrom`. Without both, no key is sent. */
	apiKey?: string;
	/** Where its key is fetched. */
	keyFrom?: KeySource;
	/** Where it stands in the file: `providers.openai.apiKey[0]`. */
	source: string;
}

/** Where a key comes from that is fetched at the start, and again while the process runs. */
export type KeySource =
	/** A text for the shell, or a program and its arguments; `every`: how often it is run, ms. */
	| { command: string | readonly string[]; every?: number }
	/** A path from the working directory. */
	| { file: string }
	| { oauth: OAuthClient };

/** A client of an OAuth server, which gives it tokens for its own credentials. */
export interface OAuthClient {
	tokenUrl: string;
	clientId: string;
	clientSecret: string;
	scope?: string;
	audience?: string;
}

export interface ModelFacts {
	/** How much is asked of it with each key, beside what the key may be asked. */
	limits?: TargetLimits;
	/** Tokens that prompt and answer may have together. */
	contextWindow?: number;
	/** Tokens that an answer may have. */
	maxOutputTokens?: number;
	/** What a request may hold; absent: whatever there is. */
	input?: readonly InputKind[];
	/** In which of the endpoints of its provider it answers; absent: in all of them. */
	endpoints?: readonly string[];
	/** The name of this very model elsewhere. */
	sameAs?: string;
	/** Whether the model goes on from an assistant message that ends the conversation. */
	prefill?: boolean;
	/** Whether it thinks before its first word; where it is not given, its name may say so. */
	reasons?: boolean;
	/** What is set in the requests to it, over what its provider says. */
	request?: Partial<RequestConfig>;
	/** What differs for it from its provider's policy. */
	policy?: Partial<PolicyLayer>;
	/** What it costs; absent: what the catalogue of prices says. */
	price?: PriceConfig;
}

/** USD per million tokens of each kind; a kind that is absent costs what its whole costs. */
export interface PriceConfig {
	input: number;
	output: number;
	/** Of the prompt, what came from a cache. */
	cachedInput?: number;
	/** Of the prompt, what was put into a cache. */
	cacheWrite?: number;
	/** Of the answer, the thoughts. */
	reasoning?: number;
	/** Of the prompt, sound. */
	audioInput?: number;
	/** Of the answer, sound. */
	audioOutput?: number;
	/** USD for each request. */
	perRequest?: number;
}

/** Members of a request body, as JSON values. */
export interface RequestConfig {
	/** Set where the caller gives none. */
	defaults: Readonly<Record<string, unknown>>;
	/** Set whatever the caller gives; null takes the member out. */
	force: Readonly<Record<string, unknown>>;
}

export interface ProfileConfig {
	name: string;
	chain: readonly TargetConfig[];
	/** When a streamed answer begins to reach the client. */
	commit: 'first-token' | 'complete';
	for: 'answers' | 'embeddings';
	/** What becomes of a target that cannot be told all of a request. */
	whenNotCarried: 'pass-over' | 'send-without';
	/** defaults ← `policy` ← the profile's policy: what is the request's own (`timeouts.request`, `whenAllDenied`). */
	policy: Policy;
	/** What it and the profiles that it extends say about policy, to be laid over a provider's in this order. */
	policyLayers: readonly Partial<PolicyLayer>[];
	/** Whether answers are streamed from its targets whatever the client asked for; absent where the providers say. */
	streamUpstream?: boolean;
	/** Absent where requests to it may cost what they do. */
	budget?: BudgetConfig;
}

export interface TargetConfig {
	/** `provider/model`, split at the first slash. */
	target: string;
	provider: string;
	model: string;
	/** Tokens, when the model's facts say it. */
	contextWindow?: number;
	/** Whether it continues a last message of the assistant, when the model's facts say it. */
	prefill?: boolean;
	/** Whether it thinks before its first word. */
	reasons: boolean;
	/** Tokens that an answer may have, when the model's facts say it. */
	maxOutputTokens?: number;
	/** What a request may hold, when the model's facts say it. */
	input?: readonly InputKind[];
	/** Under which name it is the same model as others: its own, or what its facts say. */
	sameAs: string;
	/** Whether answers are streamed from it whatever the client asked for. */
	streamUpstream: boolean;
	/** The provider's ← the model's ← the target's. */
	request: RequestConfig;
	/** Further request headers of this target, names in lower case; they win over the provider's. */
	headers: Readonly<Record<string, string>>;
	/** defaults ← `policy` ← the provider's policy ← the profile's policy ← the target's policy. */
	policy: Policy;
}

/** One rule: a failure that meets every condition given is classified as `as`. */
export interface ErrorRuleConfig {
	/** HTTP statuses, or classes of them such as `5xx`. An error inside a 200 counts as the status that it names. */
	status?: readonly (number | string)[];
	/** Any identifier that the error carries, with `*` as a wildcard; case does not matter. */
	code?: readonly string[];
	/** `error.type` alone, with `*` as a wildcard; case does not matter. */
	type?: readonly string[];
	/** The source of a regular expression that is looked for in the error's text; case does not matter. */
	message?: string;
	/** Response headers, their names in lower case, and the source of a regular expression for each; case does not matter. */
	header?: Readonly<Record<string, string>>;
	/** Names of providers in the configuration. */
	provider?: readonly string[];
	/** `CATEGORY` or `CATEGORY.reason`. */
	as: string;
}
