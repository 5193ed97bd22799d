import type { SeamPlace } from '../../machines/events.ts';
import { failureName } from '../../machines/failure.ts';
import type { TraceEntry } from '../../machines/request/progress.ts';
import type { RecordedStep } from '../contract/call-record.ts';
import { usdText } from '../prices/price-text.ts';
import { rfc3339 } from '../values/clock.ts';

/** A trace on one line, for a log: `alpha/large is open → beta/small SERVER_ERROR 503, 12 ms → …`. */
export function traceLine(trace: readonly RecordedStep[]): string {
	return trace.map((step) => `${where(step)} ${briefly(step)}`).join(' → ');
}

/** A trace as aligned lines, one a step, for a terminal: when, where, what. */
export function traceLines(trace: readonly RecordedStep[]): string[] {
	const width = Math.max(0, ...trace.map((step) => where(step).length));
	return trace.map((step) => `${String(step.at).padStart(7)} ms  ${where(step).padEnd(width)}  ${fully(step)}`);
}

/** The target, and which of its provider's credentials where it has several. */
function where({ target, credential }: TraceEntry): string {
	const number = credential.indexOf('#');
	return number === -1 ? target : `${target} (${credential.slice(number)})`;
}

function briefly(step: RecordedStep): string {
	if (step.did === 'attempt') return attemptText(step);
	if (step.did === 'wait') return `waits ${step.ms} ms${step.isForOpening ? ' for it to open' : ''}`;
	if (step.did === 'reconnect') return 'stale connection, sent again';
	if (step.reason === 'limit') return 'is at its limit';
	if (step.reason === 'retry-budget') return 'has no retry left in its budget';
	if (step.reason === 'ramp') return 'has just recovered';
	if (step.reason === 'beyond-limit') return 'has a limit below this request';
	return step.reason === 'model' ? 'is unavailable' : `is ${step.state}`;
}

function fully(step: RecordedStep): string {
	if (step.did === 'attempt') {
		return `${attemptText(step)}${step.costUsd === undefined ? '' : `, $${usdText(step.costUsd)}`}`;
	}
	if (step.did === 'wait')
		return `waits ${step.ms} ms ${step.isForOpening ? 'for it to open' : 'before the next attempt'}`;
	if (step.did === 'reconnect') return `stale connection, ${step.ms} ms: sent again on a new one`;
	const until = Number.isFinite(step.retryAt) ? ` until ${rfc3339(step.retryAt)}` : ', whenever it is asked';
	return `denied: ${step.state} (${step.reason})${until}`;
}

function attemptText(step: Extract<RecordedStep, { did: 'attempt' }>): string {
	const { outcome, failure, ms, probe, seam, upstreamRequestId: id } = step;
	const asProbe = probe ? 'probe ' : '';
	const status = failure?.status === undefined ? '' : ` ${failure.status}`;
	const result = failure === undefined ? outcome.replace('succeeded', 'ok') : `${failureName(failure)}${status}`;
	return `${asProbe}${result}, ${ms} ms${seam === undefined ? '' : seamText(seam)}${id === undefined ? '' : ` [${id}]`}`;
}

function seamText({ sent, trimmed }: SeamPlace): string {
	const repeated = trimmed === 0 ? '' : `, of which it repeated ${trimmed}`;
	return ` (carried on after ${sent} characters${repeated})`;
}
