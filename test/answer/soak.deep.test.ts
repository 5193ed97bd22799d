import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { answerOf } from '../../bench/soak-answer.ts';
import type { Reply } from '../../bench/soak-client.ts';
import { judge } from '../../bench/soak-judge.ts';
import { type AttemptPlan, planAttempt, planStream } from '../../bench/soak-plan.ts';
import type { AttemptRecord } from '../../bench/soak-provider.ts';
import { Random } from '../../bench/soak-random.ts';
import { totalOf } from '../../bench/soak-report.ts';
import { runSoak } from '../../bench/soak-run.ts';
import { performStream, usageOf } from '../../bench/soak-wire.ts';

const seed = 1;

it('a small soak of a real process: answers are rescued, none is wrong, nothing is left open', async () => {
	const directory = mkdtempSync(join(tmpdir(), 'breakwater-soak-test-'));
	try {
		const result = await runSoak({ seed, streams: 150, seconds: 0.2, directory });
		expect(result.wrong.map(({ number, mistake }) => `${number}: ${mistake}`)).toEqual([]);
		expect(result).toMatchObject({ openExchanges: 0, openSockets: 0, exitCode: 0, crashes: 0 });
		const { whole = 0, rescued = 0, 'failed over': failedOver = 0 } = totalOf(result.tallies.kind);
		expect(Math.min(whole, rescued, failedOver)).toBeGreaterThan(0);
	} finally {
		rmSync(directory, { recursive: true, force: true });
	}
});

describe('the judge of the soak', () => {
	/** A stream of that kind that is asked for with its usage, told by one attempt without a fault. */
	function rightReply(kind: string) {
		for (let number = 0; ; number++) {
			const plan = { ...planStream(seed, number), delivery: 'stream' as const, wantsUsage: true };
			if (plan.kind !== kind) continue;
			const { text, tools, finish } = answerOf(seed, number);
			const speech = { id: 'id-0', model: 'model-a', text, tools, finish, hasUsage: true };
			const faultless: AttemptPlan = { ...planAttempt(seed, number, 0), fault: 'none', lineEnd: '\n' };
			const said = performStream(speech, faultless, new Random('judge')).bytes.toString();
			const seen = { provider: 'a', askedAs: 'fresh', plan: faultless, shown: 0, isShownWrong: false } as const;
			const record: AttemptRecord = { ...seen, usage: usageOf(speech), isUsageSure: true };
			const judged = (changed: string, reply: Partial<Reply> = {}) => {
				const got = { status: 200, contentType: 'text/event-stream', target: 'a/model-a', end: 'whole' } as const;
				return judge(seed, plan, { ...got, text: changed, ...reply }, [record]);
			};
			return { said, judged };
		}
	}

	const events = (said: string) => said.split(/(?<=\n\n)/);
	const without = (said: string, pattern: RegExp) => events(said).filter((event) => !pattern.test(event));
	const twice = (said: string, pattern: RegExp) => {
		const at = events(said).findLastIndex((event) => pattern.test(event));
		return events(said).toSpliced(at, 0, events(said)[at] ?? '');
	};

	it.each(['prose', 'tools', 'text + tools', 'code'])('finds a right answer whole: %s', (kind) => {
		const { said, judged } = rightReply(kind);
		expect(judged(said)).toEqual({ outcome: 'whole' });
	});

	it.each<[string, (said: string) => string | string[]]>([
		['a lost piece', (said) => events(said).toSpliced(3, 1)],
		['a repeated piece', (said) => events(said).toSpliced(3, 0, events(said)[3] ?? '')],
		['a changed character', (said) => said.replace('"content":"R', '"content":"r')],
		['two finish reasons', (said) => twice(said, /"finish_reason":"stop"/)],
		['another finish reason', (said) => said.replace('"finish_reason":"stop"', '"finish_reason":"length"')],
		['no finish', (said) => without(said, /"finish_reason":"stop"/)],
		['two ids', (said) => said.replace('"id":"id-0"', '"id":"id-1"')],
		['two roles', (said) => twice(said, /"role"/)],
		['two blocks of usage', (said) => twice(said, /"usage"/)],
		['no usage', (said) => without(said, /"usage"/)],
		['wrong usage', (said) => said.replace('"prompt_tokens":7', '"prompt_tokens":8')],
		['an unknown model', (said) => said.replaceAll('model-a', 'model-x')],
		['two ends', (said) => twice(said, /\[DONE\]/)],
		['an end without a word', (said) => without(said, /\[DONE\]/)],
		['an error that is passed over', (said) => events(said).toSpliced(3, 0, 'data: {"error":{"code":"x"}}\n\n')],
		[
			'wrong text before an error',
			(said) => [
				...without(said, /\[DONE\]|"stop"/).toSpliced(3, 1),
				'data: {"error":{"code":"stream_interrupted"},"failover":{"attempts":[]}}\n\n',
			],
		],
	])('finds a mistake: %s', (_name, change) => {
		const { said, judged } = rightReply('prose');
		const changed = [change(said)].flat().join('');
		expect(changed).not.toBe(said);
		expect(judged(changed)).toMatchObject({ outcome: 'wrong' });
	});

	it.each<[string, (said: string) => string]>([
		['a changed argument', (said) => said.replace(/"arguments":"([^"])/, '"arguments":"$1$1')],
		['another name', (said) => said.replace(/"name":"/, '"name":"x')],
		['ids of two attempts', (said) => said.replace('"id":"id-0-call-0"', '"id":"id-1-call-0"')],
	])('finds a mistake in calls of tools: %s', (_name, change) => {
		const { said, judged } = rightReply('tools');
		expect(change(said)).not.toBe(said);
		expect(judged(change(said))).toMatchObject({ outcome: 'wrong' });
	});

	it('takes an error for what it says', () => {
		const { judged } = rightReply('prose');
		const error = (code: string) => JSON.stringify({ error: { code } });
		expect(judged(error('stream_interrupted'), { status: 502 }).outcome).toBe('interrupted');
		expect(judged(error('all_targets_failed'), { status: 502 }).outcome).toBe('refused');
		expect(judged(error('internal_error'), { status: 500 }).outcome).toBe('wrong');
		expect(judged('', { end: 'broken' }).outcome).toBe('wrong');
	});
});
