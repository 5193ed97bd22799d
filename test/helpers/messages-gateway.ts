import { expect } from 'vitest';
import { MessagesGrammar } from '../../src/dialects/anthropic-messages/grammar.ts';
import type { MessagesObject } from './anthropic-shapes.ts';
import { startGateway, type TestGateway } from './gateway.ts';

/** Of a provider that speaks Messages. */
export const anthropic = { protocol: 'anthropic' };

export const messagesRequest = {
	model: 'default',
	max_tokens: 100,
	messages: [{ role: 'user', content: 'How old is it?' }],
};

export const wallText = 'The harbour wall was built in 1862, and it has kept the storms out of the town ever since.';
/** Where an attempt breaks off, and what the next one writes. */
export const wallHalf = wallText.slice(0, 46);
export const wallRest = wallText.slice(wallText.indexOf('1862'));

let running: TestGateway | undefined;

/** @param providers what the configuration says of each; the others speak chat */
export async function startFor(
	providers: Record<string, Record<string, unknown>>,
	names: readonly string[] = ['a', 'b'],
): Promise<TestGateway> {
	running = await startGateway({ providers, names });
	return running;
}

export async function stop(): Promise<void> {
	await running?.close();
	running = undefined;
}

export function postTo({ origin }: TestGateway, body: object | string, path = '/v1/messages', headers: object = {}) {
	return fetch(`${origin}${path}`, {
		method: 'POST',
		headers: { 'content-type': 'application/json', ...headers },
		body: typeof body === 'string' ? body : JSON.stringify(body),
	});
}

/** What a provider was asked first. */
export function sentTo(running: TestGateway, name: string): Record<string, unknown> {
	return running.upstream(name).requests[0]?.json as Record<string, unknown>;
}

/** The stream follows the grammar, to its end. */
export function checked(events: readonly MessagesObject[]): readonly MessagesObject[] {
	const grammar = new MessagesGrammar();
	expect(events.map((event) => grammar.next(event))).toEqual(events.map(() => undefined));
	expect(grammar.isComplete).toBe(true);
	return events;
}
