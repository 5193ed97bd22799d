import { z } from 'zod';
import { categories } from '../../machines/failure.ts';
import {
	type BreakerPolicy,
	type ContinuationPolicy,
	type Effect,
	type ErrorPolicy,
	effects,
	fallbacks,
	type RetryPolicy,
	type Timeouts,
} from '../../machines/policy.ts';
import { failureKey } from './failure-keys.ts';
import {
	amount,
	count,
	defaulted,
	duration,
	flag,
	list,
	type Option,
	oneOf,
	option,
	section,
	size,
	table,
} from './fields.ts';

/*
 * The one place where an option of the policy has its name, its type with the unit, its default and its sentence. The
 * machines' types, the schema, the comments that `init` writes, the importers and the lint rules all follow from it.
 */

/** An option for each member of a part of the policy, and no other. */
type OptionsOf<P> = { [K in keyof Required<P>]: Option<z.ZodType<P[K]>> };

const defaultOnError: Readonly<Record<string, ErrorPolicy>> = {
	AUTH_ERROR: { retries: 0, then: ['credential', 'fail'] },
	BAD_REQUEST: { retries: 0, then: ['fail'] },
	'BAD_REQUEST.context_length': { retries: 0, then: ['larger-context'] },
	'BAD_REQUEST.content_policy': { retries: 0, then: ['fail'] },
	'BAD_REQUEST.unsupported': { retries: 0, then: ['other-provider'] },
	'BAD_REQUEST.too_large': { retries: 0, then: ['next'] },
	'BAD_REQUEST.foreign_proof': { retries: 0, then: ['next', 'fail'] },
	'BAD_REQUEST.unknown_state': { retries: 0, then: ['credential', 'next', 'fail'] },
	'BAD_REQUEST.wrong_endpoint': { retries: 0, then: ['next', 'fail'] },
	RATE_LIMIT: { retries: 1, then: ['credential', 'next'] },
	TIMEOUT: { retries: 0, then: ['next'] },
	SERVER_ERROR: { retries: 2, then: ['next'] },
	'SERVER_ERROR.no_endpoint': { retries: 0, then: ['next'] },
	NETWORK_ERROR: { retries: 2, then: ['next'] },
	MODEL_UNAVAILABLE: { retries: 1, then: ['next'] },
	QUOTA_EXCEEDED: { retries: 0, then: ['credential', 'next'] },
	UNKNOWN_TRANSIENT: { retries: 2, then: ['next'] },
	'UNKNOWN_TRANSIENT.intermediary': { retries: 0, then: ['next'] },
};

const defaultEffects: Readonly<Record<string, Effect>> = {
	AUTH_ERROR: 'auth',
	BAD_REQUEST: 'none',
	RATE_LIMIT: 'cool',
	TIMEOUT: 'count',
	SERVER_ERROR: 'count',
	NETWORK_ERROR: 'count',
	MODEL_UNAVAILABLE: 'model',
	QUOTA_EXCEEDED: 'quota',
	UNKNOWN_TRANSIENT: 'count',
	// What is asked for elsewhere, in another dialect, may well be there.
	'SERVER_ERROR.no_endpoint': 'none',
	// Another provider would have failed as well: the fault is this machine's.
	'NETWORK_ERROR.local': 'none',
	// The model wrote something, but not what follows the text that was sent: no evidence against its provider.
	'UNKNOWN_TRANSIENT.seam_ambiguous': 'none',
	'UNKNOWN_TRANSIENT.seam_diverged': 'none',
	// A whole answer, though it says nothing: another provider may have as little to say.
	'UNKNOWN_TRANSIENT.answer_silent': 'none',
};

const fallbacksHelp = 'write one or a list of `next`, `larger-context`, `other-provider`, `credential` and `fail`';

/** What the parts of the policy are about. */
export const sectionSentences = {
	timeouts: 'How long each phase may take.',
	retry: 'Waits between attempts on the same target.',
	breaker: 'When a provider is not asked for a while, and for how long.',
	continuation: 'What becomes of a stream that breaks after its first content.',
} as const;

/** The most that `retries` may be. */
export const mostRetries = 10;

