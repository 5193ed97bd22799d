import type { Failure } from '../../machines/failure.ts';
import { isBeyondAllLimits, type Progress, type TraceEntry } from '../../machines/request/progress.ts';

export interface ErrorKind {
	status: number;
	type: string;
	code: string;
}

/** The ways in which a call can end without an answer. Codes are stable; clients may build on them. */
export const endings = {
	denied: { status: 503, type: 'server_error', code: 'all_targets_unavailable' },
	exhausted: { status: 502, type: 'server_error', code: 'all_targets_failed' },
	exhaustedByTimeouts: { status: 504, type: 'server_error', code: 'all_targets_timed_out' },
	exhaustedLocally: { status: 503, type: 'server_error', code: 'local_resources_exhausted' },
	exhaustedByOverload: { status: 503, type: 'server_error', code: 'all_targets_overloaded' },
	exhaustedByLimits: { status: 429, type: 'rate_limit_error', code: 'all_targets_limited' },
	deadline: { status: 504, type: 'server_error', code: 'deadline_exceeded' },
	interrupted: { status: 502, type: 'server_error', code: 'stream_interrupted' },
	badRequest: { status: 400, type: 'invalid_request_error', code: 'bad_request' },
	contextLength: { status: 400, type: 'invalid_request_error', code: 'context_length_exceeded' },
	contentPolicy: { status: 400, type: 'invalid_request_error', code: 'content_policy_violation' },
	tooLarge: { status: 413, type: 'invalid_request_error', code: 'request_too_large' },
	providerAuth: { status: 502, type: 'server_error', code: 'provider_auth_failed' },
	modelNotFound: { status: 404, type: 'invalid_request_error', code: 'model_not_found' },
	rejected: { status: 502, type: 'server_error', code: 'provider_failed' },
	overloaded: { status: 503, type: 'server_error', code: 'overloaded' },
	shutdown: { status: 503, type: 'server_error', code: 'shutting_down' },
	internal: { status: 500, type: 'server_error', code: 'internal_error' },
} as const satisfies Record<string, ErrorKind>;

/** The last failure that a provider actor knows of, by its id; undefined where it knows of none, or has forgotten it. */
export type LastFailureOf = (id: string) => (Failure & { model: string }) | undefined;

/** The stable code of how a request ended, for logs and metrics: a caller may be told the provider's own. */
export function failureCode(progress: Progress, lastFailureOf?: LastFailureOf): string {
	return endingKind(progress, lastFailureOf).code;
}

/** What a caller is told of a request that ended without a whole answer: by all that failed, and why nothing else was asked. */
export function endingKind(progress: Progress, lastFailureOf: LastFailureOf = () => undefined): ErrorKind {
	const { ending = 'exhausted', trace, failure } = progress;
	if (ending === 'rejected' || isRejectedByAll(progress)) return rejectionKind(failure);
	if (ending !== 'exhausted' && ending !== 'denied') return endings[ending];
	if (ending === 'denied' && isBeyondAllLimits(progress)) return endings.tooLarge;
	const failures = trace.flatMap((step) => (step.did === 'attempt' && step.failure ? [step.failure] : []));
	const causes = [
		...lastDenials(trace).map((denial) => causeOf(denial, lastFailureOf)),
		...failures.map(causeOfFailure),
	];
	const isAll = (cause: Cause) => causes.length > 0 && causes.every((one) => one === cause);
	if (isAll('limit')) return endings.exhaustedByLimits;
	if (causes.length > 0 && causes.every(isOfLoad)) return endings.exhaustedByOverload;
	if (isAll('key')) return endings.providerAuth;
	if (isAll('nowhere')) return endings.modelNotFound;
	if (ending === 'denied') return endings.denied;
	if (wasKeptFromAsking(trace)) return endings.exhaustedLocally;
	if (failures.every(({ category }) => category === 'TIMEOUT')) return endings.exhaustedByTimeouts;
	// What was asked at all is limited, or overloaded: that the rest was not asked changes nothing for the caller.
	const ofFailures = failures.map(causeOfFailure);
	if (ofFailures.every((cause) => cause === 'limit')) return endings.exhaustedByLimits;
	return ofFailures.every(isOfLoad) ? endings.exhaustedByOverload : endings.exhausted;
}

