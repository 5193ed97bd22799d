import { labels } from './actions.js';
import { chart, lastChange } from './chart.js';
import { clock, costText, took } from './format.js';
import { adminKey } from './keys.js';
import { resultText, toneOf } from './requests.js';
import { sequence, sequenceWords } from './sequence.js';
import { html, nothing } from './vendor/lit-html.js';

/**
 * @typedef {import('../messages.ts').Snapshot} Snapshot
 * @typedef {import('../messages.ts').CallView} CallView
 * @typedef {import('./actions.js').Action} Action
 *
 * @typedef {{ kind: 'trace', key: number }
 *   | { kind: 'chart', id: string }
 *   | { kind: 'trip', action: Action }
 *   | { kind: 'key', action: Action | undefined, problem: string }} Shown
 */

const tripTimes = /** @type {const} */ ([
	['15m', '15 minutes'],
	['1h', '1 hour'],
	['8h', '8 hours'],
	['', 'until it is reset'],
]);

/** The one dialog that may be open. The browser's own: it holds the focus, gives it back, and Escape closes it. */
export class Dialogs {
	#listeners;
	/** @type {Shown | undefined} */
	#shown;
	/** The call that is shown, kept while the page forgets it. */
	/** @type {CallView | undefined} */
	#call;

	/**
	 * @param {object} listeners
	 * @param {() => void} listeners.changed draws at once
	 * @param {(action: Action | undefined) => void} listeners.keyGiven
	 * @param {(action: Action) => void} listeners.confirmed
	 */
	constructor(listeners) {
		this.#listeners = listeners;
	}

	/** @param {Shown} shown */
	open(shown) {
		this.#shown = shown;
		this.#call = undefined;
		this.#listeners.changed();
		const dialog = this.#element();
		if (dialog !== null && !dialog.open) dialog.showModal();
	}

