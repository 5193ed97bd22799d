import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { categories } from '../../../machines/failure.ts';
import { readErrorBody } from '../../../src/dialects/read-error-body.ts';
import {
	type Classified,
	createClassifier,
	type ErrorAnswer,
} from '../../../src/upstream/classify/apply-error-rules.ts';
import { loadErrorRules } from '../../../src/upstream/classify/load-error-rules.ts';
import { cpuMsOf } from '../../helpers/cpu-time.ts';
import { anthropic, now, openai, providerErrors } from './provider-errors.ts';

const shipped = loadErrorRules('config/error-rules.yaml');
const classify = createClassifier(shipped);
const maxHintMs = 400 * 24 * 3_600_000;

function answer(status: number, body: unknown, more: Partial<ErrorAnswer> = {}): ErrorAnswer {
	const text = typeof body === 'string' ? body : JSON.stringify(body);
	return { status, headers: {}, error: readErrorBody(status, text), provider: 'some', now, ...more };
}

function keyOf({ failure }: Classified): string {
	return failure.reason === undefined ? failure.category : `${failure.category}.${failure.reason}`;
}

describe.each(Object.entries(providerErrors))('what %s sends', (_provider, cases) => {
	it.each(Object.entries(cases))('%s', (_name, { status, body, headers = {}, provider = 'some', is, wait }) => {
		const classified = classify(answer(status, body, { headers, provider }));
		expect({ is: keyOf(classified), wait: classified.failure.retryAfterMs }).toEqual({ is, wait });
		expect(classified.failure.status).toBe(status);
	});
});

// Inside a stream no status helps: there a code means what it means by itself.
const codes: Record<string, string[]> = {
	'BAD_REQUEST.too_large': [
		...['request_too_large', 'tokens_limit_reached', 'pre_consume_token_quota_failed', 'pre_consume_quota_failed'],
	],
	'BAD_REQUEST.unsupported': [
		...['unsupported_parameter', 'unsupported_value', 'unknown_parameter', 'unrecognized_parameter'],
		...['UnsupportedParameter', 'UnknownParameter', 'unsupported_field', 'unknown_field', 'extra_forbidden'],
		...['mismatched_organization', 'mismatched_project', 'invalid_organization', 'invalid_project'],
		...['value_error.extra', 'unsupported_feature', 'not_supported_error'],
	],
	BAD_REQUEST: [
		...['string_above_max_length', 'invalid_request_error', 'INVALID_ARGUMENT', 'ValidationException'],
		...['invalid_prompt', 'invalid_image_format', 'image_too_large', 'invalid_base64_image'],
		...['unsupported_image_media_type', 'empty_image_file', 'failed_to_download_image'],
	],
	'BAD_REQUEST.context_length': [
		'context_length_exceeded',
		'model_context_window_exceeded',
		'exceed_context_size_error',
		'1261',
	],
	'BAD_REQUEST.content_policy': [
		...['content_policy_violation', 'content_filter', 'ResponsibleAIPolicyViolation', 'data_inspection_failed', '1301'],
		...['bio_policy', 'misalignment_policy_violation', 'image_content_policy_violation'],
	],
	QUOTA_EXCEEDED: [
		...[
			'insufficient_quota',
			'credit_balance_exhausted',
			'organization_usage_limit_exceeded',
			'user_spend_limit_exceeded',
		],
		...[
			'billing_hard_limit_reached',
			'billing_not_active',
			'billing_error',
			'usage_limit_reached',
			'usage_not_included',
		],
		...[
			'exceeded_current_quota_error',
			'ServiceQuotaExceededException',
			'insufficient_balance',
			'insufficient_credits',
		],
		...['1113', '1304', '1308', '1310', '1316', '1317', '1318', '1319', '1320', '1321'],
	],
	'SERVER_ERROR.overloaded': [
		...['server_is_overloaded', 'overloaded_error', 'engine_overloaded_error', 'capacity_exceeded', 'UNAVAILABLE'],
		...['service_tier_capacity_exceeded', 'provider_overloaded', '1305', '3505'],
	],
	MODEL_UNAVAILABLE: [
		...['model_not_found', 'not_found_error', 'DeploymentNotFound', 'model_decommissioned', 'ModelNotReadyException'],
		...['resource_not_found_error', 'unknown_model', 'invalid_model', '1211', '1311', '20012', '30003'],
		...['model_not_supported', 'model_not_available', 'model_not_available_for_integrator', 'model_not_active'],
		...['model_terms_required', 'model_permission_blocked_org', 'ModelNotFound', 'unavailable_model', 'ModelNotOpen'],
		...['InvalidEndpointOrModel.NotFound'],
	],
	AUTH_ERROR: [
		...['invalid_api_key', 'account_deactivated', 'authentication_error', 'API_KEY_INVALID', 'UNAUTHENTICATED'],
		...['invalid_authentication_error', 'UnrecognizedClientException', 'ExpiredTokenException'],
		...['InvalidSignatureException', 'FAILED_PRECONDITION'],
	],
	'AUTH_ERROR.region': ['unsupported_country_region_territory'],
	'AUTH_ERROR.permission': ['permission_error', 'PERMISSION_DENIED', 'AccessDeniedException'],
	TIMEOUT: ['ModelTimeoutException', 'timeout_error', 'DEADLINE_EXCEEDED'],
	RATE_LIMIT: [
		...['slow_down', 'RESOURCE_EXHAUSTED', 'rate_limit_exceeded', 'rate_limit_error', 'rate_limit_reached_error'],
		...['ThrottlingException', 'TooManyRequestsException', 'too_many_requests', '1302', '1303'],
	],
	SERVER_ERROR: [
		...['ModelErrorException', 'server_error', 'api_error', 'internal_error', 'internal_server_error', 'INTERNAL'],
		...['provider_unavailable', 'modelStreamErrorException'],
	],
	'SERVER_ERROR.malformed': ['something_else'],
};

