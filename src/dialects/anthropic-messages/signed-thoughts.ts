import { isObject, type JsonObject } from '../../values/json.ts';
import { proofId } from '../proofs.ts';
import { unsignedMark } from './unsigned.ts';
import { withoutBlocks } from './without-blocks.ts';

/**
 * The short name of what proves a thought: its signature, or the thought itself where it is encrypted. Only who made it takes
 * it back.
 * @param block of a message, or a delta of one
 * @returns undefined where it is no thought, or nobody signed it
 */
export function proofOf({ type, signature, data }: JsonObject): string | undefined {
	if (type === 'redacted_thinking') return nameOf(data);
	return type === 'thinking' || type === 'signature_delta' ? nameOf(signature) : undefined;
}

function nameOf(proof: unknown): string | undefined {
	const isProof = typeof proof === 'string' && proof !== '' && proof !== unsignedMark;
	return isProof ? proofId(proof) : undefined;
}

/** @param messages of a request */
export function proofsIn(messages: readonly unknown[]): string[] {
	return messages.flatMap((message) => {
		if (!isObject(message) || message.role !== 'assistant' || !Array.isArray(message.content)) return [];
		return message.content.flatMap((block) => (isObject(block) ? (proofOf(block) ?? []) : []));
	});
}

/**
 * The proofs in the last message of the assistant, where its turn goes on behind it with what tools returned.
 * @param messages of a request
 */
export function turnProofsIn(messages: readonly unknown[]): string[] {
	return isToolResult(messages.at(-1)) ? proofsIn(messages.slice(-2, -1)) : [];
}

export function isToolResult(message: unknown): boolean {
	if (!isObject(message) || !Array.isArray(message.content)) return false;
	return message.content.some((block) => isObject(block) && block.type === 'tool_result');
}

/**
 * A request without the thoughts that other providers signed.
 * @param text of the request; everything but its messages stays byte for byte
 * @param foreign the short names of their proofs
 */
export function withoutForeign(text: string, foreign: ReadonlySet<string>): string {
	return withoutBlocks(text, (block) => foreign.has(proofOf(block) ?? ''));
}
