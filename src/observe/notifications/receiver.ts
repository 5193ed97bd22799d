import { clock } from '../../values/clock.ts';
import { type Incident, type IncidentNews, subjectOf } from './incident.ts';
import { type Telling, Waiting } from './waiting.ts';
import type { DeliveryOutcome, Webhook } from './webhook.ts';

export interface ReceiverOptions {
	webhook: Webhook;
	/** The body of one POST; called when it is about to be sent, with at least one telling. */
	bodyOf: (tellings: readonly Telling[]) => string;
	/** Called once for each POST, when its outcome is known. */
	onOutcome: (tellings: readonly Telling[], outcome: DeliveryOutcome) => void;
}

/** As many as may wait to be sent one by one; if more do, they are gathered. */
const mostApart = 10;
/** As many as one POST reports. */
const mostGathered = 100;

/**
 * One receiver and what still has to be sent to it. It gets one POST at a time, in the order of events; while it is slow or
 * away, what waits for it is merged by incident, and gathered. It holds up nobody but itself.
 */
export class Receiver {
	readonly #options: ReceiverOptions;
	readonly #waiting = new Waiting();
	#isClosing = false;
	#isClosed = false;
	#work: Promise<void> | undefined;

	constructor(options: ReceiverOptions) {
		this.#options = options;
	}

	/** Returns at once. */
	tell(news: IncidentNews, incident: Incident): void {
		if (this.#isClosed) return;
		this.#waiting.add(subjectOf(incident), news, incident, clock.now());
		this.#work ??= this.#deliverAll();
	}

	/** Lets what waits be delivered for so long, and gives up the rest. */
	async close(drainMs: number): Promise<void> {
		const { webhook } = this.#options;
		this.#isClosing = true;
		const cutOff = setTimeout(() => webhook.stop(), drainMs);
		await this.#work;
		clearTimeout(cutOff);
		this.#isClosed = true;
		await webhook.close();
	}

	async #deliverAll(): Promise<void> {
		const { webhook, bodyOf, onOutcome } = this.#options;
		for (let next = this.#next(); next.length > 0; next = this.#next()) {
			onOutcome(next, await webhook.deliver(bodyOf(next)));
		}
		this.#work = undefined;
	}

	#next(): Telling[] {
		// There is little time for what waits at the end, so that it is gathered however little it is.
		const isGathered = this.#waiting.size > mostApart || this.#isClosing;
		return this.#waiting.take(isGathered ? mostGathered : 1);
	}
}