describe.each(Object.entries(codes))('%s inside a stream', (is, names) => {
	it.each(names)('is %s', (name) => {
		expect(keyOf(classify(answer(200, { error: { message: '', code: name } })))).toBe(is);
		expect(keyOf(classify(answer(200, { type: 'error', error: { type: name } })))).toBe(is);
		expect(keyOf(classify(answer(200, { message: '', __type: `com.example#${name}` })))).toBe(is);
	});
});

const words: [number, string, string][] = [
	[400, 'Content Exists Risk', 'BAD_REQUEST.content_policy'],
	[403, 'Your prompt was flagged.', 'BAD_REQUEST.content_policy'],
	[403, 'Your account was flagged.', 'AUTH_ERROR.permission'],
	[
		400,
		"This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
		'BAD_REQUEST.context_length',
	],
	[400, 'Your input exceeds the context window of this model.', 'BAD_REQUEST.context_length'],
	[400, 'Your request exceeded model token limit: 262144', 'BAD_REQUEST.context_length'],
	[400, 'Expected last role User or Tool for serving but got assistant', 'BAD_REQUEST.prefill'],
	[403, 'Insufficient balance', 'QUOTA_EXCEEDED'],
	[403, 'Quota exceeded for this key', 'QUOTA_EXCEEDED'],
	[429, 'You have used up your daily free allocation of 10,000 neurons', 'QUOTA_EXCEEDED'],
	[503, 'The server is at capacity', 'SERVER_ERROR.overloaded'],
	[400, 'some/thing is not a valid model ID', 'MODEL_UNAVAILABLE'],
	[404, 'No endpoints found for some/thing.', 'MODEL_UNAVAILABLE'],
	[400, 'Since this model is newer, `functions` is deprecated', 'BAD_REQUEST'],
	[498, '', 'SERVER_ERROR.overloaded'],
	[529, '', 'SERVER_ERROR.overloaded'],
	[522, '', 'TIMEOUT'],
	[524, '', 'TIMEOUT'],
	[499, '', 'UNKNOWN_TRANSIENT'],
];

it.each(words)('%i %j is %s', (status, text, is) => {
	expect(keyOf(classify(answer(status, openai(text))))).toBe(is);
});

it.each(['SAFETY', 'PROHIBITED_CONTENT', 'BLOCKLIST', 'SPII', 'RECITATION', 'IMAGE_SAFETY', 'content_filter'])(
	'a 200 that finished for %s has no answer for the content’s sake',
	(reason) => {
		expect(keyOf(classify(answer(200, { candidates: [{ finishReason: reason }] })))).toBe('BAD_REQUEST.content_policy');
		expect(keyOf(classify(answer(200, { choices: [{ finish_reason: reason }] })))).toBe('BAD_REQUEST.content_policy');
	},
);

// Wherever an API puts its code or its words, they are found.
it.each([
	['in a list of errors', { success: false, errors: [{ code: 'insufficient_quota' }] }, 'QUOTA_EXCEEDED'],
	['in the detail', { detail: { error: { code: 'insufficient_quota' } } }, 'QUOTA_EXCEEDED'],
	['in a status message', { base_resp: { status_code: 1008, status_msg: 'insufficient balance' } }, 'QUOTA_EXCEEDED'],
	['in a status code', { base_resp: { status_code: 429 } }, 'RATE_LIMIT'],
	['in a msg', { msg: 'insufficient balance' }, 'QUOTA_EXCEEDED'],
	['in a title', { title: 'Insufficient balance' }, 'QUOTA_EXCEEDED'],
	['in a detail of words', { detail: 'Insufficient balance' }, 'QUOTA_EXCEEDED'],
	['in an error of words', { error: 'insufficient_quota' }, 'QUOTA_EXCEEDED'],
	['in a quota limit', { error: { details: [{ metadata: { quota_limit: 'RequestsPerDay' } }] } }, 'QUOTA_EXCEEDED'],
	['after a byte order mark', `\ufeff${JSON.stringify({ code: 'insufficient_quota' })}`, 'QUOTA_EXCEEDED'],
	['not in a number that is no status', { code: 12_345, error: { code: 302 } }, 'SERVER_ERROR.malformed'],
])('an error %s', (_name, body, is) => {
	expect(keyOf(classify(answer(200, body)))).toBe(is);
});

