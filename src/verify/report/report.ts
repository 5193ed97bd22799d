import type { EventObject } from 'xstate';
import type { Policy } from '../../../machines/policy.ts';

/** What `breakwater check` found out about one configuration. It holds no key. */
export interface Report {
	file: string;
	/** `holds`: everything does. `fails`: a property does not, or a lint finding is an error. `unknown`: a bound was reached. */
	verdict: 'holds' | 'fails' | 'unknown';
	lintFindings: readonly LintFinding[];
	/** One for each set of providers that obey the same policy, for they behave the same. */
	providers: readonly ProviderReport[];
	/** One for each set of keys with several models in use: what their actors make of it together. */
	keys: readonly ProviderReport[];
	profiles: readonly ProfileReport[];
	/** What targets are told of requests that come in another dialect than theirs. */
	told: readonly ToldReport[];
	/** The active checks of providers, which are not explored: one sentence each, without a full stop. */
	activeChecks: readonly string[];
	/** Only where the bound on the whole check was reached before its end. */
	stopped?: {
		/** The bound. */
		transitions: number;
		/** What was not begun, by its names: nothing is known of it. */
		skipped: { providers: readonly string[]; keys: readonly string[]; profiles: readonly string[] };
	};
	/** Everything that was explored. */
	states: number;
	transitions: number;
	/** How long the check took, ms. */
	ms: number;
	/** The most memory the process has had, bytes. */
	memory: number;
}

export type Severity = 'error' | 'warning' | 'note';

/** What an expert would say of the configuration. */
export interface LintFinding {
	/** Stable, in kebab-case: `same-target-twice`. */
	rule: string;
	severity: Severity;
	line: number;
	column: number;
	/** What it is, why it matters, and after a semicolon what to do. */
	message: string;
}

export interface ProviderReport extends Coverage {
	/** The provider actors that obey this policy. */
	ids: readonly string[];
	properties: readonly PropertyResult[];
}

export interface ProfileReport extends Coverage {
	name: string;
	chain: readonly string[];
	properties: readonly PropertyResult[];
	worst: WorstCases;
}

/** How requests of one kind of caller reach targets that do not get them as they came. */
export interface ToldReport {
	/** Where the callers post them: `/v1/messages`. */
	path: string;
	/** The endpoint that the targets are asked at, `/chat/completions`; null where they cannot be asked at all. */
	in: string | null;
	/** What they are never told of. */
	leftOut: readonly string[];
	/** What the answer depends on, and what they cannot be told either. */
	needed: readonly string[];
	/** What becomes of them where a request has something of that. */
	whenNotCarried: 'pass-over' | 'send-without';
	/** `provider/model` each. */
	targets: readonly string[];
	profiles: readonly string[];
}

export interface Coverage {
	states: number;
	transitions: number;
	/** Bounds that were reached, one sentence each: what was not covered. Empty when all of it was. */
	unexplored: readonly string[];
}

export interface PropertyResult {
	/** Stable, in kebab-case: `quota-cools-down`. */
	id: string;
	/** What must hold, as one sentence without a full stop. */
	statement: string;
	holds: boolean;
	/** Only where it does not hold. */
	counterexample?: Counterexample;
}

/** Events, in order, that lead to where a property does not hold. */
export interface Counterexample {
	/** What happened instead, in one sentence. */
	message: string;
	steps: readonly CaseStep[];
	/** The line of the file that makes it so, where one does; both count from 1. */
	at?: { line: number; column: number };
	/** The policy of the case, where it is not the file's: an exploration makes large numbers smaller. */
	policy?: Policy;
}

/** One event of a case: a counterexample, a worst case, or a case that is explained. */
export interface CaseStep {
	/** ms since the case began. */
	at: number;
	/** Who causes it. */
	by: 'request' | 'provider' | 'upstream' | 'client' | 'operator' | 'peer' | 'time';
	/** The provider actor that is concerned, such as `openai#1`. */
	provider?: string;
	/** The target that is concerned. */
	target?: string;
	/** What happened, in words: `openai/gpt-5.4 answers 429 RATE_LIMIT, retry-after 30 s`. */
	words: string;
	/** The event as the machine got it, so that the case can be replayed. */
	event: EventObject;
	/** The state of the request machine after it: `attempting`, `committed.streaming`. Absent where no request is looked at. */
	requestState?: string;
	/** The state of the provider machine after it, as far as it is known. */
	providerState?: string;
}

export interface WorstCases {
	/** The most attempts that one request can cause. */
	attempts: WorstCase;
	/** The longest that a client can wait for the first content of a stream, or for an error instead, ms. */
	firstContent: WorstCase;
	/** The longest that a client can wait for an answer that is not streamed, or for an error instead, ms. */
	wholeAnswer: WorstCase;
	/** The most that one request can cost; absent where no price of the chain is known. */
	cost?: CostCase;
}

/** The dearest way of a request of so many tokens, each of whose attempts reads all of its prompt and writes a whole answer. */
export interface CostCase extends WorstCase {
	readonly inputTokens: number;
	readonly outputTokens: number;
	/** Targets whose price is not known: what they cost comes on top. */
	readonly unpriced: readonly string[];
}

export interface WorstCase {
	/** Attempts, ms or USD. */
	most: number;
	/** The exploration was complete: there is nothing worse. */
	isExact: boolean;
	steps: readonly CaseStep[];
}
