import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Subject } from '../../../src/verify/play/case-script.ts';
import { readScript } from '../../../src/verify/play/read-script.ts';
import { scriptHelp } from '../../../src/verify/play/script-help.ts';
import { ScriptError } from '../../../src/verify/play/script-words.ts';

const known: Subject[] = [
	{ name: '*' },
	{ name: 'openai', provider: 'openai' },
	{ name: 'openai#2', provider: 'openai', credential: 'openai#2' },
	{ name: 'openai/gpt-5.4', provider: 'openai', target: 'openai/gpt-5.4' },
	{ name: 'local', provider: 'local' },
	{ name: 'local/org/qwen', provider: 'local', target: 'local/org/qwen' },
	{ name: 'local/org/qwen:7b; fast', provider: 'local', target: 'local/org/qwen:7b; fast' },
];

const read = (text: string) => readScript(text, known);
const outcomes = (text: string) => read(`openai: ${text}`).entries[0]?.outcomes;

describe('a script', () => {
	test.each(['', '  ', ';', ' ; ;'])('of nothing, %j, says nothing', (text) => {
		expect(read(text)).toEqual({ entries: [] });
	});

	test('names its subjects with or without spaces, the longest name first', () => {
		const { entries } = read('openai:503;local/org/qwen:7b; fast : ok ; local/org/qwen: 500;* : 429');
		expect(entries.map(({ subject }) => subject.name)).toEqual([
			'openai',
			'local/org/qwen:7b; fast',
			'local/org/qwen',
			'*',
		]);
	});

	test('has outcomes for the first, the second and every further attempt', () => {
		expect(outcomes('503, 429,ok')).toMatchObject([
			{ does: 'status', status: 503 },
			{ does: 'status', status: 429 },
			{ does: 'answer', afterMs: 0, takesMs: 0 },
		]);
	});

	test.each([
		['429 retry-after=30', { does: 'status', status: 429, retryAfterMs: 30_000, afterMs: 0 }],
		['429 1m30s', { does: 'status', status: 429, retryAfterMs: 90_000, afterMs: 0 }],
		['429 30', { does: 'status', status: 429, retryAfterMs: 30_000, afterMs: 0 }],
		[
			'500 code=a type=b message="c, d; e" after=2s',
			{ does: 'status', status: 500, code: 'a', type: 'b', message: 'c, d; e', afterMs: 2000 },
		],
		['400 message=\'say "no"\'', { does: 'status', status: 400, message: 'say "no"', afterMs: 0 }],
		['ok after=2s takes=1m', { does: 'answer', afterMs: 2000, takesMs: 60_000 }],
		['silent after=1s', { does: 'say-nothing', afterMs: 1000 }],
		['timeout', { does: 'silence', until: 'answered' }],
		['connect-timeout', { does: 'silence', until: 'connected' }],
		['refused after=1s', { does: 'network-error', what: 'refused', afterMs: 1000 }],
		['cut', { does: 'break', how: 'cut', tokens: 3, afterMs: 0, takesMs: 0 }],
		['stall tokens=0', { does: 'break', how: 'stall', tokens: 0, afterMs: 0, takesMs: 0 }],
		['error-event code=x 5s', { does: 'break', how: 'error-event', code: 'x', retryAfterMs: 5000 }],
		['TIMEOUT.idle after=1s', { does: 'failure', failure: { category: 'TIMEOUT', reason: 'idle' }, afterMs: 1000 }],
		['RATE_LIMIT 30s tokens=2', { failure: { category: 'RATE_LIMIT', retryAfterMs: 30_000 }, tokens: 2 }],
	])('understands %s', (text, outcome) => {
		expect(outcomes(text)).toEqual([expect.objectContaining(outcome)]);
	});

	test('takes no hint of nothing for a hint', () => {
		expect(outcomes('RATE_LIMIT retry-after=0')).toMatchObject([{ failure: { category: 'RATE_LIMIT' } }]);
		expect(JSON.stringify(outcomes('RATE_LIMIT retry-after=0'))).not.toContain('retryAfterMs');
	});

	test.each([
		['open', { is: 'open', reason: 'failures' }],
		['open 40s', { is: 'open', reason: 'failures', forMs: 40_000 }],
		['open 40s hint', { is: 'open', reason: 'hint', forMs: 40_000 }],
		['open auth', { is: 'open', reason: 'auth' }],
		['quota-cooldown 2h', { is: 'quota-cooldown', forMs: 7_200_000 }],
		['half-open', { is: 'half-open', isBusy: false }],
		['half-open busy', { is: 'half-open', isBusy: true }],
		['limited', { is: 'limited' }],
		['limited 30s', { is: 'limited', forMs: 30_000 }],
		['closed', { is: 'closed' }],
		['failures 2', { is: 'failing', failures: 2 }],
	])('understands that a provider is %s', (text, state) => {
		expect(read(`openai: ${text}, 503`).entries).toMatchObject([{ state, outcomes: [{ status: 503 }] }]);
	});

	test('may sideline a model, and let the client leave', () => {
		expect(read('openai/gpt-5.4: unavailable 5m; client leaves after=3s')).toMatchObject({
			entries: [{ unavailable: { forMs: 300_000 }, outcomes: [] }],
			clientLeavesAfterMs: 3000,
		});
		expect(read('client: leaves').clientLeavesAfterMs).toBe(0);
	});
});

