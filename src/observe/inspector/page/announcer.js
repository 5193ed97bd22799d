import { reasons } from './states.js';

/** @typedef {import('../messages.ts').Mark} Mark */

/** So many at once is noise: the rest is counted. */
const most = 3;
const gatherMs = 400;

/** Tells a screen reader what happens to providers, a few sentences at a time. */
export class Announcer {
	/** @type {string[]} */
	#texts = [];
	#isWaiting = false;

	/** @param {string} text */
	say(text) {
		this.#texts.push(text);
		if (this.#isWaiting) return;
		this.#isWaiting = true;
		setTimeout(() => this.#speak(), gatherMs);
	}

	/** @param {{ id: string, mark: Mark }[]} marks */
	tell(marks) {
		for (const { id, mark } of marks) {
			if (mark.kind === 'change')
				this.say(`${id} is ${mark.to}${mark.reason === null ? '' : `, ${reasons[mark.reason] ?? mark.reason}`}.`);
			if (mark.kind === 'alarm') this.say(`Alarm at ${id}: ${mark.alarm}.`);
		}
	}

	#speak() {
		this.#isWaiting = false;
		const texts = this.#texts;
		this.#texts = [];
		const more = texts.length - most;
		const element = document.getElementById('announcer');
		if (element === null) return;
		element.textContent = [...texts.slice(-most), ...(more > 0 ? [`And ${more} more changes.`] : [])].join(' ');
	}
}
