import type { FailureReport } from '../call.ts';

/** What can be wrong with a request before any provider is asked. Codes are stable; clients may build on them. */
export const refusals = {
	invalid_json: 400,
	invalid_request: 400,
	unknown_profile: 400,
	model_not_found: 404,
	not_found: 404,
	method_not_allowed: 405,
	body_too_large: 413,
	unsupported_media_type: 415,
	internal_error: 500,
} as const;

export type RefusalCode = keyof typeof refusals;

/** A request that is refused before any provider is asked. The message tells the caller what to change. */
export class Refusal extends Error {
	readonly code: RefusalCode;
	readonly param: string | null;

	/** @param param the body field or header that is to be changed, when there is one */
	constructor(code: RefusalCode, message: string, param: string | null = null) {
		super(message);
		this.name = 'Refusal';
		this.code = code;
		this.param = param;
	}

	/** In OpenAI's error shape. */
	report(): FailureReport {
		const status = refusals[this.code];
		const type = status >= 500 ? 'server_error' : 'invalid_request_error';
		return {
			status,
			headers: {},
			body: { error: { message: this.message, type, param: this.param, code: this.code } },
		};
	}
}
