import type { ProviderStateName } from '../../../machines/events.ts';
import type { Span } from './messages.ts';

/** How far back it is shown, ms. */
export const historyMs = 60 * 60 * 1000;
/** A provider that flaps all the time keeps fewer minutes instead of more memory. */
const mostSpans = 600;

/** The states of one provider actor over the last hour, in bounded memory. */
export class StateHistory {
	#spans: Span[];

	/** @param now ms since the epoch, as in all methods */
	constructor(state: ProviderStateName, now: number) {
		this.#spans = [{ from: now, state }];
	}

	enter(state: ProviderStateName, now: number): void {
		this.#spans.push({ from: now, state });
		if (this.#spans.length > mostSpans) this.#spans = recent(this.#spans, now).slice(-mostSpans);
	}

	/** Oldest first; the first may have begun before the hour. */
	spans(now: number): readonly Span[] {
		this.#spans = recent(this.#spans, now);
		return this.#spans;
	}
}

/** Without the spans that ended before the hour did begin. */
function recent(spans: Span[], now: number): Span[] {
	const next = spans.findIndex(({ from }) => from > now - historyMs);
	if (next === -1) return spans.slice(-1);
	return spans.slice(Math.max(0, next - 1));
}
