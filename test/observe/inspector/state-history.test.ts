import { describe, expect, test } from 'vitest';
import { historyMs, StateHistory } from '../../../src/observe/inspector/state-history.ts';

const start = 1_000_000_000;

describe('the states of the last hour', () => {
	test('are kept in order, the last one holding', () => {
		const history = new StateHistory('closed', start);
		history.enter('open', start + 1000);
		history.enter('half-open', start + 2000);
		expect(history.spans(start + 3000)).toEqual([
			{ from: start, state: 'closed' },
			{ from: start + 1000, state: 'open' },
			{ from: start + 2000, state: 'half-open' },
		]);
	});

	test('keep the state in which the hour began, and forget what ended before it', () => {
		const history = new StateHistory('closed', start);
		history.enter('open', start + 1000);
		history.enter('closed', start + 2000);
		expect(history.spans(start + 2000 + historyMs)).toEqual([{ from: start + 2000, state: 'closed' }]);
		expect(history.spans(start + 9 * historyMs)).toEqual([{ from: start + 2000, state: 'closed' }]);
	});

	test('stay bounded when a provider flaps, and keep the newest', () => {
		const history = new StateHistory('closed', start);
		for (let index = 1; index <= 50_000; index += 1) history.enter(index % 2 === 0 ? 'closed' : 'open', start + index);
		const spans = history.spans(start + 50_000);
		expect(spans.length).toBeLessThanOrEqual(600);
		expect(spans.at(-1)).toEqual({ from: start + 50_000, state: 'closed' });
	});
});
