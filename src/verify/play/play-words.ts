import type { RequestEvent } from '../../../machines/events.ts';
import { limitedUntil } from '../../../machines/provider/context.ts';
import { stateNameOf } from '../../../machines/provider/memory.ts';
import { openingToAwait, requestsOwnFailures, retryWait } from '../../../machines/request/failover.ts';
import { currentCandidate, type Progress } from '../../../machines/request/progress.ts';
import { candidateName } from '../../values/candidate-name.ts';
import { timeText } from '../../values/time-text.ts';
import type { CaseStep } from '../report/report.ts';
import type { ProviderSnapshot } from './imagined-provider.ts';
import type { PlayedEvent } from './played-event.ts';

/** What happened, in words, as a step of a case. */
export function caseStep(happening: PlayedEvent): CaseStep {
	const { at, by, event, credential, candidate, provider, requestState } = happening;
	return {
		at,
		by,
		provider: credential,
		...(candidate === undefined ? {} : { target: candidate.target }),
		words: wordsOf(happening),
		event,
		requestState,
		providerState: provider[1].value,
	};
}

function wordsOf(happening: PlayedEvent): string {
	const { at, event, credential, candidate, says, provider, progress } = happening;
	const [, after] = progress;
	if (candidate === undefined) return `${credential}: ${timerWords(provider[1])}`;
	const name = candidateName(currentCandidate(progress[0]));
	const told = event as RequestEvent;
	switch (told.type) {
		case 'permit.granted': {
			const asProbe = told.permit.probe ? ' as a probe' : '';
			return `${name} is asked: granted${asProbe}${wayWords(after)}`;
		}
		case 'permit.denied': {
			const standing = `${told.state}, ${reasons[told.reason]}`;
			const ofModel = told.model === undefined ? '' : 'the model is ';
			const state = told.reason === 'model' ? `${candidate.model} is unavailable` : `${ofModel}${standing}`;
			const isTimed = told.retryAt > at && Number.isFinite(told.retryAt);
			const until = isTimed ? ` until ${moment(told.retryAt)}` : '';
			const isOver = after.ending !== undefined || ['done', 'awaiting'].includes(happening.requestState);
			const end = !isOver ? '' : `; ${decisionWords(happening, nobodyLeft)}`;
			return `${name} is asked: denied (${state}${until})${end}`;
		}
		case 'probe.answering':
			return `${name} ${says}${closingWords(credential, provider)}`;
		case 'attempt.answering':
			return `${name} ${says}${seamWords(after)}`;
		case 'attempt.completed':
			return `${name} ${says}${closingWords(credential, provider)}`;
		case 'attempt.silent':
		case 'attempt.broke':
			return `${name} ${says}`;
		case 'attempt.settled':
			return `${verdictWords(credential, candidate.model, provider, hasCounted(happening))}; ${decisionWords(happening, interruption(after))}`;
		case 'client.left':
			return 'the client leaves';
		case 'deadline.passed':
			return `the deadline passes (${deadlineWords(after)})${happening.requestState === 'done' ? `; ${decisionWords(happening, '')}` : ''}`;
		default:
			if (progress[0].failed === undefined) return 'a target has opened: the chain is asked again';
			return `${name}: the wait is over`;
	}
}

/** The target, and which of its provider's credentials where it has several. */
function wayWords({ way }: Progress): string {
	switch (way) {
		case 'fresh':
			return '';
		case 'prefill':
			return ', to carry the answer on (shown as its own last message)';
		case 'instruct':
			return ', to carry the answer on (by an instruction)';
		case 'rewind':
			return ', to carry the answer on from further back';
	}
}

function seamWords({ seam }: Progress): string {
	return seam === undefined ? '' : `, carrying on after ${seam.sent} characters`;
}

const reasons = {
	failures: 'because of failures',
	hint: 'as it asked for',
	auth: 'its credential was rejected',
	quota: 'out of quota',
	operator: 'by an operator',
	probing: 'its probes are out',
	model: 'a model is unavailable',
	limit: 'no room left in its limits',
	'retry-budget': 'as many retries as its budget allows',
	ramp: 'just recovered, and granted in part',
	'beyond-limit': 'the request is larger than its limit',
} as const;

function timerWords({ value }: ProviderSnapshot): string {
	return value === 'half-open'
		? 'its cooldown is over, it lets a probe through'
		: 'a probe has been silent for too long, it opens';
}

function closingWords(credential: string, [before, after]: PlayedEvent['provider']): string {
	return before.value !== 'closed' && after.value === 'closed' ? `; ${credential} closes again` : '';
}

/** What a failure meant to the provider. */
function verdictWords(
	credential: string,
	model: string,
	[before, after]: PlayedEvent['provider'],
	hasCounted: boolean,
): string {
	const { context } = after;
	const until = context.until === before.context.until ? '' : ` until ${moment(context.until)}`;
	if (after.value !== before.value || until !== '') {
		const verb = after.value === before.value ? `stays ${after.value}` : verbs[stateNameOf(after)];
		return `${credential} ${verb}${until} (${whyWords(after)})`;
	}
	const unavailableUntil = context.unavailable[model] ?? 0;
	if (unavailableUntil !== (before.context.unavailable[model] ?? 0))
		return `${model} is unavailable until ${moment(unavailableUntil)}`;
	if (context.consecutiveFailures > before.context.consecutiveFailures) {
		return `${credential} stays ${after.value}, ${rowWords(after)}`;
	}
	if (hasCounted) return `${credential} stays ${after.value}, its failures of one request count once`;
	return `${credential} stays ${after.value}, it does not count`;
}

