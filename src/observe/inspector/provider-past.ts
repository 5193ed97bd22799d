import type { ProviderStateName } from '../../../machines/events.ts';
import type { Mark, Span } from './messages.ts';
import { StateHistory } from './state-history.ts';

const mostMarks = 30;

/** What happened to one provider actor, so that a page that is opened late sees it. Bounded. */
export class ProviderPast {
	readonly #history: StateHistory;
	#marks: Mark[] = [];

	/** @param now ms since the epoch, as in all methods */
	constructor(state: ProviderStateName, now: number) {
		this.#history = new StateHistory(state, now);
	}

	add(mark: Mark): void {
		if (mark.kind === 'change') this.#history.enter(mark.to, mark.at);
		this.#marks = [...this.#marks, mark].slice(-mostMarks);
	}

	history(now: number): readonly Span[] {
		return this.#history.spans(now);
	}

	get marks(): readonly Mark[] {
		return this.#marks;
	}
}
