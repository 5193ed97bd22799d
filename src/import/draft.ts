import type { Notice } from './notice.ts';

/** A configuration in the making, from the files of another tool. */
export interface ImportDraft {
	/** `FailProxy`: whose files they were. */
	from: string;
	providers: readonly DraftProvider[];
	profiles: readonly DraftProfile[];
	policy?: DraftPolicy;
	/** `X-Task-Type` → profile. */
	taskTypes?: Readonly<Record<string, string>>;
	/** The keys that the files had, by the variable that is to hold each. Empty where a key was not in them. */
	keys: ReadonlyMap<string, string>;
	notices: readonly Notice[];
}

export interface DraftProvider {
	name: string;
	/** With `${VAR}` where it had the key in it. */
	baseUrl: string;
	/** The variable that holds its key. Absent where none is sent. */
	keyVariable?: string;
	headers?: Readonly<Record<string, string>>;
	policy?: DraftPolicy;
}

export interface DraftProfile {
	name: string;
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
