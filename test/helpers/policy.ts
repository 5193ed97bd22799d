import type { ProviderRef } from '../../machines/events.ts';
import type { BreakerPolicy, Policy, RetryPolicy, Timeouts } from '../../machines/policy.ts';
import type { Candidate } from '../../machines/request/progress.ts';
import { defaultPolicy } from '../../src/config/policy-schema.ts';

export interface PolicyChanges {
	timeouts?: Partial<Timeouts>;
	retry?: Partial<RetryPolicy>;
	breaker?: Partial<BreakerPolicy>;
	/** Entries laid over the shipped table. */
	onError?: Policy['onError'];
	continuation?: Partial<Policy['continuation']>;
	whenAllDenied?: Policy['whenAllDenied'];
	emptyAnswer?: Policy['emptyAnswer'];
	clientRetryWithin?: Policy['clientRetryWithin'];
}

/** The shipped policy with changes: the machines are tested with the defaults that people run. */
export function policyWith(changes: PolicyChanges = {}): Policy {
	return {
		timeouts: { ...defaultPolicy.timeouts, ...changes.timeouts },
		retry: { ...defaultPolicy.retry, ...changes.retry },
		breaker: { ...defaultPolicy.breaker, ...changes.breaker },
		onError: { ...defaultPolicy.onError, ...changes.onError },
		continuation: { ...defaultPolicy.continuation, ...changes.continuation },
		whenAllDenied: changes.whenAllDenied ?? defaultPolicy.whenAllDenied,
		emptyAnswer: changes.emptyAnswer ?? defaultPolicy.emptyAnswer,
		clientRetryWithin: changes.clientRetryWithin ?? defaultPolicy.clientRetryWithin,
	};
}

export interface CandidateChanges {
	link?: number;
	model?: string;
	/** The provider actor's id: `a`, or `a#2` for the second credential of `a`. */
	credential?: string;
	contextWindow?: number;
	policy?: Policy;
}

/** A target on this provider actor. Without changes it is the first link, `a/m`, with the shipped policy. */
export function candidateOn(actor: ProviderRef, changes: CandidateChanges = {}): Candidate {
	const { link = 0, model = 'm', credential = 'a', contextWindow, policy = policyWith() } = changes;
	const provider = credential.split('#')[0] ?? credential;
	return {
		link,
		target: `${provider}/${model}`,
		provider,
		credential,
		gate: credential,
		model,
		contextWindow,
		streamUpstream: false,
		policy,
		actor,
	};
}
