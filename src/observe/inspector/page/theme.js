import { html } from './vendor/lit-html.js';

const place = 'breakwater.theme';
const choices = /** @type {const} */ (['auto', 'light', 'dark']);
const signs = { auto: '◐', light: '☀', dark: '☾' };

/** Light, dark, or as the system has it; kept for the next visit. */
export class Theme {
	#changed;

	/** @param {() => void} changed */
	constructor(changed) {
		this.#changed = changed;
		this.#apply(this.#choice);
	}

	get #choice() {
		const kept = localStorage.getItem(place);
		return choices.find((choice) => choice === kept) ?? 'auto';
	}

	/** @param {typeof choices[number]} choice */
	#apply(choice) {
		document.documentElement.dataset.theme = choice;
	}

	view() {
		const choice = this.#choice;
		const next = choices[(choices.indexOf(choice) + 1) % choices.length] ?? 'auto';
		const turn = () => {
			localStorage.setItem(place, next);
			this.#apply(next);
			this.#changed();
		};
		return html`<button type="button" class="theme" aria-label="Colours: ${choice}; change to ${next}" title="Colours: ${choice}" @click=${turn}><span aria-hidden="true">${signs[choice]}</span> <span class="word">${choice}</span></button>`;
	}
}