describe('a mistake is told with its column, and what would be right', () => {
	test.each([
		['opena: 503', 1, '`opena` is no provider, key or target of the configuration; did you mean `openai`?'],
		['openai: 503; lokal: ok', 14, '`lokal` is no provider, key or target of the configuration; did you mean `local`?'],
		['openai/gpt: 503', 1, '`openai/gpt` is no provider, key or target'],
		['openai 503', 1, '`openai 503` lacks the colon behind `openai`; write `openai: 503`'],
		['503', 1, '`503` says nothing of whom it is about; write for example `openai: 503`'],
		[': 503', 1, 'write for example `openai: 503`'],
		['openai: 503; openai: ok', 14, '`openai` comes twice; put its outcomes into one list'],
		['openai:', 8, 'here an outcome of `openai` is missing; write one such as `503` or `ok`'],
		['openai: 503,', 13, 'here an outcome of `openai` is missing'],
		['openai: 503,,ok', 13, 'here an outcome of `openai` is missing'],
		['openai: tmeout', 9, '`tmeout` is not an outcome; did you mean `timeout`?'],
		['openai: RATELIMIT', 9, '`RATELIMIT` is not an outcome; did you mean `RATE_LIMIT`?'],
		['openai: constructor', 9, '`constructor` is not an outcome; choose from'],
		['openai: BAD_REQUEST.Foo', 9, 'has a reason that is not in snake_case'],
		['openai: 200', 9, '`200` is not the status of a failure; write `ok` for an answer'],
		['openai: 42', 9, '`42` is not the status of a failure; write an error status from 300 to 599'],
		['openai: code=x', 9, '`code=` is an option, and no outcome'],
		['openai: 429 retry_after=3', 13, '`retry_after` is not an option of `429`; did you mean `retry-after=`?'],
		['openai: 429 tokens=3', 13, '`tokens` is not an option of `429`; it takes `retry-after=`'],
		['openai: 429 after=1s after=2s', 22, '`after` of `429` comes twice'],
		['openai: 503 after=3', 13, '`3` is a number without a unit; write a duration'],
		['openai: 503 after', 13, '`after` has no value; write `after=…`'],
		['openai: 503 =3', 13, 'in front of `=` the name of an option of `503` is missing'],
		['openai: 503 message=', 13, '`message` needs a value'],
		['openai: 503 message="abc', 21, 'the quotation mark " has no second one'],
		['openai: 503 retry-after=99999999999', 13, 'seconds are more than 400 days'],
		['openai: cut tokens=many', 13, '`tokens=many` is no number of them; write a whole one from 0 to 100000'],
		['openai: ok 503', 12, '`503` is another outcome than `ok`; put a comma in front of it'],
		['openai: timeout 3s', 17, '`timeout` takes no options; leave `3s` out'],
		['openai: open, closed', 15, 'a provider has one state before the request'],
		['openai: open autth', 14, '`autth` says nothing about `open`; did you mean `auth`?'],
		['openai: open auth hint', 19, '`hint` is one too many for `open`; leave it out'],
		['openai: open 40', 14, '`40` is a number without a unit'],
		['openai: open 0s', 14, '`0s` is no time at all'],
		['openai: failures', 9, 'how many `failures` in a row is missing; write for example `failures 2`'],
		['openai: failures two', 18, '`two` is no number of failures; write a whole one from 1 to 10000'],
		['openai: failures 0', 18, '`0` is no number of failures'],
		['openai: failures 10001', 18, '`10001` is no number of failures'],
		['openai: failures 2 3', 20, '`3` is one too many for `failures`; leave it out'],
		[
			'openai/gpt-5.4: failures 2',
			17,
			'`failures` is the state of a provider, not of its only model; write `openai: failures`',
		],
		['openai: 429 retry-after=-1', 13, '`-1` is negative, which no hint is; write seconds such as `30`'],
		['openai: 429 -5s', 13, '`-5s` is negative, which no hint is'],
		['openai: closed 5s', 16, '`closed` stands alone'],
		['openai/gpt-5.4: open', 17, '`open` is the state of a provider, not of its only model; write `openai: open`'],
		['openai: unavailable 5m 6m', 24, '`6m` is too much; write `unavailable 5m`'],
		['client goes', 8, 'the client can only leave; write `client leaves after=3s`'],
		['client leaves soon', 15, '`soon` is not known here'],
		['client leaves; client leaves', 16, 'the client leaves twice'],
	])('%s', (text, column, sentence) => {
		const error = mistakeIn(text);
		expect(error.message).toContain(`--when, column ${column}: `);
		expect(error.message).toContain(sentence);
		expect(error.column).toBe(column);
		expect(error.message).not.toContain('\n');
	});

	test('whatever is written, it is a script or one mistake', () => {
		const word = fc.constantFrom(
			'openai',
			'openai#2',
			'*',
			'client',
			'leaves',
			':',
			';',
			',',
			'=',
			'"',
			' ',
			'429',
			'ok',
			'open',
			'3s',
			'after',
			'cut',
			'x',
		);
		fc.assert(
			fc.property(
				fc.oneof(
					fc.string(),
					fc.array(word).map((words) => words.join(' ')),
					fc.array(word).map((words) => words.join('')),
				),
				(text) => {
					try {
						expect(read(text).entries.length).toBeLessThanOrEqual(known.length);
					} catch (error) {
						if (!(error instanceof ScriptError)) throw error;
						expect(error.message.length).toBeLessThan(700);
					}
				},
			),
		);
	});
});

test('the help names every word that a script may have', () => {
	for (const word of [
		'ok',
		'timeout',
		'connect-timeout',
		'refused',
		'reset',
		'dns',
		'cut',
		'stall',
		'error-event',
		'tokens',
		'after',
		'takes',
		'code',
		'type',
		'message',
		'retry-after',
		'open',
		'half-open',
		'busy',
		'quota-cooldown',
		'closed',
		'failures',
		'unavailable',
		'client leaves',
		'auth',
		'hint',
		'operator',
	]) {
		expect(scriptHelp).toContain(word);
	}
});

function mistakeIn(text: string): ScriptError {
	try {
		read(text);
	} catch (error) {
		if (error instanceof ScriptError) return error;
		throw error;
	}
	throw new Error(`${text} was understood`);
}
