import { randomUUID } from 'node:crypto';

/** A fresh id for a request, as it stands in the log, in errors and in `x-breakwater-request-id`. */
export function newRequestId(): string {
	return `req_${randomUUID()}`;
}
