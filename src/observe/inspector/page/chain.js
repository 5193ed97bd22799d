import { duration, many, percent } from './format.js';
import { isUnavailable } from './overview.js';
import { glyph } from './states.js';
import { html, nothing, svg } from './vendor/lit-html.js';

/**
 * @typedef {import('../messages.ts').Snapshot} Snapshot
 * @typedef {import('../messages.ts').ProviderView} ProviderView
 * @typedef {import('../messages.ts').ProfileView} ProfileView
 */

/**
 * Each profile as its chain: who answers now, and who has answered in the last minute.
 * @param {Snapshot} snapshot
 * @param {number} now ms since the epoch
 */
export function chains(snapshot, now) {
	const byId = new Map(snapshot.providers.map((provider) => [provider.id, provider]));
	return html`<section aria-labelledby="profiles-title">
		<h2 id="profiles-title">Profiles <span class="quiet">where requests go now; shares of the last minute</span></h2>
		<div class="profiles">${snapshot.profiles.map((profile) => chain(profile, snapshot, byId, now))}</div>
	</section>`;
}

/**
 * @param {ProfileView} profile
 * @param {Snapshot} snapshot
 * @param {Map<string, ProviderView>} byId
 * @param {number} now
 */
function chain(profile, snapshot, byId, now) {
	const counts = (Object.hasOwn(snapshot.traffic, profile.name) && snapshot.traffic[profile.name]) || {};
	const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
	const unanswered = counts[''] ?? 0;
	const granting = profile.candidates.map(({ model, credentials }) =>
		credentials.some((id) => {
			const own = byId.get(gateOf(id, model));
			return grants(byId.get(id), model, now) && (own === undefined || grants(own, model, now));
		}),
	);
	const first = granting.indexOf(true);
	return html`<article class="profile" data-profile=${profile.name}>
		<h3><span class="name">${profile.name}</span>${profile.isDefault ? html`<span class="tag">default</span>` : nothing}</h3>
		<ol class="steps">
			${profile.candidates.map(({ target, model, credentials, price }, index) => {
				const count = counts[target] ?? 0;
				const share = total === 0 ? 0 : count / total;
				return html`<li class="chain-step" data-next=${String(index === first)} data-grants=${String(granting[index])}>
					<span class="line-of">
						<span class="target name" title=${`${target}: ${price ?? 'price not known'}`}>${target}</span>
						${index === first ? html`<span class="next" title="The next request goes here">next</span>` : nothing}
						<span class="actors">${credentials.map((id) => actor(shownOf(byId, id, model), id, model, now))}</span>
					</span>
					<svg class="share" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
						<rect class="all" width="100" height="6" />${share > 0 ? svg`<rect class="part" width=${share * 100} height="6" />` : nothing}
					</svg>
					<span class="count">${total === 0 ? html`<span class="quiet">no requests</span>` : html`<b>${percent(share)}</b> <span class="quiet">${many(count)}</span>`}</span>
				</li>`;
			})}
		</ol>
		${first === -1 ? html`<p class="denied">No target can be asked now: requests ${deniedText(profile)}.</p>` : nothing}
		${unanswered > 0 ? html`<p class="unanswered"><b>${percent(unanswered / total)}</b> got no answer <span class="quiet">${many(unanswered)}</span></p>` : nothing}
	</article>`;
}

/**
 * The id of a model's own actor, where it has one.
 * @param {string} id its key's
 * @param {string} model
 */
function gateOf(id, model) {
	return `${id}/${model}`;
}

/**
 * The one of a target's actors that keeps it out of traffic; its key's where none does.
 * @param {Map<string, ProviderView>} byId
 * @param {string} id its key's
 * @param {string} model
 */
function shownOf(byId, id, model) {
	const key = byId.get(id);
	return key?.health.state === 'closed' ? (byId.get(gateOf(id, model)) ?? key) : key;
}

/**
 * What becomes of requests while every target is denied.
 * @param {ProfileView} profile
 */
function deniedText({ whenAllDenied }) {
	if (whenAllDenied === 'fail') return 'get a 503';
	if (whenAllDenied === 'try-soonest') return 'probe the one that is due first';
	return `wait for the one that is due first, for at most ${duration(whenAllDenied.wait)}`;
}

/**
 * Why a target is not asked: its provider's state, or its model where the provider is closed.
 * @param {ProviderView | undefined} provider
 * @param {string} id
 * @param {string} model
 * @param {number} now
 */
function actor(provider, id, model, now) {
	const isOut = provider?.health.state === 'closed' && isUnavailable(provider, model, now);
	const state = isOut ? 'unavailable' : (provider?.health.state ?? 'closed');
	return html`<span class="actor" title=${isOut ? `${id} is closed, but this model is unavailable there` : `${id} is ${state}`}>${glyph(state)}<span>${id.includes('#') ? id.slice(id.indexOf('#')) : ''} ${state}</span></span>`;
}

/**
 * Would this provider actor grant a permit for this model now?
 * @param {ProviderView | undefined} provider
 * @param {string} model
 * @param {number} now
 */
function grants(provider, model, now) {
	if (provider === undefined) return false;
	const { state, retryAt, probesInFlight } = provider.health;
	if (isUnavailable(provider, model, now)) return false;
	if (state === 'closed') return true;
	if (state === 'half-open') return probesInFlight < provider.limits.probes;
	return retryAt !== null && Date.parse(retryAt) <= now;
}
