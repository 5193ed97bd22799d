import { actionBehind, chart, lastChange } from './chart.js';
import { ago, clock, duration, failureName, left, many, percent } from './format.js';
import { hour } from './hour.js';
import { unavailableModels } from './overview.js';
import { badge, meanings, reasons } from './states.js';
import { failingFirst } from './troubles.js';
import { repeat } from './vendor/directives/repeat.js';
import { html, nothing } from './vendor/lit-html.js';

/**
 * @typedef {import('../messages.ts').ProviderView} ProviderView
 * @typedef {import('../messages.ts').Snapshot} Snapshot
 * @typedef {import('./actions.js').Actions} Actions
 */

/** A wait that a card shows, ms. */
const shownWaitMs = 3000;

/**
 * One card for each provider actor.
 * @param {Snapshot} snapshot
 * @param {number} now ms since the epoch
 * @param {Actions} actions
 * @param {(id: string) => void} showChart
 */
export function providers(snapshot, now, actions, showChart) {
	return html`<section id="providers" tabindex="-1" aria-labelledby="providers-title">
		<h2 id="providers-title">Providers</h2>
		<div class="cards">
			${repeat(
				failingFirst(snapshot.providers, now),
				({ id }) => id,
				(provider) => card(provider, snapshot, now, actions, showChart),
			)}
		</div>
	</section>`;
}

/**
 * @param {ProviderView} provider
 * @param {Snapshot} snapshot
 * @param {number} now
 * @param {Actions} actions
 * @param {(id: string) => void} showChart
 */
function card(provider, snapshot, now, actions, showChart) {
	const { id, health, history, marks } = provider;
	const last = lastChange(marks);
	const drawn = `The statechart of ${id}: now ${health.state}${last ? `, last ${last.from} to ${last.to}` : ''}. Show it large`;
	return html`<article class="card" data-state=${health.state} data-provider=${id} aria-label="Provider ${id}, ${health.state}">
		<header>
			<h3 class="name" title=${id}>${id}</h3>
			${provider.model === null ? nothing : html`<span class="tag" title="One of several models of its key: what fails here does not take its siblings along">model</span>`}
			${badge(health.state)}
		</header>
		<p class="now">${present(provider, now)}</p>
		${countdown(provider, now)} ${waits(snapshot.waiting, id, now)}
		<button type="button" class="show-chart" aria-label=${drawn} title="Show the whole chart" @click=${() => showChart(id)}>
			${chart(snapshot.machine.brief, health.state, last, '')}
		</button>
		<p class="last">${lastText(provider, now)}</p>
		${hour(history, now)}
		${facts(provider, now)} ${events(provider, now)} ${actions.buttons(provider, snapshot.canOperate)}
	</article>`;
}

/**
 * @param {ProviderView} provider
 * @param {number} now
 */
function present(provider, now) {
	const { health, history } = provider;
	const entered = history.at(-1);
	// For the machine a wait that is prolonged begins anew; for a person the state has not changed.
	const since = entered?.state === health.state ? entered.from : Date.parse(health.since);
	const out = health.state === 'closed' ? unavailableModels(provider, now) : [];
	const why = health.reason === null || health.state === 'closed' ? '' : `: ${reasons[health.reason] ?? health.reason}`;
	return html`<strong>${meanings[/** @type {keyof typeof meanings} */ (health.state)] ?? health.state}</strong>${why}${out.length === 0 ? nothing : html`, <span class="failure">but not for <span class="name">${out.map(({ model }) => model).join(', ')}</span></span>`}
		<span class="quiet">since ${clock(since, now)}, ${ago(now - since)}</span>`;
}

/**
 * What is left until the provider is tried again.
 * @param {ProviderView} provider
 * @param {number} now
 */
function countdown({ health, limits }, now) {
	if (health.state === 'half-open') {
		const free = limits.probes - health.probesInFlight;
		const text = free > 0 ? 'the next request is a probe' : `waiting for ${probeCount(health.probesInFlight)}`;
		return html`<p class="countdown">${text}</p>`;
	}
	if (health.retryAt === null || health.state === 'closed') return nothing;
	const until = Date.parse(health.retryAt);
	const since = Date.parse(health.since);
	const done = Math.min(1, Math.max(0, (now - since) / Math.max(1, until - since)));
	const isForever = until - now > 20 * 24 * 3600 * 1000;
	return html`<div class="countdown">
		<p>
			<span class="what">tried again</span>
			${
				isForever
					? html`<strong>when it is reset</strong>`
					: html`in <strong class="clock">${until > now ? left(until - now) : 'a moment'}</strong>
							<span class="quiet">at ${clock(until, now)}</span>`
			}
		</p>
		<svg class="progress" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
			<rect width="100" height="4" />
			<rect class="done" width=${(done * 100).toFixed(2)} height="4" />
		</svg>
	</div>`;
}

/**
 * Who waits for the beginning of an answer, where it takes long enough to be read.
 * @param {Snapshot['waiting']} waiting
 * @param {string} id
 * @param {number} now
 */
function waits(waiting, id, now) {
	const wait = Object.hasOwn(waiting, id) ? waiting[id] : undefined;
	if (wait === undefined || now - wait.since < shownWaitMs) return nothing;
	const longest = duration(Math.floor((now - wait.since) / 1000) * 1000);
	const who = wait.requests === 1 ? '1 request waits' : `${many(wait.requests)} requests wait`;
	return html`<p class="waits"><strong>${who}</strong><span class="quiet">, ${wait.requests === 1 ? 'for' : 'the longest'} ${longest}</span></p>`;
}

