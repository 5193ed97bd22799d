import { mayRetryHere } from '../../../../machines/request/failover.ts';
import { answerBroke, attemptFailed, committed, joined } from '../../../../machines/request/progress-updates.ts';
import { acting, guarding, type Mutant, noting } from './mutant.ts';
import { chainOf, rewired, routeOver } from './route.ts';

export const deadlineMutants: readonly Mutant[] = [
	{
		name: 'has no deadline',
		breaks: 'ends-by-deadline',
		machine: rewired(({ on }) => {
			delete on['deadline.passed'];
		}),
	},
	{
		name: 'has no deadline after the commit',
		breaks: 'ends-by-deadline',
		machine: rewired(({ states }) => {
			if (states.committed !== undefined) states.committed.on = { 'deadline.passed': {} };
		}),
	},
	{
		name: 'ends a stream at the deadline of the search for it',
		breaks: 'ends-by-deadline',
		machine: noting<'attempt.answering'>('noteCommit', (progress, event) => ({
			...committed(progress, event),
			deadlineAt: progress.deadlineAt,
		})),
	},
	{
		name: 'begins no new search at a break',
		breaks: 'ends-by-deadline',
		machine: noting<'attempt.broke'>('noteBreak', (progress, event) => ({
			...answerBroke(progress, event),
			deadlineAt: progress.streamEndsAt,
		})),
	},
	{
		name: 'begins a new search at each failure to carry on',
		breaks: 'ends-by-deadline',
		machine: noting<'attempt.broke'>('noteFailure', (progress, event) => ({
			...attemptFailed(progress, event),
			deadlineAt: event.now + progress.policy.timeouts.request + (progress.continuations > 0 ? 1 : 0),
		})),
	},
	{
		name: 'gives each continuation the time of a whole stream',
		breaks: 'ends-by-deadline',
		machine: noting<'attempt.answering'>('noteSeam', (progress, event) => ({
			...joined(progress, event),
			deadlineAt: event.now + progress.policy.timeouts.stream,
		})),
	},
	{
		name: 'lets a search outlast its stream',
		breaks: 'ends-by-deadline',
		machine: noting<'attempt.broke'>('noteBreak', (progress, event) => ({
			...answerBroke(progress, event),
			deadlineAt: event.now + progress.policy.timeouts.request,
		})),
		route: routeOver(chainOf(2), { policy: { timeouts: { stream: 60_000 } } }),
	},
	{
		name: 'retries when the time is up',
		breaks: 'waits-within-policy',
		machine: guarding<'attempt.settled'>('mayRetryHere', (progress, { retryAt }) =>
			mayRetryHere({ ...progress, deadlineAt: Number.MAX_SAFE_INTEGER }, retryAt),
		),
		route: routeOver(chainOf(2), { policy: { timeouts: { request: 700 } } }),
	},
	{
		name: 'calls an interruption a deadline',
		breaks: 'ending-is-true',
		machine: acting('committed', 'deadline.passed', 'failed', ['abandonAttempt', 'noteDeadline', 'endOutOfTime']),
	},
];
