import { clock, many, took } from './format.js';
import { traceLine } from './trace-line.js';
import { repeat } from './vendor/directives/repeat.js';
import { html, nothing } from './vendor/lit-html.js';

/**
 * @typedef {import('../messages.ts').CallView} CallView
 * @typedef {import('../messages.ts').Snapshot} Snapshot
 *
 * @typedef {object} Filters
 * @property {string} text part of an id
 * @property {string} profile
 * @property {string} provider
 * @property {string} outcome
 */

/** Rows that are drawn at first, and with each `Show more`. */
const pageRows = 40;

export const outcomes = /** @type {const} */ ([
	['live', 'under way'],
	['done', 'answered'],
	['troubled', 'answered after a failure'],
	['continued', 'carried on after a break'],
	['failed', 'failed'],
	['aborted', 'client left'],
]);

/** @returns {Filters} */
export function noFilters() {
	return { text: '', profile: '', provider: '', outcome: '' };
}

/** The list of recent requests, and what it shows of them. */
export class Requests {
	#changed;
	/** @type {Filters} */
	filters = noFilters();
	/** @type {CallView[] | undefined} what is shown while the list is held */
	#held;
	#rows = pageRows;

	/** @param {() => void} changed called when something else is to be drawn */
	constructor(changed) {
		this.#changed = changed;
	}

