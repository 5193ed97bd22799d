import { type Failure, failureName } from '../../machines/failure.ts';
import {
	currentCandidate,
	type Ending,
	earliestRetryAt,
	type Progress,
	type TraceEntry,
} from '../../machines/request/progress.ts';
import type { AttemptReport, DenialReport, FailureReport } from '../contract/failure-report.ts';

type FailedAttempt = Extract<TraceEntry, { did: 'attempt' }>;

interface ErrorKind {
	status: number;
	type: string;
	code: string;
}

/** The ways in which a call can end without an answer. Codes are stable; clients may build on them. */
export const endings = {
	denied: { status: 503, type: 'server_error', code: 'all_targets_unavailable' },
	exhausted: { status: 502, type: 'server_error', code: 'all_targets_failed' },
	exhaustedByTimeouts: { status: 504, type: 'server_error', code: 'all_targets_timed_out' },
	exhaustedByLimits: { status: 429, type: 'rate_limit_error', code: 'all_targets_limited' },
	deadline: { status: 504, type: 'server_error', code: 'deadline_exceeded' },
	interrupted: { status: 502, type: 'server_error', code: 'stream_interrupted' },
	badRequest: { status: 400, type: 'invalid_request_error', code: 'bad_request' },
	contextLength: { status: 400, type: 'invalid_request_error', code: 'context_length_exceeded' },
	contentPolicy: { status: 400, type: 'invalid_request_error', code: 'content_policy_violation' },
	providerAuth: { status: 502, type: 'server_error', code: 'provider_auth_failed' },
	rejected: { status: 502, type: 'server_error', code: 'provider_failed' },
	shutdown: { status: 503, type: 'server_error', code: 'shutting_down' },
	internal: { status: 500, type: 'server_error', code: 'internal_error' },
} as const satisfies Record<string, ErrorKind>;

/**
 * The error that a caller gets when a request ended without a whole answer.
 * @param progress of the request actor, at its end
 * @param route what the caller named: a profile or a target
 * @param providerMessage the last provider's own words, without keys; `''` when it said nothing
 */
export function reportFailure(progress: Progress, route: string, providerMessage: string): FailureReport {
	const { ending = 'exhausted' } = progress;
	const kind = errorKind(ending, progress);
	const retryAt = earliestRetryAt(progress);
	const isWorthRetrying = ending !== 'rejected' && ending !== 'interrupted';
	return {
		status: kind.status,
		headers: replyHeaders(ending, progress, retryAt),
		body: {
			error: {
				message: describe(ending, progress, route, providerMessage),
				type: kind.type,
				param: null,
				code: kind.code,
			},
			failover: {
				requestId: progress.id,
				profile: route,
				attempts: attemptReports(progress.trace),
				denied: denialReports(progress.trace),
				...(isWorthRetrying ? { retryAt: new Date(retryAt).toISOString() } : {}),
			},
		},
	};
}

/** The error for a fault of ours. It gives no details: the log does. */
export function reportInternalError(requestId: string): FailureReport {
	const message = `Breakwater failed on this request (${requestId}); its log says why. Other requests are not affected.`;
	return plainReport(endings.internal, message);
}

/** The error for a request that was still open when Breakwater had to end. */
export function reportShutdown(requestId: string): FailureReport {
	return plainReport(
		endings.shutdown,
		`Breakwater was stopped before this request (${requestId}) had its whole answer.`,
	);
}

function plainReport({ status, type, code }: ErrorKind, message: string): FailureReport {
	return { status, headers: {}, body: { error: { message, type, param: null, code } } };
}

/** A rejected key opens its provider, so the next request goes another way; a request that is wrong stays wrong. */
function replyHeaders(
	ending: Ending,
	{ failure, now, policy: { clientRetryWithin } }: Progress,
	retryAt: number,
): Record<string, string> {
	if (ending === 'interrupted') return {};
	if (ending !== 'rejected') {
		const waitMs = retryAt - now;
		const headers = retryHeaders(waitMs);
		// A client library would sleep for that long without a word to the application.
		const isTooLong = clientRetryWithin !== 'off' && waitMs > clientRetryWithin;
		return isTooLong ? { ...headers, 'x-should-retry': 'false' } : headers;
	}
	return failure?.category === 'BAD_REQUEST' ? { 'x-should-retry': 'false' } : {};
}

