import { createHash, randomBytes } from 'node:crypto';

/** Of this process alone: what it remembers of a conversation says nothing to whoever has the words of one. */
const salt = randomBytes(32);

/**
 * The name under which a conversation is remembered: a hash, from which nothing of it can be read.
 * @param parts texts that all requests of the conversation have in common; two lists of them are never taken for one
 */
export function conversationKey(parts: readonly string[]): string {
	const hash = createHash('sha256').update(salt);
	for (const part of parts) hash.update(`${part.length}:`).update(part);
	return hash.digest('base64url');
}
