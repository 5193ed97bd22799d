import type { JsonObject } from '../../values/json.ts';
import { proofId } from '../proofs.ts';

/**
 * What of a response, or of an item of one, only its provider knows.
 * @param isKept the provider keeps it under its id
 */
export function madeIn({ id, encrypted_content: encrypted }: JsonObject, isKept: boolean): string[] {
	return [
		...(isKept && typeof id === 'string' && id !== '' ? [id] : []),
		...(typeof encrypted === 'string' && encrypted !== '' ? [proofId(encrypted)] : []),
	];
}