/** The most that `failureThreshold` may be: no policy needs more failures in a row to open. */
export const mostFailures = 10_000;

const errorPolicy = section({
	retries: count(0, mostRetries)
		.exactOptional()
		.describe('Further attempts on the same target. Default: that of the layer below.'),
	then: z
		.union([oneOf(fallbacks), list(oneOf(fallbacks), fallbacks.length, fallbacksHelp)], {
			error: `does not fit; ${fallbacksHelp}`,
		})
		.exactOptional()
		.describe(
			'Where the request goes after the retries: one of these, or several, tried in order. `credential` alone goes on with what the layer below does when no other credential is left. Default: that of the layer below.',
		),
});

const time = duration();
const wait = duration({ zero: true });
const share = amount(0, 1);
const timeOrOff = z.union([oneOf(['off']), duration()], {
	error: 'is neither a duration nor `off`; write for example `30s`',
});
const durationOrOff = z.union([oneOf(['off']), duration({ zero: true })], {
	error: 'is neither a duration nor `off`; write for example `60s`',
});
const factor = amount(1, 100);

/** The default of `firstToken` for a model that reasons, ms. */
export const reasoningFirstToken = 60_000;

export const timeouts = {
	connect: option(
		time,
		'5s',
		'How long until a connection stands, once the name is known; the look-up may take as long.',
	),
	firstToken: option(
		time,
		'10s',
		'How long from the sent request to the first content of a stream; 60s by default for a model that reasons.',
	),
	thinking: option(
		time,
		'2m',
		'How long a model that reasons may take to its first content while comments in its stream show that it works; each of them begins `firstToken` anew.',
	),
	idle: option(time, '15s', 'How long between two pieces of an answer.'),
	response: option(time, '2m', 'How long a whole answer that is not streamed may take.'),
	request: option(
		time,
		'5m',
		'How long the search for an answer may take, every attempt and wait of it, up to the first content of a stream or the whole answer; a stream that breaks has it once more.',
	),
	stream: option(time, '1h', 'How long a stream may last from its first content on, however lively it is.'),
	throughput: option(
		z.union(
			[
				oneOf(['off']),
				section({
					tokensPerSecond: amount(0.01, 1_000_000).describe('The least that a stream may write. Required.'),
					over: defaulted(time, '30s', 'Over which time it is measured.'),
				}),
			],
			{ error: 'does not fit; write `{ tokensPerSecond: 2, over: 30s }`, or `off`' },
		),
		'off',
		'A stream that writes less than so many tokens a second has failed (TIMEOUT.slow), and is carried on by another target.',
	),
} satisfies OptionsOf<Timeouts>;

export const retry = {
	backoff: option(wait, '500ms', 'The wait before the first retry on the same target.'),
	factor: option(factor, 2, 'Each further wait is this many times longer.'),
	maxBackoff: option(wait, '8s', 'The longest backoff.'),
	jitter: option(share, 0.2, 'Spreads a backoff by up to this share of it, both ways: 0.2 is ±20 %.'),
	maxRetryAfter: option(
		wait,
		'5s',
		'The longest wait that a request makes because its provider asks for it; a longer one opens the provider for that time instead.',
	),
	budget: option(
		z.union(
			[
				oneOf(['off']),
				section({
					share: defaulted(
						share,
						0.2,
						'How many retries there may be for each attempt that is none: 0.2 is one for five.',
					),
					floor: defaulted(count(0, 1_000_000), 10, 'How many there may be in any case, a count.'),
				}),
			],
			{ error: 'is neither a budget nor `off`; write for example `{ share: 0.2, floor: 10 }`' },
		),
		'off',
		'How many retries a provider meets in a minute, of all requests together; beyond it a request goes on to the next target.',
	),
} satisfies OptionsOf<RetryPolicy>;

