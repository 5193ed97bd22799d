import { messageOf } from './connection.js';
import { adminKey } from './keys.js';
import { html, nothing } from './vendor/lit-html.js';

/**
 * @typedef {import('../messages.ts').ProviderView} ProviderView
 * @typedef {'trip' | 'reset' | 'probe'} Action
 *
 * @typedef {object} Order
 * @property {string} id the provider actor
 * @property {Action} action
 * @property {string} [time] how long a trip lasts, as `30m`; until somebody resets it where it is absent
 *
 * @typedef {object} Answer
 * @property {boolean} isGood
 * @property {string} text
 */

const labels = /** @type {const} */ ({ trip: 'Trip', reset: 'Reset', probe: 'Probe now' });
const hints = {
	trip: 'Take it out of traffic',
	reset: 'Trust it again, and forget its failures',
	probe: 'Let the next request try it, whatever is left of the wait',
};

/** Orders to providers: the buttons, and what came of them. */
export class Orders {
	#listeners;
	/** @type {Map<string, Answer>} the last answer, by provider actor */
	#answers = new Map();
	/** @type {Set<string>} provider actors whose answer is awaited */
	#awaited = new Set();

	/**
	 * @param {object} listeners
	 * @param {() => void} listeners.changed
	 * @param {(order: Order, problem: string) => void} listeners.keyNeeded asks for the key, and gives the order then
	 * @param {(order: Order) => void} listeners.confirm asks whether it is meant, and gives the order then
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
		const isUseless = (/** @type {Action} */ action) =>
			action === 'probe' && health.state !== 'open' && health.state !== 'quota-cooldown';
		return html`<footer class="orders">
			<div class="buttons">
				${
					/** @type {Action[]} */ (['trip', 'reset', 'probe']).map(
						(action) => html`<button
						type="button"
						data-action=${action}
						title=${canOperate ? hints[action] : 'Orders need server.adminKey in the configuration'}
						aria-label="${labels[action]} ${id}"
						?disabled=${!canOperate || this.#awaited.has(id) || isUseless(action)}
						@click=${() => this.#press({ id, action })}
					>${labels[action]}</button>`,
					)
				}
			</div>
			${answer === undefined ? nothing : html`<p class="answer" data-good=${String(answer.isGood)}>${answer.text}</p>`}
		</footer>`;
	}

	/** @param {Order} order */
	#press(order) {
		if (order.action === 'trip') this.#listeners.confirm(order);
		else void this.give(order);
	}

	/** @param {Order} order */
	async give(order) {
		const key = adminKey.get();
		if (key === undefined) {
			this.#listeners.keyNeeded(order, '');
			return;
		}
		this.#awaited.add(order.id);
		this.#listeners.changed();
		const answer = await this.#send(order, key);
		this.#awaited.delete(order.id);
		if (answer !== undefined) {
			this.#answers.set(order.id, answer);
			this.#listeners.announce(`${order.id}: ${answer.text}`);
		}
		this.#listeners.changed();
	}

	/**
	 * @param {Order} order
	 * @param {string} key
	 * @returns {Promise<Answer | undefined>} undefined when the key was refused, and is asked for again
	 */
	async #send(order, key) {
		const { id, action, time } = order;
		try {
			const response = await fetch(`admin/providers/${encodeURIComponent(id)}/${action}`, {
				method: 'POST',
				headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
				body: JSON.stringify(time === undefined ? {} : { for: time }),
			});
			if (response.status === 401) {
				const problem = await messageOf(response);
				adminKey.forget();
				this.#listeners.keyNeeded(order, `That key was refused and is forgotten. ${problem}`);
				return undefined;
			}
			if (!response.ok) return { isGood: false, text: await messageOf(response) };
			const { changed, before, after } = await response.json();
			return {
				isGood: true,
				text: changed ? `Done: ${before.state} → ${after.state}.` : `Nothing to change: it is ${after.state}.`,
			};
		} catch {
			return { isGood: false, text: 'The order did not arrive: Breakwater does not answer.' };
		}
	}
}
