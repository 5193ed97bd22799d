/**
 * @typedef {import('../messages.ts').Snapshot} Snapshot
 * @typedef {import('../messages.ts').ProviderView} ProviderView
 *
 * @typedef {object} Standing how it stands, worst first
 * @property {readonly string[]} dead profiles that cannot be served now
 * @property {ProviderView[]} hurt provider actors that are not closed
 * @property {Sidelined[]} sidelined models that their closed provider is not asked for
 *
 * @typedef {object} Sidelined
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
	const sidelined = providers.flatMap((provider) =>
		provider.health.state !== 'closed'
			? []
			: sidelinedModels(provider, now).map(({ model, until }) => ({
					id: provider.id,
					target: `${provider.provider}/${model}`,
					until,
				})),
	);
	return { dead: unservable, hurt, sidelined };
}

/**
 * Models that a provider actor is not asked for now.
 * @param {ProviderView} provider
 * @param {number} now ms since the epoch
 */
export function sidelinedModels({ health }, now) {
	return Object.entries(health.sidelinedModels)
		.map(([model, until]) => ({ model, until: Date.parse(until) }))
		.filter(({ until }) => until > now);
}

/**
 * @param {ProviderView} provider
 * @param {string} model
 * @param {number} now ms since the epoch
 */
export function isSidelined(provider, model, now) {
	return sidelinedModels(provider, now).some((sidelined) => sidelined.model === model);
}
