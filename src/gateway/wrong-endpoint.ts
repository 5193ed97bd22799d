import type { Failure } from '../../machines/failure.ts';
import type { Classified } from '../upstream/classify/apply-error-rules.ts';
import type { Contact } from './contact.ts';

const wrongEndpoint = { category: 'BAD_REQUEST', reason: 'wrong_endpoint' } as const satisfies Failure;

/**
 * What a failure is where a caller names a model for what it does not do. Many providers then say that there is no such model,
 * which would take it from those who ask it for what it does; to them nothing is proven.
 */
export function asChosenByCaller(broken: Classified, { isUnlikely }: Pick<Contact, 'isUnlikely'>): Classified {
	const { category, reason } = broken.failure;
	if (isUnlikely !== true || category !== 'MODEL_UNAVAILABLE' || reason !== undefined) return broken;
	return { ...broken, failure: { ...broken.failure, ...wrongEndpoint } };
}