/**
 * Whole seconds, rounded up so that nobody comes too early, and at least one, so that nobody hammers; the same in ms for
 * clients that read it.
 */
function retryHeaders(waitMs: number): Record<string, string> {
	const seconds = { 'retry-after': String(Math.max(1, Math.ceil(waitMs / 1000))) };
	return waitMs > 0 ? { ...seconds, 'retry-after-ms': String(waitMs) } : seconds;
}

function errorKind(ending: Ending, progress: Progress): ErrorKind {
	if (ending === 'rejected') return rejectionKind(progress.failure);
	if (ending !== 'exhausted') return endings[ending];
	const failures = progress.trace.flatMap((step) =>
		step.did === 'attempt' && step.failure ? [step.failure.category] : [],
	);
	if (failures.every((category) => category === 'TIMEOUT')) return endings.exhaustedByTimeouts;
	const isLimit = (category: string) => category === 'RATE_LIMIT' || category === 'QUOTA_EXCEEDED';
	return failures.every(isLimit) ? endings.exhaustedByLimits : endings.exhausted;
}

function rejectionKind(failure: Failure | undefined): ErrorKind {
	if (failure?.category === 'AUTH_ERROR') return endings.providerAuth;
	if (failure?.category !== 'BAD_REQUEST') return endings.rejected;
	const isClientStatus = failure.status !== undefined && failure.status >= 400 && failure.status < 500;
	const kinds: Readonly<Record<string, ErrorKind>> = {
		context_length: endings.contextLength,
		content_policy: endings.contentPolicy,
	};
	const kind = kinds[failure.reason ?? ''] ?? endings.badRequest;
	return { ...kind, status: isClientStatus ? (failure.status ?? kind.status) : kind.status };
}

function describe(ending: Ending, progress: Progress, route: string, providerMessage: string): string {
	const said = providerMessage === '' ? '' : ` It said: ${providerMessage}`;
	const { failure } = progress;
	// The target that was asked last may have said no: the failure is another one's. A deadline passes where the request stands.
	const where =
		failure === progress.failed?.failure
			? (progress.failed?.candidate ?? currentCandidate(progress))
			: currentCandidate(progress);
	const what = failure === undefined ? 'nothing' : failureName(failure);
	switch (ending) {
		case 'denied':
			return `No target of '${route}' can be asked now: ${denialList(progress)}. Try again after the time in Retry-After.`;
		case 'exhausted':
			return `Every target of '${route}' failed or is unavailable; the last failure was ${what} from ${where.target}.${said}`;
		case 'deadline':
			return `The request ran out of time (timeouts.request) after ${progress.attempts} attempt(s) without an answer.`;
		case 'interrupted':
			return `The answer from ${where.target} broke off (${what}) and is not complete.`;
		case 'rejected':
			if (failure?.category === 'BAD_REQUEST' && providerMessage !== '') return providerMessage;
			if (failure?.category === 'AUTH_ERROR') {
				return `${where.target} rejected the credential that Breakwater has for provider '${where.credential}'; the key you sent is not involved. Check that provider's apiKey in the configuration.`;
			}
			return `${where.target} answered ${what}, which the policy does not fail over.${said}`;
	}
}

function denialList(progress: Progress): string {
	const denials = progress.trace.flatMap((step) =>
		step.did === 'deny' ? [`${step.target} is ${step.reason === 'model' ? 'unavailable' : step.state}`] : [],
	);
	return [...new Set(denials)].join(', ');
}

function attemptReports(trace: readonly TraceEntry[]): AttemptReport[] {
	const isFailed = (step: TraceEntry): step is FailedAttempt => step.did === 'attempt';
	return trace.filter(isFailed).map(({ target, credential, ms, failure }) => ({
		target,
		credential,
		category: failure?.category ?? 'TIMEOUT',
		reason: failure?.reason ?? (failure === undefined ? 'deadline' : null),
		status: failure?.status ?? null,
		milliseconds: ms,
	}));
}

/** The last denial of each target: a second round (`try-soonest`) asks the same ones again. */
function denialReports(trace: readonly TraceEntry[]): DenialReport[] {
	const reports = new Map<string, DenialReport>();
	for (const step of trace) {
		if (step.did !== 'deny') continue;
		const { target, credential, state, reason, retryAt } = step;
		const report = { target, credential, state, reason, retryAt: new Date(retryAt).toISOString() };
		reports.set(`${credential}/${target}`, report);
	}
	return [...reports.values()];
}