/** @param {number} count */
function probeCount(count) {
	return count === 1 ? 'one probe’s result' : `the results of ${count} probes`;
}

/**
 * The transition taken last, in words.
 * @param {ProviderView} provider
 * @param {number} now
 */
function lastText({ marks }, now) {
	const last = lastChange(marks);
	if (last === undefined) return html`<span class="quiet">no change of state since the start</span>`;
	const action = actionBehind(marks);
	return html`${last.from} → ${last.to}${action === undefined ? '' : html` <code>${action}</code>`}
		<span class="quiet">${ago(now - last.at)}</span>`;
}

/**
 * @param {ProviderView} provider
 * @param {number} now
 */
function facts(provider, now) {
	const { health, limits } = provider;
	const { state, recentResults, lastFailure, consecutiveFailures } = health;
	const { total, failed } = recentResults;
	const unavailable = unavailableModels(provider, now);
	const share = total === 0 ? 'failed' : `failed, ${percent(failed / total)}`;
	const atLeast = total < limits.minimumVolume ? ` of ${limits.minimumVolume} or more` : '';
	// Only what is closed can open.
	const opensAt = (/** @type {string} */ limit) =>
		state === 'closed' ? html`<div class="quiet">opens at ${limit}</div>` : nothing;
	return html`<dl class="facts">
		<div>
			<dt>Failures in a row</dt>
			<dd data-tone=${consecutiveFailures > 0 ? 'bad' : ''}>${consecutiveFailures} ${opensAt(String(limits.failureThreshold))}</dd>
		</div>
		<div>
			<dt>In the last ${left(limits.window)}</dt>
			<dd>${many(failed)} of ${many(total)} <span class="quiet">${share}</span> ${opensAt(`${percent(limits.failureRate)}${atLeast}`)}</dd>
		</div>
		<div class="wide">
			<dt>Last error</dt>
			<dd>
				${
					lastFailure === null
						? html`<span class="quiet">none</span>`
						: html`<code class="failure">${failureName(lastFailure)}</code> on <span class="name">${lastFailure.model}</span>
								<span class="quiet">${ago(now - Date.parse(lastFailure.at))}</span>`
				}
			</dd>
		</div>
		${checkFact(health.check, now)}
		${
			unavailable.length === 0
				? nothing
				: html`<div class="wide">
						<dt>Unavailable models</dt>
						<dd>
							<ul class="unavailable">
								${unavailable.map(
									({ model, until }) =>
										html`<li><span class="name">${model}</span> <span class="quiet">for ${left(until - now)}</span></li>`,
								)}
							</ul>
						</dd>
					</div>`
		}
	</dl>`;
}

/**
 * The last active check and the next one, where there are any.
 * @param {ProviderView['health']['check']} check
 * @param {number} now
 */
function checkFact(check, now) {
	if (check === undefined) return nothing;
	const { result, at, category, reason, nextAt } = check;
	const why = category === null ? nothing : html` <code class="failure">${failureName({ category, reason })}</code>`;
	const next = Date.parse(nextAt);
	return html`<div class="wide">
		<dt>Active check</dt>
		<dd>
			${
				result === null || at === null
					? html`<span class="quiet">none yet</span>`
					: html`${result}${why} <span class="quiet">${ago(now - Date.parse(at))}</span>`
			}
			<span class="quiet">next ${next > now ? `in ${left(next - now)}` : 'at once'}</span>
		</dd>
	</div>`;
}

/**
 * @param {ProviderView} provider
 * @param {number} now
 */
function events({ id, marks }, now) {
	const alarm = marks.findLast(({ kind }) => kind === 'alarm');
	return html`${alarm?.kind === 'alarm' && alarm.until > now ? alarmBox(alarm, now) : nothing}
		<details class="events">
			<summary>What happened <span class="quiet">(${marks.length})</span><span class="unseen"> to ${id}</span></summary>
			${
				marks.length === 0
					? html`<p class="quiet">Nothing since the start.</p>`
					: html`<ol>
							${marks.toReversed().map((mark) => html`<li data-kind=${mark.kind}><time>${clock(mark.at, now)}</time> ${markText(mark, now)}</li>`)}
						</ol>`
			}
		</details>`;
}

/**
 * @param {Extract<import('../messages.ts').Mark, { kind: 'alarm' }>} alarm
 * @param {number} now
 */
function alarmBox({ alarm, model, source, until }, now) {
	const texts = {
		auth: html`The key is rejected. Check <code>${source}</code>.`,
		quota: html`Quota or credit is used up for <code>${source}</code>. Top it up, or wait.`,
		model: html`<span class="name">${model}</span> is not available there. Check its name.`,
	};
	return html`<p class="alarm" role="note"><strong>Needs a person.</strong> ${texts[alarm]}
		<span class="quiet">Not asked before ${clock(until, now)}.</span></p>`;
}

/**
 * @param {import('../messages.ts').Mark} mark
 * @param {number} now
 */
function markText(mark, now) {
	if (mark.kind === 'change') {
		const why = mark.reason === null ? '' : ` · ${reasons[mark.reason] ?? mark.reason}`;
		return html`${mark.from} → <b>${mark.to}</b><span class="quiet">${why}</span>`;
	}
	if (mark.kind === 'action') {
		const effect = mark.from === mark.to ? 'stayed' : `${mark.from} →`;
		return html`<code>${mark.action}</code> <span class="quiet">${effect} ${mark.to}</span>`;
	}
	return html`alarm <b>${mark.alarm}</b> <code class="failure">${failureName(mark)}</code> on <span class="name">${mark.model}</span>
		<span class="quiet">until ${clock(mark.until, now)}</span>`;
}
