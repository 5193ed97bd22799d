import type { ErrorBody } from '../../contract/error-body.ts';
import { identifier } from '../../dialects/read-error-body.ts';
import type { Classified, ErrorAnswer } from './error-answer.ts';
import { errorDetails } from './error-details.ts';
import { compileRules } from './error-matching.ts';
import type { ErrorRule } from './load-error-rules.ts';
import { providerMessage } from './provider-message.ts';
import { waitHint } from './wait-hint.ts';

export type { Classified, ErrorAnswer } from './error-answer.ts';
export { classifyTransportError } from './transport-error.ts';

export type Classify = (answer: ErrorAnswer) => Classified;

/**
 * Makes the function that turns an answer into one of the nine categories. It never throws.
 * @param rules first match wins, so a user's own rules stand in front of the shipped ones
 * @param redact takes out of a provider's words what must not be shown, such as keys
 * @throws Error naming the rule by its position, when a pattern, a status or a category is not one
 */
export function createClassifier(rules: readonly ErrorRule[], redact: (text: string) => string = String): Classify {
	const compiled = compileRules(rules);
	return (answer) => {
		const body = withHeaderCode(answer.error, answer.headers);
		const isSuccess = answer.status >= 200 && answer.status < 300;
		const status = isSuccess ? (body.status ?? answer.status) : answer.status;
		const rule = compiled.find((candidate) => candidate.matches(answer, body, status));
		const category = rule?.category ?? 'UNKNOWN_TRANSIENT';
		const details = category === 'BAD_REQUEST' ? errorDetails(body.json, redact) : undefined;
		return {
			failure: {
				category,
				reason: rule?.reason,
				status: answer.status,
				retryAfterMs: waitHint({ headers: answer.headers, body, category, now: answer.now, zone: rule?.zone }),
			},
			// Before the message is clipped: half a key would be known to nobody as one.
			message: providerMessage(body.texts.map(redact)),
			...(details !== undefined && { details }),
		};
	};
}

/** AWS names the error in a header, `ThrottlingException:http://…`; bodies without a `__type` are common. */
function withHeaderCode(body: ErrorBody, headers: ErrorAnswer['headers']): ErrorBody {
	const value = [headers['x-amzn-errortype'] ?? []].flat()[0];
	if (value === undefined) return body;
	return { ...body, identifiers: [...body.identifiers, ...identifier(value.split(':')[0])] };
}
