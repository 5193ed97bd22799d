import type { PriceConfig } from '../config/config.ts';
import type { Notice } from './notice.ts';

/** A configuration in the making, from the files of another tool. */
export interface ImportDraft {
	/** `FailProxy`: whose files they were. */
	from: string;
	providers: readonly DraftProvider[];
	profiles: readonly DraftProfile[];
	policy?: DraftPolicy;
	/** Who may call, and what becomes of names that nothing has. */
	server?: DraftServer;
	/** `X-Task-Type` → profile. */
	taskTypes?: Readonly<Record<string, string>>;
	/** The keys that the files had, by the variable that is to hold each. Empty where a key was not in them. */
	keys: ReadonlyMap<string, string>;
	/** Variables in it that hold no key but an address, or the version of an API. */
	variables?: readonly string[];
	notices: readonly Notice[];
}

export interface DraftServer {
	unknownModel?: 'reject';
	/** The variable with the key of each caller, by its name. */
	clients?: Readonly<Record<string, string>>;
}

export interface DraftProvider {
	name: string;
	/** Absent where it is the usual one. */
	protocol?: 'anthropic' | 'azure';
	/** With `${VAR}` where it had the key in it, or was one. Absent where the protocol knows it. */
	baseUrl?: string;
	/** Like `baseUrl`. */
	apiVersion?: string;
	/** The variable that holds its key. Absent where none is sent. */
	keyVariable?: string;
	/** Like `baseUrl`. */
	headers?: Readonly<Record<string, string>>;
	policy?: DraftPolicy;
	/** What is known of its models. */
	models?: Readonly<Record<string, DraftFacts>>;
}

/** As `models` of a provider has them. */
export interface DraftFacts {
	contextWindow?: number;
	maxOutputTokens?: number;
	price?: PriceConfig;
	endpoints?: readonly string[];
	sameAs?: string;
}

export interface DraftProfile {
	name: string;
	/** What it is asked for; absent: answers. */
	for?: 'embeddings';
	/** Absent: targets that cannot be told all of a request are passed over. */
	whenNotCarried?: 'send-without';
	/** What it comes from. */
	comment?: string;
	chain: readonly DraftCandidate[];
	policy?: DraftPolicy;
}

export interface DraftCandidate {
	/** `provider/model`. */
	target: string;
	/** What it was called. */
	comment?: string;
	request?: { defaults?: Readonly<Record<string, unknown>>; force?: Readonly<Record<string, unknown>> };
	headers?: Readonly<Record<string, string>>;
	policy?: DraftPolicy;
}

/** A part of a policy as it is written in YAML. */
export type DraftPolicy = Readonly<Record<string, unknown>>;