	/** @returns {HTMLDialogElement | null} */
	#element() {
		return document.querySelector('dialog');
	}

	#close() {
		this.#element()?.close();
	}

	/**
	 * @param {Snapshot | undefined} snapshot
	 * @param {CallView[]} calls
	 * @param {number} now ms since the epoch
	 */
	view(snapshot, calls, now) {
		const closed = () => {
			// This event comes late: the next dialog may be open already.
			if (this.#element()?.open) return;
			this.#shown = undefined;
			this.#listeners.changed();
		};
		const outside = (/** @type {MouseEvent} */ event) => {
			if (event.target === this.#element()) this.#close();
		};
		return html`<dialog aria-labelledby="dialog-title" data-kind=${this.#shown?.kind ?? ''} @close=${closed} @click=${outside}>
			${this.#shown === undefined ? nothing : html`<div class="dialog">${this.#content(this.#shown, snapshot, calls, now)}</div>`}
		</dialog>`;
	}

	/**
	 * @param {Shown} shown
	 * @param {Snapshot | undefined} snapshot
	 * @param {CallView[]} calls
	 * @param {number} now
	 */
	#content(shown, snapshot, calls, now) {
		if (shown.kind === 'key') return this.#keyForm(shown.action, shown.problem);
		if (shown.kind === 'trip') return this.#tripForm(shown.action);
		if (shown.kind === 'chart') return this.#chart(shown.id, snapshot);
		this.#call = calls.find(({ key }) => key === shown.key) ?? this.#call;
		return this.#trace(this.#call, now);
	}

	/**
	 * @param {CallView | undefined} call
	 * @param {number} now
	 */
	#trace(call, now) {
		if (call === undefined) return this.#head(html`This request is no longer kept`);
		const { id, route, startedAt, end, trace, client, stream } = call;
		const attempts = trace.filter(({ did }) => did === 'attempt').length;
		return html`${this.#head(html`<span class="name">${id}</span>`)}
			<p class="summary">
				<span class="result" data-tone=${toneOf(call)}>${resultText(call)}</span>
				<span>profile <b class="name">${route}</b></span>
				<span>${stream ? 'streamed' : 'whole'}</span>
				<span>${clock(startedAt, now)}</span>
				<span>${end === null ? 'under way' : took(end.ms)}</span>
				<span>${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}</span>
				${end?.firstTokenMs == null ? nothing : html`<span>first token after ${took(end.firstTokenMs)}</span>`}
				${end?.cost == null ? nothing : html`<span>${costText(end.cost)}</span>`}
				${end?.target == null ? nothing : html`<span>answered by <b class="name">${end.target}</b></span>`}
				${client === null ? nothing : html`<span>client <b class="name">${client}</b></span>`}
			</p>
			${sequence(call)}
			<h4>In words</h4>
			${sequenceWords(call)}`;
	}

	/**
	 * @param {string} id
	 * @param {Snapshot | undefined} snapshot
	 */
	#chart(id, snapshot) {
		const provider = snapshot?.providers.find((known) => known.id === id);
		if (snapshot === undefined || provider === undefined) return this.#head(html`This provider is gone`);
		const { state } = provider.health;
		const label = `The provider machine with every event and guard; ${id} is ${state}`;
		return html`${this.#head(html`<span class="name">${id}</span> is ${state}`)}
			<p class="quiet">Drawn from the machine that runs. An event is followed by the [guard] that lets it pass.</p>
			<div class="large-chart" tabindex="0" role="group" aria-label="Statechart">${chart(snapshot.machine.full, state, lastChange(provider.marks), label)}</div>`;
	}

	/** @param {Action} action */
	#tripForm(action) {
		const confirm = (/** @type {SubmitEvent} */ event) => {
			event.preventDefault();
			const time = String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get('time'));
			this.#close();
			this.#listeners.confirmed(time === '' ? action : { ...action, time });
		};
		return html`${this.#head(html`Trip <span class="name">${action.id}</span>?`)}
			<form class="ask" @submit=${confirm}>
				<p>It gets no more requests; those under way go on. The next targets of its chains take over.</p>
				<fieldset>
					<legend>For how long</legend>
					${tripTimes.map(([time, text], index) => html`<label><input type="radio" name="time" value=${time} ?checked=${index === 0} ?autofocus=${index === 0} /> ${text}</label>`)}
				</fieldset>
				<div class="buttons"><button type="submit" class="danger">Trip it</button><button type="button" @click=${() => this.#close()}>Cancel</button></div>
			</form>`;
	}

	/**
	 * @param {Action | undefined} action
	 * @param {string} problem
	 */
	#keyForm(action, problem) {
		const give = (/** @type {SubmitEvent} */ event) => {
			event.preventDefault();
			const form = /** @type {HTMLFormElement} */ (event.target);
			const key = String(new FormData(form).get('key')).trim();
			if (key === '') return;
			form.reset();
			adminKey.set(key);
			this.#close();
			this.#listeners.keyGiven(action);
		};
		return html`${this.#head(html`The admin key`)}
			<form class="ask" @submit=${give}>
				${problem === '' ? nothing : html`<p class="problem" role="alert">${problem}</p>`}
				<p>${action === undefined ? 'From another machine the inspector needs a key.' : html`It is needed to ${action.name} <b class="name">${action.id}</b>.`} It is <code>server.adminKey</code> in the configuration.</p>
				<label class="key">Key <input type="password" name="key" autocomplete="off" required autofocus /></label>
				<p class="quiet">Kept until this tab is closed, in this tab only.</p>
				<div class="buttons"><button type="submit" class="main">${action === undefined ? 'Connect' : labels[action.name]}</button><button type="button" @click=${() => this.#close()}>Cancel</button></div>
			</form>`;
	}

	/** @param {unknown} title */
	#head(title) {
		return html`<div class="head">
			<h3 id="dialog-title">${title}</h3>
			<button type="button" class="close" aria-label="Close" @click=${() => this.#close()}>✕</button>
		</div>`;
	}
}