/** Every target that was asked says that the mistake is the caller's: then it is told as one. */
export function isRejectedByAll({ ending, trace }: Progress): boolean {
	if (ending !== 'exhausted') return false;
	return trace.every((step) => step.did !== 'attempt' || step.failure?.category === 'BAD_REQUEST');
}

/** A fault of this machine, and not of the provider that it was met on the way to: no answer of one can be that. */
export function isLocal({ category, reason, status }: Failure): boolean {
	return category === 'NETWORK_ERROR' && reason === 'local' && status === undefined;
}

/** A target that might have answered was not reached in the end, for want of what this machine has no more of. */
function wasKeptFromAsking(trace: readonly TraceEntry[]): boolean {
	const last = new Map<string, Failure | undefined>();
	for (const step of trace) if (step.did === 'attempt') last.set(`${step.credential}/${step.target}`, step.failure);
	return [...last.values()].some((failure) => failure !== undefined && isLocal(failure));
}

export type Denial = Extract<TraceEntry, { did: 'deny' }>;

/** The last denial of each target: a second round (`try-soonest`) asks the same ones again. */
export function lastDenials(trace: readonly TraceEntry[]): Denial[] {
	const denials = new Map<string, Denial>();
	for (const step of trace) if (step.did === 'deny') denials.set(`${step.credential}/${step.target}`, step);
	return [...denials.values()];
}

/** Why a target does not serve, as far as it changes what a caller should do. */
type Cause = 'limit' | 'overload' | 'key' | 'nowhere' | 'other';

/** It is asked too much, and serves again when it is asked less. */
function isOfLoad(cause: Cause): boolean {
	return cause === 'limit' || cause === 'overload';
}

function causeOf({ reason, target, credential, model }: Denial, lastFailureOf: LastFailureOf): Cause {
	if (reason === 'quota' || reason === 'limit' || reason === 'beyond-limit') return 'limit';
	if (reason === 'auth') return 'key';
	const last = lastFailureOf(model === undefined ? credential : `${credential}/${model}`);
	const cause = last === undefined ? undefined : causeOfFailure(last);
	if (cause === 'overload' && reason !== 'operator') return cause;
	// A 503 names a time to wait, too; where nobody knows any more what it was, it was a limit.
	if (reason === 'hint') return cause === undefined || cause === 'limit' ? 'limit' : 'other';
	const isOfModel = reason === 'model' && last !== undefined && target.endsWith(`/${last.model}`);
	return isOfModel && cause === 'nowhere' ? 'nowhere' : 'other';
}

/** A model that is only being loaded has a reason, and so has one that crashed. */
function causeOfFailure({ category, reason, status = 0 }: Failure): Cause {
	if (category === 'RATE_LIMIT' || category === 'QUOTA_EXCEEDED') return 'limit';
	if (category === 'AUTH_ERROR') return 'key';
	if (category === 'SERVER_ERROR' && reason === 'overloaded') return 'overload';
	return category === 'MODEL_UNAVAILABLE' && reason === undefined && status >= 400 && status < 500
		? 'nowhere'
		: 'other';
}

function rejectionKind(failure: Failure | undefined): ErrorKind {
	if (failure?.category === 'AUTH_ERROR') return endings.providerAuth;
	if (failure?.category !== 'BAD_REQUEST') return endings.rejected;
	// Told as 402 or 429 by some, which would say that waiting or paying helps.
	if (failure.reason === 'too_large') return endings.tooLarge;
	const isClientStatus = failure.status !== undefined && failure.status >= 400 && failure.status < 500;
	const kinds: Readonly<Record<string, ErrorKind>> = {
		context_length: endings.contextLength,
		content_policy: endings.contentPolicy,
	};
	const kind = kinds[failure.reason ?? ''] ?? endings.badRequest;
	return { ...kind, status: isClientStatus ? (failure.status ?? kind.status) : kind.status };
}
