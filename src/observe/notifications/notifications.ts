import type { Dispatcher } from 'undici';
import type { Config } from '../../config/config.ts';
import { fetchesKey, sourceOf } from '../../config/source-of.ts';
import type { GatewayObserver } from '../../contract/observer.ts';
import { clock } from '../../values/clock.ts';
import { formats } from './formats.ts';
import type { Incident, IncidentNews } from './incident.ts';
import { Incidents } from './incidents.ts';
import { type Gathering, gather, isEnd, type Message, messageOf } from './message.ts';
import { type Present, Reach, type ReachedProfile } from './reach.ts';
import { Receiver } from './receiver.ts';
import type { Telling } from './waiting.ts';
import { type DeliveryOutcome, type DeliveryTiming, patientTiming, Webhook } from './webhook.ts';

export interface Notifications {
	/** Receives everything that happens. */
	readonly observer: GatewayObserver;
	/** Sets where the state of the profiles is read from, once the gateway runs. */
	watch(present: Present): void;
	/** Lets what is on its way be delivered for so long, then ends. */
	close(drainMs: number): Promise<void>;
}

export interface NotificationOptions {
	log: { warn(line: object, text: string): void };
	/** Called with the outcome of each notification, also of each in a gathering, with its webhook's number in the configuration. */
	onOutcome?: (webhook: number, outcome: DeliveryOutcome['is']) => void;
	timing?: DeliveryTiming;
	/** What leads to the address of a webhook in the place of a connection of its own, such as a proxy. */
	dispatcherOf?: (url: string) => Dispatcher | undefined;
}

/**
 * Reports incidents to the configured webhooks: once when each begins, at every reminder while it lasts, and once when it is
 * over. Nothing of it waits for a receiver. What is sent is made of names of the configuration, statuses and fixed words:
 * no key, no word of a caller or a provider.
 */
export function createNotifications(config: Config, options: NotificationOptions): Notifications {
	const { notifications } = config;
	if (notifications === undefined) return { observer: {}, watch: () => {}, close: async () => {} };
	const { log, onOutcome: onOutcomeOf, timing = patientTiming } = options;
	const { reminder: reminderMs, downAfter: downAfterMs } = notifications;

	let present: Present | undefined;
	const reach = new Reach(config, () => present);
	const incidents = new Incidents({ reminderMs, downAfterMs, tell });

	const receivers = notifications.webhooks.map(({ url, format, headers }, index) => {
		const number = index + 1;
		const webhook = new Webhook({ url, headers, timing, dispatcher: options.dispatcherOf?.(url) });
		const onOutcome = (tellings: readonly Telling[], outcome: DeliveryOutcome) => {
			for (const _ of tellings) onOutcomeOf?.(number, outcome.is);
			if (outcome.is === 'delivered') return;
			const about = {
				webhook: number,
				origin: webhook.origin,
				incidents: tellings.map(({ news, incident }) => `${news} ${incident.id}`),
			};
			if (outcome.is === 'dropped') {
				log.warn(about, 'notifications were dropped undelivered');
				return;
			}
			const { attempts, why } = outcome;
			log.warn({ ...about, attempts, why }, 'a notification could not be delivered');
		};
		return new Receiver({ webhook, bodyOf: (tellings) => formats[format](contentOf(tellings)), onOutcome });
	});

	function tell(news: IncidentNews, incident: Incident): void {
		for (const receiver of receivers) receiver.tell(news, incident);
	}

	/** As of now, however long it has waited: until when a provider is not asked, and what carries on, may have changed. */
	function contentOf(tellings: readonly Telling[]): Message | Gathering {
		const now = clock.now();
		const { open } = incidents;
		const latest = new Map(open.map((incident) => [incident.id, incident]));
		const current = tellings.map((telling) => ({
			...telling,
			incident: latest.get(telling.incident.id) ?? telling.incident,
		}));
		const messages = (profiles?: ReachedProfile[]) =>
			current.map((telling) => {
				const { kind, provider, model } = telling.incident;
				const source = sourceOf(config, provider, kind === 'model' ? model : undefined);
				const fetchesItsKey = fetchesKey(config, provider);
				return messageOf(telling, { source, fetchesItsKey, now, ...(profiles && { profiles }) });
			});
		const [only, ...more] = current;
		if (only !== undefined && more.length === 0) {
			const [message] = messages(reach.of([only.incident], open));
			if (message !== undefined) return message;
		}
		const lasting = current.filter(({ news }) => !isEnd(news)).map(({ incident }) => incident);
		return gather(messages(), reach.of(lasting, open), now);
	}

	return {
		observer: {
			providerAlarmed: (id, _source, alarm) => incidents.alarmed(id, alarm),
			keyFetched: (id) => incidents.keyFetched(id),
			keyTroubled: (id, _source, trouble) => incidents.keyTroubled(id, trouble),
			providerChanged: (id, _from, to, health) => incidents.changed(id, to, health),
			providerOperated: (id, action) => incidents.operated(id, action),
			callEnded: (record) => incidents.ended(record),
		},
		watch: (source) => {
			present = source;
		},
		close: async (drainMs) => {
			incidents.stop();
			await Promise.all(receivers.map((receiver) => receiver.close(drainMs)));
		},
	};
}
