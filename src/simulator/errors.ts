import type { SimulationStep } from '../contract/simulation.ts';
import type { BadRequest } from './simulated-request.ts';

/** OpenAI's error body. */
export interface SimulatedErrorBody {
	error: { message: string; type: string | null; param: string | null; code: string | null };
}

/** The status of a step that names none. */
export const defaultStatus = 503;

interface ErrorWords {
	code: string | null;
	type: string;
	message: string;
}

const typical: Readonly<Record<number, ErrorWords>> = {
	401: { code: 'invalid_api_key', type: 'invalid_request_error', message: 'Simulated: incorrect API key.' },
	402: { code: 'insufficient_quota', type: 'insufficient_quota', message: 'Simulated: insufficient balance.' },
	429: { code: 'rate_limit_exceeded', type: 'requests', message: 'Simulated: rate limit reached.' },
	500: { code: null, type: 'server_error', message: 'Simulated: the server had an error.' },
	503: { code: 'server_is_overloaded', type: 'server_error', message: 'Simulated: the server is overloaded.' },
	529: { code: null, type: 'overloaded_error', message: 'Simulated: overloaded.' },
};

/**
 * The error object of a step. A step that names a code or a type gets none of the typical words, because
 * a quota error with the words of a rate limit could be taken for either.
 */
export function errorOf(step: SimulationStep): SimulatedErrorBody {
	const status = step.status ?? defaultStatus;
	const isNamed = step.code !== undefined || step.type !== undefined;
	const words = (isNamed ? undefined : typical[status]) ?? {
		code: null,
		type: step.code ?? (status < 500 ? 'invalid_request_error' : 'server_error'),
		message: `Simulated: HTTP ${status}${isNamed ? ` ${step.code ?? step.type}` : ''}.`,
	};
	return {
		error: {
			message: step.message ?? words.message,
			type: step.type ?? words.type,
			param: null,
			code: step.code ?? words.code,
		},
	};
}

/** The body of a 400 or 404: the caller's mistake. */
export function refusalBody({ message, param }: BadRequest): SimulatedErrorBody {
	return { error: { message, type: 'invalid_request_error', param, code: null } };
}
