import { clock, duration, left, many } from './format.js';
import { overviewOf } from './overview.js';
import { glyph } from './states.js';
import { troubleOf } from './troubles.js';
import { html, nothing } from './vendor/lit-html.js';

/**
 * @typedef {import('../messages.ts').Snapshot} Snapshot
 * @typedef {import('../messages.ts').ProviderView} ProviderView
 * @typedef {import('./connection.js').Connection} Connection
 */

/**
 * What one sees first: what is down, and whether the page is live.
 * @param {object} what
 * @param {Snapshot | undefined} what.snapshot
 * @param {number} what.now ms since the epoch, by the server's clock
 * @param {Connection} what.connection
 * @param {unknown} what.theme
 * @param {() => void} what.askKey
 */
export function header({ snapshot, now, connection, theme, askKey }) {
	return html`<header class="top">
			${snapshot === undefined ? nothing : html`<a class="skip" href="#providers">To the providers</a>`}
			<h1><svg class="mark" viewBox="0 0 32 32" aria-hidden="true"><path d="M3 12c4.3-4.3 8.7-4.3 13 0s8.7 4.3 13 0M3 22c4.3-4.3 8.7-4.3 13 0s8.7 4.3 13 0" /></svg>Breakwater</h1>
			${snapshot === undefined ? nothing : html`<span class="version quiet">${snapshot.version}</span>`}
			<span class="spring"></span>
			${line(connection)} ${theme}
		</header>
		${trouble(connection, askKey)} ${snapshot === undefined ? nothing : summary(snapshot, now, connection.status.phase === 'live')}`;
}

/** @param {Connection} connection */
function line({ status }) {
	const words = {
		connecting: 'connecting',
		live: 'live',
		lost: 'connection lost',
		closing: 'stopped',
		barred: 'key needed',
		full: 'waiting',
	};
	return html`<span class="line" data-phase=${status.phase}><span class="dot" aria-hidden="true"></span>${words[status.phase]}</span>`;
}

/**
 * @param {Connection} connection
 * @param {() => void} askKey
 */
function trouble(connection, askKey) {
	const { phase, since, retryAt, message } = connection.status;
	if (phase === 'live' || phase === 'connecting') return nothing;
	const now = Date.now();
	const next = html`<span>${retryAt > now ? `Next try in ${left(retryAt - now)}.` : 'Trying now.'}</span>
		<button type="button" @click=${() => connection.retryNow()}>Try now</button>`;
	const old = html`<span>Everything below is as it was then.</span>`;
	const texts = {
		lost: html`<strong>The connection is lost since ${clock(since, now)}</strong> <span>(${duration(now - since)}).</span> ${old} ${next}`,
		closing: html`<strong>Breakwater was stopped at ${clock(since, now)}.</strong> ${old} ${next}`,
		full: html`<strong>${message}</strong> ${next}`,
		barred: html`<strong>${message}</strong> <button type="button" class="main" @click=${askKey}>Enter the key</button>`,
	};
	return html`<div class="trouble" role="alert" data-phase=${phase}>${texts[phase]}</div>`;
}

/** So many of each kind are named; the rest is counted. */
const mostNamed = 3;

/**
 * In a few words: which profiles get no answer, which providers are down, and which models of the others are unavailable.
 * @param {Snapshot} snapshot
 * @param {number} now
 * @param {boolean} isLive
 */
function summary(snapshot, now, isLive) {
	const { providers } = snapshot;
	const { unservable, notClosed, unavailable, waiting } = overviewOf(snapshot, now);
	const keys = providers.filter(({ model }) => model === null);
	const well = keys.filter(({ health }) => health.state === 'closed').length;
	const isWell = [unservable, notClosed, unavailable, waiting].every(({ length }) => length === 0);
	const tone = isWell ? 'good' : unservable.length > 0 || well === 0 ? 'bad' : 'some';
	const sign = isWell
		? 'closed'
		: unservable.length > 0
			? 'open'
			: (notClosed[0]?.health.state ?? (unavailable.length > 0 ? 'unavailable' : 'half-open'));
	return html`<p class="summary-line" data-live=${String(isLive)} data-tone=${tone}>
		${glyph(sign)}
		<span>${unservable.length === 0 ? nothing : unservableText(unservable)}${trafficText(well, keys.length)} ${notClosed.slice(0, mostNamed).map((provider) => notClosedText(provider, now))}${moreText(notClosed)}${unavailable.slice(0, mostNamed).map((model) => unavailableText(model, now))}${moreText(unavailable)}${waiting.slice(0, mostNamed).map((wait) => waitText(wait, now))}${moreText(waiting)}</span>
	</p>`;
}

/** @param {readonly string[]} profiles */
function unservableText(profiles) {
	const names = profiles
		.slice(0, mostNamed)
		.map((name, index) => html`${index === 0 ? '' : ', '}<b class="name">${name}</b>`);
	const more = profiles.length > mostNamed ? ` and ${profiles.length - mostNamed} more` : '';
	return html`<span class="dead">${profiles.length === 1 ? 'Profile' : 'Profiles'} ${names}${more} cannot be served now.</span> `;
}

/**
 * @param {number} well
 * @param {number} all
 */
function trafficText(well, all) {
	if (well === all) return all === 1 ? 'The provider takes traffic.' : `All ${all} providers take traffic.`;
	return html`<b>${well} of ${all}</b> providers ${well === 1 ? 'takes' : 'take'} traffic.`;
}

/** @param {readonly unknown[]} all */
function moreText(all) {
	return all.length > mostNamed ? `And ${all.length - mostNamed} more. ` : '';
}

/**
 * @param {import('./overview.js').Unavailable} model
 * @param {number} now
 */
function unavailableText({ id, target, until }, now) {
	const number = id.includes('#') ? ` ${id.slice(id.indexOf('#'))}` : '';
	return html`<b class="name">${target}</b>${number}: not available there. Check its name in the configuration; tried again in ${left(until - now)}. `;
}

/**
 * @param {import('./overview.js').Wait} wait
 * @param {number} now
 */
function waitText({ id, requests, since }, now) {
	const longest = duration(Math.floor((now - since) / 1000) * 1000);
	if (requests === 1) return html`1 request waits for <b class="name">${id}</b>, for ${longest}. `;
	return html`${many(requests)} requests wait for <b class="name">${id}</b>, the longest ${longest}. `;
}

/**
 * What, why, and what to do.
 * @param {ProviderView} provider
 * @param {number} now
 */
function notClosedText(provider, now) {
	const { what, todo } = troubleOf(provider, now);
	return html`<b class="name">${provider.id}</b>: ${what}. ${todo} `;
}
