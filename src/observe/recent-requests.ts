import type { CallRecord } from '../contract/call-record.ts';
import type { GatewayObserver } from '../contract/observer.ts';

/** A request that has ended. */
export interface RecentRequest {
	record: CallRecord;
	/** ms since the epoch. */
	endedAt: number;
}

export interface RequestFilter {
	/** At most so many. */
	limit: number;
	/** What the request was addressed to: a profile, or a target. */
	profile?: string | undefined;
	outcome?: CallRecord['outcome'] | undefined;
	/** A provider, or one of its actors (`openai#1`), that the request asked. */
	provider?: string | undefined;
}

/** How many requests are kept, and about how many bytes they may take. */
export const recentRequestLimits = { requests: 500, bytes: 2 * 1024 ** 2 };

/** The requests that ended last, for an operator who asks what happened. They are forgotten, the oldest first. */
export class RecentRequests {
	readonly #limits: { readonly requests: number; readonly bytes: number };
	/** In the order in which they ended. */
	readonly #kept = new Map<string, RecentRequest>();
	#bytes = 0;

	constructor(limits: { readonly requests: number; readonly bytes: number } = recentRequestLimits) {
		this.#limits = limits;
	}

	/** @param endedAt ms since the epoch */
	add(record: CallRecord, endedAt: number): void {
		this.#kept.set(record.id, { record, endedAt });
		this.#bytes += sizeOf(record);
		for (const { record: oldest } of this.#kept.values()) {
			if (this.#kept.size <= this.#limits.requests && this.#bytes <= this.#limits.bytes) return;
			this.#kept.delete(oldest.id);
			this.#bytes -= sizeOf(oldest);
		}
	}

	find(id: string): RecentRequest | undefined {
		return this.#kept.get(id);
	}

	/** Newest first. */
	list({ limit, profile, outcome, provider }: RequestFilter): RecentRequest[] {
		const fits = ({ record }: RecentRequest) =>
			(profile === undefined || record.route === profile) &&
			(outcome === undefined || record.outcome === outcome) &&
			(provider === undefined || asked(record, provider));
		return [...this.#kept.values()].reverse().filter(fits).slice(0, limit);
	}
}

/** Keeps every call that ends. */
export function recentObserver(recent: RecentRequests): GatewayObserver {
	return { callEnded: (record) => recent.add(record, Date.now()) };
}

function asked({ trace }: CallRecord, provider: string): boolean {
	return trace.some(
		({ target, credential }) => credential === provider || target === provider || target.startsWith(`${provider}/`),
	);
}

/** About the bytes of a record. Names of targets belong to the configuration; what a request adds is its ids and steps. */
function sizeOf({ id, clientRequestId = '', trace, tokens, cost }: CallRecord): number {
	const costs = cost === undefined ? 0 : 60 + 60 * cost.attempts.length;
	return 400 + id.length + clientRequestId.length + 300 * trace.length + 60 * tokens.length + costs;
}
