import { afterEach, expect, it } from 'vitest';
import type { ProviderEvent } from '../../machines/events.ts';
import { startGateway, type TestGateway } from '../helpers/gateway.ts';
import { answers, chunksOf, streams } from '../helpers/upstream.ts';

let breakwater: TestGateway | undefined;
afterEach(() => breakwater?.close());

it.each([
	['a document', false],
	['a stream', true],
])('a permit for %s is worth about its text, and is given back with the usage', async (_name, stream) => {
	const told: ProviderEvent[] = [];
	breakwater = await startGateway({
		names: ['a'],
		inspect: (kind) =>
			kind === 'provider'
				? { next: (seen) => void ('event' in seen && told.push(seen.event as unknown as ProviderEvent)) }
				: undefined,
	});
	const usage = { prompt_tokens: 40, completion_tokens: 2, total_tokens: 42 };
	breakwater.upstream('a').next(stream ? streams(chunksOf('Hi', { includeUsage: true })) : answers('Hi', { usage }));
	const body = JSON.stringify({ messages: [{ role: 'user', content: 'x'.repeat(400) }], stream });
	await (await breakwater.post(body)).text();
	const asked = told.find((event) => event.type === 'permit.requested');
	const used = told.find((event) => event.type === 'attempt.succeeded');
	expect(asked?.tokens).toBe(Math.ceil(body.length / 4));
	expect(used?.tokens).toBeGreaterThan(0);
	if (!stream) expect(used?.tokens).toBe(42);
});
