import { failureName, took } from './format.js';
import { seamText } from './trace-line.js';

/**
 * @typedef {import('../messages.ts').CallView} CallView
 * @typedef {CallView['trace'][number]} Step
 *
 * @typedef {object} Row one line of a sequence diagram
 * @property {number} at ms since the request began
 * @property {string} from a lifeline
 * @property {string} to another one; the same one for a note
 * @property {string} text
 * @property {string} tone
 * @property {boolean} dashed an answer, or a question that moves nothing
 * @property {boolean} begins the attempt on `to` begins here
 * @property {boolean} ends the attempt on `from` ends here
 */

export const caller = 'client';
export const proxy = 'breakwater';

/**
 * A request's trace as what one says to another, in order. Lifelines are the client, Breakwater, and provider actors.
 * @param {CallView} call
 * @returns {Row[]}
 */
export function traceRows({ route, stream, trace, now, end }) {
	const ask = row(0, caller, proxy, `${route}${stream ? ', streamed' : ''}`, 'plain');
	const steps = trace.flatMap((step) => (step.did === 'attempt' ? attemptRows(step) : [restRow(step)].flat()));
	const rows = [ask, ...withFirstToken(steps, end?.firstTokenMs ?? null)];
	if (now !== null) {
		const begins = now.doing === 'attempting' || now.doing === 'answering';
		const words = {
			asking: `asks for a permit${now.isCommitted ? ', to carry on' : ''}`,
			attempting: 'attempt, under way',
			answering: 'attempt, streaming',
			waiting: 'waits',
		};
		const to = now.doing === 'waiting' ? proxy : now.credential;
		rows.push({ ...row(now.at, proxy, to, words[now.doing], 'live'), begins });
	}
	if (end === null) return rows;
	if (end.outcome === 'aborted') return [...rows, row(end.ms, caller, proxy, 'left', 'wait')];
	const answer = stream ? 'end of the stream' : 'whole answer';
	const last =
		end.outcome === 'done'
			? row(end.ms, proxy, caller, answer, 'good')
			: row(end.ms, proxy, caller, end.code ?? 'error', 'bad');
	return [...rows, { ...last, dashed: true }];
}

/**
 * @param {Extract<Step, { did: 'attempt' }>} step
 * @returns {Row[]}
 */
function attemptRows({ at, target, credential, probe, ms, way, outcome, failure, seam }) {
	const model = target.slice(target.indexOf('/') + 1);
	const ways = {
		fresh: '',
		prefill: 'continue (prefill): ',
		instruct: 'continue: ',
		rewind: 'continue, from further back: ',
	};
	const asked = {
		...row(at, proxy, credential, `${probe ? 'probe: ' : ''}${ways[way]}${model}`, probe ? 'live' : 'plain'),
		begins: true,
	};
	const joined = seam === undefined ? [] : [row(at, proxy, caller, seamText(seam), 'seam')];
	const result = {
		succeeded: row(at + ms, credential, proxy, `answer, ${took(ms)}`, 'good'),
		failed: row(
			at + ms,
			credential,
			proxy,
			`${failure === undefined ? 'failed' : failureName(failure)}, ${took(ms)}`,
			'bad',
		),
		abandoned: row(at + ms, proxy, credential, `given up after ${took(ms)}`, 'wait'),
	}[outcome];
	return [asked, ...joined, { ...result, dashed: true, ends: true }];
}

/** @param {Exclude<Step, { did: 'attempt' }>} step */
function restRow(step) {
	if (step.did === 'wait') {
		const what = step.isForOpening ? ` for ${step.target} to open` : '';
		return row(step.at, proxy, proxy, `waits ${took(step.ms)}${what}`, 'wait');
	}
	if (step.did === 'reconnect')
		return row(step.at + step.ms, step.credential, proxy, 'stale connection, sent again on a new one', 'wait');
	const why = step.reason === 'model' ? 'model unavailable' : `${step.state} (${step.reason})`;
	return [
		{ ...row(step.at, proxy, step.credential, 'asks for a permit', 'quiet'), dashed: true },
		{ ...row(step.at, step.credential, proxy, `denied: ${why}`, 'denied'), dashed: true },
	];
}

/**
 * With the moment of the commit in its place: before the end of the attempt that was under way then.
 * @param {Row[]} rows
 * @param {number | null} firstTokenMs
 */
function withFirstToken(rows, firstTokenMs) {
	if (firstTokenMs === null) return rows;
	const place = rows.findIndex(({ ends, at }) => ends && at >= firstTokenMs);
	if (place === -1) return rows;
	return rows.toSpliced(place, 0, row(firstTokenMs, proxy, caller, 'first token', 'good'));
}

/**
 * @param {number} at
 * @param {string} from
 * @param {string} to
 * @param {string} text
 * @param {string} tone
 * @returns {Row}
 */
function row(at, from, to, text, tone) {
	return { at, from, to, text, tone, dashed: false, begins: false, ends: false };
}

/**
 * The lifelines of a request, in the order in which it met them.
 * @param {CallView} call
 */
export function lifelines({ trace, now }) {
	const met = trace.map(({ credential }) => credential);
	return [...new Set([caller, proxy, ...met, ...(now === null ? [] : [now.credential])])];
}
