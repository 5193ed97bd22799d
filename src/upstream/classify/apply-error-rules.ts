import type { ErrorBody } from '../../contract/error-body.ts';
import { identifier } from '../../dialects/read-error-body.ts';
import type { Classified, ErrorAnswer } from './error-answer.ts';
import { errorDetails } from './error-details.ts';
import { type CompiledRule, compileRules } from './error-matching.ts';
import { type Finish, finishIdentifiers } from './finish-reasons.ts';
import type { ErrorRule } from './load-error-rules.ts';
import { providerMessage } from './provider-message.ts';
import { rejectedField } from './rejected-field.ts';
import { longestWaitMs, waitHint } from './wait-hint.ts';

export type { Classified, ErrorAnswer } from './error-answer.ts';
export { classifyTransportError } from './transport-error.ts';

export interface Classify {
	(answer: ErrorAnswer): Classified;
	/** Whether any rule names this end of an answer as a code: only then need `ofFinish` be asked. Absent where there are no rules. */
	readonly namesFinish?: (finish: Finish) => boolean;
	/**
	 * What the rules say of an answer's end: those that name its reason as a code. Absent where there are no rules.
	 * @param answer its `error` carries `finishReason:…` identifiers
	 * @returns undefined where no rule speaks of the reason
	 */
	readonly ofFinish?: (answer: ErrorAnswer) => Classified | undefined;
	/** Takes out of a provider's words what must not be shown. Absent where nothing has to be. */
	readonly redact?: (text: string) => string;
}

/** More reasons than any API has: what is kept of them must not grow with what providers send. */
const MOST_REASONS = 200;

/** Longer than any that an API has, characters. */
const LONGEST_REASON = 200;

/**
 * Makes the function that turns an answer into one of the nine categories. It never throws.
 * @param rules first match wins, so a user's own rules stand in front of the shipped ones
 * @param redact takes out of a provider's words what must not be shown, such as keys
 * @throws Error naming the rule by its position, when a pattern, a status or a category is not one
 */
export function createClassifier(rules: readonly ErrorRule[], redact: (text: string) => string = String): Classify {
	const compiled = compileRules(rules);
	const decide = (
		candidates: readonly CompiledRule[],
		answer: ErrorAnswer,
	): { rule?: CompiledRule; result: Classified } => {
		const body = withHeaderCode(answer.error, answer.headers);
		const isSuccess = answer.status >= 200 && answer.status < 300;
		const status = isSuccess ? (body.status ?? answer.status) : answer.status;
		const rule = candidates.find((candidate) => candidate.matches(answer, body, status));
		const category = rule?.category ?? 'UNKNOWN_TRANSIENT';
		const hint = waitHint({ headers: answer.headers, body, category, now: answer.now, zone: rule?.zone });
		const details = category === 'BAD_REQUEST' ? errorDetails(body.json, redact) : undefined;
		const result: Classified = {
			failure: {
				category,
				reason: rule?.reason,
				status: answer.status,
				retryAfterMs: hint === undefined ? undefined : Math.min(hint, longestWaitMs(status, category)),
			},
			// Before the message is clipped: half a key would be known to nobody as one.
			message: providerMessage(body.texts.map(redact)),
			field: category === 'BAD_REQUEST' ? rejectedField(body) : undefined,
			...(details !== undefined && { details }),
		};
		return rule === undefined ? { result } : { rule, result };
	};
	const rulesOf = (codes: readonly string[]) => compiled.filter((rule) => rule.namesFinish(codes));
	const ofFinish = (answer: ErrorAnswer) => {
		const { rule, result } = decide(rulesOf(answer.error.identifiers), answer);
		return rule === undefined ? undefined : result;
	};
	const namesFinish = lookedUpOnce((finish) => rulesOf(finishIdentifiers(finish)).length > 0);
	return Object.assign((answer: ErrorAnswer) => decide(compiled, answer).result, { namesFinish, ofFinish, redact });
}

/** Every answer ends with a reason, nearly always with one of the same few, which must cost a healthy answer next to nothing. */
function lookedUpOnce(isNamed: (finish: Finish) => boolean): (finish: Finish) => boolean {
	const known = new Map<string, boolean>();
	return (finish) => {
		const { reason, native } = finish;
		const key = native === undefined ? reason : `${reason}\n${native}`;
		const found = known.get(key);
		if (found !== undefined) return found;
		const named = isNamed(finish);
		if (known.size < MOST_REASONS && key.length <= LONGEST_REASON) known.set(key, named);
		return named;
	};
}

/** AWS names the error in a header, `ThrottlingException:http://…`; bodies without a `__type` are common. */
function withHeaderCode(body: ErrorBody, headers: ErrorAnswer['headers']): ErrorBody {
	const value = [headers['x-amzn-errortype'] ?? []].flat()[0];
	if (value === undefined) return body;
	return { ...body, identifiers: [...body.identifiers, ...identifier(value.split(':')[0])] };
}
