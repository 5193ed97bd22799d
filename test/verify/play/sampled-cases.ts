import fc from 'fast-check';
import type { GatewaySetup } from '../../helpers/gateway.ts';
import type { ReplayedCase } from './replayed-case.ts';

const chain = ['a/model-a', 'b/model-b', 'c/model-c'];

/** Configurations in which the same script leads different ways. */
const setups: Readonly<Record<string, GatewaySetup>> = {
	plain: {},
	eager: {
		policy: { whenAllDenied: 'try-soonest', breaker: { failureThreshold: 1 }, continuation: { maxContinuations: 1 } },
	},
	keys: {
		providers: { b: { apiKey: ['key-one', 'key-two'] } },
		policy: {
			onError: {
				AUTH_ERROR: { then: ['credential', 'next'] },
				RATE_LIMIT: { retries: 0, then: ['credential', 'next'] },
			},
		},
	},
	complete: { profiles: { default: { chain, commit: 'complete' } } },
	patient: {
		profiles: { default: { chain, streamUpstream: true } },
		providers: { b: { models: { 'model-b': { prefill: true, contextWindow: 8000 } } } },
	},
};

const fixed = (...texts: string[]) => fc.constantFrom(...texts);

const outcome = fc.oneof(
	{ weight: 3, arbitrary: fixed('ok', '503', '500 code=server_error', '529') },
	{ weight: 3, arbitrary: fixed('429', '429 200ms', '429 retry-after=30', '429 code=insufficient_quota') },
	{
		weight: 2,
		arbitrary: fixed('401', '403 message="billing hard limit"', '404 code=model_not_found', '400 message="no"', '413'),
	},
	{
		weight: 4,
		arbitrary: fixed(
			'cut',
			'cut tokens=0',
			'cut tokens=9',
			'error-event',
			'error-event code=rate_limit_exceeded tokens=2',
		),
	},
	{ weight: 1, arbitrary: fixed('stall', 'stall tokens=0', 'timeout', 'reset') },
	{
		weight: 3,
		arbitrary: fixed(
			'BAD_REQUEST.context_length',
			'BAD_REQUEST.content_policy',
			'MODEL_UNAVAILABLE 90s',
			'UNKNOWN_TRANSIENT tokens=3',
			'SERVER_ERROR.overloaded 150ms',
			'TIMEOUT tokens=1',
			'QUOTA_EXCEEDED 2h tokens=2',
		),
	},
);

const state = fixed(
	'open',
	'open hint 50s',
	'open auth',
	'open operator',
	'quota-cooldown 3h',
	'half-open',
	'unavailable 10m',
);

const entry = fc
	.tuple(fc.option(state, { freq: 3 }), fc.array(outcome, { minLength: 0, maxLength: 3 }))
	.map(([before, outcomes]) => [...(before === null ? [] : [before]), ...outcomes].join(', '));

const script = fc
	.tuple(entry, entry, entry)
	.map((entries) => entries.flatMap((said, index) => (said === '' ? [] : [`${'abc'[index]}: ${said}`])).join('; '));

/** Cases made at random out of the grammar of scripts; the same ones every time. */
export function sampledCases(): (ReplayedCase & { name: string })[] {
	const sampled = fc.record({ variant: fixed(...Object.keys(setups)), when: script, stream: fc.boolean() });
	return fc.sample(sampled, { numRuns: 60, seed: 4 }).map(({ variant, when, stream }, index) => ({
		name: `${index + 1}: ${variant}, ${stream ? 'streamed' : 'not streamed'}, ${when}`,
		setup: { names: ['a', 'b', 'c'], ...setups[variant] },
		when,
		stream,
	}));
}
