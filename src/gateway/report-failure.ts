import type { DenialReason } from '../../machines/events.ts';
import { type Failure, failureName } from '../../machines/failure.ts';
import {
	currentCandidate,
	type Ending,
	earliestRetryAt,
	isBeyondAllLimits,
	type Progress,
	type TraceEntry,
	tokensFor,
} from '../../machines/request/progress.ts';
import type { AttemptReport, DenialReport, FailureReport } from '../contract/failure-report.ts';
import { rfc3339 } from '../values/clock.ts';
import { countText } from '../values/figures.ts';
import type { Bond } from './borrowed.ts';
import {
	type Denial,
	type ErrorKind,
	endingKind,
	endings,
	isRejectedByAll,
	type LastFailureOf,
	lastDenials,
} from './ending-kind.ts';

type FailedAttempt = Extract<TraceEntry, { did: 'attempt' }>;

/** What the provider that failed last said, without keys. */
export interface ProviderMessage {
	/** `''` when it said nothing. */
	message: string;
	/** Its own name for a caller's mistake. */
	code?: string;
	/** The member of the request that the mistake is in. */
	param?: string;
}

/** What is known beside how a request went. */
interface Known {
	said?: ProviderMessage;
	lastFailureOf?: LastFailureOf;
	/** Whom alone it could be asked of. */
	bond?: Bond | undefined;
}

/**
 * The error that a caller gets when a request ended without a whole answer.
 * @param progress of the request actor, at its end
 * @param route what the caller named: a profile or a target
 * @param known what the last provider said, and what is known of those that were not asked; default: nothing
 */
export function reportFailure(
	progress: Progress,
	route: string,
	{ said = { message: '' }, lastFailureOf, bond }: Known = {},
): FailureReport {
	const { ending = 'exhausted' } = progress;
	const kind = endingKind(progress, lastFailureOf);
	const isCallersMistake = ending === 'rejected' && progress.failure?.category === 'BAD_REQUEST';
	const retryAt = earliestRetryAt(progress);
	const isWorthRetrying = ending !== 'rejected' && ending !== 'interrupted' && !isBeyondAllLimits(progress);
	return {
		status: kind.status,
		headers: replyHeaders(ending, progress, retryAt),
		body: {
			error: {
				message: `${describe(kind, progress, route, said.message)}${bondText(ending, bond)}`,
				type: kind.type,
				param: (isCallersMistake && said.param) || null,
				// Where we have a code of our own for the mistake, clients build on that one.
				code: (isCallersMistake && kind.code === endings.badRequest.code && said.code) || kind.code,
			},
			failover: {
				requestId: progress.id,
				profile: route,
				attempts: attemptReports(progress.trace),
				denied: denialReports(progress.trace),
				...(isWorthRetrying ? { retryAt: rfc3339(retryAt) } : {}),
			},
		},
	};
}

/** Why nobody else was asked, and how somebody else can be. */
function bondText(ending: Ending, bond: Bond | undefined): string {
	if (bond === undefined || ending === 'rejected') return '';
	return ` Only ${bond.credential} has what its ${bond.what} names; send the whole input instead to let others answer.`;
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

/** The error for a request whose answer would have taken more memory than there is for all (`server.limits.memory`). */
export function reportOverload(requestId: string): FailureReport {
	const message = `The answer to this request (${requestId}) outgrew the memory that Breakwater has for requests in flight (server.limits.memory); try again in a second, or ask for a stream.`;
	return { ...plainReport(endings.overloaded, message), headers: { 'retry-after': '1' } };
}

function plainReport({ status, type, code }: ErrorKind, message: string): FailureReport {
	return { status, headers: {}, body: { error: { message, type, param: null, code } } };
}

/** A rejected key opens its provider, so the next request goes another way; a request that is wrong stays wrong. */
function replyHeaders(ending: Ending, progress: Progress, retryAt: number): Record<string, string> {
	if (ending === 'interrupted') return {};
	const isMistake = ending === 'rejected' && progress.failure?.category === 'BAD_REQUEST';
	const waitMs = retryAt - progress.now;
	if (isBeyondAllLimits(progress)) return { 'x-should-retry': 'false' };
	const headers = ending === 'rejected' ? {} : retryHeaders(waitMs);
	const { clientRetryWithin } = progress.policy;
	// A client library would sleep for that long without a word to the application.
	const isTooLong = ending !== 'rejected' && clientRetryWithin !== 'off' && waitMs > clientRetryWithin;
	const isVain = isMistake || isRejectedByAll(progress) || isTooLong;
	return isVain ? { ...headers, 'x-should-retry': 'false' } : headers;
}

/**
 * Whole seconds, rounded up so that nobody comes too early, and at least one, so that nobody hammers; the same in ms for
 * clients that read it.
 */
function retryHeaders(waitMs: number): Record<string, string> {
	const seconds = { 'retry-after': String(Math.max(1, Math.ceil(waitMs / 1000))) };
	return waitMs > 0 ? { ...seconds, 'retry-after-ms': String(waitMs) } : seconds;
}

function describe({ code }: ErrorKind, progress: Progress, route: string, providerMessage: string): string {
	const { ending = 'exhausted' } = progress;
	const isEverywhere = ending === 'denied' || ending === 'exhausted';
	if (isEverywhere && code === endings.providerAuth.code) return deadKeys(progress, route);
	if (isEverywhere && code === endings.modelNotFound.code) {
		const targets = [...new Set(progress.candidates.map(({ target }) => target))].join(', ');
		return `No provider has the model that '${route}' asks for (${targets}); correct its name in the configuration, or ask for another one.`;
	}
	if (ending === 'exhausted' && code === endings.exhaustedLocally.code) {
		return `Breakwater could not ask every target of '${route}': its machine has no file descriptor, port or memory left for a connection. No provider is to blame; try again after the time in Retry-After.`;
	}
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
			if (isBeyondAllLimits(progress))
				return `The request is expected to use about ${countText(tokensFor(progress, where.target))} tokens, which is more than every target of '${route}' may use in a minute: ${denialList(progress)}. Make it smaller, or raise the limit.`;
			return `No target of '${route}' can be asked now: ${denialList(progress)}. Try again after the time in Retry-After.`;
		case 'exhausted':
			return `Every target of '${route}' failed or is unavailable; the last failure was ${what} from ${where.target}.${said}${cureOf(failure, where.provider)}`;
		case 'deadline':
			return `The request ran out of time (${deadlineName(progress)}) after ${progress.attempts} attempt(s) without an answer.`;
		case 'interrupted':
			return `The answer from ${where.target} broke off (${what}) and is not complete.`;
		case 'rejected':
			if (failure?.category === 'BAD_REQUEST' && providerMessage !== '') return providerMessage;
			if (failure?.reason === 'no_key') {
				return `${where.target} was not asked, for its key could not be fetched: see ${keyPlace(where.credential)} in the configuration and the log of Breakwater; the key you sent is not involved.`;
			}
			if (failure?.category === 'AUTH_ERROR') {
				return `${where.target} rejected the credential that Breakwater has for provider '${where.credential}'; the key you sent is not involved. Check that provider's apiKey in the configuration.`;
			}
			return `${where.target} answered ${what}, which the policy does not fail over.${said}${cureOf(failure, where.provider)}`;
	}
}