describe('the classifier', () => {
	it('tries a user’s rules before the shipped ones', () => {
		const own = createClassifier([{ status: [429], provider: ['mine'], as: 'SERVER_ERROR.busy' }, ...shipped]);
		expect(keyOf(own(answer(429, '', { provider: 'mine' })))).toBe('SERVER_ERROR.busy');
		expect(keyOf(own(answer(429, '', { provider: 'other' })))).toBe('RATE_LIMIT');
	});

	it('asks for every condition of a rule', () => {
		const rule = {
			status: ['4xx', 500],
			code: ['a_*_z'],
			type: ['Kind'],
			message: '^hello\\b',
			header: { 'X-Where': '^edge' },
			as: 'TIMEOUT.mine',
		};
		const own = createClassifier([rule]);
		const body = { error: { code: 'A_quick_Z', type: 'kind', message: 'Hello there' } };
		const headers = { 'x-where': ['edge-7'] };
		expect(keyOf(own(answer(418, body, { headers })))).toBe('TIMEOUT.mine');
		expect(keyOf(own(answer(500, body, { headers })))).toBe('TIMEOUT.mine');
		const misses = [
			answer(501, body, { headers }),
			answer(418, body),
			answer(418, body, { headers: { 'x-where': 'core' } }),
			answer(418, { error: { ...body.error, code: 'a_quick_zz' } }, { headers }),
			answer(418, { error: { ...body.error, type: 'other', code: 'a__z' }, type: 'kind' }, { headers }),
			answer(418, { error: { ...body.error, message: 'Say hello' } }, { headers }),
		];
		expect(misses.map((miss) => keyOf(own(miss)))).toEqual(misses.map(() => 'UNKNOWN_TRANSIENT'));
	});

	it('takes a special character in a code for itself', () => {
		const own = createClassifier([{ code: ['a.b'], as: 'TIMEOUT' }]);
		expect(keyOf(own(answer(400, { code: 'a.b' })))).toBe('TIMEOUT');
		expect(keyOf(own(answer(400, { code: 'axb' })))).toBe('UNKNOWN_TRANSIENT');
	});

	it('finds codes and words in JSON that was cut off', () => {
		const whole = JSON.stringify({
			error: { message: 'No \\"credit\\"\nleft', code: 'insufficient_quota', param: 'x' },
		});
		const classified = classify(answer(429, whole.slice(0, -8)));
		expect(keyOf(classified)).toBe('QUOTA_EXCEEDED');
		expect(classified.message).toContain('left');
	});

	it('finds them in an event-stream frame under an error status', () => {
		const frame = `event: error\ndata: ${JSON.stringify(anthropic('overloaded_error', 'Overloaded'))}\n\n`;
		expect(keyOf(classify(answer(500, frame)))).toBe('SERVER_ERROR.overloaded');
	});
});

describe('the message for the caller', () => {
	it.each([
		['the provider’s words', openai('Be  kind,\n\tplease\u0000\u001b.'), 'Be kind, please .'],
		['both layers of a wrapped error', { error: { message: 'Outer', metadata: { raw: 'inner' } } }, 'Outer: inner'],
		['a plain text', 'upstream connect error', 'upstream connect error'],
		['no text twice', { error: { message: 'All of it', metadata: { raw: 'of it' } } }, 'All of it'],
		['no JSON of a wrapped error', { error: { message: 'Outer', metadata: { raw: '{"cut' } } }, 'Outer'],
		['nothing of markup', '<Error><Code>Denied</Code></Error>', ''],
		['nothing of a page', '<html><body>Oops</body></html>', ''],
		['the words before a page', openai('Failed: <!doctype html><p>Oops'), 'Failed:'],
		['a tag that is no page', openai('Unexpected token <tool_call>'), 'Unexpected token <tool_call>'],
		['nothing of nothing', '', ''],
		[
			'the complaints of a validation without its input',
			{ detail: [{ msg: 'Field required', loc: ['body'], input: { messages: 'secret' } }] },
			'Field required',
		],
		['nothing of a moderated prompt', { error: { metadata: { flagged_input: 'secret' } } }, ''],
	])('is %s', (_name, body, message) => {
		expect(classify(answer(400, body)).message).toBe(message);
	});

	it('is at most 500 characters', () => {
		const { message } = classify(answer(400, openai('😀'.repeat(600))));
		expect(message.length).toBeLessThanOrEqual(500);
		expect(message.isWellFormed()).toBe(true);
		expect(message.endsWith('😀…')).toBe(true);
	});

	it('is looked for in the first 4,000 characters', () => {
		const text = 'x '.repeat(1_995);
		expect(keyOf(classify(answer(400, openai(`${text} insufficient balance`))))).toBe('BAD_REQUEST');
		expect(keyOf(classify(answer(400, openai(`${text.slice(40)} insufficient balance`))))).toBe('QUOTA_EXCEEDED');
	});

	it('repeats nothing of a broken answer under a 200', () => {
		expect(classify(answer(200, '{"choices":[{"message":{"content":"secret')).message).toBe('');
		expect(classify(answer(200, 'secret words')).message).toBe('');
	});
});

