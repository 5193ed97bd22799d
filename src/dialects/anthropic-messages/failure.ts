import type { FailureReport } from '../../contract/failure-report.ts';

/** The types of errors that Anthropic's clients know, by the status. */
const types: Readonly<Record<number, string>> = {
	401: 'authentication_error',
	402: 'billing_error',
	403: 'permission_error',
	404: 'not_found_error',
	413: 'request_too_large',
	429: 'rate_limit_error',
	503: 'overloaded_error',
	504: 'timeout_error',
	529: 'overloaded_error',
};

/** What Anthropic tells with a status that is in no standard, and its clients know as a time to wait. */
const overloads: readonly string[] = ['all_targets_overloaded', 'overloaded'];

export function statusOf({ status, body }: FailureReport): number {
	return overloads.includes(body.error.code) ? 529 : status;
}

/** An error in the shape of this API. Our own code, and what was tried, stand in members that it does not have. */
export function failureText({ status, body }: FailureReport, requestId: string): string {
	const { message, code, param } = body.error;
	const { failover } = body;
	return JSON.stringify({
		type: 'error',
		error: { type: typeOf(status), message, code, ...(param === null ? {} : { param }) },
		request_id: requestId,
		...(failover === undefined ? {} : { failover }),
	});
}

function typeOf(status: number): string {
	return types[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error');
}
