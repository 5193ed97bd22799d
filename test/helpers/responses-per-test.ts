import { afterEach, expect } from 'vitest';
import { ResponseGrammar } from '../../src/dialects/openai-responses/grammar.ts';
import { type GatewaySetup, startGateway, type TestGateway } from './gateway.ts';
import { readFrames } from './responses-shapes.ts';

/** Of a provider that speaks Responses, and of one that speaks chat. */
export const native = { endpoints: ['responses'] };
export const chat = { endpoints: ['chat'] };

export interface ResponsesGateway extends TestGateway {
	/** `POST /v1/responses`; an object is sent as JSON with an `input` in it, a text as it is. */
	respond(body?: object | string): Promise<Response>;
}

/** Called once in a file: a gateway for each of its tests that starts one, closed after it. */
export function responsesPerTest() {
	let running: TestGateway | undefined;
	afterEach(async () => {
		await running?.close();
		running = undefined;
	});
	return {
		/** @param providers what the configuration says of each */
		async startFor(providers: NonNullable<GatewaySetup['providers']>): Promise<ResponsesGateway> {
			const started = await startGateway({ providers });
			running = started;
			return {
				...started,
				respond: (body = {}) =>
					fetch(`${started.origin}/v1/responses`, {
						method: 'POST',
						headers: { 'content-type': 'application/json' },
						body: typeof body === 'string' ? body : JSON.stringify({ input: 'How old is it?', ...body }),
					}),
			};
		},
	};
}

/** A stream, which follows the grammar to its end. @returns its events and the response that it ends with */
export async function checkedResponse(answer: Response) {
	const events = readFrames(await answer.text());
	const grammar = new ResponseGrammar();
	for (const event of events) expect(grammar.next(event)).toBeUndefined();
	expect(grammar.isComplete).toBe(true);
	return { events, response: events.at(-1)?.response as Record<string, unknown> };
}
