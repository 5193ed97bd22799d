/** What must hold of every request: stable id, and the statement. */
export const requestProperties = {
	'always-ends':
		'a request always ends: in every state something can still happen, and a target that said no is not asked again and again',
	'request-goes-down':
		'before the commit a request never goes back up its chain, but for one early round when every target was denied',
	'attempts-within-policy': 'a target is attempted once, and again only as often as the retries of its rule allow',
	'retries-are-made':
		'a failure whose rule has retries left is tried again on the same target when its wait is at most maxRetryAfter and ends before the deadline, and the provider grants by then',
	'last-try-is-told':
		'with each failure a provider is told exactly whether the request will try the target again, as far as it is up to the request',
	'continuations-within-policy':
		'a broken answer is carried on only after the failures that the policy lists, at most maxContinuations times, and asks each target at most three times between two breaks',
	'ends-by-deadline': 'nothing is asked or attempted at or after the deadline, and at the deadline the request ends',
	'waits-within-policy':
		'a wait before a retry is the one that the provider asked for, at most maxRetryAfter, or else the backoff with the jitter of this moment, and it ends neither after the deadline nor at a closed door',
	'attempts-only-with-permit':
		'a denied target is never attempted: an attempt begins only with the permit just granted for it',
	'fail-fast-stays': 'a failure reaches another target only along the ways that the policy names for it',
	'spent-credential-left-alone':
		'a credential that was rejected or is out of credit is not asked again by the same request',
	'no-target-passed-over':
		'a request gives up on a target only when it is spent, too small, or no way leads to it, and carries an answer on in every way that is left',
	'early-asks-are-earned':
		'a target is asked ahead of its time only when every target was denied and the policy says try-soonest, the soonest first, each once',
	'no-second-start': 'after the commit no answer is started over: every further attempt carries the answer on',
	'ways-fit':
		'a prefill is asked of a model that takes it, once, and nothing is carried on before the commit; a refused prefill is followed by an instruction, an unclear seam by one from further back',
	'one-ending':
		'an answer is committed once, and the caller is told exactly once how it ended: an answer only after a completed attempt, a failure otherwise, nothing when it left',
	'ending-is-true': 'what the caller is told of the ending, and of the failure behind it, is what happened',
	'permits-settled-once': 'every granted permit is settled exactly once, with the actor that granted it',
	'attempts-are-stopped': 'every attempt that was begun is stopped, at the latest when the request ends',
	'retry-after-is-true':
		'the Retry-After and the retryAt of a failure are neither earlier nor later than the first target that could serve the request, and never in the past',
	'trace-is-true': 'the trace, in every field of its steps, and what providers are told, is what happened, in order',
	'long-prompt-goes-to-larger-window':
		'a prompt that was too long never goes to a model whose window is known to be no larger',
	'never-throws': 'the request machine never throws',
} as const satisfies Record<string, string>;

export type RequestProperty = keyof typeof requestProperties;
