import { timerDelay } from '../../../machines/backoff.ts';
import type { OperatorEvent, ProviderAlarm, ProviderStateName } from '../../../machines/events.ts';
import { type Category, categories, type Failure } from '../../../machines/failure.ts';
import type { CallRecord } from '../../contract/call-record.ts';
import type { KeyTrouble } from '../../contract/key-news.ts';
import type { ProviderHealth } from '../../contract/service.ts';
import { clock } from '../../values/clock.ts';
import { type Incident, type IncidentNews, subjectOf } from './incident.ts';

export interface IncidentsOptions {
	/** How often an incident that lasts is reported again, ms; 0 is never. */
	reminderMs: number;
	/** A provider that is out of traffic for this long is an incident too, ms. */
	downAfterMs?: number | undefined;
	/** Called once for each piece of news. It must not throw. */
	tell: (news: IncidentNews, incident: Incident) => void;
}

interface OpenIncident {
	incident: Incident;
	reminder: NodeJS.Timeout | undefined;
}

/** A provider that left traffic for plain failures, and has not come back since. */
interface Outage {
	/** ms since the epoch. */
	since: number;
	timer: NodeJS.Timeout;
	/** It has lasted long enough, but might be well: nobody has asked it since its cooldown ended. */
	isDue: boolean;
	health: ProviderHealth;
}

/**
 * Makes incidents out of what happens to providers: each is reported once when it begins, then at every reminder, and once
 * when it is over. A provider raises an alarm again after every failed probe; that is the same incident going on.
 */
export class Incidents {
	readonly #options: IncidentsOptions;
	readonly #open = new Map<string, OpenIncident>();
	readonly #outages = new Map<string, Outage>();
	#lastStamp = 0;

	constructor(options: IncidentsOptions) {
		this.#options = options;
	}

