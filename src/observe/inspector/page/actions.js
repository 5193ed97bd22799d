import { messageOf } from './connection.js';
import { adminKey } from './keys.js';
import { html, nothing } from './vendor/lit-html.js';

/**
 * @typedef {import('../messages.ts').ProviderView} ProviderView
 * @typedef {'trip' | 'reset' | 'probe'} ActionName
 *
 * @typedef {object} Action
 * @property {string} id the provider actor
 * @property {ActionName} name
 * @property {string} [time] how long a trip lasts, as `30m`; until somebody resets it where it is absent
 *
 * @typedef {object} Answer
 * @property {boolean} isGood
 * @property {string} text
 */

export const labels = /** @type {const} */ ({ trip: 'Trip', reset: 'Reset', probe: 'Probe now' });
const hints = {
	trip: 'Take it out of traffic',
	reset: 'Close it again, and forget its failures',
	probe: 'Let the next request try it now, before its wait is over',
};

/** The buttons that act on providers through the admin API, and what came of them. */
export class Actions {
	#listeners;
	/** @type {Map<string, Answer>} the last answer, by provider actor */
	#answers = new Map();
	/** @type {Set<string>} provider actors whose answer is awaited */
	#awaited = new Set();

	/**
	 * @param {object} listeners
	 * @param {() => void} listeners.changed
	 * @param {(action: Action, problem: string) => void} listeners.keyNeeded asks for the key, and then sends the action
	 * @param {(action: Action) => void} listeners.confirm asks whether it is meant, and then sends the action
	 * @param {(text: string) => void} listeners.announce
	 */
	constructor(listeners) {
		this.#listeners = listeners;
	}

	/**
	 * @param {ProviderView} provider
	 * @param {boolean} canOperate
	 */
	buttons({ id, health }, canOperate) {
		const answer = this.#answers.get(id);
		const isUseless = (/** @type {ActionName} */ name) =>
			name === 'probe' && health.state !== 'open' && health.state !== 'quota-cooldown';
		return html`<footer class="actions">
			<div class="buttons">
				${
					/** @type {ActionName[]} */ (['trip', 'reset', 'probe']).map(
						(name) => html`<button
						type="button"
						data-action=${name}
						title=${canOperate ? hints[name] : 'This needs server.adminKey in the configuration'}
						aria-label="${labels[name]} ${id}"
						?disabled=${!canOperate || this.#awaited.has(id) || isUseless(name)}
						@click=${() => this.#press({ id, name })}
					>${labels[name]}</button>`,
					)
				}
			</div>
			${answer === undefined ? nothing : html`<p class="answer" data-good=${String(answer.isGood)}>${answer.text}</p>`}
		</footer>`;
	}

	/** @param {Action} action */
	#press(action) {
		if (action.name === 'trip') this.#listeners.confirm(action);
		else void this.send(action);
	}

	/** @param {Action} action */
	async send(action) {
		const key = adminKey.get();
		if (key === undefined) {
			this.#listeners.keyNeeded(action, '');
			return;
		}
		this.#awaited.add(action.id);
		this.#listeners.changed();
		const answer = await this.#post(action, key);
		this.#awaited.delete(action.id);
		if (answer !== undefined) {
			this.#answers.set(action.id, answer);
			this.#listeners.announce(`${action.id}: ${answer.text}`);
		}
		this.#listeners.changed();
	}

	/**
	 * @param {Action} action
	 * @param {string} key
	 * @returns {Promise<Answer | undefined>} undefined when the key was refused, and is asked for again
	 */
	async #post(action, key) {
		const { id, name, time } = action;
		try {
			const response = await fetch(`admin/providers/${encodeURIComponent(id)}/${name}`, {
				method: 'POST',
				headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
				body: JSON.stringify(time === undefined ? {} : { for: time }),
			});
			if (response.status === 401) {
				const problem = await messageOf(response);
				adminKey.forget();
				this.#listeners.keyNeeded(action, `That key was refused and is forgotten. ${problem}`);
				return undefined;
			}
			if (!response.ok) return { isGood: false, text: await messageOf(response) };
			const { changed, before, after } = await response.json();
			return {
				isGood: true,
				text: changed ? `Done: ${before.state} → ${after.state}.` : `Nothing changed: it is ${after.state}.`,
			};
		} catch {
			return { isGood: false, text: 'Not done: Breakwater does not answer.' };
		}
	}
}
