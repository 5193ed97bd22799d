/**
 * @typedef {import('../messages.ts').Snapshot} Snapshot
 * @typedef {import('../messages.ts').ProviderView} ProviderView
 *
 * @typedef {object} Standing how it stands, worst first
 * @property {readonly string[]} dead profiles that cannot be served now
 * @property {ProviderView[]} hurt provider actors that are not closed
 * @property {Unavailable[]} unavailable models that their closed provider is not asked for
 *
 * @typedef {object} Unavailable
 * @property {string} id the provider actor
 * @property {string} target `provider/model`
 * @property {number} until ms since the epoch
 */

/**
 * What a person has to know first. All of it is well only where nothing is in any of the lists.
 * @param {Snapshot} snapshot
 * @param {number} now ms since the epoch
 * @returns {Standing}
 */
export function standing({ providers, unservable }, now) {
	const hurt = providers.filter(({ health }) => health.state !== 'closed');
	const unavailable = providers.flatMap((provider) =>
		provider.health.state !== 'closed'
			? []
			: unavailableModels(provider, now).map(({ model, until }) => ({
					id: provider.id,
					target: `${provider.provider}/${model}`,
					until,
				})),
	);
	return { dead: unservable, hurt, unavailable };
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
export function isSidelined(provider, model, now) {
	return unavailableModels(provider, now).some((unavailable) => unavailable.model === model);
}
