import type { OperatorEvent } from '../../machines/events.ts';
import type { AnswerSink } from './answer-sink.ts';
import type { Call, RunningCall } from './call.ts';

export interface ProviderHealth {
	state: string;
	since: string;
	/** Why it is not closed: `failures`, `hint`, `auth`, `quota`, `operator`, `probing`. */
	reason: string | null;
	/** When it would grant again; null when it does now. */
	retryAt: string | null;
	consecutiveFailures: number;
	/** The results in the window over which the failure rate is taken. */
	recentResults: { total: number; failed: number };
	probesInFlight: number;
	unavailableModels: Readonly<Record<string, string>>;
	/** When the smallest request fits into its limits per minute again; absent where one does now. */
	limitedUntil?: string;
	lastFailure: { category: string; reason: string | null; status: number | null; model: string; at: string } | null;
	/** Of a key that is checked without a request; absent where it is not. */
	check?: CheckReport;
}

/** The active checks of one key. */
export interface CheckReport {
	with: 'models' | 'chat';
	/** How the last one ended: `passed`, `failed`, `unproved`; null when none was made yet. */
	result: string | null;
	at: string | null;
	/** Why it did not pass. */
	category: string | null;
	reason: string | null;
	/** When the next one is due. */
	nextAt: string;
}

export interface OperationResult {
	/** Whether it changed anything; the same action twice changes nothing the second time. */
	changed: boolean;
	before: ProviderHealth;
	after: ProviderHealth;
}

export interface Service {
	readonly profiles: readonly string[];
	readonly targets: readonly { target: string; provider: string }[];
	readonly defaultProfile: string;
	/** The targets in the chain of each profile. */
	readonly chains: Readonly<Record<string, readonly string[]>>;
	/** The profiles for embeddings, each with the names of its models. */
	readonly embeddings: readonly { readonly profile: string; readonly models: readonly string[] }[];
	call(call: Call, client: AnswerSink): RunningCall;
	health(): Readonly<Record<string, ProviderHealth>>;
	/** Whether each profile could be served at this moment: whether any of its targets would grant a permit. */
	servable(): Readonly<Record<string, boolean>>;
	/** Whether a provider actor would grant a permit for this model now. */
	grants(credential: string, model: string): boolean;
	/**
	 * An operator's action on one provider actor.
	 * @param provider its id, one of those of `health`
	 * @param by who gave it, for the log: an address
	 */
	operate(provider: string, action: OperatorEvent, by?: string): OperationResult;
}
