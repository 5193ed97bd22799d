import type { ErrorBody } from '../../contract/error-body.ts';
import { isObject, type JsonObject } from '../../values/json.ts';
import { isError } from '../error-object.ts';
import { readErrorJson } from '../read-error-body.ts';

/** What went wrong, as an event or a response says it. Its `type: "error"` is no type of an error. */
export function failureIn(value: JsonObject): ErrorBody {
	const { response, error } = value;
	const told = isObject(response) && isError(response.error) ? response.error : error;
	if (isError(told)) return readErrorJson({ error: told });
	if (isObject(response) && response.status === 'cancelled') return readErrorJson({ error: { code: 'cancelled' } });
	const { code, message, param, status } = value;
	return readErrorJson({ error: { code, message, param, status } });
}
