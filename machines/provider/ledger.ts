import type { Permit, PermitResult } from '../events.ts';
import { entriesOf, KEYS, type NumberTree, valueAt, withoutKey, withValue } from './number-tree.ts';

/**
 * The permits of a provider actor that are out. Each is entered once, when it is granted, and struck out once, by the
 * first result that names it: a result that comes twice, or for a permit that is not in it, changes nothing here. A trip,
 * an overdue probe and an operator leave it alone, for the attempts still run.
 */
export interface Ledger {
	/** The number of the permit that was granted last. */
	readonly last: number;
	/** How many permits are out. */
	readonly out: number;
	/** What they are worth: the sum of their estimates, tokens. */
	readonly tokens: number;
	/** What the permits that were given back have used, tokens. */
	readonly used: number;
	/** The models that have permits out, by name. */
	readonly models: readonly ModelShare[];
	/** By number. */
	readonly permits: NumberTree<OutstandingPermit> | undefined;
}

interface ModelShare {
	readonly model: string;
	readonly out: number;
	readonly tokens: number;
}

export interface OutstandingPermit {
	/** The permit's id. */
	readonly id: string;
	readonly model: string;
	/** The estimate that it was asked for with; 0 when it was not known. */
	readonly tokens: number;
	/** Where it is counted, if its actor has limits per minute. */
	readonly mark?: Amount & {
		/** The second of the window, ms since the epoch. */
		readonly second: number;
	};
	/** Where it is counted, if its actor has a retry budget. */
	readonly attempt?: {
		readonly isRetry: boolean;
		/** The second of the window, ms since the epoch. */
		readonly second: number;
	};
}

/** Of all time, with this one. */
export interface Amount {
	readonly requests: number;
	readonly tokens: number;
}

export const emptyLedger: Ledger = { last: 0, out: 0, tokens: 0, used: 0, models: [], permits: undefined };

/** The ledger with one more permit out; its number is `last` then. */
export function withPermit(ledger: Ledger, { id, model, tokens, mark, attempt }: OutstandingPermit): Ledger {
	let last = (ledger.last + 1) % KEYS;
	// The numbers begin again after a thousand million permits: one whose holder is lost may still be out under this number.
	while (valueAt(ledger.permits, last) !== undefined) last = (last + 1) % KEYS;
	const isPlain = mark === undefined && attempt === undefined;
	const plain = { id, model, tokens };
	const entry = isPlain ? plain : { ...plain, ...(mark && { mark }), ...(attempt && { attempt }) };
	return {
		last,
		out: ledger.out + 1,
		tokens: ledger.tokens + tokens,
		used: ledger.used,
		models: withShare(ledger.models, model, 1, tokens),
		permits: withValue(ledger.permits, last, entry),
	};
}

/**
 * The ledger after a result.
 * @returns the same ledger when the permit is not out
 */
export function afterResult(ledger: Ledger, result: PermitResult): Ledger {
	const { permit } = result;
	const entry = outstanding(ledger, permit);
	if (entry === undefined) return ledger;
	const { model, tokens } = entry;
	return {
		last: ledger.last,
		out: ledger.out - 1,
		tokens: ledger.tokens - tokens,
		used: ledger.used + usedBy(result, entry),
		models: withShare(ledger.models, model, -1, -tokens),
		permits: withoutKey(ledger.permits, permit.number),
	};
}

/** What an attempt has used, tokens: as reported, else as estimated; of a failure nothing. */
export function usedBy(result: PermitResult, { tokens }: OutstandingPermit): number {
	return result.tokens ?? (result.type === 'attempt.failed' ? 0 : tokens);
}

/** The ledger as it is when nobody holds a permit any more. */
export function withoutPermits({ last, used }: Pick<Ledger, 'last' | 'used'>): Ledger {
	return { ...emptyLedger, last, used };
}

/** A ledger as plain values, the permits in the order of their numbers. */
export interface PlainLedger {
	readonly last: number;
	readonly used: number;
	readonly permits: readonly (OutstandingPermit & { readonly number: number })[];
}

export function plainLedger({ last, used, permits }: Ledger): PlainLedger {
	return { last, used, permits: entriesOf(permits).map(([number, permit]) => ({ number, ...permit })) };
}

export function ledgerOf({ last, used, permits }: PlainLedger): Ledger {
	let ledger = emptyLedger;
	for (const { number, ...permit } of permits) {
		ledger = withPermit({ ...ledger, last: (number + KEYS - 1) % KEYS }, permit);
	}
	return { ...ledger, last, used };
}

/** Its number says where it would be, its id whether it is the one: numbers come again. */
export function outstanding({ permits }: Ledger, { number, id }: Permit): OutstandingPermit | undefined {
	const entry = valueAt(permits, number);
	return entry?.id === id ? entry : undefined;
}

function withShare(shares: readonly ModelShare[], model: string, out: number, tokens: number): readonly ModelShare[] {
	const changed = shares.slice();
	let index = 0;
	while (index < shares.length && (shares[index] as ModelShare).model < model) index += 1;
	const share = shares[index];
	if (share?.model !== model) changed.splice(index, 0, { model, out, tokens });
	else if (share.out + out === 0) changed.splice(index, 1);
	else changed[index] = { model, out: share.out + out, tokens: share.tokens + tokens };
	return changed;
}
