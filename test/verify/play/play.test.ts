import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/load.ts';
import { explainCase } from '../../../src/verify/play/play.ts';
import { explain, linesOf, yaml } from './explained-case.ts';

describe('the trace', () => {
	test('is told step by step, with times and the states of both machines', () => {
		const { steps } = explain('openai: 429 retry-after=30; anthropic: timeout; local: ok after=200ms');
		expect(
			steps.map(({ at, by, words, requestState, providerState }) => [at, by, words, requestState, providerState]),
		).toEqual([
			[0, 'provider', 'openai/gpt-5.4 is asked: granted', 'attempting', 'closed'],
			[0, 'upstream', 'openai/gpt-5.4 answers 429 → RATE_LIMIT, asks to wait 30 s', 'settling', 'closed'],
			[
				0,
				'provider',
				'openai opens until +30 s (it asks for more than retry.maxRetryAfter, 5 s); on to anthropic/claude (#1)',
				'asking',
				'open',
			],
			[0, 'provider', 'anthropic/claude (#1) is asked: granted', 'attempting', 'closed'],
			[
				10_000,
				'upstream',
				'anthropic/claude (#1) says nothing for 10 s (timeouts.firstToken) → TIMEOUT.first_token',
				'settling',
				'closed',
			],
			[
				10_000,
				'provider',
				'anthropic#1 stays closed, 1 of 3 failures in a row; on to local/qwen:7b',
				'asking',
				'closed',
			],
			[10_000, 'provider', 'local/qwen:7b is asked: granted', 'attempting', 'closed'],
			[10_200, 'upstream', 'local/qwen:7b begins to answer', 'committed.streaming', 'closed'],
			[10_200, 'upstream', 'local/qwen:7b completes the answer', 'done', 'closed'],
		]);
	});

	test('ends with what the client sees, and how the providers stand', () => {
		const { client, ms, attempts, after } = explain(
			'openai: 429 retry-after=30; anthropic: timeout; local: ok after=200ms',
		);
		expect(client).toEqual({
			gets: 'answer',
			status: 200,
			target: 'local/qwen:7b',
			headers: { 'x-breakwater-target': 'local/qwen:7b', 'x-breakwater-attempts': '3' },
		});
		expect([ms, attempts]).toEqual([10_200, 3]);
		expect(after.map(({ id, words }) => `${id} ${words}`)).toEqual([
			'openai open until +30 s (as it asked for)',
			'anthropic#1 closed, 1 of 3 failures in a row',
			'anthropic#2 closed',
			'local closed',
		]);
	});

	test('waits between retries, with every jitter at its middle', () => {
		expect(linesOf('openai: 503, 500, ok').filter((line) => line.includes('wait is over'))).toEqual([
			'500 openai/gpt-5.4: the wait is over',
			'1500 openai/gpt-5.4: the wait is over',
		]);
		const [openai] = explain('openai: failures 2, 503').after;
		expect(openai).toMatchObject({ state: 'open', reason: 'failures', until: 63_000 });
	});

	test('reads errors by the rules of the file, and by those that are shipped', () => {
		expect(linesOf('openai: 500 message="still loading"')[1]).toContain('MODEL_UNAVAILABLE.loading');
		expect(linesOf('openai: 429 code=insufficient_quota')[1]).toContain('QUOTA_EXCEEDED');
		expect(linesOf('openai: 429 message="Try again in 20s"')[1]).toContain('asks to wait 20 s');
	});

	test.each([
		['openai: connect-timeout', '5000 openai/gpt-5.4 takes no connection for 5 s (timeouts.connect) → TIMEOUT.connect'],
		['openai: refused', '0 openai/gpt-5.4 refuses the connection → NETWORK_ERROR.refused'],
		[
			'openai: refused after=7s',
			'5000 openai/gpt-5.4 takes no connection for 5 s (timeouts.connect) → TIMEOUT.connect',
		],
		['openai: dns after=1s', '1000 openai/gpt-5.4 has a host name that cannot be resolved → NETWORK_ERROR.dns'],
		['openai: 503 after=9999ms', '9999 openai/gpt-5.4 answers 503 → SERVER_ERROR'],
		['openai: 503 after=10s', '10000 openai/gpt-5.4 says nothing for 10 s (timeouts.firstToken) → TIMEOUT.first_token'],
		['openai: ok after=10s', '10000 openai/gpt-5.4 says nothing for 10 s (timeouts.firstToken) → TIMEOUT.first_token'],
		[
			'openai: stall tokens=0',
			'10000 openai/gpt-5.4 says nothing for 10 s (timeouts.firstToken) → TIMEOUT.first_token',
		],
	])('%s', (when, line) => {
		expect(linesOf(when)[1]).toBe(line);
	});

	test.each([
		['openai: timeout', '120000 openai/gpt-5.4 has no whole answer for 2 m (timeouts.response) → TIMEOUT.response'],
		[
			'openai: ok after=1m takes=1m',
			'120000 openai/gpt-5.4 has no whole answer for 2 m (timeouts.response) → TIMEOUT.response',
		],
		['openai: stall after=1s', '16000 openai/gpt-5.4 falls silent for 15 s (timeouts.idle) → TIMEOUT.idle'],
		[
			'openai: stall after=110s',
			'120000 openai/gpt-5.4 has no whole answer for 2 m (timeouts.response) → TIMEOUT.response',
		],
		['openai: cut', '0 openai/gpt-5.4 breaks off → SERVER_ERROR.malformed'],
	])('not streamed, %s', (when, line) => {
		expect(linesOf(when, { stream: false })[1]).toBe(line);
	});

	test('of a stream that breaks is carried on from the character where it broke', () => {
		expect(linesOf('openai: cut tokens=4 takes=3s; anthropic: ok after=1s').slice(1, 6)).toEqual([
			'0 openai/gpt-5.4 begins to answer',
			'3000 openai/gpt-5.4 breaks off → NETWORK_ERROR.closed',
			'3000 openai stays closed, 1 of 3 failures in a row; on to anthropic/claude (#1)',
			'3000 anthropic/claude (#1) is asked: granted, to carry the answer on (by an instruction)',
			'4000 anthropic/claude (#1) begins to answer, carrying on after 56 characters',
		]);
	});

	test('of a stream that is held until it is whole starts over', () => {
		const { client, trace } = explain('openai: cut, ok', { profile: 'safe' });
		expect(client).toMatchObject({ gets: 'answer', headers: { 'x-breakwater-attempts': '2' } });
		expect(trace.map((step) => (step.did === 'attempt' ? step.way : step.did))).toEqual(['fresh', 'wait', 'fresh']);
	});

	test('ends at the deadline', () => {
		const { client, ms, steps } = explain('openai: ok takes=24h');
		expect([ms, client]).toMatchObject([3_600_000, { gets: 'broken', status: 200, code: 'stream_interrupted' }]);
		expect(steps.at(-1)?.words).toContain('the deadline passes (timeouts.stream, 1 h)');
		const late = explain('openai: cut tokens=5 takes=20m; anthropic: ok after=9s; local: ok', {
			profile: 'default',
		});
		expect(late.client.gets).toBe('answer');
	});

	test.each([
		[
			'*: cut tokens=5',
			/^0 anthropic#2 .*; the answer was carried on 2 times, and no more is allowed \(continuation\.maxContinuations, 2\)$/,
		],
		['*: AUTH_ERROR tokens=3', /; after AUTH_ERROR no answer is carried on \(continuation\.categories\)$/],
		[
			'openai: cut; anthropic: 503; local: 503, 503, 503',
			/^0 openai\/gpt-5\.4 is asked: denied .*; no target is left to carry the answer on$/,
		],
		['openai: cut, 503; anthropic: 503; local: 503', /; no target is left to carry the answer on$/],
	])('of a stream that is not carried on any further says why: %s', (when, why) => {
		const lines = linesOf(when.replace('openai: cut; ', 'openai: failures 2, cut; '));
		expect(lines.at(-1)).toMatch(why);
		expect(explain(when).client.gets).toBe('broken');
	});

	test('of a stream that is never carried on says so', () => {
		const never = parseConfig(`${yaml}policy: { continuation: { maxContinuations: 0 } }\n`, {
			file: 't.yaml',
			env: {},
		});
		const { steps } = explainCase(never, { profile: 'default', when: 'openai: cut', stream: true });
		expect(steps.at(-1)?.words).toMatch(/; no answer is carried on \(continuation\.maxContinuations, 0\)$/);
	});

	test('is not carried on when more was sent than is kept', () => {
		const { client, attempts } = explain('openai: cut tokens=100000');
		expect([client.gets, client.code, attempts]).toEqual(['broken', 'stream_interrupted', 1]);
	});

	test('of things at the same time: the client leaves, then the deadline passes, then the upstream is heard', () => {
		expect(explain('openai: timeout; client leaves after=10s').client.gets).toBe('left');
		expect(explain('openai: ok takes=1h').client.gets).toBe('broken');
		expect(explain('openai: ok takes=1h; client leaves after=1h').client.gets).toBe('left');
	});

	test('ends when the client leaves', () => {
		expect(explain('openai: timeout; client leaves after=3s')).toMatchObject({
			ms: 3000,
			client: { gets: 'left', headers: {} },
		});
		expect(explain('openai: ok takes=1m; client leaves after=3s').client).toMatchObject({ gets: 'left', status: 200 });
	});
});

