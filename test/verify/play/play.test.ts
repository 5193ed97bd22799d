import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/load.ts';
import { type CaseOptions, explainCase, UnknownProfileError } from '../../../src/verify/play/play.ts';
import { explainedText } from '../../../src/verify/play/play-text.ts';

const yaml = `
providers:
  openai: { baseUrl: "https://api.example/v1", apiKey: "sk-very-secret", models: { gpt-5.4: { reasons: false } } }
  anthropic: { baseUrl: "https://other.example/v1", apiKey: [key-aaaa, key-bbbb] }
  local: { baseUrl: "http://127.0.0.1:9/v1", streamUpstream: true, policy: { timeouts: { firstToken: 60s } } }
profiles:
  default: { chain: [openai/gpt-5.4, anthropic/claude, "local/qwen:7b"] }
  cheap: { chain: ["local/qwen:7b"] }
  safe: { chain: [openai/gpt-5.4, "local/qwen:7b"], commit: complete }
errorRules:
  - { provider: openai, message: "loading", as: MODEL_UNAVAILABLE.loading }
`;

const config = parseConfig(yaml, { file: 'test.yaml', env: {} });

function explain(when: string, options: Partial<CaseOptions> = {}) {
	return explainCase(config, { profile: 'default', when, stream: true, ...options });
}

/** When, and in what words. */
function linesOf(when: string, options: Partial<CaseOptions> = {}): string[] {
	return explain(when, options).steps.map(({ at, words }) => `${at} ${words}`);
}

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

describe('whom an entry is about', () => {
	test('the most specific one counts', () => {
		const when = '*: 500; anthropic: 502; anthropic#2: 504; anthropic#2/claude: 529; anthropic/claude: 507';
		expect(linesOf(when).filter((line) => line.includes('anthropic/claude (#1) answers'))[0]).toContain('answers 507');
		const keys = parseConfig(
			yaml
				.replace('default: {', 'other: {')
				.replace(
					'profiles:',
					'profiles:\n  default: { chain: [anthropic/claude], policy: { onError: { SERVER_ERROR: { retries: 0, then: credential } } } }',
				),
			{ file: 'test.yaml', env: {} },
		);
		const { steps } = explainCase(keys, { profile: 'default', when, stream: true });
		expect(steps.map(({ words }) => words).filter((words) => words.includes('answers'))).toEqual([
			'anthropic/claude (#1) answers 507 → SERVER_ERROR',
			'anthropic/claude (#2) answers 529 → SERVER_ERROR.overloaded',
		]);
	});

	test('what is not in the chain is said to change nothing', () => {
		expect(explain('openai: 503', { profile: 'cheap' }).notes).toEqual([
			'`openai` is not in the chain of cheap, so what it does changes nothing.',
		]);
	});

	test('a target is a profile of its own; what is neither is refused', () => {
		expect(explain('', { profile: 'openai/gpt-5.4' }).chain).toEqual(['openai/gpt-5.4']);
		expect(() => explain('', { profile: 'chaep' })).toThrow(UnknownProfileError);
		expect(() => explain('', { profile: 'chaep' })).toThrow(
			"There is no profile or target 'chaep' in test.yaml; did you mean `cheap`?",
		);
		expect(() => explain('', { profile: 'nothing-of-the-kind' })).toThrow('the profiles are default, cheap, safe.');
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

test('for people: the chain, what was before, the steps, the end and what is after', () => {
	const text = explainedText(explain('openai: open 40s; anthropic: 401'), 100);
	expect(text).toMatch(/^profile default, streamed: openai\/gpt-5\.4 → anthropic\/claude → local\/qwen:7b\n/);
	expect(text).toContain('\nBefore:\n  openai  open until +40 s (because of failures)\n');
	expect(text).toContain('\nThe client gets 502 provider_auth_failed after 0 ms, 2 attempts.\n');
	expect(text).toContain('\nAfterwards:\n  openai       open until +40 s');
	expect(text).toContain('(jitter) have their middle value');
	for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(112);
});

describe('whatever the script says', () => {
	const time = fc.integer({ min: 0, max: 400_000 }).map((ms) => `${ms}ms`);
	const outcome = fc
		.tuple(
			fc.constantFrom(
				'ok',
				'503',
				'429',
				'cut',
				'stall',
				'error-event',
				'reset',
				'refused',
				'QUOTA_EXCEEDED',
				'BAD_REQUEST.prefill',
				'UNKNOWN_TRANSIENT.seam_ambiguous',
			),
			time,
		)
		.map(([word, after]) => `${word} after=${after}`);
	const state = fc
		.tuple(fc.constantFrom('open', 'open hint', 'open auth', 'quota-cooldown'), time)
		.map(([word, forMs]) => `${word} 1s${forMs}`);
	const item = fc.oneof(
		outcome,
		fc.constantFrom('timeout', 'connect-timeout', 'half-open', 'half-open busy', 'unavailable', 'cut tokens=0'),
		state,
	);
	const entry = fc.oneof(
		{ weight: 3, arbitrary: fc.array(outcome, { minLength: 1, maxLength: 4 }).map((all) => all.join(', ')) },
		{ weight: 2, arbitrary: item },
	);
	const leaving = fc.option(time.map((after) => `client leaves after=${after}`));
	const script = fc
		.tuple(entry, entry, entry, leaving)
		.map(([openai, anthropic, local, client]) =>
			[`openai: ${openai}`, `anthropic: ${anthropic}`, `local: ${local}`, client ?? ''].join('; '),
		);
	const profile = fc.constantFrom('default', 'cheap', 'safe', 'anthropic/claude');

	test('the trace ends in time, tells the truth about its attempts, and leaves nothing half done', () => {
		fc.assert(
			fc.property(script, profile, fc.boolean(), (when, name, stream) => {
				const { ms, steps, attempts, trace, after, client } = explain(when, { profile: name, stream });
				const times = steps.map(({ at }) => at);
				expect(times).toEqual(times.toSorted((a, b) => a - b));
				expect(ms).toBe(times.at(-1));
				const isCommitted = steps.some(({ event }) => event.type === 'attempt.answering');
				expect(ms).toBeLessThanOrEqual(300_000 + (isCommitted ? 3_600_000 : 0));
				expect(steps.at(-1)?.requestState).toMatch(/^(done|failed|aborted)$/);
				expect(steps.filter(({ event }) => event.type === 'permit.granted')).toHaveLength(attempts);
				expect(trace.filter(({ did }) => did === 'attempt')).toHaveLength(attempts);
				expect(client.gets === 'left').toBe(steps.at(-1)?.event.type === 'client.left');
				for (const { id, probesInFlight } of after)
					if (!when.includes('busy')) expect([id, probesInFlight]).toEqual([id, 0]);
			}),
			{ numRuns: 500 },
		);
	});
});
