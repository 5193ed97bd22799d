import { failingFirst } from './troubles.js';

/**
 * @typedef {import('../messages.ts').Snapshot} Snapshot
 * @typedef {import('../messages.ts').ProviderView} ProviderView
 *
 * @typedef {object} Overview what is not well, worst first
 * @property {readonly string[]} unservable profiles that cannot be served now
 * @property {ProviderView[]} notClosed provider actors that are not closed
 * @property {Unavailable[]} unavailable models that their closed provider is not asked for
 * @property {Wait[]} waiting providers for which requests wait for long, the longest first
 *
 * @typedef {object} Unavailable
 * @property {string} id the provider actor
 * @property {string} target `provider/model`
 * @property {number} until ms since the epoch
 *
 * @typedef {object} Wait
 * @property {string} id the provider actor
 * @property {number} requests
 * @property {number} since when the first of them began to wait, ms since the epoch
 */

/** A wait that is worth a word, ms: an answer that begins sooner is nothing unusual. */
const longWaitMs = 10_000;

/**
 * What a person has to know first. All is well when every list is empty.
 * @param {Snapshot} snapshot
 * @param {number} now ms since the epoch
 * @returns {Overview}
 */
export function overviewOf({ providers, unservable, waiting }, now) {
	const notClosed = failingFirst(providers, now).filter(({ health }) => health.state !== 'closed');
	const unavailable = providers.flatMap((provider) =>
		provider.health.state !== 'closed'
			? []
			: unavailableModels(provider, now).map(({ model, until }) => ({
					id: provider.id,
					target: `${provider.provider}/${model}`,
					until,
				})),
	);
	const waits = Object.entries(waiting)
		.map(([id, wait]) => ({ id, ...wait }))
		.filter(({ since }) => now - since >= longWaitMs)
		.sort((a, b) => a.since - b.since);
	return { unservable, notClosed, unavailable, waiting: waits };
}

/**
 * Models that a provider actor is not asked for now.
 * @param {ProviderView} provider
 * @param {number} now ms since the epoch
 */
export function unavailableModels({ health }, now) {
	return Object.entries(health.unavailableModels)
		.map(([model, until]) => ({ model, until: Date.parse(until) }))
		.filter(({ until }) => until > now);
}

/**
 * @param {ProviderView} provider
 * @param {string} model
 * @param {number} now ms since the epoch
 */
export function isUnavailable(provider, model, now) {
	return unavailableModels(provider, now).some((unavailable) => unavailable.model === model);
}
