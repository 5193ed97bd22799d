/**
 * @typedef {import('../messages.ts').Snapshot} Snapshot
 * @typedef {import('../messages.ts').ProviderView} ProviderView
 *
 * @typedef {object} Overview what is not well, worst first
 * @property {readonly string[]} unservable profiles that cannot be served now
 * @property {ProviderView[]} notClosed provider actors that are not closed
 * @property {Unavailable[]} unavailable models that their closed provider is not asked for
 *
 * @typedef {object} Unavailable
 * @property {string} id the provider actor
 * @property {string} target `provider/model`
 * @property {number} until ms since the epoch
 */

/**
 * What a person has to know first. All is well when every list is empty.
 * @param {Snapshot} snapshot
 * @param {number} now ms since the epoch
 * @returns {Overview}
 */
export function overviewOf({ providers, unservable }, now) {
	const notClosed = providers.filter(({ health }) => health.state !== 'closed');
	const unavailable = providers.flatMap((provider) =>
		provider.health.state !== 'closed'
			? []
			: unavailableModels(provider, now).map(({ model, until }) => ({
					id: provider.id,
					target: `${provider.provider}/${model}`,
					until,
				})),
	);
	return { unservable, notClosed, unavailable };
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