	get open(): Incident[] {
		return [...this.#open.values()].map(({ incident }) => incident);
	}

	alarmed(provider: string, { alarm, failure, model, until }: ProviderAlarm): void {
		this.#begin({ kind: alarm, provider, failure, model, since: clock.now(), until });
	}

	/** It is told before the present key dies, and while that one serves on. */
	keyTroubled(provider: string, trouble: KeyTrouble): void {
		const failure = { category: 'AUTH_ERROR', reason: 'no_key' } as const;
		this.#begin({ kind: 'key', provider, failure, model: '', since: clock.now(), until: trouble.retryAt, trouble });
	}

	keyFetched(provider: string): void {
		if (this.#open.size > 0) this.#end('recovered', (incident) => isOf(provider, incident) && incident.kind === 'key');
	}

	changed(provider: string, to: ProviderStateName, health: ProviderHealth): void {
		if (to === 'closed') {
			this.#endOutage(provider);
			// An operator's reset closes it too, and is reported right after this; a reset does not prove that it is well.
			queueMicrotask(() => this.#end('recovered', (incident) => isOf(provider, incident) && isOfActor(incident)));
			return;
		}
		if (to === 'open') this.#watchOutage(provider, health);
		if (health.retryAt !== null) this.#postpone(provider, momentOf(health.retryAt));
	}

	operated(provider: string, { type }: OperatorEvent): void {
		if (type !== 'operator.reset') return;
		this.#end('reset', (incident) => isOf(provider, incident) && incident.kind !== 'key');
	}

	/** A model that has answered is there again. An answer that was begun before the incident proves nothing. */
	ended({ trace, ms }: CallRecord): void {
		if (this.#open.size === 0) return;
		const startedAt = clock.now() - ms;
		for (const step of trace) {
			if (step.did !== 'attempt' || step.outcome !== 'succeeded') continue;
			const model = step.target.slice(step.target.indexOf('/') + 1);
			const key = subjectOf({ kind: 'model', provider: step.credential, model });
			this.#end('recovered', (incident) => subjectOf(incident) === key && incident.since <= startedAt + step.at);
		}
	}

	/** No more reminders; nothing is reported any more. */
	stop(): void {
		for (const { reminder } of this.#open.values()) clearInterval(reminder);
		for (const { timer } of this.#outages.values()) clearTimeout(timer);
		this.#open.clear();
		this.#outages.clear();
	}

	#begin(found: Omit<Incident, 'id'>): void {
		const key = subjectOf(found);
		const known = this.#open.get(key);
		if (known !== undefined) {
			const { id, since } = known.incident;
			known.incident = { ...found, id, since };
			return;
		}
		// Two incidents of one subject can begin in the same millisecond, with a reset between them.
		this.#lastStamp = Math.max(found.since, this.#lastStamp + 1);
		const incident = { ...found, id: `${key}/${this.#lastStamp}` };
		this.#open.set(key, { incident, reminder: this.#remind(key) });
		this.#options.tell('opened', incident);
	}

	#remind(key: string): NodeJS.Timeout | undefined {
		const { reminderMs, tell } = this.#options;
		if (reminderMs === 0) return undefined;
		const reminder = () => {
			const open = this.#open.get(key);
			if (open !== undefined) tell('reminder', open.incident);
		};
		return setInterval(reminder, timerDelay(reminderMs)).unref();
	}

	#end(news: 'recovered' | 'reset', isOver: (incident: Incident) => boolean): void {
		for (const [key, { incident, reminder }] of this.#open) {
			if (!isOver(incident)) continue;
			clearInterval(reminder);
			this.#open.delete(key);
			this.#options.tell(news, incident);
		}
	}

	#postpone(provider: string, until: number): void {
		for (const open of this.#open.values()) {
			const { incident } = open;
			if (isOf(provider, incident) && isOfActor(incident)) open.incident = { ...incident, until };
		}
	}

	#watchOutage(provider: string, health: ProviderHealth): void {
		const { downAfterMs } = this.#options;
		if (downAfterMs === undefined) return;
		if (health.reason === 'operator') {
			this.#endOutage(provider);
			return;
		}
		const known = this.#outages.get(provider);
		if (known !== undefined) {
			known.health = health;
			if (known.isDue) this.#beginDown(provider, known);
			return;
		}
		const timer = setTimeout(() => this.#outageIsDue(provider), timerDelay(downAfterMs)).unref();
		this.#outages.set(provider, { since: clock.now(), timer, isDue: false, health });
	}

	#outageIsDue(provider: string): void {
		const outage = this.#outages.get(provider);
		if (outage === undefined) return;
		outage.isDue = true;
		const isWaiting = outage.health.retryAt !== null && momentOf(outage.health.retryAt) > clock.now();
		if (isWaiting) this.#beginDown(provider, outage);
	}

	#beginDown(provider: string, { since, health }: Outage): void {
		const isExplained = this.open.some(
			(incident) => isOf(provider, incident) && (isOfActor(incident) || incident.trouble?.hasKey === false),
		);
		const isKnown = this.#open.has(subjectOf({ kind: 'down', provider, model: '' }));
		if (isExplained && !isKnown) return;
		const failure = failureOf(health);
		const until = health.retryAt === null ? clock.now() : momentOf(health.retryAt);
		this.#begin({ kind: 'down', provider, failure, model: health.lastFailure?.model ?? '', since, until });
	}

	#endOutage(provider: string): void {
		clearTimeout(this.#outages.get(provider)?.timer);
		this.#outages.delete(provider);
	}
}

/** What is shown in wall time, by the clock that decides. */
function momentOf(shown: string): number {
	return clock.fromWall(Date.parse(shown));
}

/** Whether it ends when its provider actor closes: neither a model nor the fetching of a key is well because of that. */
function isOfActor({ kind }: Incident): boolean {
	return kind !== 'model' && kind !== 'key';
}

function isOf(provider: string, incident: Incident): boolean {
	return incident.provider === provider;
}

function failureOf({ lastFailure }: ProviderHealth): Failure {
	const category = categories.find((known: Category) => known === lastFailure?.category) ?? 'UNKNOWN_TRANSIENT';
	return { category, reason: lastFailure?.reason ?? undefined, status: lastFailure?.status ?? undefined };
}
