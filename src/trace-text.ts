import type { Step } from '../machines/walk.ts';
import { failureName } from './failure-report.ts';

/** A walk on one line, for a log: `alpha/large SERVER_ERROR 503 (12 ms) → beta/small ok (133 ms)`. */
export function traceLine(trace: readonly Step[]): string {
	return trace.map((step) => `${step.target} ${stepText(step)}`).join(' → ');
}

/** A walk as aligned lines, one a step, for a terminal: when, where, what. */
export function traceLines(trace: readonly Step[]): string[] {
	const width = Math.max(0, ...trace.map(({ target }) => target.length));
	return trace.map((step) => `${String(step.at).padStart(7)} ms  ${step.target.padEnd(width)}  ${stepText(step)}`);
}

function stepText(step: Step): string {
	if (step.did === 'wait') return `waits ${step.ms} ms, then again`;
	if (step.did === 'deny')
		return `denied (${step.state}, ${step.reason}) until ${new Date(step.retryAt).toISOString()}`;
	const { outcome, failure, ms, probe } = step;
	const asProbe = probe ? 'probe ' : '';
	if (failure === undefined) return `${asProbe}${outcome === 'succeeded' ? 'ok' : outcome} (${ms} ms)`;
	const status = failure.status === undefined ? '' : ` ${failure.status}`;
	return `${asProbe}${failureName(failure)}${status} (${ms} ms)`;
}
