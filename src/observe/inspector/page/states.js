import { html, svg } from './vendor/lit-html.js';

/** @typedef {import('../../../../machines/events.ts').ProviderStateName} State */

/** What each state means, in a few words. */
export const meanings = {
	closed: 'takes traffic',
	open: 'takes no traffic',
	'half-open': 'on trial',
	'quota-cooldown': 'out of quota',
};

/** Why a provider is not closed. */
export const reasons = /** @type {Readonly<Record<string, string>>} */ ({
	failures: 'too many failures',
	hint: 'the provider asked for a pause',
	auth: 'the provider rejects the key',
	quota: 'quota or credit is used up',
	operator: 'tripped by an operator',
	probing: 'a probe decides',
	model: 'the model is unavailable',
});

/**
 * The own shape of a state, or of a target whose model is `unavailable`, so that it is not shown by its colour alone.
 * @param {string} state
 */
export function glyph(state) {
	return html`<svg class="glyph" data-state=${state} viewBox="0 0 16 16" aria-hidden="true">${shape(state)}</svg>`;
}

/** @param {string} state */
function shape(state) {
	if (state === 'open')
		return svg`<rect x="2.5" y="2.5" width="11" height="11" rx="2" /><path class="cut" d="M5.5 5.5l5 5m0-5l-5 5" />`;
	if (state === 'half-open')
		return svg`<circle class="rim" cx="8" cy="8" r="5.5" /><path d="M8 2.5a5.5 5.5 0 0 1 0 11z" />`;
	if (state === 'quota-cooldown')
		return svg`<path d="M8 1.8l6.5 11.7h-13z" /><path class="cut" d="M8 6v3.6m0 1.5v.5" />`;
	if (state === 'unavailable') return svg`<circle cx="8" cy="8" r="6" /><path class="cut" d="M4.8 8h6.4" />`;
	return svg`<circle cx="8" cy="8" r="6" /><path class="cut" d="M5.2 8.2l2 2 3.7-4" />`;
}

/** @param {string} state */
export function badge(state) {
	return html`<span class="badge" data-state=${state}>${glyph(state)}${state}</span>`;
}
