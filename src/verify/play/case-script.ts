import type { Failure } from '../../../machines/failure.ts';
import type { CandidatePlan } from '../../gateway/routes.ts';

/** What is imagined of the world in which a request is explained: how each provider stands, and what it does. */
export interface CaseScript {
	readonly entries: readonly ScriptEntry[];
	/** When the client leaves, ms after the request began. */
	readonly clientLeavesAfterMs?: number;
}

export interface ScriptEntry {
	readonly subject: Subject;
	/** What its first, second… attempt meets; the last one repeats. Empty where only a state is named. */
	readonly outcomes: readonly Outcome[];
	/** How its provider actors stand when the request comes. */
	readonly state?: StateBefore;
	/** Its models are unavailable; for so many ms, or as long as the policy says. */
	readonly unavailable?: { readonly forMs?: number };
}

/** Whom an entry is about. What is not given is any. */
export interface Subject {
	/** As it stands in the script. */
	readonly name: string;
	readonly provider?: string;
	/** The provider actor's id, where the provider has several. */
	readonly credential?: string;
	readonly target?: string;
	/** Several models of its key are in use: it has a state of its own. */
	readonly hasOwnActor?: boolean;
}

/** How a provider actor stands before the request; without `forMs` for as long as the policy says. */
export type StateBefore =
	| { readonly is: 'closed' }
	/** It has failed so often in a row, and was closed before: it still is, where the policy does not open it by then. */
	| { readonly is: 'failing'; readonly failures: number }
	| { readonly is: 'open'; readonly reason: OpenReason; readonly forMs?: number }
	| { readonly is: 'quota-cooldown'; readonly forMs?: number }
	/** Its limits have no room left. */
	| { readonly is: 'limited'; readonly forMs?: number }
	/** `isBusy`: all its probes are out. */
	| { readonly is: 'half-open'; readonly isBusy: boolean };

export const openReasons = ['failures', 'hint', 'auth', 'operator'] as const;
export type OpenReason = (typeof openReasons)[number];

/** What one attempt meets. */
export type Outcome =
	/** An answer: `afterMs` until its first content, `takesMs` from there to its end. */
	| { readonly does: 'answer'; readonly afterMs: number; readonly takesMs: number }
	/** A whole answer that says nothing. */
	| { readonly does: 'say-nothing'; readonly afterMs: number }
	/** An error response, classified as it would be. */
	| ({ readonly does: 'status'; readonly status: number; readonly afterMs: number } & ErrorText)
	/** Nothing, until a timeout ends it. */
	| { readonly does: 'silence'; readonly until: 'connected' | 'answered' }
	| { readonly does: 'network-error'; readonly what: NetworkFault; readonly afterMs: number }
	/** An answer that breaks after so many tokens, `takesMs` after the first one. */
	| ({ readonly does: 'break'; readonly how: Breach } & Beginning & ErrorText)
	/** A failure as it would be classified, whatever caused it; with tokens, in the middle of an answer. */
	| ({ readonly does: 'failure'; readonly failure: Failure } & Beginning);

export type NetworkFault = 'refused' | 'reset' | 'dns';
export type Breach = 'cut' | 'stall' | 'error-event';

interface Beginning {
	readonly tokens: number;
	readonly afterMs: number;
	readonly takesMs: number;
}

/** What an error says of itself. */
export interface ErrorText {
	readonly code?: string;
	readonly type?: string;
	readonly message?: string;
	readonly retryAfterMs?: number;
}

/** Whether an entry is about a target. */
export function concerns({ provider, credential, target }: Subject, candidate: CandidatePlan): boolean {
	if (provider !== undefined && provider !== candidate.provider) return false;
	if (credential !== undefined && credential !== candidate.credential) return false;
	return target === undefined || target === candidate.target;
}

/**
 * The most specific of the entries that are about a target: a target before a credential, that before a provider, that
 * before `*`; a target of one credential is the most specific of all.
 */
export function entryFor(entries: readonly ScriptEntry[], candidate: CandidatePlan): ScriptEntry | undefined {
	const fitting = entries.filter(({ subject }) => concerns(subject, candidate));
	return fitting.sort((a, b) => specificity(b.subject) - specificity(a.subject))[0];
}

function specificity({ provider, credential, target }: Subject): number {
	return (target === undefined ? 0 : 4) + (credential === undefined ? 0 : 2) + (provider === undefined ? 0 : 1);
}