	/**
	 * @param {Snapshot} snapshot
	 * @param {CallView[]} calls newest first
	 * @param {number} now ms since the epoch
	 * @param {(call: CallView) => void} open shows the whole trace
	 */
	view(snapshot, calls, now, open) {
		const known = this.#held ?? calls;
		const found = known.filter((call) => this.#matches(call));
		return html`<section aria-labelledby="requests-title" class="requests">
			<h2 id="requests-title">Requests <span class="quiet">${this.#loadText(snapshot)}</span></h2>
			${this.#toolbar(snapshot, calls)}
			<p class="quiet found" role="status">${this.#foundText(found.length, known.length)}</p>
			<ul class="calls">
				${repeat(
					found.slice(0, this.#rows),
					({ key }) => key,
					(call) => row(call, now, open),
				)}
			</ul>
			${found.length > this.#rows ? html`<button type="button" class="more" @click=${() => this.#showMore()}>Show more</button>` : nothing}
		</section>`;
	}

	/** @param {Snapshot} snapshot */
	#loadText({ load }) {
		if (load.requests === 0) return 'as they happen; a row opens its trace';
		if (load.shown >= load.requests) return `${many(load.requests)} a second`;
		return html`<strong class="sampled">showing ${many(load.shown)} of ${many(load.requests)} a second</strong>`;
	}

	/**
	 * @param {number} found
	 * @param {number} known
	 */
	#foundText(found, known) {
		if (known === 0) return 'No request yet. POST /v1/chat/completions, and it shows here.';
		const held = this.#held === undefined ? '' : 'The list is held. ';
		if (found === known) return `${held}The last ${many(known)}.`;
		return `${held}${many(found)} of the last ${many(known)} match.`;
	}

	/**
	 * @param {Snapshot} snapshot
	 * @param {CallView[]} calls
	 */
	#toolbar(snapshot, calls) {
		const { filters } = this;
		const isFiltered = Object.values(filters).some((value) => value !== '');
		const targets = Object.keys(snapshot.traffic).filter((route) =>
			snapshot.profiles.every(({ name }) => name !== route),
		);
		return html`<div class="toolbar" role="search" aria-label="Filter requests">
			<label><span>Id</span><input type="search" placeholder="req_…" autocomplete="off" spellcheck="false" .value=${filters.text} @input=${this.#set('text')} /></label>
			${this.#select(
				'profile',
				'Profile',
				[...snapshot.profiles.map(({ name }) => name), ...targets].map((name) => [name, name]),
			)}
			${this.#select(
				'provider',
				'Provider',
				snapshot.providers.map(({ id }) => [id, id]),
			)}
			${this.#select('outcome', 'Outcome', outcomes)}
			<button type="button" ?disabled=${!isFiltered} @click=${() => this.#clear()}>Clear</button>
			<button type="button" aria-pressed=${String(this.#held !== undefined)} @click=${() => this.#hold(calls)}>
				${this.#held === undefined ? 'Hold the list' : 'Resume'}
			</button>
		</div>`;
	}

	/**
	 * @param {'profile' | 'provider' | 'outcome'} name
	 * @param {string} label
	 * @param {readonly (readonly string[])[]} choices value and text
	 */
	#select(name, label, choices) {
		return html`<label><span>${label}</span>
			<select aria-label=${label} @change=${this.#set(name)} .value=${this.filters[name]}>
				<option value="">any</option>
				${choices.map(([value, text]) => html`<option value=${value ?? ''} ?selected=${this.filters[name] === value}>${text}</option>`)}
			</select>
		</label>`;
	}

	/** @param {keyof Filters} name */
	#set(name) {
		return (/** @type {Event} */ event) => {
			this.filters = { ...this.filters, [name]: /** @type {HTMLInputElement} */ (event.target).value };
			this.#changed();
		};
	}

	#showMore() {
		this.#rows += pageRows;
		this.#changed();
	}

	#clear() {
		this.filters = noFilters();
		this.#changed();
	}

	/** @param {CallView[]} calls what stands in the list now */
	#hold(calls) {
		this.#held = this.#held === undefined ? calls : undefined;
		this.#changed();
	}

	/** @param {CallView} call */
	#matches(call) {
		const { text, profile, provider, outcome } = this.filters;
		if (text !== '' && !call.id.toLowerCase().includes(text.trim().toLowerCase())) return false;
		if (profile !== '' && call.route !== profile) return false;
		if (provider !== '' && !meets(call, provider)) return false;
		return outcome === '' || hasOutcome(call, outcome);
	}
}

/**
 * Whether a request had anything to do with a provider actor.
 * @param {CallView} call
 * @param {string} id
 */
function meets({ trace, now }, id) {
	return now?.credential === id || trace.some(({ credential }) => credential === id);
}

/**
 * @param {CallView} call
 * @param {string} outcome
 */
function hasOutcome({ end, trace }, outcome) {
	if (outcome === 'live') return end === null;
	if (outcome === 'continued') return isContinued(trace);
	if (outcome === 'troubled') return end?.outcome === 'done' && hasFailure(trace);
	return end?.outcome === outcome;
}

/**
 * @param {CallView} call
 * @param {number} now
 * @param {(call: CallView) => void} open
 */
function row(call, now, open) {
	const { id, route, stream, client, startedAt, end } = call;
	const tone = toneOf(call);
	return html`<li>
		<button type="button" class="call" data-tone=${tone} data-id=${id} @click=${() => open(call)}>
			<span class="when"><time>${clock(startedAt, now)}</time></span>
			<span class="which"><span class="name route">${route}</span>${stream ? html`<span class="tag">stream</span>` : nothing}${client === null ? nothing : html`<span class="tag name">${client}</span>`}<span class="id name" title=${id}>${shortId(id)}</span></span>
			${traceLine(call, now)}
			<span class="result" data-tone=${tone}>${resultText(call)} <b>${took(end?.ms ?? Math.max(0, Math.floor((now - startedAt) / 100) * 100))}</b></span>
		</button>
	</li>`;
}

/**
 * Whether an attempt failed. Being passed over by a provider that is open is no trouble to a request.
 * @param {CallView['trace']} trace
 */
function hasFailure(trace) {
	return trace.some((step) => step.did === 'attempt' && step.outcome === 'failed');
}

/** @param {CallView} call */
export function toneOf({ end, trace }) {
	if (end === null) return 'live';
	if (end.outcome === 'failed') return 'bad';
	if (end.outcome === 'aborted') return 'wait';
	return hasFailure(trace) ? 'troubled' : 'good';
}

/**
 * Whether another attempt carried a broken stream on.
 * @param {CallView['trace']} trace
 */
function isContinued(trace) {
	return trace.some((step) => step.did === 'attempt' && step.seam !== undefined);
}

/**
 * Whether another target answered than the one that failed.
 * @param {CallView['trace']} trace
 */
function isElsewhere(trace) {
	const attempts = trace.filter((step) => step.did === 'attempt');
	const last = attempts.at(-1);
	return attempts.some(({ target, credential }) => target !== last?.target || credential !== last.credential);
}

/**
 * In the words of the metrics: only a stream that was carried on is `rescued`.
 * @param {CallView} call
 */
export function resultText({ end, trace }) {
	if (end === null) return 'under way';
	if (end.outcome === 'failed') return end.code ?? 'failed';
	if (end.outcome === 'aborted') return 'client left';
	if (!hasFailure(trace)) return 'answered';
	if (isContinued(trace)) return 'rescued';
	return isElsewhere(trace) ? 'failed over' : 'retried';
}

/** @param {string} id */
function shortId(id) {
	const own = id.replace(/^req_/, '');
	return own.length > 9 ? `${own.slice(0, 8)}…` : own;
}
