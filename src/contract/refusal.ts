import type { FailureReport } from './failure-report.ts';

/** What can be wrong with a request before any provider is asked. Codes are stable; clients may build on them. */
export const refusals = {
	invalid_json: 400,
	invalid_request: 400,
	unknown_profile: 400,
	endpoint_not_available: 400,
	not_carried: 400,
	unknown_state: 400,
	invalid_api_key: 401,
	invalid_admin_key: 401,
	invalid_monitoring_key: 401,
	budget_spent: 402,
	profile_not_allowed: 403,
	admin_not_local: 403,
	inspector_forbidden: 403,
	host_not_allowed: 403,
	origin_not_allowed: 403,
	model_not_found: 404,
	unknown_provider: 404,
	unknown_action: 404,
	unknown_request: 404,
	not_found: 404,
	method_not_allowed: 405,
	request_timeout: 408,
	body_too_large: 413,
	unsupported_media_type: 415,
	client_rate_limited: 429,
	client_share_exceeded: 429,
	too_many_wrong_keys: 429,
	too_many_connections: 429,
	internal_error: 500,
	overloaded: 503,
	too_many_viewers: 503,
	shutting_down: 503,
	loop_detected: 508,
} as const;

export type RefusalCode = keyof typeof refusals;

export interface RefusalDetails {
	/** The body field or header that is to be changed, when there is one. */
	param?: string | null;
	/** Response headers, names in lower case. */
	headers?: Readonly<Record<string, string>>;
}

/** A request that is refused before any provider is asked. The message tells the caller what to change. */
export class Refusal extends Error {
	readonly code: RefusalCode;
	readonly param: string | null;
	readonly headers: Readonly<Record<string, string>>;

	/** @param details the param alone, or more */
	constructor(code: RefusalCode, message: string, details: string | RefusalDetails = {}) {
		super(message);
		this.name = 'Refusal';
		this.code = code;
		const { param = null, headers = {} } = typeof details === 'string' ? { param: details } : details;
		this.param = param;
		this.headers = headers;
	}

	/** In OpenAI's error shape. */
	report(): FailureReport {
		const status = refusals[this.code];
		return {
			status,
			headers: this.headers,
			body: { error: { message: this.message, type: errorType(status), param: this.param, code: this.code } },
		};
	}
}

function errorType(status: number): string {
	if (status === 429) return 'rate_limit_error';
	// OpenAI's own word for it.
	if (status === 402) return 'insufficient_quota';
	return status >= 500 ? 'server_error' : 'invalid_request_error';
}
