import { asObject } from '../../values/json.ts';
import type { ErrorDetails } from './error-answer.ts';

const maxParamLength = 200;

/**
 * What an error in OpenAI's shape says besides its message: `code` and `param`, of the error itself or of the one it wraps.
 * @param redact takes out what must not be shown
 * @returns undefined where it says neither; a code that is no plain name, such as a number, is none
 */
export function errorDetails(json: unknown, redact: (text: string) => string): ErrorDetails | undefined {
	const root = asObject(Array.isArray(json) ? json[0] : json);
	const error = asObject(root?.error) ?? root;
	const code = textOf(error?.code, /^[A-Za-z][\w.-]{0,99}$/);
	const param = textOf(error?.param, /^[ -~]+$/);
	if (code === undefined && param === undefined) return undefined;
	return {
		...(code !== undefined && { code: redact(code) }),
		...(param !== undefined && { param: redact(param).slice(0, maxParamLength) }),
	};
}

function textOf(value: unknown, shape: RegExp): string | undefined {
	return typeof value === 'string' && shape.test(value) ? value : undefined;
}