/** What the operator is to change, where nothing else helps. */
function cureOf(failure: Failure | undefined, provider: string): string {
	if (failure?.reason !== 'no_endpoint') return '';
	return ` It has no such endpoint: correct providers.${provider}.baseUrl, or list those that it has in providers.${provider}.endpoints.`;
}

/** Every key was rejected. The place of each in the configuration, as whoever reads this has to change it. */
function deadKeys({ candidates }: Progress, route: string): string {
	const places = [...new Set(candidates.map(({ credential }) => keyPlace(credential)))];
	const keys = places.length === 1 ? 'the key' : 'the keys';
	return `No target of '${route}' can be asked: the providers rejected ${keys} of Breakwater (the key you sent is not involved). Replace ${places.join(', ')} in the configuration, and restart.`;
}

/** `openai#2` has the second key of a list. */
function keyPlace(credential: string): string {
	const [provider = credential, number] = credential.split('#');
	return `providers.${provider}.apiKey${number === undefined ? '' : `[${Number(number) - 1}]`}`;
}

function providerOf(credential: string): string {
	return credential.split('#')[0] ?? credential;
}

/** A denial, and how long it was to last. */
type TimedDenial = Denial & { readonly waitMs: number };

const denialWords: Readonly<Record<DenialReason, (denial: TimedDenial) => string>> = {
	failures: ({ state }) => `is ${state} after failures`,
	hint: () => 'asked to wait',
	auth: ({ credential }) => `rejected its key (replace ${keyPlace(credential)})`,
	quota: () => 'is out of quota or credit',
	operator: () => 'was taken out by an operator',
	probing: () => 'is being probed',
	model: () => 'is unavailable',
	limit: ({ credential, waitMs }) =>
		waitMs > 0
			? `has no room left in its limits per minute (providers.${providerOf(credential)}, \`limits\`)`
			: `has as many attempts in flight as it may (providers.${providerOf(credential)}.limits.concurrent)`,
	'retry-budget': () => 'meets as many retries as it may (`retry.budget`)',
	ramp: () => 'has just recovered, and is asked for a part only (`breaker.ramp`)',
	'beyond-limit': ({ credential }) =>
		`takes no request of this size (providers.${providerOf(credential)}, \`limits.tokensPerMinute\`)`,
};

function denialList({ trace, startedAt }: Progress): string {
	const denials = lastDenials(trace).map((denial) => {
		const waitMs = denial.retryAt - startedAt - denial.at;
		return `${denial.target} ${denialWords[denial.reason]({ ...denial, waitMs })}`;
	});
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

function denialReports(trace: readonly TraceEntry[]): DenialReport[] {
	return lastDenials(trace).map(({ target, credential, state, reason, retryAt }) => ({
		target,
		credential,
		state,
		reason,
		retryAt: Number.isFinite(retryAt) ? rfc3339(retryAt) : null,
	}));
}

/** Which option set the deadline of a request for which no answer has begun: the caller's own is there from its beginning. */
function deadlineName({ deadlineAt, streamEndsAt }: Progress): string {
	return deadlineAt === streamEndsAt ? 'X-Request-Timeout' : 'timeouts.request';
}
