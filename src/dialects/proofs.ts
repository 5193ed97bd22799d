import { createHash } from 'node:crypto';

/** The short name of encrypted thoughts, which are long: it tells who made them. */
export function proofId(encrypted: string): string {
	return `proof_${createHash('sha256').update(encrypted).digest('base64url').slice(0, 22)}`;
}