/** JSON made of the keys that are looked at, nested at random, with values of every kind. */
const errorJson = fc.letrec((tie) => ({
	value: fc.oneof(
		{ depthSize: 'small', maxDepth: 6 },
		fc.constantFrom(null, 429, 1308, -1, 1e300, 'insufficient_quota', 'Please try again in 5s', '46s', '{"error":', ''),
		fc.string(),
		fc.double(),
		fc.array(tie('value'), { maxLength: 3 }),
		fc.dictionary(
			fc.constantFrom(
				...['error', 'code', 'type', 'message', 'status', 'detail', 'details', 'violations', 'quotaId', 'metadata'],
				...['raw', 'headers', 'resets_at', 'resets_in_seconds', 'retryDelay', 'choices', 'candidates', '__proto__'],
				...['x-ratelimit-reset', 'retry-after', 'promptFeedback', 'response', 'errors', 'reason'],
			),
			tie('value'),
			{ maxKeys: 5 },
		),
	),
})).value;

const anyHeaders = fc.dictionary(
	fc.constantFrom(
		...['retry-after', 'retry-after-ms', 'x-ratelimit-reset', 'x-ratelimit-reset-tokens', 'x-amzn-errortype'],
		...['x-ratelimit-remaining-tokens', 'anthropic-ratelimit-tokens-reset'],
	),
	fc.oneof(fc.string(), fc.constantFrom('0', '-1', '5', '1e9', '99999999999999', '6m0s', 'NaN'), fc.array(fc.string())),
);
const anyBody = fc.oneof(
	fc.string({ unit: 'binary' }),
	fc.json(),
	errorJson.map((value) => JSON.stringify(value)),
);
const anyStatus = fc.oneof(fc.integer({ min: 100, max: 599 }), fc.constantFrom(200, 402, 429, 503, 0, -1, Number.NaN));

describe('whatever comes', () => {
	it('is one of the nine categories, with a usable hint and a short message', () => {
		fc.assert(
			fc.property(anyStatus, anyBody, anyHeaders, (status, body, headers) => {
				const { failure, message } = classify(answer(status, body, { headers }));
				expect(categories).toContain(failure.category);
				expect(message.length).toBeLessThanOrEqual(500);
				expect(message).not.toMatch(/[\n\r]/);
				const wait = failure.retryAfterMs ?? 1;
				expect(Number.isSafeInteger(wait) && wait > 0 && wait <= maxHintMs).toBe(true);
			}),
			{ numRuns: 2_000 },
		);
	});

	// Texts that make a backtracking pattern crawl: long runs of what the rules' and the hints' patterns begin with.
	const runs = [
		'model ',
		'request too large for ',
		'prompt max_tokens ',
		'try again in ',
		'1',
		'1s ',
		' ',
		'\\',
		'"',
		'<',
		'[',
	];
	const more = [
		'{"error":{"message":"',
		'"message":"\\',
		'quota exceeded ',
		'parameter ',
		'unknown request ',
		'account does not ',
		'access to model ',
		'for the model ',
		'max_tokens ',
		'wait ',
		'input token count',
		'2026-09-01 ',
	];
	it.each([...runs, ...more])('is read in a bounded time: %j without end', (run) => {
		const text = run.repeat(Math.ceil(2_000_000 / run.length));
		const bodies = [text, JSON.stringify({ error: { message: text.slice(0, 200_000), type: text, code: text } })];
		const read = () => {
			for (const body of bodies) for (const status of [200, 400, 429, 503]) classify(answer(status, body));
		};
		expect(cpuMsOf(read)).toBeLessThan(2_000);
	});
});