describe('an answer that says nothing', () => {
	test.each([true, false])('is left, and handed out after all where nothing better comes (stream: %s)', (stream) => {
		const lines = linesOf('openai: silent; anthropic: 503', { stream });
		expect(lines).toContain('0 openai/gpt-5.4 answers and says nothing → UNKNOWN_TRANSIENT.answer_silent');
		expect(lines).toContain('0 openai stays closed, it does not count; on to anthropic/claude (#1)');
		expect(lines.at(-1)).toMatch(/the answer of openai\/gpt-5.4 is handed out after all$/);
		expect(explain('openai: silent; anthropic: 503', { stream }).client).toMatchObject({
			gets: 'answer',
			target: 'openai/gpt-5.4',
		});
	});

	test('is the answer where nothing comes next', () => {
		const { client, attempts } = explain('local: silent', { profile: 'cheap' });
		expect([client.gets, client.target, attempts]).toEqual(['answer', 'local/qwen:7b', 1]);
	});
});

test('the same case is explained the same way twice, and shows no key', () => {
	const when = 'openai: 401 message="bad key sk-very-secret"; anthropic: cut; local: 503';
	const [first, second] = [explain(when), explain(when)];
	expect(second).toEqual(first);
	expect(JSON.stringify(first)).not.toMatch(/secret|key-aaaa/);
	expect(JSON.parse(JSON.stringify(first))).toEqual(first);
});

