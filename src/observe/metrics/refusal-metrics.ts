import type { Registry } from 'prom-client';
import type { Config } from '../../config/config.ts';
import type { RefusedCall } from '../../contract/observer.ts';
import { refusals } from '../../contract/refusal.ts';
import { Cells } from './cells.ts';
import { bounded } from './labels.ts';

const codes: ReadonlySet<string> = new Set(Object.keys(refusals));

/** Requests that were refused before any provider was asked: wrong keys, exceeded limits, unreadable bodies. */
export class RefusalMetrics {
	readonly #refused;
	readonly #clients: ReadonlySet<string>;

	constructor(registry: Registry, config: Config) {
		this.#clients = new Set(Object.keys(config.server.clients ?? {}));
		this.#refused = new Cells(registry, {
			name: 'breakwater_requests_refused_total',
			help: 'Requests that were refused before any provider was asked, by the code of the error that the caller got.',
			labels: ['code', 'client'],
		});
		for (const code of codes) this.#refused.cell({ code, client: undefined });
		for (const client of this.#clients)
			for (const code of ['client_rate_limited', 'client_share_exceeded']) this.#refused.cell({ code, client });
	}

	count({ code, client }: RefusedCall): void {
		this.#refused.count({
			code: bounded(code, codes),
			client: client === undefined ? undefined : bounded(client, this.#clients),
		});
	}
}
