import { failureName, took } from './format.js';
import { html, nothing } from './vendor/lit-html.js';

/**
 * @typedef {import('../messages.ts').CallView} CallView
 * @typedef {import('../messages.ts').CallPhase} CallPhase
 * @typedef {CallView['trace'][number]} Step
 */

/** A trace with more steps than this shows its beginning and its end. */
const mostSteps = 9;

/**
 * A request's trace as a row of steps.
 * @param {CallView} call
 * @param {number} now ms since the epoch
 */
export function traceLine({ trace, now: phase, startedAt }, now) {
	const hidden = Math.max(0, trace.length - mostSteps);
	const steps = hidden === 0 ? trace : [...trace.slice(0, 3), ...trace.slice(3 + hidden)];
	return html`<span class="trace-line">
		${steps.map((step, index) => html`${hidden > 0 && index === 3 ? html`<span class="step" data-tone="wait">${hidden} more</span>` : nothing}${stepChip(step)}`)}
		${phase === null ? nothing : phaseChip(phase, now - startedAt)}
	</span>`;
}

/** @param {Step} step */
function stepChip(step) {
	if (step.did === 'wait')
		return chip('wait', '…', step.isForOpening ? 'waits for an opening' : 'waits', took(step.ms));
	const place = placeOf(step);
	if (step.did === 'reconnect') return chip('wait', '↻', place, 'stale connection, sent again');
	if (step.did === 'deny') return chip('denied', '⊘', place, deniedWord(step));
	const probe = step.probe ? 'probe ' : '';
	if (step.outcome === 'succeeded') {
		return html`${seamChip(step)}${chip('good', '✓', place, `${probe}${took(step.ms)}`)}`;
	}
	if (step.outcome === 'abandoned')
		return html`${seamChip(step)}${chip('wait', '–', place, `${probe}left after ${took(step.ms)}`)}`;
	const failure = step.failure === undefined ? 'failed' : failureName(step.failure);
	return html`${seamChip(step)}${chip('bad', '✕', place, `${probe}${failure} ${took(step.ms)}`)}`;
}

/** @param {Extract<Step, { did: 'deny' }>} step */
function deniedWord({ state, reason }) {
	if (reason === 'model') return 'unavailable';
	if (reason === 'limit') return 'at its limit';
	if (reason === 'retry-budget') return 'no retry left';
	if (reason === 'ramp') return 'just recovered';
	return reason === 'beyond-limit' ? 'larger than its limit' : state;
}

/** @param {Extract<Step, { did: 'attempt' }>} step */
function seamChip({ seam }) {
	return seam === undefined
		? nothing
		: html`<span class="seam" title=${seamText(seam)}>⤳ carried on after ${seam.sent} characters</span>`;
}

/**
 * @param {CallPhase} phase
 * @param {number} atMs since the request began
 */
function phaseChip({ doing, isCommitted, target, credential, at, probe, way }, atMs) {
	const words = {
		asking: isCommitted ? 'asks, to carry on' : 'asks',
		attempting: `${probe ? 'probe ' : ''}${way === 'fresh' ? 'attempt' : 'carries on'}`,
		answering: 'streams',
		waiting: 'waits',
	};
	return chip(
		'live',
		'●',
		placeOf({ target, credential }),
		`${words[doing]} ${took(Math.max(0, Math.floor((atMs - at) / 100) * 100))}`,
	);
}

/**
 * @param {string} tone
 * @param {string} sign
 * @param {string} place
 * @param {string} text
 */
function chip(tone, sign, place, text) {
	return html`<span class="step" data-tone=${tone}><span aria-hidden="true">${sign}</span> <span class="name">${place}</span> <span class="how">${text}</span></span>`;
}

/**
 * The target, and which of its provider's credentials where there are several.
 * @param {{ target: string, credential: string }} step
 */
export function placeOf({ target, credential }) {
	const number = credential.indexOf('#');
	return number === -1 ? target : `${target} ${credential.slice(number)}`;
}

/** @param {{ sent: number, trimmed: number }} seam */
export function seamText({ sent, trimmed }) {
	return `carried on after ${sent} characters${trimmed === 0 ? '' : `; ${trimmed} repeated ones dropped`}`;
}