export const breaker = {
	failureThreshold: option(count(1, mostFailures), 3, 'A provider opens after this many transient failures in a row.'),
	failureRate: option(share, 0.5, 'A provider opens when this share of the results in the window are failures.'),
	window: option(time, '60s', 'How far back the failure rate looks.'),
	minimumVolume: option(
		count(1, 1_000_000),
		20,
		'The failure rate counts only from this many results in the window on.',
	),
	cooldown: option(time, '60s', 'How long a provider stays open the first time.'),
	cooldownFactor: option(factor, 2, 'Each time it opens again, it stays open this many times longer.'),
	maxCooldown: option(time, '180s', 'The longest cooldown that a run of failures can lead to.'),
	cooldownJitter: option(
		share,
		0.1,
		'Lengthens a cooldown by up to this share of it, so that replicas do not probe in step.',
	),
	probes: option(count(1, 1_000), 1, 'How many probes may be out at once in `half-open`.'),
	successThreshold: option(count(1, 1_000), 1, 'How many probes must succeed to close.'),
	probeDeadline: option(time, '5m', 'A probe without an answer for this long has failed.'),
	authCooldown: option(time, '15m', 'How long a credential that was rejected is not used.'),
	quotaCooldown: option(
		time,
		'1h',
		'How long a provider with an exhausted quota is not asked when it names no reset time.',
	),
	modelCooldown: option(time, '5m', 'How long an unavailable model is not asked when the provider names no time.'),
	ramp: option(
		timeOrOff,
		'off',
		'How long after its recovery a provider is granted a growing share of what it is asked for, from one at a time to all; what is beyond goes to the next target.',
	),
	effects: option(
		table(failureKey, oneOf(effects)),
		defaultEffects,
		'What a failure means to the provider, by `CATEGORY` or `CATEGORY.reason`.',
	),
} satisfies OptionsOf<BreakerPolicy>;

export const continuation = {
	maxContinuations: option(
		count(0, 20),
		2,
		'How often one answer may be carried on by another attempt; 0 ends every broken stream with an error.',
	),
	categories: option(
		list(oneOf(categories), categories.length, 'write categories such as `[TIMEOUT, NETWORK_ERROR]`'),
		[
			'TIMEOUT',
			'NETWORK_ERROR',
			'SERVER_ERROR',
			'RATE_LIMIT',
			'QUOTA_EXCEEDED',
			'MODEL_UNAVAILABLE',
			'UNKNOWN_TRANSIENT',
		],
		'The categories of failure after which a broken stream is carried on.',
	),
	retainedText: option(
		size(),
		'256KB',
		'How much text of one answer is kept for carrying it on, in characters; a longer answer is not.',
	),
	keepAlive: option(
		time,
		'5s',
		'How often a comment line is sent to the client while its stream, once begun, has nothing else to send.',
	),
	earlyKeepAlive: option(
		flag(),
		false,
		'Whether a stream without any content after 25s is begun with comment lines; its headers do not name a target then, and an error that comes later has the status 200.',
	),
} satisfies OptionsOf<ContinuationPolicy>;

/** Said of the words too: their own message would leave out the form that is none. */
const deniedHelp = { error: 'does not fit; write `fail`, `try-soonest`, or `{ wait: 2s }`' };

export const whenAllDenied = option(
	z.union(
		[
			z.enum(['fail', 'try-soonest'], deniedHelp),
			section({ wait: time.describe('The longest wait, a duration. Required.') }),
		],
		deniedHelp,
	),
	'try-soonest',
	'What a request does when every target is denied: try the one that would open first, where it is closed for failures alone; fail; or, with `{ wait: 2s }`, wait for that one once, if it opens within this time and before the deadline, and ask the chain again.',
);

export const emptyAnswer = option(
	oneOf(['fail', 'pass']),
	'fail',
	'What becomes of an answer that ends with `stop`, without any content or a token of output: ask the next target once, and hand it out only if nothing better comes of that; or pass it on at once.',
);

export const clientRetryWithin = option(
	durationOrOff,
	'60s',
	'When no target opens within this time, a failed request tells the client library not to try again by itself (`x-should-retry: false`); `off` never does, for jobs that wait on purpose.',
);

/** What a request does after a failure. An entry may be partial, so its table is completed by `layers.ts`. */
export const onError = {
	schema: table(failureKey, errorPolicy).exactOptional().meta({
		description: 'What a request does after a failure, by `CATEGORY` or `CATEGORY.reason`.',
		default: defaultOnError,
	}),
	preset: defaultOnError,
};
