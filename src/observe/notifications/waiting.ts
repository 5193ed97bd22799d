import type { Incident, IncidentNews } from './incident.ts';

/** A piece of news that still has to be sent to one receiver. */
export interface Telling {
	readonly news: IncidentNews;
	readonly incident: Incident;
	/** When it became news, ms since the epoch. */
	readonly at: number;
	/** The incident began and ended while this waited: this is all that is reported of it. */
	readonly isWhole: boolean;
	/** Incidents of the same subject that began and ended before it, while this waited, and are reported by this number only. */
	readonly earlier: number;
}

/**
 * What waits for one receiver, oldest first. Nothing is ever thrown away: news of one incident merges, so that there are
 * never more tellings than three for each subject (what can break: a key, a quota, a model): the end of an incident that
 * was sent, one that is over already, and one that lasts. The configuration alone bounds them, however long a receiver is
 * away and however often a provider comes and goes.
 */
export class Waiting {
	readonly #tellings = new Map<string, Telling>();
	/** By subject, the incident that is over already. */
	readonly #whole = new Map<string, string>();

	get size(): number {
		return this.#tellings.size;
	}

	/** @param subject the same for incidents that cannot be open at the same time */
	add(subject: string, news: IncidentNews, incident: Incident, at: number): void {
		const known = this.#tellings.get(incident.id);
		const isOver = news === 'recovered' || news === 'reset';
		if (known === undefined) {
			this.#tellings.set(incident.id, { news, incident, at, isWhole: false, earlier: 0 });
			return;
		}
		if (!isOver) {
			// A receiver that has not got the beginning gets that, as of now, and no reminder of it.
			const { news: first, at: since } = known;
			const isOpening = first === 'opened';
			this.#tellings.set(incident.id, {
				...known,
				news: isOpening ? first : news,
				incident,
				at: isOpening ? since : at,
			});
			return;
		}
		const isWhole = known.news === 'opened';
		const earlier = isWhole ? this.#foldWhole(subject, incident.id) : 0;
		// To the end: what is reported of it is its end, and the order is that of the ends.
		this.#tellings.delete(incident.id);
		this.#tellings.set(incident.id, { news, incident, at, isWhole, earlier });
	}

	/** Takes the oldest out. */
	take(atMost: number): Telling[] {
		const taken = [...this.#tellings].slice(0, atMost);
		const ids = new Set(taken.map(([id]) => id));
		for (const id of ids) this.#tellings.delete(id);
		for (const [subject, id] of this.#whole) if (ids.has(id)) this.#whole.delete(subject);
		return taken.map(([, telling]) => telling);
	}

	/** @returns how many incidents the newest one of the subject now stands for, besides itself */
	#foldWhole(subject: string, id: string): number {
		const before = this.#tellings.get(this.#whole.get(subject) ?? '');
		this.#whole.set(subject, id);
		if (before === undefined) return 0;
		this.#tellings.delete(before.incident.id);
		return before.earlier + 1;
	}
}
