import { currentCandidate, type Progress } from '../../machines/request/progress.ts';
import type { Call } from '../contract/call.ts';

/** Headers of one vendor's API go to those who speak its dialects, which bear its name. */
const vendors = ['openai-', 'anthropic-'];

/**
 * The headers of the caller that go along with an attempt. One `Idempotency-Key` stands for one request to one provider:
 * what is asked there in another way must not come under it, or the provider refuses it.
 * @param isAskedAgain on the same permit, with another body
 * @param dialect the name of the one in which the provider is asked
 */
export function callerHeadersFor(
	{ headers: given }: Call,
	progress: Progress,
	isAskedAgain: boolean,
	dialect: string,
): Call['headers'] {
	const headers = given === undefined ? undefined : ofVendor(given, dialect);
	if (headers?.['idempotency-key'] === undefined) return headers;
	const { provider, target } = currentCandidate(progress);
	const isAskedOtherwise = progress.trace.some(
		(step) => step.did === 'attempt' && step.target !== target && step.target.startsWith(`${provider}/`),
	);
	if (progress.way === 'fresh' && !isAskedAgain && !isAskedOtherwise) return headers;
	const { 'idempotency-key': _, ...others } = headers;
	return others;
}

function ofVendor(headers: NonNullable<Call['headers']>, dialect: string): Call['headers'] {
	const others = vendors.filter((vendor) => !dialect.startsWith(vendor));
	const isOthers = (name: string) => others.some((vendor) => name.startsWith(vendor));
	if (!Object.keys(headers).some(isOthers)) return headers;
	return Object.fromEntries(Object.entries(headers).filter(([name]) => !isOthers(name)));
}
