import { clock, duration, left } from './format.js';
import { glyph } from './states.js';
import { html, nothing } from './vendor/lit-html.js';

/**
 * @typedef {import('../messages.ts').Snapshot} Snapshot
 * @typedef {import('../messages.ts').ProviderView} ProviderView
 * @typedef {import('./connection.js').Connection} Connection
 */

/**
 * What one sees first: how it stands, and whether this is now.
 * @param {object} what
 * @param {Snapshot | undefined} what.snapshot
 * @param {number} what.now ms since the epoch, by the server's clock
 * @param {Connection} what.connection
 * @param {unknown} what.theme
 * @param {() => void} what.askKey
 */
export function header({ snapshot, now, connection, theme, askKey }) {
	return html`<header class="top">
			<a class="skip" href="#main">To the providers</a>
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

/**
 * One sentence for somebody who was just woken.
 * @param {Snapshot} snapshot
 * @param {number} now
 * @param {boolean} isLive
 */
function summary({ providers }, now, isLive) {
	const hurt = providers.filter(({ health }) => health.state !== 'closed');
	if (hurt.length === 0) {
		const all =
			providers.length === 1 ? 'The provider takes traffic.' : `All ${providers.length} providers take traffic.`;
		return html`<p class="summary-line" data-live=${String(isLive)} data-tone="good">${glyph('closed')} <span>${all}</span></p>`;
	}
	const well = providers.length - hurt.length;
	return html`<p class="summary-line" data-live=${String(isLive)} data-tone=${well === 0 ? 'bad' : 'some'}>
		${glyph(hurt[0]?.health.state ?? 'open')}
		<span><b>${well} of ${providers.length}</b> providers ${well === 1 ? 'takes' : 'take'} traffic. ${hurt.slice(0, 3).map((provider) => hurtText(provider, now))}${hurt.length > 3 ? ` And ${hurt.length - 3} more.` : ''}</span>
	</p>`;
}

/**
 * @param {ProviderView} provider
 * @param {number} now
 */
function hurtText({ id, health }, now) {
	const until = health.retryAt === null ? undefined : Date.parse(health.retryAt);
	const when =
		until === undefined || until - now > 20 * 24 * 3600 * 1000
			? ''
			: `, tried again in ${until > now ? left(until - now) : 'a moment'}`;
	return html`<b class="name">${id}</b> is ${health.state}${when}. `;
}
