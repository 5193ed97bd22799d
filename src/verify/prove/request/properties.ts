/** What must hold of every request: stable id, and the statement. */
export const requestProperties = {
	'always-ends':
		'a request always ends: in every state something can still happen, and a target that said no is not asked again and again',
	'request-goes-down':
		'before the commit a request never goes back to an earlier target of its chain, except in one more round after every target was denied: an early one, or one after a wait',
	'attempts-within-policy': 'a target is attempted once, and again only as often as the retries of its rule allow',
	'retries-are-made':
		'a failure whose rule has retries left is tried again on the same target when its wait is at most maxRetryAfter and ends before the deadline, and the provider grants by then',
	'last-try-is-reported':
		'each failure is reported to its provider together with whether the request will try the target again, and that is right as far as the request decides it',
	'counts-once-a-provider':
		'each failure is reported to its provider together with where a failure of the request has counted before, so that no request opens a provider alone',
	'shared-failures-are-withdrawn':
		'what several providers answered alike, and none otherwise, is taken back from them when the request ends; a failure of the line, a timeout, a limit and an overload never are',
	'continuations-within-policy':
		'a broken answer is carried on only after the failures that the policy lists, at most maxContinuations times, and asks each target at most three times between two breaks',
	'ends-by-deadline':
		'each search for an answer, the first one and the one after a break, has `timeouts.request`, and a stream `timeouts.stream` from its first content on; nothing is asked or attempted at or after the deadline, and at the deadline the request ends',
	'waits-within-policy':
		'a wait before a retry is the one that the provider asked for, at most maxRetryAfter, or else the backoff with the jitter of this moment, and it ends neither after the deadline nor while the provider would still deny it',
	'attempts-only-with-permit':
		'a denied target is never attempted: an attempt begins only with the permit just granted for it',
	'fail-fast-stays': 'after a failure a request goes to another target only where `then` of the policy says so',
	'one-hop-only':
		'a request that leaves a failure for another provider (`other-provider`), or an answer that says nothing, makes one attempt elsewhere, and without an answer it ends with what it left',
	'left-answer-is-kept':
		'a whole answer that says nothing is left at once for one attempt at the next target; where no answer comes of that, up to the deadline, the caller gets the one that was left, and no failure',
	'spent-credential-left-alone':
		'a credential that was rejected or is out of credit is not asked again by the same request',
	'no-target-passed-over':
		'a request leaves a target out only when its attempts are used up, its window is too small, or `then` does not lead to it; it tries every method that is left to carry an answer on',
	'early-asks-are-earned':
		'a target is asked before its cooldown is over only when every target was denied and the policy says try-soonest, the soonest first, each once',
	'opening-is-awaited':
		'a request that was denied everywhere waits where the policy says `wait`: once, for the first target to open, if that is neither later than the policy says nor at or after the deadline; then it asks the chain again from its beginning',
	'no-second-start': 'after the commit no answer is started over: every further attempt carries the answer on',
	'ways-fit':
		'an answer is carried on only after the commit: by a prefill, once, where the model takes one; by an instruction where it does not or has refused it; from further back where the place to continue was unclear',
	'one-ending':
		'an answer is committed once, and the caller gets exactly one ending: an answer only after a completed attempt, a failure otherwise, nothing when it left',
	'ending-is-true': 'the ending that is reported to the caller, and the failure behind it, are what happened',
	'permits-settled-once': 'every granted permit is settled exactly once, with the actor that granted it',
	'first-content-of-a-probe-is-reported':
		'the first content of a probe is reported to the provider that granted it, at once and once, and nothing else is reported as one',
	'attempts-are-stopped': 'every attempt that was begun is stopped, at the latest when the request ends',
	'retry-after-is-true':
		'the Retry-After and the retryAt of a failure are neither earlier nor later than the first target that could serve the request, and never in the past; a client library is told not to wait for one that is later than `clientRetryWithin`',
	'trace-is-true': 'the trace, in every field of its entries, and the reports to providers are what happened, in order',
	'long-prompt-goes-to-larger-window':
		'a prompt that was too long never goes to a model whose window is known to be no larger',
	'never-throws': 'the request machine never throws',
} as const satisfies Record<string, string>;

export type RequestProperty = keyof typeof requestProperties;
