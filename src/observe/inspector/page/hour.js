import { ago, duration, percent } from './format.js';
import { html, svg } from './vendor/lit-html.js';

/** @typedef {import('../messages.ts').Span} Span */

const hourMs = 3600 * 1000;
/** A short trip stays visible: at least this share of the bar. */
const leastShare = 1 / 300;
/** The calm state lies below; what matters is drawn over it. */
const order = /** @type {const} */ (['closed', 'half-open', 'quota-cooldown', 'open']);

/**
 * A provider's states over the last hour; before there is an hour to show, what there is fills the bar.
 * @param {readonly Span[]} history oldest first
 * @param {number} now ms since the epoch
 */
export function hour(history, now) {
	const shownMs = Math.min(hourMs, Math.max(1000, now - (history[0]?.from ?? now)));
	const begin = now - shownMs;
	const spans = history.map(({ from, state }, index) => {
		const to = history[index + 1]?.from ?? now;
		return { state, from: Math.max(from, begin), to: Math.max(to, begin) };
	});
	const shares = order.flatMap((state) => {
		const ms = spans.reduce((sum, span) => (span.state === state ? sum + span.to - span.from : sum), 0);
		return ms > 0 ? [{ state, share: ms / shownMs }] : [];
	});
	const words = shares.map(({ state, share }) => `${state} ${percent(share)}`).join(', ');
	const wholeMs = shownMs < 60_000 ? shownMs : Math.floor(shownMs / 60_000) * 60_000;
	const watched = shownMs === hourMs ? 'the last hour' : `${duration(shownMs)}, all that is known`;
	return html`<figure class="hour">
		<svg viewBox="0 0 ${shownMs / 1000} 20" preserveAspectRatio="none" role="img" aria-label="States over ${watched}: ${words}">
			<rect class="unknown" width=${shownMs / 1000} height="20" />
			${order.map((state) => svg`<path data-state=${state} d=${blocks(spans, state, begin, shownMs)} />`)}
		</svg>
		<figcaption><span>${shownMs === hourMs ? '1 h ago' : ago(wholeMs)}</span><span>${words}</span><span>now</span></figcaption>
	</figure>`;
}

/**
 * @param {{ state: string, from: number, to: number }[]} spans
 * @param {string} state
 * @param {number} begin ms since the epoch
 * @param {number} shownMs
 */
function blocks(spans, state, begin, shownMs) {
	const leastMs = state === 'closed' ? 0 : shownMs * leastShare;
	const x = (/** @type {number} */ at) => ((at - begin) / 1000).toFixed(3);
	return spans
		.filter((span) => span.state === state && span.to > begin)
		.map(({ from, to }) => {
			const start = Math.min(from, begin + shownMs - leastMs);
			return `M${x(start)} 0H${x(Math.max(to, start + leastMs))}V20H${x(start)}z`;
		})
		.join('');
}
