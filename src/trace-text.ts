import type { Seam } from '../machines/events.ts';
import type { Step } from '../machines/walk.ts';
import { failureName } from './failure-report.ts';

/** A walk on one line, for a log: `alpha/large is open → beta/small SERVER_ERROR 503, 12 ms → …`. */
export function traceLine(trace: readonly Step[]): string {
	return trace.map((step) => `${where(step)} ${briefly(step)}`).join(' → ');
}

/** A walk as aligned lines, one a step, for a terminal: when, where, what. */
export function traceLines(trace: readonly Step[]): string[] {
	const width = Math.max(0, ...trace.map((step) => where(step).length));
	return trace.map((step) => `${String(step.at).padStart(7)} ms  ${where(step).padEnd(width)}  ${fully(step)}`);
}

/** The target, and which of its provider's credentials where it has several. */
function where({ target, credential }: Step): string {
	const number = credential.indexOf('#');
	return number === -1 ? target : `${target} (${credential.slice(number)})`;
}

function briefly(step: Step): string {
	if (step.did === 'attempt') return attemptText(step);
	if (step.did === 'wait') return `waits ${step.ms} ms`;
	return step.reason === 'model' ? 'is sidelined' : `is ${step.state}`;
}

function fully(step: Step): string {
	if (step.did === 'attempt') return attemptText(step);
	if (step.did === 'wait') return `waits ${step.ms} ms before the next attempt`;
	return `denied: ${step.state} (${step.reason}) until ${new Date(step.retryAt).toISOString()}`;
}

function attemptText({ outcome, failure, ms, probe, seam }: Extract<Step, { did: 'attempt' }>): string {
	const asProbe = probe ? 'probe ' : '';
	const status = failure?.status === undefined ? '' : ` ${failure.status}`;
	const result = failure === undefined ? outcome.replace('succeeded', 'ok') : `${failureName(failure)}${status}`;
	return `${asProbe}${result}, ${ms} ms${seam === undefined ? '' : seamText(seam)}`;
}

function seamText({ sent, trimmed }: Seam): string {
	const repeated = trimmed === 0 ? '' : `, of which it repeated ${trimmed}`;
	return ` (carried on after ${sent} characters${repeated})`;
}
