import { html, nothing, svg } from './vendor/lit-html.js';

/**
 * @typedef {import('../messages.ts').Drawing} Drawing
 * @typedef {import('../messages.ts').DrawnTransition} DrawnTransition
 * @typedef {import('../messages.ts').Mark} Mark
 * @typedef {{ x: number, y: number }} Point
 */

/**
 * The provider machine as its own definition has it, with the present state lit and the way it came.
 * @param {Drawing} drawing
 * @param {string} state the present one
 * @param {{ from: string, to: string } | undefined} last the transition taken last
 * @param {string} label what it shows, for those who do not see it
 */
export function chart({ width, height, nodes, edges }, state, last, label) {
	const isTaken = (/** @type {DrawnTransition} */ edge) => edge.from === last?.from && edge.to === last.to;
	const ordered = [...edges].sort((a, b) => Number(isTaken(a)) - Number(isTaken(b)));
	return html`<svg class="chart" viewBox="0 0 ${width} ${height}" width=${width} height=${height} role="img" aria-label=${label}>
		${ordered.map((edge) => transition(edge, isTaken(edge)))}
		${nodes.map(
			({
				name,
				x,
				y,
				width: w,
				height: h,
				isInitial,
			}) => svg`<g class="state" data-state=${name} data-active=${String(name === state)}>
				<rect x=${x - w / 2} y=${y - h / 2} width=${w} height=${h} rx="9" />
				${isInitial ? svg`<circle class="initial" cx=${x - w / 2 + 1} cy=${y - h / 2 + 1} r="3.5" />` : nothing}
				<text x=${x} y=${y + 4.5}>${name}</text>
			</g>`,
		)}
	</svg>`;
}

/**
 * @param {DrawnTransition} edge
 * @param {boolean} taken
 */
function transition({ from, to, labels, x, y, points }, taken) {
	const top = y - ((labels.length - 1) * 14) / 2 + 4;
	return svg`<g class="way" data-taken=${String(taken)}>
		<title>${from} → ${to}${labels.length === 0 ? '' : `: ${labels.join(' / ')}`}</title>
		<path d=${curve(points)} />
		<polygon points=${head(points)} />
		${labels.map((text, line) => svg`<text x=${x} y=${top + line * 14}>${text}</text>`)}
	</g>`;
}

/** How far from a bend the line leaves its course, px. */
const bend = 16;

/**
 * A line along the layout's points with its bends rounded, so that it still passes its labels.
 * @param {readonly Point[]} points
 */
function curve(points) {
	const [first] = points;
	const last = points.at(-1);
	if (first === undefined || last === undefined) return '';
	const bends = points.slice(1, -1).map((point, index) => {
		const before = towards(point, points[index] ?? first);
		const after = towards(point, points[index + 2] ?? last);
		return `L${before}Q${point.x} ${point.y} ${after}`;
	});
	return `M${first.x} ${first.y}${bends.join('')}L${last.x} ${last.y}`;
}

/**
 * From a bend a little towards its neighbour, at most half of the way.
 * @param {Point} from
 * @param {Point} to
 */
function towards(from, to) {
	const length = Math.hypot(to.x - from.x, to.y - from.y);
	const part = length === 0 ? 0 : Math.min(0.5, bend / length);
	return `${(from.x + (to.x - from.x) * part).toFixed(1)} ${(from.y + (to.y - from.y) * part).toFixed(1)}`;
}

/**
 * The tip at the end, in the direction of the last piece.
 * @param {readonly Point[]} points
 */
function head(points) {
	const end = points.at(-1);
	const before = points.at(-2);
	if (end === undefined || before === undefined) return '';
	const angle = Math.atan2(end.y - before.y, end.x - before.x);
	const corner = (/** @type {number} */ turn) =>
		`${(end.x - 8 * Math.cos(angle + turn)).toFixed(1)},${(end.y - 8 * Math.sin(angle + turn)).toFixed(1)}`;
	return `${end.x},${end.y} ${corner(0.42)} ${corner(-0.42)}`;
}

/**
 * The transition taken last, as the chart draws it: an operator's action starts from any state.
 * @param {readonly Mark[]} marks oldest first
 * @returns {Extract<Mark, { kind: 'change' }> | undefined}
 */
export function lastChange(marks) {
	const change = marks.findLast(({ kind }) => kind === 'change');
	return change?.kind === 'change' ? change : undefined;
}

/**
 * The action of an operator that led to the last change, if there was one: its mark comes right after that of the change.
 * @param {readonly Mark[]} marks oldest first
 * @returns {string | undefined}
 */
export function actionBehind(marks) {
	const index = marks.findLastIndex(({ kind }) => kind === 'change');
	const change = marks[index];
	const next = marks[index + 1];
	if (change?.kind !== 'change' || next?.kind !== 'action') return undefined;
	return next.to === change.to && next.from === change.from ? next.action : undefined;
}
