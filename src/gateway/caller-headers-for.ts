import { currentCandidate, type Progress } from '../../machines/request/progress.ts';
import type { Call } from '../contract/call.ts';

/**
 * The headers of the caller that go along with an attempt. One `Idempotency-Key` stands for one request to one provider:
 * what is asked there in another way must not come under it, or the provider refuses it.
 * @param isAskedAgain on the same permit, with another body
 */
export function callerHeadersFor({ headers }: Call, progress: Progress, isAskedAgain: boolean): Call['headers'] {
	if (headers?.['idempotency-key'] === undefined) return headers;
	const { provider, target } = currentCandidate(progress);
	const isAskedOtherwise = progress.trace.some(
		(step) => step.did === 'attempt' && step.target !== target && step.target.startsWith(`${provider}/`),
	);
	if (progress.way === 'fresh' && !isAskedAgain && !isAskedOtherwise) return headers;
	const { 'idempotency-key': _, ...others } = headers;
	return others;
}
