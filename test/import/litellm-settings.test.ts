import { describe, expect, test } from 'vitest';
import { configOf, litellmPerTest, messages, one, several } from './litellm-per-test.ts';

const imported = litellmPerTest();

describe('settings', () => {
	test('a retry policy of one group is that of its profile', () => {
		const router_settings = { model_group_retry_policy: { a: { RateLimitErrorRetries: 3 } } };
		const { profiles } = configOf(imported(several(['a', 'b'], { router_settings })));
		expect(profiles.a?.chain[0]?.policy.onError.RATE_LIMIT?.retries).toBe(3);
		expect(profiles.b?.chain[0]?.policy.onError.RATE_LIMIT?.retries).toBe(1);
	});

	test.each([
		['sk-1234', /Callers need a key of at least 16/],
		['os.environ/MASTER', undefined],
	])('the master key %s', (master_key, warning) => {
		const draft = imported(one({}, { general_settings: { master_key } }));
		const variable = warning === undefined ? 'MASTER' : 'LITELLM_MASTER_KEY';
		expect(draft.server?.clients).toEqual({ litellm: variable });
		expect(draft.keys.get(variable)).toBe('');
		expect(messages(draft)).toEqual(warning === undefined ? [] : [expect.stringMatching(warning)]);
	});

	test.each([
		{ num_retries: 99 },
		{ timeout: 0 },
		{ cooldown_time: 'SECRET' },
		{ allowed_fails: -1 },
		{ redis_host: 'x' },
	])('%j is reported and changes nothing', (router_settings) => {
		const draft = imported(one({}, { router_settings }));
		expect(draft.notices).toMatchObject([{ severity: 'warning', message: expect.stringMatching(/was not imported/) }]);
		expect(messages(draft).join()).not.toContain('SECRET');
		expect(configOf(draft).providers).toEqual(configOf(imported(one())).providers);
	});
});

test('a request may take as long as the targets of its chain together', () => {
	const router_settings = { timeout: 200, fallbacks: [{ a: ['b'] }] };
	const { profiles, providers } = configOf(imported(several(['a', 'b'], { router_settings })));
	expect(profiles.a?.policy.timeouts.request).toBe(400_000);
	expect(profiles.b?.policy.timeouts.request).toBe(300_000);
	expect(providers.groq?.policy.breaker.cooldown).toBe(200_000);
});

test('a stream may have another time to its first content', () => {
	const draft = imported(one({ timeout: 40, stream_timeout: 5 }, { litellm_settings: { request_timeout: 90 } }));
	const [first] = configOf(draft).profiles.a?.chain ?? [];
	expect(first?.policy.timeouts).toMatchObject({ response: 40_000, firstToken: 5_000 });
});