/** Has a failure of the request counted with this provider before the present one? */
function hasCounted({ credential, progress: [before] }: PlayedEvent): boolean {
	return before.counted.includes(credential);
}

const verbs = {
	closed: 'closes',
	open: 'opens',
	'half-open': 'lets a probe through',
	'quota-cooldown': 'goes to quota-cooldown',
} as const;

function rowWords({ context }: ProviderSnapshot): string {
	return `${context.consecutiveFailures} of ${context.policy.breaker.failureThreshold} failures in a row`;
}

function whyWords({ context }: ProviderSnapshot): string {
	const { breaker, retry } = context.policy;
	switch (context.reason) {
		case 'auth':
			return `breaker.authCooldown, ${timeText(breaker.authCooldown)}`;
		case 'quota':
			return 'out of quota';
		case 'hint':
			return `it asks for more than retry.maxRetryAfter, ${timeText(retry.maxRetryAfter)}`;
		case 'failures':
			if (context.reopenings > 0) return 'its probe failed';
			if (context.consecutiveFailures >= breaker.failureThreshold) return rowWordsOfTrip(context.consecutiveFailures);
			if (Object.keys(context.failingModels).length > 1) return 'several of its models fail';
			return 'too many of its recent results failed';
		default:
			return context.reason ?? 'no failures';
	}
}

function rowWordsOfTrip(failures: number): string {
	return failures === 1 ? 'one failure' : `${failures} failures in a row`;
}

const endings = {
	denied: 'every target was denied',
	rejected: 'the policy ends here',
	exhausted: 'no target is left',
	deadline: 'the time is over',
} as const;

const nobodyLeft = 'no target is left to carry the answer on';

/** Why an answer that broke is not carried on. */
function interruption({ isContinuable, failed, failure, continuations, policy }: Progress): string {
	const { maxContinuations, categories } = policy.continuation;
	if (!isContinuable) return 'what was sent of the answer cannot be carried on';
	if (failed?.brokeAnswer !== true) return nobodyLeft;
	if (maxContinuations === 0) return 'no answer is carried on (continuation.maxContinuations, 0)';
	if (failure !== undefined && !categories.includes(failure.category)) {
		return `after ${failure.category} no answer is carried on (continuation.categories)`;
	}
	if (continuations < maxContinuations) return nobodyLeft;
	const times = continuations === 1 ? 'once' : `${continuations} times`;
	return `the answer was carried on ${times}, and no more is allowed (continuation.maxContinuations, ${maxContinuations})`;
}

/** @param interrupted why an answer that has begun ends, where it does */
function decisionWords({ requestState, progress: [, after] }: PlayedEvent, interrupted: string): string {
	if (after.ending === 'interrupted') return interrupted;
	if (after.ending !== undefined) {
		const own =
			requestsOwnFailures(after).length > 0 ? '; several providers answered it alike: none of them is blamed' : '';
		return `${endings[after.ending]}${own}`;
	}
	if (requestState === 'done') return `the answer of ${candidateName(currentCandidate(after))} is handed out after all`;
	const opening = openingToAwait(after);
	if (requestState === 'awaiting' && opening !== undefined) {
		const candidate = after.candidates[opening.position] ?? currentCandidate(after);
		return `${candidateName(candidate)} opens first, and is waited for until ${moment(opening.at)}`;
	}
	if (requestState === 'waiting') return `again in ${timeText(retryWait(after))}`;
	return `on to ${candidateName(currentCandidate(after))}`;
}

/** A moment of the case, from its beginning. */
export function moment(at: number): string {
	return `+${timeText(at)}`;
}

/** How a provider stands, in words: `open until +30 s (as it asked for)`. */
export function standing(snapshot: ProviderSnapshot, now: number): string {
	const { value, context } = snapshot;
	const until = context.until > now ? ` until ${moment(context.until)}` : '';
	const why = context.reason === undefined || value === 'half-open' ? '' : ` (${reasons[context.reason]})`;
	const unavailable = Object.entries(context.unavailable)
		.filter(([, end]) => end > now)
		.map(([model, end]) => `, ${model} unavailable until ${moment(end)}`);
	return [value, until, why, countWords(snapshot), limitWords(snapshot, now), ...unavailable].join('');
}

function limitWords({ context }: ProviderSnapshot, now: number): string {
	const at = limitedUntil(context, 0, now);
	return at > now ? `, no room left in its limits until ${moment(at)}` : '';
}

function countWords(snapshot: ProviderSnapshot): string {
	const { value, context } = snapshot;
	if (value === 'closed' && context.consecutiveFailures > 0) return `, ${rowWords(snapshot)}`;
	if (value !== 'half-open') return '';
	return `, ${context.probes.length} of ${context.policy.breaker.probes} probes out`;
}

function deadlineWords({ policy: { timeouts }, deadlineAt, streamEndsAt }: Progress): string {
	const limit = deadlineAt === streamEndsAt ? 'stream' : 'request';
	return `timeouts.${limit}, ${timeText(timeouts[limit])}`;
}
