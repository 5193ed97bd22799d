import type { EventObject } from 'xstate';
import type {
	Permit,
	PermitResult,
	ProviderAlarm,
	ProviderFact,
	ProviderReply,
	ProviderStateName,
} from '../../../../machines/events.ts';
import type { Policy } from '../../../../machines/policy.ts';
import type { ProviderContext } from '../../../../machines/provider/context.ts';
import type { Timer } from '../../play/runner.ts';
import { failureWords } from '../failure-samples.ts';
import type { Expectation, Ghost, Limits, ProviderObservation } from './ghost.ts';

/** One event, and what the machine made of it. */
export interface Seen {
	readonly policy: Policy;
	/** It stands for one model of a key, and not for the key. */
	readonly isOfModel: boolean;
	readonly limits: Limits;
	readonly event: ProviderObservation;
	/** ms since the epoch. */
	readonly now: number;
	/** What had to be, before the event. */
	readonly before: Ghost;
	readonly expected: Expectation;
	readonly stateBefore: ProviderStateName;
	readonly state: ProviderStateName;
	/** The counters, which nothing but the rule on a caller's mistake looks at. */
	readonly contextBefore: ProviderContext;
	readonly context: ProviderContext;
	readonly replies: readonly ProviderReply[];
	/** Events sent to anyone but who asked. */
	readonly strays: readonly EventObject[];
	readonly alarms: readonly ProviderAlarm[];
	readonly facts: readonly ProviderFact[];
	readonly timersBefore: readonly Timer[];
	readonly timers: readonly Timer[];
	/** The permit that is settled, or used once more. */
	readonly permit?: Permit;
	/** It is from before the last trip. */
	readonly isLate: boolean;
	/** It was settled before. */
	readonly isRepeated: boolean;
}

export interface Property {
	/** Stable, in kebab-case. */
	readonly id: string;
	readonly statement: string;
	/** @returns what happened instead, in one sentence; undefined when all is well */
	readonly check: (seen: Seen) => string | undefined;
}

export function isResult(event: ProviderObservation): event is PermitResult {
	return 'permit' in event;
}

/** `SERVER_ERROR`, `success`, `abandonment`. */
export function resultWords(event: PermitResult): string {
	if (event.type === 'attempt.failed') return failureWords(event.failure);
	return event.type === 'attempt.succeeded' ? 'success' : 'abandonment';
}

/** What happened, as the beginning of a sentence. */
export function happeningWords(event: ProviderObservation): string {
	switch (event.type) {
		case 'permit.requested':
			return event.early ? 'an early request for a permit' : 'a request for a permit';
		case 'probe.answering':
			return 'the first content of a probe';
		case 'timer':
			return event.probe === undefined ? 'the cooldown timer' : 'the timer of a probe';
		case 'failure.withdrawn':
			return 'a failure that is taken back';
		case 'model.tripped':
			return 'a model that opened';
		case 'peer.tripped':
			return 'a peer’s trip';
		case 'operator.tripped':
			return 'an operator’s trip';
		case 'operator.reset':
			return 'an operator’s reset';
		case 'operator.probed':
			return 'an operator’s probe';
		default:
			return `a result (${resultWords(event)})`;
	}
}