test('a chain as long as a file may have it is no trouble', () => {
	const names = Array.from({ length: 100 }, (_, index) => `p${index}`);
	const text = `
providers: { ${names.map((name) => `${name}: { baseUrl: "http://127.0.0.1:9/v1" }`).join(', ')} }
profiles: { default: { chain: [${names.map((name) => `${name}/m`).join(', ')}] } }
policy: { whenAllDenied: fail }`;
	const long = parseConfig(text, { file: 'test.yaml', env: {} });
	const open = explainCase(long, { profile: 'default', when: '*: open operator', stream: true });
	expect([open.attempts, open.steps.length]).toEqual([0, 100]);
	const failing = explainCase(long, { profile: 'default', when: '*: 503', stream: true });
	expect([failing.attempts, failing.client.code]).toEqual([300, 'all_targets_failed']);
});

test('retries of one request count as one failure', () => {
	const lines = linesOf('*: 503', { profile: 'cheap' });
	expect(lines).toContain('0 local stays closed, 1 of 3 failures in a row; again in 500 ms');
	expect(lines).toContain('500 local stays closed, its failures of one request count once; again in 1 s');
	expect(explain('*: 503', { profile: 'cheap' }).after).toMatchObject([{ state: 'closed' }]);
});

test.each(['401', '429 retry-after=30', 'QUOTA_EXCEEDED'])(
	'after %s another key of the provider is asked',
	(outcome) => {
		const { steps, client } = explain(`openai: open 40s; anthropic#1: ${outcome}`);
		expect(client.status).toBe(200);
		expect(steps.at(-1)?.words).toMatch(/^anthropic\/claude \(#2\) (begins|completes)/);
	},
);
