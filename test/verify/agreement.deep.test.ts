import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { categories } from '../../machines/failure.ts';
import { effects } from '../../machines/policy.ts';
import { readConfigText } from '../../src/config/load.ts';
import { checkConfig } from '../../src/verify/check-config.ts';
import { lint } from '../../src/verify/lint/lint.ts';
import { deepSample } from '../helpers/deep-sample.ts';

/** Enough for everything that one failure and one retry lead to; a policy that breaks a property does so at once. */
const bounds = { states: 60 };

/** Few results make a window, so that the straight runs of the exploration are short. */
function merged(policy: { breaker?: object }) {
	return { ...policy, breaker: { minimumVolume: 3, failureRate: 1, ...policy.breaker } };
}

function readPolicies(policy: object, ofProvider: object = {}, ofProfile: object = {}) {
	const text = stringify({
		providers: {
			a: { baseUrl: 'http://127.0.0.1:1/v1', apiKey: ['k1', 'k2'], policy: ofProvider },
			b: { baseUrl: 'http://127.0.0.1:2/v1' },
		},
		profiles: { default: { chain: ['a/m', 'b/m', 'a/n'], policy: ofProfile } },
		policy: merged(policy),
	});
	return readConfigText(text, { file: 'f.yaml', env: {} });
}

/** Properties that are broken without an error at the line that breaks them: `serve` would start on these. */
function unexplained(read: ReturnType<typeof readPolicies>): string[] {
	const { lintFindings, providers, profiles } = checkConfig(read, { bounds });
	const errors = lintFindings.filter(({ severity }) => severity === 'error');
	return [...providers, ...profiles].flatMap(({ properties }) =>
		properties
			.filter(({ holds }) => !holds)
			.filter(
				({ counterexample: { at } = {} }) =>
					!errors.some(({ line, column }) => line === at?.line && column === at.column),
			)
			.map(({ id, counterexample }) => `${id}: ${counterexample?.message}`),
	);
}

const permanent = ['AUTH_ERROR', 'QUOTA_EXCEEDED', 'BAD_REQUEST'];

describe('what a policy alone can break, serve refuses with the line of it', () => {
	const settings = permanent.flatMap((category) =>
		['', '.some_reason'].flatMap((reason) => effects.map((effect) => ({ key: `${category}${reason}`, effect }))),
	);

	test.each(deepSample(settings))('$key: $effect, retried', ({ key, effect }) => {
		const policy = { breaker: { effects: { [key]: effect } }, onError: { [key]: { retries: 1 } } };
		expect(unexplained(readPolicies(policy))).toEqual([]);
	});

	const waits = [
		{ authCooldown: '1ms', maxRetryAfter: '5s', backoff: '1s' },
		{ authCooldown: '1ms', maxRetryAfter: '0s', backoff: '1s' },
		{ authCooldown: '5s', maxRetryAfter: '5s', backoff: '1s' },
		{ authCooldown: '5001ms', maxRetryAfter: '5s', backoff: '1s' },
		{ authCooldown: '5s', maxRetryAfter: '0s', backoff: '5s' },
		{ authCooldown: '7s', maxRetryAfter: '1s', backoff: '5s' },
		{ authCooldown: '6m', maxRetryAfter: '10m', backoff: '1s' },
	];

	test.each(waits)('a rejected key that is retried, under %j', ({ authCooldown, maxRetryAfter, backoff }) => {
		const policy = {
			breaker: { authCooldown, quotaCooldown: authCooldown },
			retry: { backoff, maxRetryAfter },
			onError: { AUTH_ERROR: { retries: 2 } },
		};
		expect(unexplained(readPolicies(policy))).toEqual([]);
	});

	test('whatever the layers say', () => {
		const key = fc
			.tuple(fc.constantFrom(...permanent, ...categories), fc.constantFrom('', '.some_reason'))
			.map((parts) => parts.join(''));
		const options = { maxKeys: 3, noNullPrototype: true };
		const onError = fc.dictionary(key, fc.record({ retries: fc.nat({ max: 2 }) }), options);
		const time = fc.constantFrom('1ms', '1s', '5s', '1m', '20m');
		const retry = fc.record({ backoff: time, maxRetryAfter: time, maxBackoff: time }, { requiredKeys: [] });
		const breaker = fc.record(
			{
				effects: fc.dictionary(key, fc.constantFrom(...effects), options),
				failureThreshold: fc.integer({ min: 1, max: 4 }),
				authCooldown: time,
				quotaCooldown: time,
				cooldown: time,
			},
			{ requiredKeys: [] },
		);
		const layer = fc.record({ onError, retry, breaker }, { requiredKeys: [] });
		const ofProfile = fc.record({ onError, retry }, { requiredKeys: [] });
		fc.assert(
			fc.property(layer, layer, ofProfile, (policy, ofProvider, profile) => {
				expect(unexplained(readPolicies(policy, ofProvider, profile))).toEqual([]);
			}),
			{ numRuns: 12 },
		);
	});
});

describe('the attempts that are judged to be too many are those that are found', () => {
	const policies = [
		{ SERVER_ERROR: { retries: 6 } },
		{ SERVER_ERROR: { retries: 9, then: ['next'] }, RATE_LIMIT: { then: ['credential', 'next'] } },
		{ NETWORK_ERROR: { retries: 10, then: ['credential', 'fail'] }, AUTH_ERROR: { retries: 10 } },
		{ UNKNOWN_TRANSIENT: { retries: 8, then: 'fail' }, TIMEOUT: { retries: 7, then: ['credential', 'next'] } },
		Object.fromEntries(categories.map((category) => [category, { retries: 10, then: ['credential', 'fail'] }])),
		Object.fromEntries(categories.map((category) => [category, { retries: 10, then: ['credential', 'next'] }])),
	];

	test.each(deepSample(policies))('%j', (onError) => {
		const read = readPolicies({
			onError,
			retry: { backoff: '1ms', maxBackoff: '1ms', jitter: 0 },
			breaker: { failureThreshold: 100 },
			continuation: { maxContinuations: 0 },
		});
		const [linted] = lint(read).filter(({ rule }) => rule === 'too-many-attempts');
		const [profile] = checkConfig(read).profiles;
		expect(profile?.worst.attempts.isExact).toBe(true);
		expect(linted?.message).toContain(`up to ${profile?.worst.attempts.most} upstream calls before an answer begins,`);
	});
});
