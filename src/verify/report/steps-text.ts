import type { RequestEvent } from '../../../machines/events.ts';
import { failureName } from '../../../machines/failure.ts';
import { wrapped } from '../../values/figures.ts';
import { timeText } from '../../values/time-text.ts';
import type { CaseStep } from './report.ts';

/** The least that the column of words is narrowed to, characters. */
const NARROWEST_WORDS = 30;
/** Shown of a long case: steps at its beginning, and at its end. */
const MOST_FIRST = 40;
const MOST_LAST = 10;

/**
 * A case as aligned lines: when, what, and the state of each machine after it. A long case is shown without its middle.
 * @param columns the width of the page, characters
 */
export function stepLines(steps: readonly CaseStep[], columns: number): string[] {
	const times = ['after', ...steps.map(({ at }) => timeText(at))];
	const states = [
		['request', ...steps.map(({ requestState }) => requestState ?? '')],
		['provider', ...steps.map(({ providerState }) => providerState ?? '')],
	].filter((column) => column.slice(1).some((state) => state !== ''));
	const timeWidth = widest(times);
	const taken = timeWidth + 2 + states.reduce((sum, column) => sum + widest(column) + 2, 0);
	const wordWidth = Math.min(
		widest(['', ...steps.map(({ words }) => words)]),
		Math.max(NARROWEST_WORDS, columns - taken),
	);

	const row = (index: number, words: string): string[] => {
		const [first = '', ...others] = wrapped(words, wordWidth);
		const cells = states.map((column) => (column[index] ?? '').padEnd(widest(column)));
		const line = [(times[index] ?? '').padStart(timeWidth), first.padEnd(wordWidth), ...cells].join('  ');
		return [line.trimEnd(), ...others.map((other) => `${' '.repeat(timeWidth + 2)}${other}`)];
	};
	const rows = steps.map(({ words }, index) => row(index + 1, words));
	const hidden = rows.length - MOST_FIRST - MOST_LAST;
	const head = states.length === 0 ? [] : row(0, '');
	if (hidden <= 1) return [...head, ...rows.flat()];
	const gap = `${' '.repeat(timeWidth)}  … ${hidden} more steps …`;
	return [...head, ...rows.slice(0, MOST_FIRST).flat(), gap, ...rows.slice(-MOST_LAST).flat()];
}

function widest(texts: readonly string[]): number {
	return Math.max(...texts.map((text) => text.length));
}

/** Shown of a long path. */
const MOST_STOPS = 8;
/** Shown of what happened at one of its stops. */
const MOST_OUTCOMES = 6;

/**
 * A case in a few words, by target, what repeats counted:
 * `a/m RATE_LIMIT, SERVER_ERROR ×2 → b/n is open → c/o ok`.
 */
export function briefPath(steps: readonly CaseStep[]): string {
	const stops: { where: string; outcomes: string[] }[] = [];
	let isAnswering = false;
	for (const { event, target = '' } of steps) {
		const outcome = outcomeText(event as RequestEvent, isAnswering);
		isAnswering = event.type === 'attempt.answering' || (isAnswering && outcome === undefined);
		if (outcome === undefined) continue;
		const where = isOfTarget(event) ? target : '';
		const last = stops.at(-1);
		if (last?.where === where) last.outcomes.push(outcome);
		if (last?.where !== where) stops.push({ where, outcomes: [outcome] });
	}
	const texts = stops.map(({ where, outcomes }) => `${where} ${shortened(counted(outcomes), MOST_OUTCOMES, ', ')}`);
	return shortened(
		texts.map((text) => text.trim()),
		MOST_STOPS,
		' → ',
	);
}

function isOfTarget({ type }: { type: string }): boolean {
	return type.startsWith('attempt.') || type.startsWith('permit.');
}

/** What a step means to the trace of a request; nothing where it only leads to the next one. */
function outcomeText(event: RequestEvent, isAnswering: boolean): string | undefined {
	switch (event.type) {
		case 'attempt.broke':
			return `${isAnswering ? 'breaks off with ' : ''}${failureName(event.failure)}`;
		case 'attempt.silent':
			return 'says nothing';
		case 'attempt.completed':
			return 'ok';
		case 'permit.denied':
			if (event.reason === 'limit' || event.reason === 'beyond-limit') return 'is at its limit';
			if (event.reason === 'retry-budget') return 'has no retry left';
			if (event.reason === 'ramp') return 'has just recovered';
			return event.reason === 'model' ? 'is unavailable' : `is ${event.state}`;
		case 'client.left':
			return 'the client leaves';
		case 'deadline.passed':
			return 'the deadline passes';
		default:
			return undefined;
	}
}

function counted(texts: readonly string[]): string[] {
	const runs: { text: string; times: number }[] = [];
	for (const text of texts) {
		const last = runs.at(-1);
		if (last?.text === text) last.times += 1;
		if (last?.text !== text) runs.push({ text, times: 1 });
	}
	return runs.map(({ text, times }) => (times === 1 ? text : `${text} ×${times}`));
}

/** All of a list, or of a long one its beginning and its end. */
function shortened(texts: readonly string[], most: number, separator: string): string {
	const hidden = texts.length - most;
	if (hidden <= 1) return texts.join(separator);
	return [...texts.slice(0, most - 2), `… ${hidden} more …`, ...texts.slice(-2)].join(separator);
}
