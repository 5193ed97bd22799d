import type { Config } from '../config/config.ts';
import type { GatewayObserver } from '../observer.ts';
import { formats } from './formats.ts';
import { covers, type Incident, type IncidentNews } from './incident.ts';
import { Incidents } from './incidents.ts';
import { messageOf } from './message.ts';
import { reachedProfiles, sourceOf } from './reach.ts';
import { type DeliveryOutcome, type DeliveryTiming, patientTiming, Webhook } from './webhook.ts';

export interface Notifications {
	/** What has to be told of everything that happens. */
	readonly observer: GatewayObserver;
	/** Lets what is on its way be delivered for so long, then ends. */
	close(drainMs: number): Promise<void>;
}

export interface NotificationOptions {
	log: { warn(line: object, text: string): void };
	/** Told of each message's fate, with the number of its webhook in the configuration, from 1 on. */
	onOutcome?: (webhook: number, outcome: DeliveryOutcome['is']) => void;
	timing?: DeliveryTiming;
}

/**
 * Tells the configured webhooks of incidents: once when each begins, at every reminder while it lasts, and once when it is
 * over. Nothing of it waits for a receiver. What is sent is made of names of the configuration, statuses and fixed words:
 * no key, no word of a caller or a provider.
 */
export function createNotifications(config: Config, options: NotificationOptions): Notifications {
	const { notifications } = config;
	if (notifications === undefined) return { observer: {}, close: async () => {} };
	const { log, onOutcome, timing = patientTiming } = options;
	const { reminder: reminderMs, downAfter: downAfterMs } = notifications;

	const receivers = notifications.webhooks.map(({ url, format, headers }, index) => {
		const number = index + 1;
		let isOverflowing = false;
		const webhook: Webhook = new Webhook({
			url,
			headers,
			timing,
			onOutcome: (outcome) => {
				onOutcome?.(number, outcome.is);
				const about = { webhook: number, origin: webhook.origin };
				if (outcome.is === 'failed') {
					const { attempts, why } = outcome;
					log.warn({ ...about, attempts, why }, 'a notification could not be delivered');
				}
				// One line until the queue moves again, however many are dropped meanwhile.
				if (outcome.is === 'dropped' && !isOverflowing) log.warn(about, 'notifications were dropped undelivered');
				isOverflowing = outcome.is === 'dropped';
			},
		});
		return { webhook, format: formats[format] };
	});

	const incidents = new Incidents({ reminderMs, downAfterMs, tell });

	function tell(news: IncidentNews, incident: Incident): void {
		const others = incidents.open.filter(({ id }) => id !== incident.id);
		const profiles = reachedProfiles(
			config,
			(rung) => covers(incident, rung),
			(rung) => others.some((other) => covers(other, rung)),
		);
		const source = sourceOf(config, incident.provider, incident.kind === 'model' ? incident.model : undefined);
		const message = messageOf(news, incident, { source, profiles, now: Date.now() });
		for (const { webhook, format } of receivers) webhook.send(format(message));
	}

	return {
		observer: {
			providerAlarmed: (id, _source, alarm) => incidents.alarmed(id, alarm),
			providerChanged: (id, _from, to, health) => incidents.changed(id, to, health),
			providerOperated: (id, order) => incidents.operated(id, order),
			callEnded: (record) => incidents.ended(record),
		},
		close: async (drainMs) => {
			incidents.stop();
			await Promise.all(receivers.map(({ webhook }) => webhook.close(drainMs)));
		},
	};
}
