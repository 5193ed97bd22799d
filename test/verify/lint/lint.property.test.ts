import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { categories } from '../../../machines/failure.ts';
import { effects, fallbacks } from '../../../machines/policy.ts';
import { readConfigText } from '../../../src/config/load.ts';
import { lint, lintRules, severities } from '../../../src/verify/lint/lint.ts';

const providers = ['a', 'b', 'c'];
const key = 'planted-key';

const time = fc
	.tuple(fc.integer({ min: 1, max: 3000 }), fc.constantFrom('ms', 's', 'm'))
	.map(([count, unit]) => `${count}${unit}`);
const share = fc.double({ min: 0, max: 1, noNaN: true });
const few = fc.integer({ min: 1, max: 30 });
const optional = { requiredKeys: [] };

const failureKey = fc
	.tuple(fc.constantFrom(...categories), fc.constantFrom('', '.context_length', '.overloaded', '.nonsense'))
	.map((parts) => parts.join(''));
const then = fc.oneof(
	fc.constantFrom(...fallbacks),
	fc.uniqueArray(fc.constantFrom(...fallbacks), { minLength: 1, maxLength: fallbacks.length }),
);
const onError = fc.dictionary(failureKey, fc.record({ retries: fc.nat({ max: 10 }), then }, optional), {
	noNullPrototype: true,
});
const attemptTimeouts = { connect: time, firstToken: time, idle: time, response: time };
const timeouts = fc.record({ ...attemptTimeouts, request: time }, optional);
const retry = fc.record({ backoff: time, factor: few, maxBackoff: time, jitter: share, maxRetryAfter: time }, optional);
const breaker = fc.record(
	{
		failureThreshold: few,
		failureRate: share,
		window: time,
		minimumVolume: few,
		cooldown: time,
		maxCooldown: time,
		probes: few,
		successThreshold: few,
		probeDeadline: time,
		authCooldown: time,
		quotaCooldown: time,
		effects: fc.dictionary(failureKey, fc.constantFrom(...effects), { noNullPrototype: true }),
	},
	optional,
);
const continuation = fc.record(
	{
		maxContinuations: fc.nat({ max: 20 }),
		categories: fc.uniqueArray(fc.constantFrom(...categories), { minLength: 1 }),
		retainedText: fc.constantFrom('1KB', '256KB'),
		keepAlive: time,
	},
	optional,
);
const whenAllDenied = fc.oneof(
	fc.constantFrom('fail', 'try-soonest'),
	fc.record({ wait: fc.constantFrom('2s', '10m') }),
);

const provider = fc.record(
	{
		baseUrl: fc.constantFrom('https://a.example/v1', 'http://b.example', 'http://127.0.0.1:1/v1', 'http://[::1]:2'),
		apiKey: fc.oneof(fc.constant(key), fc.constant([key, key]), fc.constant([key, `${key}-2`])),
		models: fc.constantFrom({}, { m: { contextWindow: 8192 } }, { m: { contextWindow: 200_000 }, n: {} }),
		headers: fc.constantFrom({}, { 'X-Api-Key': key }),
		streamUpstream: fc.boolean(),
		endpoints: fc.constantFrom(['chat'], ['embeddings'], ['messages', 'chat']),
		limits: fc.constantFrom({}, { concurrent: 9000 }),
		keys: fc.constantFrom('round-robin', 'least-used'),
		health: fc.constantFrom({ every: '30s', with: 'chat' }, { every: '2s', with: 'models' }),
		policy: fc.record({ timeouts: fc.record(attemptTimeouts, optional), retry, breaker, onError }, optional),
	},
	{ requiredKeys: ['baseUrl'] },
);
const profile = fc.record(
	{
		chain: fc.array(
			fc.constantFrom(...providers.flatMap((name) => [`${name}/m`, `${name}/n`, { target: `${name}/m`, weight: 0 }])),
			{ minLength: 1, maxLength: 8 },
		),
		commit: fc.constantFrom('first-token', 'complete'),
		for: fc.constantFrom('answers', 'embeddings'),
		budget: fc.constant({ usd: 1, per: 'hour' }),
		order: fc.constantFrom('latency', 'cost', 'weighted'),
		affinity: fc.constant({ for: '30s' }),
		maxCostPerRequest: fc.constant(0.01),
		policy: fc.record({ timeouts, retry, onError, continuation, whenAllDenied }, optional),
	},
	{ requiredKeys: ['chain'] },
);
const errorRule = fc.record(
	{
		status: fc.oneof(fc.constantFrom(429, '5xx'), fc.constant([500, '4xx'])),
		code: fc.constantFrom('x', 'y'),
		message: fc.constantFrom('busy', 'gone'),
		provider: fc.constantFrom('a', 'b'),
		as: failureKey,
	},
	{ requiredKeys: ['status', 'as'] },
);

const file = fc
	.record({
		providers: fc.record(Object.fromEntries(providers.map((name) => [name, provider]))),
		profiles: fc.record({
			one: profile,
			two: fc.oneof(
				profile,
				profile.map(({ chain: _, ...rest }) => ({ ...rest, extends: 'one' })),
			),
		}),
		policy: fc.record({ timeouts, retry, breaker, onError, continuation, whenAllDenied }, optional),
		budget: fc.constantFrom(undefined, { usd: 5 }, { usd: 5, then: 'two' }),
		tiers: fc.constantFrom(undefined, { cheap: ['a/m'], dear: ['b/unheard-of'] }),
		errorRules: fc.array(errorRule, { maxLength: 4 }),
	})
	.map(withoutBudgetOfVectors);

/** Nothing but embeddings can be asked of a profile for them, so that no budget leads there. */
function withoutBudgetOfVectors<T extends { budget: object | undefined; profiles: Record<string, { for?: string }> }>(
	content: T,
): T {
	const isForVectors = Object.values(content.profiles).some((profile) => profile.for === 'embeddings');
	return isForVectors ? { ...content, budget: undefined } : content;
}

test('any configuration that can be read can be judged, without a key, each place once by each rule', () => {
	const seen = new Set<string>();
	fc.assert(
		fc.property(file, (content) => {
			const text = stringify(content, { aliasDuplicateObjects: false });
			const lines = text.split('\n').length;
			const lintFindings = lint(readConfigText(text, { file: 'f.yaml', env: {} }));
			for (const { rule } of lintFindings) seen.add(rule);
			const wrong = lintFindings.filter(
				({ severity, line, column, message }) =>
					!severities.includes(severity) ||
					!(line >= 1 && line <= lines && column >= 1) ||
					!message.includes('; ') ||
					/planted|undefined|NaN|Infinity|\[object/.test(message),
			);
			expect(wrong).toEqual([]);
			const told = lintFindings.map(({ rule, line, column, message }) => `${rule} ${line}:${column} ${message}`);
			expect(new Set(told).size).toBe(told.length);
		}),
		{ numRuns: 80 },
	);
	// What it hardly ever meets it would not protect. Few files of chance have a chain in which nothing leads on.
	expect(seen.size).toBeGreaterThan(lintRules.length * 0.75);
});
