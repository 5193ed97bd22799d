import { took } from './format.js';
import { caller, lifelines, proxy, traceRows } from './trace-rows.js';
import { html, nothing, svg } from './vendor/lit-html.js';

/**
 * @typedef {import('../messages.ts').CallView} CallView
 * @typedef {import('./trace-rows.js').Row} Row
 */

/** px, and characters of a line of text between two neighbours, of one that crosses others, and of a name. */
const wide = { left: 64, column: 216, top: 52, row: 36, line: 14, bottom: 18, head: 156, text: 26, long: 44, name: 20 };
const narrow = { ...wide, left: 54, column: 150, head: 126, text: 17, long: 34, name: 15 };
/** A text with more lines than this ends in dots. */
const mostLines = 4;

/**
 * A request's trace as a sequence diagram: client, Breakwater and providers, time downwards, one line a message.
 * @param {CallView} call
 */
export function sequence(call) {
	const size = matchMedia('(max-width: 600px)').matches ? narrow : wide;
	const lines = lifelines(call);
	const rows = traceRows(call);
	const width = size.left + lines.length * size.column;
	const texts = rows.map((row) => wrap(row.text, isFar(row, lines) ? size.long : size.text));
	const heights = texts.map(({ length }) => size.row + (length - 1) * size.line);
	const feet = heights.map((_, index) => heights.slice(0, index + 1).reduce((sum, px) => sum + px, size.top));
	const height = (feet.at(-1) ?? size.top) + size.bottom;
	const x = (/** @type {string} */ line) => size.left + (lines.indexOf(line) + 0.5) * size.column;
	const y = (/** @type {number} */ index) => (feet[index] ?? height - size.bottom) - size.row / 4;
	return html`<div class="sequence" tabindex="0" role="group" aria-label="Sequence diagram; the same in words stands below">
		<svg viewBox="0 0 ${width} ${height}" width=${width} height=${height} aria-hidden="true">
			${lines.map(
				(line) => svg`<g class="lifeline" data-kind=${line === caller || line === proxy ? 'own' : 'provider'}>
					<line x1=${x(line)} x2=${x(line)} y1=${size.top - 12} y2=${height - 6} />
					<rect x=${x(line) - size.head / 2} y="10" width=${size.head} height="30" rx="8" />
					<text x=${x(line)} y="30">${clip(line, size.name)}<title>${line}</title></text>
				</g>`,
			)}
			${activations(rows, x, y)}
			${rows.map((row, index) => message(row, texts[index] ?? [], { x, y: y(index), size, isSameTime: index > 0 && rows[index - 1]?.at === row.at, isFar: isFar(row, lines) }))}
		</svg>
	</div>`;
}

/**
 * The bars of the attempts.
 * @param {Row[]} rows
 * @param {(line: string) => number} x
 * @param {(index: number) => number} y
 */
function activations(rows, x, y) {
	return rows.map((row, index) => {
		if (!row.begins) return nothing;
		const end = rows.findIndex(({ ends }, later) => later > index && ends);
		const last = end === -1 ? rows.length : end;
		return svg`<rect class="busy" x=${x(row.to) - 5} y=${y(index)} width="10" height=${y(last) - y(index)} rx="3" />`;
	});
}

/**
 * @param {Row} row
 * @param {readonly string[]} text in lines
 * @param {object} place
 * @param {(line: string) => number} place.x
 * @param {number} place.y
 * @param {typeof wide} place.size
 * @param {boolean} place.isSameTime as the line above
 * @param {boolean} place.isFar
 */
function message(row, text, { x, y, size, isSameTime, isFar }) {
	const time = isSameTime ? nothing : svg`<text class="time" x=${size.left - 8} y=${y + 4}>${took(row.at)}</text>`;
	if (row.from === row.to) {
		return svg`<g class="message note" data-tone=${row.tone}>${time}
			<rect x=${x(row.to) - 58} y=${y - 13} width="116" height="24" rx="6" /><text x=${x(row.to)} y=${y + 3.5}>${row.text}</text>
		</g>`;
	}
	const direction = Math.sign(x(row.to) - x(row.from));
	const start = x(row.from) + direction * 6;
	const end = x(row.to) - direction * 6;
	// A text that crosses lifelines stands at the arrow's right end, which is at the provider that it is about.
	const centre = isFar ? Math.max(start, end) - 12 : (start + end) / 2;
	return svg`<g class="message" data-tone=${row.tone} data-dashed=${String(row.dashed)}>${time}
		<line x1=${start} x2=${end - direction * 5} y1=${y} y2=${y} />
		<polygon points="${end},${y} ${end - direction * 8},${y - 4} ${end - direction * 8},${y + 4}" />
		${text.map((line, index) => svg`<text x=${centre} y=${y - 6 - (text.length - 1 - index) * size.line} data-long=${String(isFar)}>${line}<title>${row.text}</title></text>`)}
	</g>`;
}

/**
 * The same in words, one sentence a line.
 * @param {CallView} call
 */
export function sequenceWords(call) {
	return html`<ol class="words">
		${traceRows(call).map(
			({ at, from, to, text, tone }) =>
				html`<li data-tone=${tone}><time>${took(at)}</time> <span class="name">${from === to ? from : `${from} → ${to}`}</span> <span>${text}</span></li>`,
		)}
	</ol>`;
}

/**
 * @param {string} text
 * @param {number} most
 */
function clip(text, most) {
	return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

/**
 * Whether an arrow crosses other lifelines.
 * @param {Row} row
 * @param {readonly string[]} lines
 */
function isFar({ from, to }, lines) {
	return Math.abs(lines.indexOf(from) - lines.indexOf(to)) > 1;
}

/**
 * In lines, broken at spaces, else after a sign, else anywhere; a number stays with its unit.
 * @param {string} text
 * @param {number} most characters of a line
 * @returns {string[]} one at least
 */
export function wrap(text, most) {
	const parts = text
		.split(/(?<=[ ./_:-])(?<!\d )/)
		.flatMap((part) => part.match(new RegExp(`.{1,${most}}`, 'gsu')) ?? []);
	const lines = [''];
	for (const part of parts) {
		const longer = `${lines.at(-1)}${part}`;
		if (longer.trimEnd().length <= most) lines.splice(-1, 1, longer);
		else lines.push(part);
	}
	const shown = lines.map((line) => line.trim());
	return shown.length <= mostLines
		? shown
		: [...shown.slice(0, mostLines - 1), clip(`${shown[mostLines - 1]} …`, most)];
}
