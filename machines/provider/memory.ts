import type { ProviderFact, ProviderStateName } from '../events.ts';
import type { ProviderContext, ProviderInput, ProviderMemory } from './context.ts';
import { halfOpened, trippedByOverdueProbe } from './cooldowns.ts';
import { cooldownEndedFact, tripFact } from './facts.ts';
import { ledgerOf, plainLedger } from './ledger.ts';
import { type Rate, rateOf } from './rate.ts';
import { noAttempts } from './retry-budget.ts';

/**
 * A provider actor as it stands, to be picked up by another: `input.memory` of a new actor. Its timers are in it as the
 * times at which they are due; the permits that are out, and the probes among them, are in it too.
 */
export function memoryOf(snapshot: { value: SnapshotValue; context: ProviderContext }): ProviderMemory {
	const { policy: _, model: __, concurrent: ___, rate, ledger, ...rest } = snapshot.context;
	return { ...rest, ...takenOf(rate), ledger: plainLedger(ledger), state: stateNameOf(snapshot) };
}

function takenOf(rate: Rate | undefined): Pick<ProviderMemory, 'rate'> {
	if (rate === undefined) return {};
	const { limits: _, ...taken } = rate;
	return { rate: taken };
}

/** The state of a provider actor. `starting` is left in the step that enters it: nobody ever finds an actor there. */
export function stateNameOf({ value }: { value: SnapshotValue }): ProviderStateName {
	if (value === 'starting') throw new Error('a provider actor stayed in its transient state');
	return value;
}

type SnapshotValue = ProviderStateName | 'starting';

/**
 * The memory as it is when the attempts that were out are nobody's any more, because the process that ran them has
 * ended: nobody will give their permits back, so that they count as abandoned, and a probe's slot is free again.
 * Whoever picks an actor up in the process that runs the attempts takes the memory as it is.
 */
export function withoutAttempts(memory: ProviderMemory): ProviderMemory {
	const used = memory.ledger.permits.reduce((sum, { tokens }) => sum + tokens, memory.ledger.used);
	return { ...memory, probes: [], ledger: { ...memory.ledger, used, permits: [] } };
}

/** A memory as the context of an actor; what JSON leaves out because it is undefined is undefined again. */
export function remembered(
	{ state: _, rate: taken, ...memory }: ProviderMemory,
	input: ProviderInput,
): ProviderContext {
	const { policy, model, concurrent = Number.POSITIVE_INFINITY, rates } = input;
	const { reason, lastFailure } = memory;
	const rate = rateOf(rates, taken);
	const { attempts = noAttempts, ...others } = memory;
	return {
		...others,
		...(rate && { rate }),
		...(policy.retry.budget !== 'off' && { attempts }),
		policy,
		model,
		concurrent,
		reason,
		lastFailure,
		ledger: ledgerOf(memory.ledger),
	};
}

/**
 * What the timers of an actor would have done while it was set down: a probe that was out became overdue, a cooldown
 * ended. A timer that is due in this very ms goes off by itself.
 * @param now when it is picked up, ms since the epoch
 */
export function caughtUp(picked: ProviderContext, now: number): { context: ProviderContext; facts: ProviderFact[] } {
	let context = picked;
	const facts: (ProviderFact | undefined)[] = [];
	const [overdue] = context.probes.filter(({ deadline }) => deadline < now).sort((a, b) => a.deadline - b.deadline);
	if (overdue !== undefined) {
		const reopened = { ...context, reopenings: context.reopenings + 1 };
		context = { ...reopened, ...trippedByOverdueProbe(reopened, overdue.id) };
		facts.push(tripFact(context, 'open', context.since, false));
	}
	if (isCooling(context) && context.timerAt < now) {
		context = { ...context, ...halfOpened(context.timerAt) };
		facts.push(cooldownEndedFact(context));
	}
	return { context, facts: facts.filter((fact) => fact !== undefined) };
}

function isCooling({ reason }: ProviderContext): boolean {
	return reason !== undefined && reason !== 'probing';
}

/** The state that a context is of. What it waits for tells all but whether the wait is for a quota. */
export function stateOf({ reason }: ProviderContext, before: ProviderStateName): ProviderStateName {
	if (reason === undefined) return 'closed';
	if (reason === 'probing') return 'half-open';
	return before === 'quota-cooldown' ? before : 'open';
}
