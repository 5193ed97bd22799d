import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/load.ts';
import { explainCase } from '../../../src/verify/play/play.ts';
import { explain, linesOf, yaml } from './explained-case.ts';

describe('before the request', () => {
	test('every door may be closed: the client is told when the first one opens', () => {
		const { client, attempts } = explain('*: open operator 40s; local: quota-cooldown 15s');
		expect([client.status, client.code, attempts]).toEqual([503, 'all_targets_unavailable', 0]);
		expect(client.headers).toEqual({ 'retry-after': '15', 'retry-after-ms': '15000' });
	});

	test('failures in a row bring a provider nearer to its threshold, and up to it open it', () => {
		const { before, steps } = explain('openai: failures 2, 503');
		expect(before[0]).toMatchObject({ state: 'closed', words: 'closed, 2 of 3 failures in a row' });
		expect(steps[2]?.words).toMatch(/^openai opens until \+1 m 3 s \(3 failures in a row\); on to anthropic/);
		expect(explain('openai: failures 3').before[0]).toMatchObject({ state: 'open', reason: 'failures', until: 60_000 });
		expect(explain('*: failures 10000').before.map(({ state }) => state)).toEqual(['open', 'open', 'open', 'open']);
		expect(linesOf('openai: failures 2, ok').at(-1)).toBe('0 openai/gpt-5.4 completes the answer');
		expect(explain('openai: failures 2, ok').after[0]?.words).toBe('closed');
	});

	test('a cooldown that ends while the request waits lets a probe through', () => {
		const lines = linesOf('openai: 503 after=2s; anthropic: open 3s; local: open 1m');
		expect(lines).toContain('3000 anthropic#1: its cooldown is over, it lets a probe through');
		expect(lines).toContain('7500 anthropic/claude (#1) is asked: granted as a probe');
		expect(lines.slice(-3)).toEqual([
			'7500 anthropic/claude (#1) sends its first content; anthropic#1 closes again',
			'7500 anthropic/claude (#1) begins to answer',
			'7500 anthropic/claude (#1) completes the answer',
		]);
	});

	test.each([
		['openai: open', 'open until +1 m (because of failures)'],
		['openai: open auth', 'open until +15 m (its credential was rejected)'],
		['openai: open hint 7s', 'open until +7 s (as it asked for)'],
		['openai: open hint 2s', 'open until +2 s (as it asked for)'],
		['openai: open operator 9s', 'open until +9 s (by an operator)'],
		['openai: quota-cooldown', 'quota-cooldown until +1 h (out of quota)'],
		['openai: half-open busy', 'half-open, 1 of 1 probes out'],
		['openai: half-open', 'half-open, 0 of 1 probes out'],
		['openai: limited 30s', 'closed, no room left in its limits until +30 s'],
		['openai: unavailable', 'closed, gpt-5.4 unavailable until +5 m'],
	])('%s', (when, words) => {
		const [openai] = explain(when).before;
		expect(openai?.words).toBe(words);
	});

	test('one at its limit is denied until there is room, and is not tried early', () => {
		const lines = linesOf('openai: limited 30s');
		expect(lines[0]).toContain('is asked: denied (closed, no room left in its limits until +30 s)');
		const eager = parseConfig(`${yaml}policy: { whenAllDenied: try-soonest }\n`, { file: 'test.yaml', env: {} });
		const { attempts, client } = explainCase(eager, { profile: 'cheap', when: 'local: limited 9s', stream: true });
		expect([attempts, client.status, client.headers['retry-after']]).toEqual([0, 429, '9']);
	});

	test('an operator, a hint and a dead key are not tried early; failures are', () => {
		const eager = parseConfig(`${yaml}policy: { whenAllDenied: try-soonest }\n`, { file: 'test.yaml', env: {} });
		const attempted = (when: string) => explainCase(eager, { profile: 'cheap', when, stream: true }).attempts;
		expect(['open', 'open operator', 'open hint 9s', 'open auth'].map((state) => attempted(`local: ${state}`))).toEqual(
			[1, 0, 0, 0],
		);
	});

	test('the state is the policy’s own in everything that follows', () => {
		const [openai] = explain('openai: half-open, 503').after;
		expect(openai).toMatchObject({ state: 'open', until: 2 * 63_000 });
	});
});

describe('a wait for the first target to open', () => {
	const patient = parseConfig(`${yaml}policy: { whenAllDenied: { wait: 3s } }\n`, { file: 'test.yaml', env: {} });
	const play = (when: string) => explainCase(patient, { profile: 'safe', when, stream: true });

	test('is told, and then the chain is asked again', () => {
		const { steps, client, ms, trace } = play('openai: open 9s; local: open hint 2s');
		expect(steps.map(({ at, words }) => `${at} ${words}`)).toEqual([
			'0 openai/gpt-5.4 is asked: denied (open, because of failures until +9 s)',
			expect.stringContaining('local/qwen:7b opens first, and is waited for until +2 s'),
			expect.stringContaining('local: its cooldown is over'),
			'2000 a target has opened: the chain is asked again',
			'2000 openai/gpt-5.4 is asked: denied (open, because of failures until +9 s)',
			'2000 local/qwen:7b is asked: granted as a probe',
			expect.stringContaining('sends its first content'),
			expect.stringContaining('completes the answer'),
		]);
		expect([client.gets, ms]).toEqual(['answer', 2000]);
		expect(trace).toContainEqual({
			did: 'wait',
			at: 0,
			target: 'local/qwen:7b',
			credential: 'local',
			ms: 2000,
			isForOpening: true,
		});
	});

	test('is not made where none opens in time', () => {
		const { client, ms } = play('openai: open 9s; local: open hint 4s');
		expect([client.gets, client.status, client.headers['retry-after'], ms]).toEqual(['error', 503, '4', 0]);
	});
});
