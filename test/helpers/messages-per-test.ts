import { afterEach, expect } from 'vitest';
import { MessagesGrammar } from '../../src/dialects/anthropic-messages/grammar.ts';
import { assembled, type MessagesObject, readWire } from './anthropic-shapes.ts';
import { startGateway, type TestGateway } from './gateway.ts';

/** Of a provider that speaks Messages. */
export const anthropic = { protocol: 'anthropic' };

export const messagesRequest = {
	model: 'default',
	max_tokens: 100,
	messages: [{ role: 'user', content: 'How old is it?' }],
};

export interface MessagesGateway extends TestGateway {
	/** Sends a body: an object as JSON, a text as it is. */
	ask(body: object | string, path?: string, headers?: object): Promise<Response>;
	/** What a provider was asked first. */
	sentTo(name: string): Record<string, unknown>;
}

/** Sends a body: an object as JSON, a text as it is. */
export function postTo(
	{ origin }: Pick<TestGateway, 'origin'>,
	body: object | string,
	path = '/v1/messages',
	headers: object = {},
): Promise<Response> {
	return fetch(`${origin}${path}`, {
		method: 'POST',
		headers: { 'content-type': 'application/json', ...headers },
		body: typeof body === 'string' ? body : JSON.stringify(body),
	});
}

/** Called once in a file: a gateway for each of its tests that starts one, closed after it. */
export function messagesPerTest() {
	let running: TestGateway | undefined;
	afterEach(async () => {
		await running?.close();
		running = undefined;
	});
	return {
		/** @param providers what the configuration says of each; the others speak chat */
		async startFor(
			providers: Record<string, Record<string, unknown>>,
			names: readonly string[] = ['a', 'b'],
		): Promise<MessagesGateway> {
			const started = await startGateway({ providers, names });
			running = started;
			return {
				...started,
				ask: (body, path, headers) => postTo(started, body, path, headers),
				sentTo: (name) => started.upstream(name).requests[0]?.json as Record<string, unknown>,
			};
		},
	};
}

/** The events of a stream, which follows the grammar to its end. */
export async function checkedEvents(response: Response): Promise<readonly MessagesObject[]> {
	return checked(readWire(await response.text()));
}

/** Events that follow the grammar to its end. */
export function checked(events: readonly MessagesObject[]): readonly MessagesObject[] {
	const grammar = new MessagesGrammar();
	expect(events.map((event) => grammar.next(event))).toEqual(events.map(() => undefined));
	expect(grammar.isComplete).toBe(true);
	return events;
}

/** What a client puts together of a stream, which follows the grammar to its end. */
export async function checkedAnswer(response: Response) {
	return assembled(await checkedEvents(response));
}
