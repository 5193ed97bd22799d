import { failureName, left } from './format.js';
import { html } from './vendor/lit-html.js';

/**
 * @typedef {import('../messages.ts').ProviderView} ProviderView
 *
 * @typedef {object} Trouble
 * @property {unknown} what what is wrong, and why, as the rest of a sentence that begins with the name
 * @property {unknown} todo what to do, as a whole sentence; where it passes by itself, when
 */

/** Further off than this, it is tried again when somebody says so. */
const foreverMs = 20 * 24 * 3600 * 1000;

/**
 * What is wrong with a provider that is not closed: what, why, and what to do.
 * @param {ProviderView} provider
 * @param {number} now ms since the epoch
 * @returns {Trouble}
 */
export function troubleOf(provider, now) {
	const { health, source } = provider;
	const again = againText(health.retryAt, now);
	const place = html`<code>${source}</code>`;
	const isOnTrial = health.state === 'half-open';
	if (health.reason === 'auth') return { what: 'key rejected', todo: html`Replace ${place}.` };
	if (health.reason === 'quota' || health.state === 'quota-cooldown') {
		return { what: 'out of quota or credit', todo: html`Top up the account of ${place}, or wait: ${again}.` };
	}
	if (health.reason === 'operator' && !isOnTrial) {
		return { what: 'taken out by an operator', todo: 'Reset it when it may take traffic again.' };
	}
	if (isOnTrial) return { what: html`on trial${lastText(provider)}`, todo: 'The next request decides.' };
	if (health.reason === 'hint') return { what: html`${pauseText(provider)}`, todo: html`Nothing to do: ${again}.` };
	return { what: html`${failureText(provider)}`, todo: html`${adviceText(provider)} ${capital(again)}.` };
}

/**
 * How much a person is needed: the lowest comes first.
 * @param {ProviderView} provider
 * @param {number} now ms since the epoch
 */
export function gravityOf({ health }, now) {
	if (health.state === 'closed') {
		return Object.values(health.unavailableModels).some((until) => Date.parse(until) > now) ? 3 : 4;
	}
	if (health.reason === 'auth' || health.reason === 'quota' || health.state === 'quota-cooldown') return 0;
	return health.state === 'open' ? 1 : 2;
}

/**
 * The failing first, in the order of the configuration otherwise.
 * @param {readonly ProviderView[]} providers
 * @param {number} now ms since the epoch
 */
export function failingFirst(providers, now) {
	return [...providers].sort((a, b) => gravityOf(a, now) - gravityOf(b, now));
}

/**
 * @param {string | null} retryAt
 * @param {number} now
 */
function againText(retryAt, now) {
	const until = retryAt === null ? now : Date.parse(retryAt);
	if (until - now > foreverMs) return 'tried again when it is reset';
	return `tried again in ${until > now ? left(until - now) : 'a moment'}`;
}

/** @param {string} text */
function capital(text) {
	return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

/** @param {ProviderView} provider */
function lastText({ health }) {
	return health.lastFailure === null ? '' : html` after ${code(health.lastFailure)}`;
}

/** @param {NonNullable<ProviderView['health']['lastFailure']>} failure */
function code(failure) {
	return html`<code>${failureName(failure)}</code>`;
}

/** @param {ProviderView} provider */
function pauseText({ health }) {
	const { lastFailure } = health;
	const isLimit = lastFailure === null || lastFailure.category === 'RATE_LIMIT';
	return html`${isLimit ? 'rate limited' : 'asked for a pause'}${lastFailure === null ? '' : html` (${code(lastFailure)})`}`;
}

/** @param {ProviderView} provider */
function failureText({ health }) {
	const { lastFailure } = health;
	if (lastFailure === null) return 'too many failures';
	const words = /** @type {Readonly<Record<string, string>>} */ ({
		NETWORK_ERROR: 'cannot be reached',
		TIMEOUT: lastFailure.reason === 'connect' ? 'cannot be reached' : 'answers too late',
		RATE_LIMIT: 'rate limited',
	});
	return html`${words[lastFailure.category] ?? 'fails'} (${code(lastFailure)})`;
}

/** @param {ProviderView} provider */
function adviceText({ provider, health }) {
	const { category = '', reason = null } = health.lastFailure ?? {};
	if (category === 'NETWORK_ERROR' || reason === 'connect') {
		return html`Check the network, and <code>providers.${provider}.baseUrl</code>.`;
	}
	if (reason === 'no_endpoint') {
		return html`Check <code>providers.${provider}.baseUrl</code>, and its <code>endpoints</code>.`;
	}
	if (reason === 'first_token') return html`If its model thinks first, raise <code>timeouts.firstToken</code>.`;
	return 'Nothing to do if it is an outage of theirs.';
}
