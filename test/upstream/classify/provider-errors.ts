import type { ErrorAnswer } from '../../../src/upstream/classify/apply-error-rules.ts';

/** When every one of these answers came, ms since the epoch. */
export const now = Date.parse('2026-08-31T23:00:00Z');
const hourMs = 3_600_000;

/** The shape that most APIs share. */
export function openai(message: string, type: string | null = null, code: string | number | null = null) {
	return { error: { message, type, param: null, code } };
}

export function anthropic(type: string, message: string) {
	return { type: 'error', error: { type, message }, request_id: 'req_011CSHoEeqs5C35K2UUqR7Fy' };
}

function gemini(code: number, status: string, message: string, details: unknown[] = []) {
	return { error: { code, message, status, details } };
}

function geminiQuota(quotaId: string, message: string, retryDelay?: string) {
	return gemini(429, 'RESOURCE_EXHAUSTED', message, [
		{
			'@type': 'type.googleapis.com/google.rpc.QuotaFailure',
			violations: [{ quotaId, quotaMetric: 'generate_requests' }],
		},
		{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', ...(retryDelay === undefined ? {} : { retryDelay }) },
	]);
}

export interface ProviderError {
	status: number;
	body: unknown;
	is: string;
	headers?: ErrorAnswer['headers'];
	provider?: string;
	/** The hint for the wait, ms. A row without it expects none. */
	wait?: number;
}

const geminiPlea = 'You exceeded your current quota, please check your plan and billing details.';

/** What each provider sends, case by case: the rows of the table of errors, and what was found since. */
export const providerErrors: Record<string, Record<string, ProviderError>> = {
	OpenAI: {
		'429 insufficient_quota': {
			status: 429,
			body: openai(
				'You exceeded your current quota, please check your plan and billing details.',
				'insufficient_quota',
				'insufficient_quota',
			),
			is: 'QUOTA_EXCEEDED',
		},
		'429 credit_balance_exhausted': {
			status: 429,
			body: openai('Your credit balance has been used up.', 'billing', 'credit_balance_exhausted'),
			is: 'QUOTA_EXCEEDED',
		},
		'429 organization_usage_limit_exceeded': {
			status: 429,
			body: openai('The organization is over its limit.', 'limit', 'organization_usage_limit_exceeded'),
			is: 'QUOTA_EXCEEDED',
		},
		'429 project_spend_limit_exceeded': {
			status: 429,
			body: openai('The project is over its limit.', 'limit', 'project_spend_limit_exceeded'),
			is: 'QUOTA_EXCEEDED',
		},
		'~ 400 billing_hard_limit_reached': {
			status: 400,
			body: openai('Billing hard limit has been reached', 'invalid_request_error', 'billing_hard_limit_reached'),
			is: 'QUOTA_EXCEEDED',
		},
		'~ 429 billing_hard_limit_reached': {
			status: 429,
			body: openai('Billing hard limit has been reached', 'insufficient_quota', 'billing_hard_limit_reached'),
			is: 'QUOTA_EXCEEDED',
		},
		'~ 429 billing_not_active': {
			status: 429,
			body: openai(
				'Your account is not active, please check your details.',
				'billing_not_active',
				'billing_not_active',
			),
			is: 'QUOTA_EXCEEDED',
		},
		'429 rate_limit_exceeded': {
			status: 429,
			body: openai(
				'Rate limit reached for gpt-5.4 in organization org-x on tokens per min (TPM): Limit 30000, Used 29000, Requested 1600. Please try again in 1.2s. Visit the docs to learn more.',
				'tokens',
				'rate_limit_exceeded',
			),
			is: 'RATE_LIMIT',
			wait: 1_200,
		},
		'429 slow_down, whatever it says of load': {
			status: 429,
			body: openai('Slow down: the servers are overloaded.', 'server_error', 'slow_down'),
			is: 'RATE_LIMIT',
		},
		'429 requests per day': {
			status: 429,
			body: openai(
				'Rate limit reached for gpt-5.4 on requests per day (RPD): Limit 200, Used 200, Requested 1. Please try again in 7m12s.',
				'requests',
				'rate_limit_exceeded',
			),
			is: 'QUOTA_EXCEEDED',
			wait: 432_000,
		},
		'429 request too large': {
			status: 429,
			body: openai(
				'Request too large for gpt-5.4 in organization org-x on tokens per min (TPM): Limit 30000, Requested 41234. The input or output tokens must be reduced in order to run successfully.',
				'tokens',
				'rate_limit_exceeded',
			),
			is: 'BAD_REQUEST.too_large',
		},
		'503 server_is_overloaded': {
			status: 503,
			body: openai('Please try again.', 'service_unavailable_error', 'server_is_overloaded'),
			is: 'SERVER_ERROR.overloaded',
		},
		'503 the engine is overloaded': {
			status: 503,
			body: openai('The engine is currently overloaded, please try again later', 'server_error'),
			is: 'SERVER_ERROR.overloaded',
		},
		'401 invalid_api_key': {
			status: 401,
			body: openai(
				'Incorrect API key provided: sk-x. You can find your API key at …',
				'invalid_request_error',
				'invalid_api_key',
			),
			is: 'AUTH_ERROR',
		},
		'401 account_deactivated': {
			status: 401,
			body: openai('The account associated with this key has been deactivated.', null, 'account_deactivated'),
			is: 'AUTH_ERROR',
		},
		'403 of a model that makes no embeddings': {
			status: 403,
			body: openai('You are not allowed to generate embeddings from this model', 'invalid_request_error'),
			is: 'BAD_REQUEST.wrong_endpoint',
		},
		'403 unsupported_country_region_territory': {
			status: 403,
			body: openai(
				'Country, region, or territory not supported',
				'request_forbidden',
				'unsupported_country_region_territory',
			),
			is: 'AUTH_ERROR.region',
		},
		'404 model_not_found': {
			status: 404,
			body: openai(
				'The model `gpt-9` does not exist or you do not have access to it.',
				'invalid_request_error',
				'model_not_found',
			),
			is: 'MODEL_UNAVAILABLE',
		},
		'400 context_length_exceeded': {
			status: 400,
			body: openai('Please reduce the length of the messages.', 'invalid_request_error', 'context_length_exceeded'),
			is: 'BAD_REQUEST.context_length',
		},
		'400 maximum context length is': {
			status: 400,
			body: openai(
				"This model's maximum context length is 128000 tokens. However, your messages resulted in 204308 tokens.",
				'invalid_request_error',
			),
			is: 'BAD_REQUEST.context_length',
		},
		'400 string_above_max_length is not the context': {
			status: 400,
			body: openai(
				"Invalid 'messages[0].content': string too long. The maximum context length is not the matter.",
				'invalid_request_error',
				'string_above_max_length',
			),
			is: 'BAD_REQUEST',
		},
		'400 content_policy_violation': {
			status: 400,
			body: openai('Your request was rejected.', 'invalid_request_error', 'content_policy_violation'),
			is: 'BAD_REQUEST.content_policy',
		},
		'400 violating our usage policy': {
			status: 400,
			body: openai(
				'Invalid prompt: your prompt was flagged as potentially violating our usage policy. Please try again with a different prompt.',
				'invalid_request_error',
				'invalid_prompt',
			),
			is: 'BAD_REQUEST.content_policy',
		},
	},
	'Codex plan': {
		'429 usage_limit_reached with resets_in_seconds': {
			status: 429,
			body: {
				error: {
					type: 'usage_limit_reached',
					message: 'The usage limit has been reached',
					plan_type: 'plus',
					resets_at: 1_788_220_800,
					resets_in_seconds: 5_400,
				},
			},
			is: 'QUOTA_EXCEEDED',
			wait: 5_400_000,
		},
		'usage_limit_reached with resets_at inside a stream': {
			status: 200,
			body: {
				type: 'response.failed',
				response: {
					status: 'failed',
					error: { code: 'usage_limit_reached', message: 'Limit.', resets_at: now / 1_000 + 7_200 },
				},
			},
			is: 'QUOTA_EXCEEDED',
			wait: 2 * hourMs,
		},
	},
	Anthropic: {
		'400 credit balance': {
			status: 400,
			body: anthropic(
				'invalid_request_error',
				'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.',
			),
			is: 'QUOTA_EXCEEDED',
		},
		'402 billing_error': {
			status: 402,
			body: anthropic('billing_error', 'There is an issue with your payment. You may try again later.'),
			is: 'QUOTA_EXCEEDED',
		},
		'400 out of extra usage': {
			status: 400,
			body: anthropic('invalid_request_error', "You're out of extra usage. Add more in your settings and keep going."),
			is: 'QUOTA_EXCEEDED',
		},
		'400 specified API usage limits': {
			status: 400,
			body: anthropic(
				'invalid_request_error',
				'You have reached your specified API usage limits. You will regain access on 2026-09-01 at 00:00 UTC.',
			),
			is: 'QUOTA_EXCEEDED',
			wait: hourMs,
		},
		'429 rate_limit_error with retry-after': {
			status: 429,
			body: anthropic('rate_limit_error', "This request would exceed your organization's rate limit."),
			headers: { 'retry-after': '17', 'anthropic-ratelimit-requests-reset': '2026-08-31T23:01:00Z' },
			is: 'RATE_LIMIT',
			wait: 17_000,
		},
		'529 overloaded_error': {
			status: 529,
			body: anthropic('overloaded_error', 'Overloaded'),
			is: 'SERVER_ERROR.overloaded',
		},
		'overloaded_error after a 200': {
			status: 200,
			body: anthropic('overloaded_error', 'Overloaded'),
			is: 'SERVER_ERROR.overloaded',
		},
		'401 authentication_error': {
			status: 401,
			body: anthropic('authentication_error', 'invalid x-api-key'),
			is: 'AUTH_ERROR',
		},
		'403 permission_error': {
			status: 403,
			body: anthropic('permission_error', 'Your API key does not have permission to use the specified resource.'),
			is: 'AUTH_ERROR.permission',
		},
		'404 not_found_error': {
			status: 404,
			body: anthropic('not_found_error', 'model: claude-9'),
			is: 'MODEL_UNAVAILABLE',
		},
		'413 request_too_large': {
			status: 413,
			body: anthropic('request_too_large', 'Request exceeds the maximum size'),
			is: 'BAD_REQUEST.too_large',
		},
		'500 api_error': { status: 500, body: anthropic('api_error', 'Internal server error'), is: 'SERVER_ERROR' },
		'api_error after a 200': { status: 200, body: anthropic('api_error', 'Internal server error'), is: 'SERVER_ERROR' },
		'504 timeout_error': {
			status: 504,
			body: anthropic('timeout_error', 'The request timed out after 30s, please retry after 10s'),
			is: 'TIMEOUT',
		},
		'400 prompt is too long': {
			status: 400,
			body: anthropic('invalid_request_error', 'prompt is too long: 215436 tokens > 200000 maximum'),
			is: 'BAD_REQUEST.context_length',
		},
		'400 input and max_tokens exceed the limit': {
			status: 400,
			body: anthropic(
				'invalid_request_error',
				'input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000, decrease input length',
			),
			is: 'BAD_REQUEST.context_length',
		},
		'400 does not support prefill': {
			status: 400,
			body: anthropic('invalid_request_error', 'This model does not support assistant message prefill.'),
			is: 'BAD_REQUEST.prefill',
		},
		'400 must end with a user message': {
			status: 400,
			body: anthropic('invalid_request_error', 'The conversation must end with a user message.'),
			is: 'BAD_REQUEST.prefill',
		},
		'400 content filtering policy': {
			status: 400,
			body: anthropic('invalid_request_error', 'Output blocked by content filtering policy'),
			is: 'BAD_REQUEST.content_policy',
		},
	},
	Gemini: {
		'429 per minute': {
			status: 429,
			body: geminiQuota(
				'GenerateRequestsPerMinutePerProjectPerModel-FreeTier',
				`${geminiPlea}\n* Quota exceeded for metric: generate_requests, limit: 10\nPlease retry in 46.37s.`,
				'46s',
			),
			is: 'RATE_LIMIT',
			wait: 46_000,
		},
		'429 per day': {
			status: 429,
			body: geminiQuota(
				'GenerateRequestsPerDayPerProjectPerModel-FreeTier',
				`${geminiPlea}\n* Quota exceeded for metric: generate_requests, limit: 250\nPlease retry in 10h17m5.7s.`,
			),
			is: 'QUOTA_EXCEEDED',
			wait: 10 * hourMs + 17 * 60_000 + 5_700,
		},
		'429 limit: 0': {
			status: 429,
			body: geminiQuota(
				'GenerateRequestsPerMinutePerProjectPerModel-FreeTier',
				`${geminiPlea}\n* Quota exceeded for metric: generate_requests, limit: 0, model: gemini-3-pro`,
			),
			is: 'QUOTA_EXCEEDED',
		},
		'429 per minute that speaks of days': {
			status: 429,
			body: geminiQuota('GenerateRequestsPerMinutePerProjectPerModel', 'Upgrade for more requests per day.'),
			is: 'RATE_LIMIT',
		},
		'429 without credits': {
			status: 429,
			body: gemini(429, 'RESOURCE_EXHAUSTED', 'Your prepayment credits are depleted.'),
			is: 'QUOTA_EXCEEDED',
		},
		'429 in the OpenAI shape, a list, and without details': {
			status: 429,
			body: [gemini(429, 'RESOURCE_EXHAUSTED', `${geminiPlea}\nPlease retry in 12.5s.`)],
			is: 'RATE_LIMIT',
			wait: 12_500,
		},
		'400 API_KEY_INVALID': {
			status: 400,
			body: gemini(400, 'INVALID_ARGUMENT', 'Refused.', [{ reason: 'API_KEY_INVALID', domain: 'googleapis.com' }]),
			is: 'AUTH_ERROR',
		},
		'400 an invalid key without its details': {
			status: 400,
			body: gemini(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.'),
			is: 'AUTH_ERROR',
		},
		'403 PERMISSION_DENIED': {
			status: 403,
			body: gemini(403, 'PERMISSION_DENIED', 'Method does not allow unregistered callers.'),
			is: 'AUTH_ERROR.permission',
		},
		'400 FAILED_PRECONDITION': {
			status: 400,
			body: gemini(400, 'FAILED_PRECONDITION', 'Please enable billing on your project in the console.'),
			is: 'AUTH_ERROR',
		},
		'400 FAILED_PRECONDITION for the place': {
			status: 400,
			body: gemini(400, 'FAILED_PRECONDITION', 'User location is not supported for the API use.'),
			is: 'AUTH_ERROR.region',
		},
		'503 UNAVAILABLE': { status: 503, body: gemini(503, 'UNAVAILABLE', 'Try again.'), is: 'SERVER_ERROR.overloaded' },
		'500 INTERNAL': {
			status: 500,
			body: gemini(500, 'INTERNAL', 'An internal error has occurred.'),
			is: 'SERVER_ERROR',
		},
		'504 DEADLINE_EXCEEDED': {
			status: 504,
			body: gemini(504, 'DEADLINE_EXCEEDED', 'Deadline expired before operation could complete.'),
			is: 'TIMEOUT',
		},
		'400 input token count': {
			status: 400,
			body: gemini(
				400,
				'INVALID_ARGUMENT',
				'The input token count (2845475) exceeds the maximum number of tokens allowed (1048576).',
			),
			is: 'BAD_REQUEST.context_length',
		},
		'200 blockReason': {
			status: 200,
			body: { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, usageMetadata: { promptTokenCount: 12 } },
			is: 'BAD_REQUEST.content_policy',
		},
		'200 finishReason SAFETY': {
			status: 200,
			body: { candidates: [{ finishReason: 'SAFETY', index: 0, safetyRatings: [] }] },
			is: 'BAD_REQUEST.content_policy',
		},
	},
	Bedrock: {
		'429 ThrottlingException in the header only': {
			status: 429,
			body: { message: 'Too many tokens, please wait before trying again.' },
			headers: { 'x-amzn-errortype': 'ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/' },
			is: 'RATE_LIMIT',
		},
		'400 ThrottlingException': {
			status: 400,
			body: { message: 'Rate exceeded' },
			headers: { 'x-amzn-errortype': 'ThrottlingException:http://internal.amazon.com/coral/' },
			is: 'RATE_LIMIT',
		},
		'400 ServiceQuotaExceededException with a namespace': {
			status: 400,
			body: { __type: 'com.amazon.bedrock#ServiceQuotaExceededException', message: 'Over the service quota.' },
			is: 'QUOTA_EXCEEDED',
		},
		'429 ModelNotReadyException': {
			status: 429,
			body: { message: 'The model is not ready for inference.' },
			headers: { 'x-amzn-errortype': 'ModelNotReadyException' },
			is: 'MODEL_UNAVAILABLE',
		},
		'408 ModelTimeoutException': {
			status: 408,
			body: { __type: 'ModelTimeoutException', message: 'Model has timed out in processing the request.' },
			is: 'TIMEOUT',
		},
		'424 ModelErrorException': {
			status: 424,
			body: { __type: 'ModelErrorException', message: 'The model failed.', originalStatusCode: 500 },
			is: 'SERVER_ERROR',
		},
		'403 AccessDeniedException': {
			status: 403,
			body: { message: "You don't have access to the model with the specified model ID." },
			headers: { 'x-amzn-errortype': ['AccessDeniedException:'] },
			is: 'AUTH_ERROR.permission',
		},
		'400 input is too long': {
			status: 400,
			body: { __type: 'ValidationException', message: 'Input is too long for requested model.' },
			is: 'BAD_REQUEST.context_length',
		},
	},
	Azure: {
		'429 rate limit is exceeded': {
			status: 429,
			body: { error: { code: '429', message: 'Rate limit is exceeded. Try again in 26 seconds.' } },
			is: 'RATE_LIMIT',
			wait: 26_000,
		},
		'429 high demand': {
			status: 429,
			body: openai(
				'The system is currently experiencing high demand and cannot process your request.',
				'too_many_requests',
				'too_many_requests',
			),
			is: 'SERVER_ERROR.overloaded',
		},
		'400 content_filter': {
			status: 400,
			body: {
				error: {
					message: 'The response was filtered.',
					type: null,
					code: 'content_filter',
					status: 400,
					innererror: { code: 'ResponsibleAIPolicyViolation', content_filter_result: { hate: { filtered: true } } },
				},
			},
			is: 'BAD_REQUEST.content_policy',
		},
		'404 DeploymentNotFound': {
			status: 404,
			body: { error: { code: 'DeploymentNotFound', message: 'It does not exist.' } },
			is: 'MODEL_UNAVAILABLE',
		},
	},
	OpenRouter: {
		'402 insufficient credits': {
			status: 402,
			body: { error: { code: 402, message: 'Insufficient credits. Add more in your settings.' } },
			is: 'QUOTA_EXCEEDED',
		},
		'403 key limit exceeded': {
			status: 403,
			body: { error: { code: 403, message: 'Key limit exceeded (total limit). Manage it in your settings.' } },
			is: 'QUOTA_EXCEEDED',
		},
		'429 free-models-per-day': {
			status: 429,
			body: {
				error: {
					message:
						'Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day',
					code: 429,
					metadata: {
						headers: {
							'X-RateLimit-Limit': '50',
							'X-RateLimit-Remaining': '0',
							'X-RateLimit-Reset': String(now + hourMs),
						},
						provider_name: null,
					},
				},
				user_id: 'user_x',
			},
			is: 'QUOTA_EXCEEDED',
			wait: hourMs,
		},
		'429 free-models-per-min': {
			status: 429,
			body: { error: { message: 'Rate limit exceeded: free-models-per-min.', code: 429 } },
			is: 'RATE_LIMIT',
		},
		'403 moderation': {
			status: 403,
			body: {
				error: {
					code: 403,
					message:
						'Your chosen model requires moderation and your input was flagged for "violence". No credits were charged.',
					metadata: { reasons: ['violence'], flagged_input: 'secret', provider_name: 'OpenAI' },
				},
			},
			is: 'BAD_REQUEST.content_policy',
		},
		'502 provider_unavailable': {
			status: 502,
			body: { error: { code: 502, message: 'Failed.', metadata: { error_type: 'provider_unavailable' } } },
			is: 'SERVER_ERROR',
		},
		'503 provider_overloaded': {
			status: 503,
			body: { error: { code: 503, message: 'Failed.', metadata: { error_type: 'provider_overloaded' } } },
			is: 'SERVER_ERROR.overloaded',
		},
		'in mid-stream, a number': {
			status: 200,
			body: {
				id: 'gen-1',
				object: 'chat.completion.chunk',
				error: { code: 429, message: 'Provider returned error' },
				choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }],
			},
			is: 'RATE_LIMIT',
		},
		'in mid-stream, a word': {
			status: 200,
			body: {
				error: { code: 'server_error', message: 'Provider disconnected' },
				choices: [{ delta: { content: '' }, finish_reason: 'error' }],
			},
			is: 'SERVER_ERROR',
		},
		'the error of the provider behind it, as text': {
			status: 400,
			body: {
				error: {
					message: 'Provider returned error',
					code: 400,
					metadata: {
						raw: JSON.stringify(anthropic('invalid_request_error', 'prompt is too long: 9 tokens > 8 maximum')),
					},
				},
			},
			is: 'BAD_REQUEST.context_length',
		},
		'the error in a choice': {
			status: 200,
			body: { choices: [{ finish_reason: 'error', error: { code: 529, message: 'Overloaded' } }] },
			is: 'SERVER_ERROR.overloaded',
		},
	},
	DeepSeek: {
		'402 insufficient balance': {
			status: 402,
			body: openai('Insufficient Balance', 'unknown_error', 'invalid_request_error'),
			is: 'QUOTA_EXCEEDED',
		},
		'422 invalid parameters': {
			status: 422,
			body: openai('Failed to deserialize the JSON body', 'invalid_request_error', 'invalid_request_error'),
			is: 'BAD_REQUEST',
		},
		'503 in words': {
			status: 503,
			body: openai('Service is too busy. We advise users to temporarily switch to alternative providers.'),
			is: 'SERVER_ERROR.overloaded',
		},
		'503 bare': { status: 503, body: '', provider: 'deepseek', is: 'SERVER_ERROR.overloaded' },
	},
	Groq: {
		'429 tokens per day': {
			status: 429,
			body: openai(
				'Rate limit reached for model `x` in organization `org` on tokens per day (TPD): Limit 100000, Used 99336, Requested 1500. Please try again in 12m2.4s. Need more tokens?',
				'tokens',
				'rate_limit_exceeded',
			),
			is: 'QUOTA_EXCEEDED',
			wait: 722_400,
		},
		'413 request too large': {
			status: 413,
			body: openai(
				'Request too large for model `x` on tokens per minute (TPM): Limit 6000, Requested 8000',
				'tokens',
				'rate_limit_exceeded',
			),
			is: 'BAD_REQUEST.too_large',
		},
		'498 capacity_exceeded': {
			status: 498,
			body: openai('Flex tier is full.', 'internal_server_error', 'capacity_exceeded'),
			is: 'SERVER_ERROR.overloaded',
		},
		'400 model_decommissioned': {
			status: 400,
			body: openai('Not supported any longer.', 'invalid_request_error', 'model_decommissioned'),
			is: 'MODEL_UNAVAILABLE',
		},
	},
	Mistral: {
		'402': { status: 402, body: { detail: 'Payment required' }, is: 'QUOTA_EXCEEDED' },
		'429 service tier capacity': {
			status: 429,
			body: {
				object: 'error',
				message: 'Service tier capacity exceeded for this model.',
				type: 'invalid_request_error',
				param: null,
				code: null,
			},
			is: 'SERVER_ERROR.overloaded',
		},
	},
	xAI: {
		'403 used all available credits': {
			status: 403,
			body: {
				code: 'The caller does not have permission to execute the specified operation',
				error: 'Your team has either used all available credits or reached its monthly spending limit.',
			},
			is: 'QUOTA_EXCEEDED',
		},
		'429 used all available credits': {
			status: 429,
			body: {
				code: 'Some resource has been exhausted',
				error: 'Your team x has used all available credits or reached its monthly spending limit.',
			},
			is: 'QUOTA_EXCEEDED',
		},
		'400 incorrect key': {
			status: 400,
			body: { code: 'Client specified an invalid argument', error: 'Incorrect API key provided: xa***Bc.' },
			is: 'AUTH_ERROR',
		},
	},
	Together: {
		'402': { status: 402, body: openai('You have no funds.', 'payment'), is: 'QUOTA_EXCEEDED' },
		'403 context length': {
			status: 403,
			body: openai(
				'Input token count + max_tokens parameter must be less than the context length of the model being queried.',
				'invalid_request_error',
			),
			is: 'BAD_REQUEST.context_length',
		},
		'400 inputs and max_new_tokens': {
			status: 400,
			body: openai(
				'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4097. Given: 80125 `inputs` tokens and 4096 `max_new_tokens`',
				'invalid_request_error',
			),
			is: 'BAD_REQUEST.context_length',
		},
	},
	'Z.ai': {
		'1302': {
			status: 429,
			body: { error: { code: '1302', message: 'High concurrency usage of this API, please reduce concurrency' } },
			is: 'RATE_LIMIT',
		},
		'1308, a date from Beijing': {
			status: 429,
			body: {
				error: {
					code: '1308',
					message: 'Usage limit reached for 5 hour. Your limit will reset at 2026-09-01 08:30:00',
				},
			},
			is: 'QUOTA_EXCEEDED',
			wait: 1.5 * hourMs,
		},
		'1308 in Chinese': {
			status: 429,
			body: { error: { code: '1308', message: '已达到 5 小时的使用上限。您的限额将在 2026-09-01 08:30:00 重置。' } },
			is: 'QUOTA_EXCEEDED',
			wait: 1.5 * hourMs,
		},
		'1310, in the shape of Anthropic': {
			status: 429,
			body: {
				type: 'error',
				error: {
					type: 'rate_limit_error',
					code: '1310',
					message: '[1310][Weekly/Monthly Limit Exhausted. Your limit will reset at 2026-09-02 07:00:00]',
				},
			},
			is: 'QUOTA_EXCEEDED',
			wait: 24 * hourMs,
		},
		'1113': {
			status: 429,
			body: { error: { code: '1113', message: 'Your account is in arrears, please recharge' } },
			is: 'QUOTA_EXCEEDED',
		},
		'1211, as a number': { status: 400, body: { code: 1211, msg: 'Unknown model' }, is: 'MODEL_UNAVAILABLE' },
		'1311': { status: 429, body: { error: { code: '1311', message: 'Not in your plan' } }, is: 'MODEL_UNAVAILABLE' },
		'1301': {
			status: 400,
			body: { error: { code: '1301', message: 'Unsafe or sensitive content detected' } },
			is: 'BAD_REQUEST.content_policy',
		},
	},
	Moonshot: {
		exceeded_current_quota_error: {
			status: 429,
			body: { error: { message: 'Your account is suspended', type: 'exceeded_current_quota_error' } },
			is: 'QUOTA_EXCEEDED',
		},
		engine_overloaded_error: {
			status: 429,
			body: { error: { message: 'Please try again later', type: 'engine_overloaded_error' } },
			is: 'SERVER_ERROR.overloaded',
		},
	},
	'llama.cpp and vLLM': {
		'the available context size': {
			status: 400,
			body: {
				error: {
					code: 400,
					message: 'the request exceeds the available context size. try increasing the context size',
					type: 'invalid_request_error',
				},
			},
			is: 'BAD_REQUEST.context_length',
		},
		'maximum context length': {
			status: 400,
			body: {
				object: 'error',
				message: "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens.",
				type: 'BadRequestError',
				code: 400,
			},
			is: 'BAD_REQUEST.context_length',
		},
		'503 while the model loads': {
			status: 503,
			body: { error: { code: 503, message: 'Loading model', type: 'unavailable_error' } },
			is: 'MODEL_UNAVAILABLE.loading',
		},
	},
	anyone: {
		'HTML instead of JSON': {
			status: 200,
			body: '<!DOCTYPE html><html><body>Too many requests, overloaded</body></html>',
			is: 'SERVER_ERROR.malformed',
		},
		'an empty 200': { status: 200, body: '', is: 'SERVER_ERROR.malformed' },
		'an error object under a 200': {
			status: 200,
			body: { error: { message: 'Something odd' } },
			is: 'SERVER_ERROR.malformed',
		},
		'half an answer that speaks of overload': {
			status: 200,
			body: '{"choices":[{"message":{"content":"The server is overloaded", "code":"model_not_found',
			is: 'SERVER_ERROR.malformed',
		},
		'a 200 that names its status': {
			status: 200,
			body: { error: { message: 'Odd', code: '404' } },
			is: 'SERVER_ERROR.no_endpoint',
		},
		'a redirection': { status: 302, body: '<html>', is: 'SERVER_ERROR.malformed' },
	},
	'tie-breaks': {
		'402 try again later': { status: 402, body: openai('Please try again later.'), is: 'RATE_LIMIT' },
		'402 usage limit': { status: 402, body: openai('You hit the usage limit.'), is: 'RATE_LIMIT' },
		'402 add credits, try again later': {
			status: 402,
			body: openai('Add credits and try again later.'),
			is: 'QUOTA_EXCEEDED',
		},
		'401 with billing text': {
			status: 401,
			body: openai('Disabled: check your billing details.'),
			is: 'QUOTA_EXCEEDED',
		},
		'403 with billing text': {
			status: 403,
			body: gemini(403, 'PERMISSION_DENIED', 'This method requires billing to be enabled.'),
			is: 'QUOTA_EXCEEDED',
		},
		'400 insufficient_quota': {
			status: 400,
			body: openai('No.', 'insufficient_quota', 'insufficient_quota'),
			is: 'QUOTA_EXCEEDED',
		},
		'a bare 503': { status: 503, body: '', is: 'SERVER_ERROR' },
		'503 in HTML': { status: 503, body: '<html><title>503 overloaded</title></html>', is: 'SERVER_ERROR' },
		'503 with overload text': { status: 503, body: 'upstream is overloaded', is: 'SERVER_ERROR.overloaded' },
		'an unrecognized 5xx': { status: 599, body: '', is: 'SERVER_ERROR' },
		'an unrecognized 4xx': { status: 418, body: openai('I am a teapot'), is: 'BAD_REQUEST' },
		'408': { status: 408, body: '', is: 'UNKNOWN_TRANSIENT' },
		'409': { status: 409, body: '', is: 'UNKNOWN_TRANSIENT' },
		'425': { status: 425, body: '', is: 'UNKNOWN_TRANSIENT' },
		'a bare 413': { status: 413, body: '', is: 'BAD_REQUEST.too_large' },
		'a bare 429': { status: 429, body: '', is: 'RATE_LIMIT' },
		'a bare 401': { status: 401, body: 'Unauthorized', is: 'AUTH_ERROR' },
		'a bare 403': { status: 403, body: '', is: 'AUTH_ERROR.permission' },
		'a 403 in plain words': { status: 403, body: 'Forbidden', is: 'AUTH_ERROR.permission' },
		'a bare 504': { status: 504, body: '<html>504 Gateway Time-out</html>', is: 'TIMEOUT' },
		'400 with the rate limit in words': { status: 400, body: openai('Rate limit exceeded'), is: 'RATE_LIMIT' },
		'a status from nowhere': { status: 0, body: '', is: 'UNKNOWN_TRANSIENT' },
	},
	'OpenRouter, for one request': {
		'402 can only afford': {
			status: 402,
			body: openai(
				'This request requires more credits, or fewer max_tokens. You requested up to 65536 tokens, but can only afford 12345. To increase, visit https://openrouter.ai/settings/credits and upgrade to a paid account',
				null,
				402,
			),
			is: 'BAD_REQUEST.too_large',
		},
		'402 can only afford, in a few words': {
			status: 402,
			body: openai('You can only afford 1200 tokens.'),
			is: 'BAD_REQUEST.too_large',
		},
		'402 prompt tokens limit exceeded': {
			status: 402,
			body: openai('Prompt tokens limit exceeded: 40211 > 22917. To increase, visit settings and upgrade', null, 402),
			is: 'BAD_REQUEST.too_large',
		},
		'403 this key can only afford': {
			status: 403,
			body: openai('This request requires more credits, or fewer max_tokens; this key can only afford 10 tokens.'),
			is: 'BAD_REQUEST.too_large',
		},
		'402 can afford nothing at all': {
			status: 402,
			body: openai('This request requires more credits. You requested up to 100 tokens, but can only afford 0.'),
			is: 'QUOTA_EXCEEDED',
		},
		'402 is in debt': {
			status: 402,
			body: openai('You requested up to 100 tokens, but can only afford -1277.'),
			is: 'QUOTA_EXCEEDED',
		},
	},
	'One API and New API': {
		'403 the price is more than what is left': {
			status: 403,
			body: openai('token quota is not enough, token remain quota: $0.047, need quota: $0.06', 'new_api_error'),
			is: 'BAD_REQUEST.too_large',
		},
		'403 by its code': {
			status: 403,
			body: openai('No.', 'new_api_error', 'pre_consume_token_quota_failed'),
			is: 'BAD_REQUEST.too_large',
		},
		'403 nothing is left': {
			status: 403,
			body: openai('pre-consume failed, user quota: $0.000000, need quota: $0.06', 'new_api_error'),
			is: 'QUOTA_EXCEEDED',
		},
	},
	'too large for a limit of a minute': {
		'413 of Groq, on input tokens': {
			status: 413,
			body: openai(
				'Request too large for model `x` on input tokens per minute (ITPM): Limit 8000, Requested 9000',
				'tokens',
			),
			is: 'BAD_REQUEST.too_large',
		},
		'429 in other words': {
			status: 429,
			body: openai(
				'Limit 30000, Requested 34500. The input or output tokens must be reduced in order to run successfully.',
			),
			is: 'BAD_REQUEST.too_large',
		},
		'429 where waiting helps': {
			status: 429,
			body: anthropic(
				'rate_limit_error',
				'This request would exceed your organization’s rate limit of 30,000 input tokens per minute.',
			),
			is: 'RATE_LIMIT',
		},
		'413 of GitHub Models': {
			status: 413,
			body: openai('Request body too large for gpt-4o model. Max size: 8000 tokens.', null, 'tokens_limit_reached'),
			is: 'BAD_REQUEST.too_large',
		},
		'413 of nginx': { status: 413, body: '<html>413 Request Entity Too Large</html>', is: 'BAD_REQUEST.too_large' },
	},
	'the model is not here, told as the caller’s mistake': Object.fromEntries(
		[
			[400, 'Model Not Exist'],
			[400, '/chat/completions: Invalid model name passed in model=gpt-9. Call `/v1/models` to view available models'],
			[400, 'The provided model identifier is invalid.'],
			[400, 'Invalid model. Please select a different model to continue.'],
			[400, "The 'gpt-5.4' model is not supported when using Codex with a ChatGPT account."],
			[400, 'Unable to access model meta-llama/x. Please visit the page of models.'],
			[400, 'Unable to access non-serverless model x. Please create a dedicated endpoint.'],
			[400, 'Invalid model: mistral-huge'],
			[400, "Invalid model 'sonar-x'. Permitted models can be found in the documentation"],
			[400, 'Unknown model: gpt-9'],
			[400, 'The requested model is not supported.'],
			[400, "The requested model 'x/y' is not supported by any provider you have enabled."],
			[400, 'Model does not exist. Please check it carefully.'],
			[422, 'model llama-9 is not available'],
			[403, 'You don’t have access to the model: your plan does not include this model'],
			[
				400,
				'Invocation of model ID anthropic.x with on-demand throughput isn’t supported. Retry with an inference profile.',
			],
			[400, 'Project proj_x does not have access to model gpt-5'],
		].map(([status, message]) => [
			`${status} ${message}`,
			{ status: Number(status), body: openai(String(message), 'invalid_request_error'), is: 'MODEL_UNAVAILABLE' },
		]),
	),
	'the model is asked at another endpoint than its own': {
		...Object.fromEntries(
			[
				[404, 'This is a chat model and not supported in the v1/completions endpoint. Did you mean …?'],
				[404, 'This is not a chat model and thus not supported in the v1/chat/completions endpoint.'],
				[404, 'This model is only supported in v1/responses and not in v1/chat/completions.'],
				[400, "The requested model 'gpt-4-base' is not supported with the Responses API."],
				[400, 'model gpt-5-codex is not accessible via the /chat/completions endpoint'],
				[400, 'x/nemotron-embed is an embedding model and cannot be used with the chat/completions endpoint.'],
				[400, '"nomic-embed-text" does not support chat'],
				[400, '"llama3" does not support embeddings'],
				[400, 'The model `whisper-large-v3` does not support chat completions'],
				[400, 'The model does not support Embeddings API'],
				[400, 'The model does not support Chat Completions API'],
				[400, 'The embeddings operation does not work with the specified model, gpt-35-turbo.'],
			].map(([status, message]) => [
				`${status} ${message}`,
				{
					status: Number(status),
					body: openai(String(message), 'invalid_request_error'),
					is: 'BAD_REQUEST.wrong_endpoint',
				},
			]),
		),
		'404 with the code of a missing model': {
			status: 404,
			body: openai(
				'This is a chat model and not supported in the v1/completions endpoint.',
				'invalid_request_error',
				'model_not_found',
			),
			is: 'BAD_REQUEST.wrong_endpoint',
		},
		'400 OperationNotSupported of Azure': {
			status: 400,
			body: openai('The requested operation is unsupported.', null, 'OperationNotSupported'),
			is: 'BAD_REQUEST.wrong_endpoint',
		},
		'400 unsupported_api_for_model of Copilot': {
			status: 400,
			body: openai('Choose another one.', null, 'unsupported_api_for_model'),
			is: 'BAD_REQUEST.wrong_endpoint',
		},
		'but a field that one endpoint does not take': {
			status: 400,
			body: openai("Unsupported parameter: 'max_tokens' is not supported with the Responses API."),
			is: 'BAD_REQUEST.unsupported',
		},
		'but tools that a model is not given in chat': {
			status: 400,
			body: openai('Function tools with reasoning_effort are not supported for gpt-5.4 in /v1/chat/completions.'),
			is: 'BAD_REQUEST.unsupported',
		},
	},
	'a thought’s proof is another provider’s': Object.fromEntries(
		[
			[400, anthropic('invalid_request_error', 'messages.1.content.0: Invalid `signature` in `thinking` block')],
			[400, anthropic('invalid_request_error', 'messages.1.content.0: Invalid `data` in `redacted_thinking` block')],
			[400, { message: 'messages.7.content.2: Invalid signature in thinking block' }],
			[
				400,
				gemini(
					400,
					'INVALID_ARGUMENT',
					'{"type":"error","error":{"message":"messages.1.content.0: Invalid `signature` in `thinking` block"}}',
				),
			],
			[400, openai('The encrypted content gAAA...DQ== could not be verified.', null, 'invalid_encrypted_content')],
			[400, openai('The encrypted content for item rs_1 could not be verified.', 'invalid_request_error')],
			[400, openai('Could not decrypt the provided encrypted_content.', 'invalid_request_error')],
			[404, openai("Item with id 'rs_68af' not found.", 'invalid_request_error')],
		].map(([status, body], index) => [
			`${index + 1}`,
			{ status: Number(status), body, is: 'BAD_REQUEST.foreign_proof' },
		]),
	),
	'what a request names is not kept there': Object.fromEntries(
		[
			[404, anthropic('not_found_error', 'File not found: file_011CNha8iCJcU1wXNR6q4V8w')],
			[404, openai('File with id file-1 not found.', 'invalid_request_error')],
			[404, openai('No such File object: file-abc', 'invalid_request_error')],
			[400, openai("Previous response with id 'resp_1' not found.", null, 'previous_response_not_found')],
			[404, openai("Conversation with id 'conv_1' not found.", 'invalid_request_error')],
			[400, openai("Container with id 'cntr_1' not found.", 'invalid_request_error')],
			[404, openai("Item with id 'msg_68af' not found.", 'invalid_request_error')],
		].map(([status, body], index) => [
			`${index + 1}`,
			{ status: Number(status), body, is: 'BAD_REQUEST.unknown_state' },
		]),
	),
	'but a model': {
		'of Anthropic': {
			status: 404,
			body: anthropic('not_found_error', 'model: claude-9'),
			is: 'MODEL_UNAVAILABLE',
		},
		'with a name like a file’s': {
			status: 404,
			body: openai("The model 'file-9' was not found", 'invalid_request_error'),
			is: 'MODEL_UNAVAILABLE',
		},
	},
	'a local server without its model': Object.fromEntries(
		[
			[400, 'Failed to load model "qwen3-32b". Error: Model loading was stopped due to insufficient system resources.'],
			[400, 'The model has crashed without additional information. (Exit code: 18446744072635812000)'],
			[404, 'No models loaded. Please load a model in the developer page or use the `lms load` command.'],
			[400, 'Model was unloaded while the request was still in queue.'],
			[500, 'model requires more system memory (20.5 GiB) than is available (15.2 GiB)'],
			[500, 'unable to load model: /root/.ollama/models/blobs/sha256-1'],
		].map(([status, message]) => [
			`${status} ${message}`,
			{ status: Number(status), body: { error: message }, is: 'MODEL_UNAVAILABLE.loading' },
		]),
	),
	'one provider does not take a field': {
		...Object.fromEntries(
			[
				[
					400,
					"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
				],
				[
					400,
					"Unsupported value: 'temperature' does not support 0.5 with this model. Only the default (1) value is supported.",
				],
				[400, "Unknown parameter: 'reasoning_effort'."],
				[400, 'Unrecognized request argument supplied: top_k'],
				[400, 'top_k: Extra inputs are not permitted'],
				[422, 'unknown field `seed`, expected one of `model`, `messages`'],
				[
					400,
					"'messages.1' : for 'role:assistant' the following must be satisfied[('messages.1' : property 'reasoning_content' is unsupported)]",
				],
				[400, 'Invalid JSON payload received. Unknown name "seed": Cannot find field.'],
				[400, 'The `reasoning_content` in the thinking mode must be passed back to the API.'],
				[400, 'Malformed input request: #: extraneous key [top_k] is not permitted, please reformat your input'],
				[400, "Additional properties are not allowed ('seed' was unexpected)"],
				[400, 'registry.ollama.ai/library/gemma:2b does not support tools'],
				[400, 'Model grok-4 does not support parameter presencePenalty.'],
				[400, 'Argument not supported on this model: presencePenalty'],
				[400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'],
				[404, 'No endpoints found that support tool use. To learn more about provider routing, visit the docs.'],
				[
					400,
					'Failed to deserialize the JSON body into the target type: messages[0]: unknown variant `image_url`, expected `text`',
				],
				[400, 'Function call is missing a thought_signature in functionCall parts.'],
				[400, 'max_tokens: 100000 > 8192, which is the maximum allowed number of output tokens for claude-x'],
				[
					400,
					'max_tokens is too large: 100000. This model supports at most 16384 completion tokens, whereas you provided 100000.',
				],
				[400, "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model."],
				[400, 'The parameter logprobs for this model is not supported'],
				[400, 'parallel_tool_calls is not supported'],
				[400, 'Image input is not supported'],
			].map(([status, message]) => [
				`${status} ${message}`,
				{
					status: Number(status),
					body: openai(String(message), 'invalid_request_error'),
					is: 'BAD_REQUEST.unsupported',
				},
			]),
		),
		'422 of FastAPI, with the name apart': {
			status: 422,
			body: {
				detail: [
					{
						type: 'extra_forbidden',
						loc: ['body', 'stream_options'],
						msg: 'Extra inputs are not permitted',
						input: {},
					},
				],
			},
			is: 'BAD_REQUEST.unsupported',
		},
		'400 unsupported_parameter, whatever it says': {
			status: 400,
			body: { error: { message: 'No.', type: 'invalid_request_error', param: 'top_k', code: 'unsupported_parameter' } },
			is: 'BAD_REQUEST.unsupported',
		},
		'501 of llama.cpp': {
			status: 501,
			body: { error: { code: 501, message: 'This server has no grammar', type: 'not_supported_error' } },
			is: 'BAD_REQUEST.unsupported',
		},
		'but a value that is wrong for everybody': {
			status: 400,
			body: openai(
				"Invalid type for 'temperature': expected a number, but got a string instead.",
				'invalid_request_error',
				'invalid_type',
			),
			is: 'BAD_REQUEST',
		},
		'but a field that is missing': {
			status: 422,
			body: { detail: [{ type: 'missing', loc: ['body', 'messages'], msg: 'Field required' }] },
			is: 'BAD_REQUEST',
		},
	},
	'an intermediary': {
		'403 in HTML': {
			status: 403,
			body: '<html>403 Forbidden</html>',
			is: 'UNKNOWN_TRANSIENT.intermediary',
		},
		'401 in HTML': {
			status: 401,
			body: '<!DOCTYPE html><html><title>Just a moment...</title></html>',
			is: 'UNKNOWN_TRANSIENT.intermediary',
		},
		'403 with a piece of HTML': {
			status: 403,
			headers: { 'content-type': 'text/html; charset=utf-8' },
			body: '<center><h1>403 Forbidden</h1></center>',
			is: 'UNKNOWN_TRANSIENT.intermediary',
		},
		'403 with a page after a comment': {
			status: 403,
			body: '<!-- from the firewall --><title>Blocked</title>',
			is: 'UNKNOWN_TRANSIENT.intermediary',
		},
		'but 403 of S3 in XML': {
			status: 403,
			body: '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
			is: 'AUTH_ERROR.permission',
		},
		'403 cf-mitigated': {
			status: 403,
			headers: { 'cf-mitigated': 'challenge', server: 'cloudflare' },
			body: '',
			is: 'UNKNOWN_TRANSIENT.intermediary',
		},
		'403 of Cloudflare, empty': {
			status: 403,
			headers: { server: 'cloudflare' },
			body: '',
			is: 'UNKNOWN_TRANSIENT.intermediary',
		},
		'401 of Cloudflare in plain words, by its ray': {
			status: 401,
			headers: { 'cf-ray': '8f0-FRA' },
			body: 'Unauthorized',
			is: 'UNKNOWN_TRANSIENT.intermediary',
		},
		'403 error code: 1020': { status: 403, body: 'error code: 1020', is: 'UNKNOWN_TRANSIENT.intermediary' },
		'403 of Cloudflare in JSON': {
			status: 403,
			headers: { server: 'cloudflare' },
			body: {
				type: 'https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-1xxx-errors/',
				title: 'Error 1020: Access denied',
				status: 403,
				cloudflare_error: true,
			},
			is: 'UNKNOWN_TRANSIENT.intermediary',
		},
		'403 of Vercel': {
			status: 403,
			headers: { 'x-vercel-mitigated': 'deny' },
			body: 'Forbidden',
			is: 'UNKNOWN_TRANSIENT.intermediary',
		},
		'403 with the page inside of a router’s error': {
			status: 403,
			body: {
				error: { message: 'Provider returned error', code: 403, metadata: { raw: '<!DOCTYPE html><p>Blocked' } },
			},
			is: 'UNKNOWN_TRANSIENT.intermediary',
		},
		'407': { status: 407, body: { error: 'Proxy Authentication Required' }, is: 'UNKNOWN_TRANSIENT.intermediary' },
		'511 of a captive portal': { status: 511, body: '<html>Log in</html>', is: 'UNKNOWN_TRANSIENT.intermediary' },
		'400 of nginx': {
			status: 400,
			body: '<html><title>400 Request Header Or Cookie Too Large</title></html>',
			is: 'UNKNOWN_TRANSIENT.intermediary',
		},
		'but 401 of OpenAI, which is behind Cloudflare': {
			status: 401,
			headers: { server: 'cloudflare', 'cf-ray': '8f0-FRA' },
			body: openai('Incorrect API key provided.', 'invalid_request_error', 'invalid_api_key'),
			is: 'AUTH_ERROR',
		},
		'but 403 of a provider behind Cloudflare, in its own JSON': {
			status: 403,
			headers: { server: 'cloudflare', 'cf-ray': '8f0-FRA' },
			body: { detail: 'Not allowed.' },
			is: 'AUTH_ERROR.permission',
		},
		'but 502 in HTML': {
			status: 502,
			headers: { server: 'cloudflare' },
			body: '<html>502 Bad Gateway</html>',
			is: 'SERVER_ERROR',
		},
		'but 404 in HTML': { status: 404, body: '<html>404</html>', is: 'SERVER_ERROR.no_endpoint' },
		'but 429 in HTML': { status: 429, body: '<html>You are being rate limited</html>', is: 'RATE_LIMIT' },
	},
	'waits that nobody wants': {
		'503 for 30 days': {
			status: 503,
			headers: { 'retry-after': String(30 * 24 * 3600) },
			body: '',
			is: 'SERVER_ERROR',
			wait: hourMs,
		},
		'529 for two hours': {
			status: 529,
			headers: { 'retry-after': '7200' },
			body: '',
			is: 'SERVER_ERROR.overloaded',
			wait: hourMs,
		},
		'503 of a model that loads': {
			status: 503,
			headers: { 'retry-after': '7200' },
			body: openai('Loading model'),
			is: 'MODEL_UNAVAILABLE.loading',
			wait: hourMs,
		},
		'a 503 in a stream': {
			status: 200,
			body: { error: { code: 503, message: 'No.', metadata: { headers: { 'Retry-After': '86400' } } } },
			is: 'SERVER_ERROR',
			wait: hourMs,
		},
		'503 for 30 minutes': {
			status: 503,
			headers: { 'retry-after': '1800' },
			body: '',
			is: 'SERVER_ERROR',
			wait: hourMs / 2,
		},
		'429 for three days': {
			status: 429,
			headers: { 'retry-after': '259200' },
			body: '',
			is: 'RATE_LIMIT',
			wait: 24 * hourMs,
		},
		'429 for three hours': {
			status: 429,
			headers: { 'retry-after': '10800' },
			body: '',
			is: 'RATE_LIMIT',
			wait: 3 * hourMs,
		},
		'an account’s quota for 20 days': {
			status: 429,
			headers: { 'retry-after': String(20 * 24 * 3600) },
			body: openai('No.', 'insufficient_quota', 'insufficient_quota'),
			is: 'QUOTA_EXCEEDED',
			wait: 20 * 24 * hourMs,
		},
	},
	'a wrong address is the operator’s mistake, not the caller’s': {
		'404 bare': { status: 404, body: '', is: 'SERVER_ERROR.no_endpoint' },
		'404 in HTML, with models in its menu': {
			status: 404,
			body: '<html><a>Models</a></html>',
			is: 'SERVER_ERROR.no_endpoint',
		},
		'404 of FastAPI': { status: 404, body: { detail: 'Not Found' }, is: 'SERVER_ERROR.no_endpoint' },
		'404 of OpenAI': {
			status: 404,
			body: openai('Invalid URL (POST /chat/completions)', 'invalid_request_error'),
			is: 'SERVER_ERROR.no_endpoint',
		},
		'405': { status: 405, body: { detail: 'Method Not Allowed' }, is: 'SERVER_ERROR.no_endpoint' },
		'but 404 about a model': {
			status: 404,
			body: { error: 'model "llama9" not found, try pulling it first' },
			is: 'MODEL_UNAVAILABLE',
		},
	},
};
