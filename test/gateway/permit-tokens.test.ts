import { afterEach, expect, it } from 'vitest';
import type { ProviderEvent } from '../../machines/events.ts';
import { startGateway, type TestGateway } from '../helpers/gateway.ts';
import { answers, chunksOf, streams } from '../helpers/upstream.ts';
import { scrape } from '../observe/metrics/scrape.ts';

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
	expect(asked?.tokens).toBeGreaterThan(90);
	expect(asked?.tokens).toBeLessThan(120);
	expect(used?.tokens).toBeGreaterThan(0);
	if (!stream) expect(used?.tokens).toBe(42);
});

it('a permit is worth what the provider would count, once it has counted, and the metrics show both', async () => {
	const asked = new Map<string, number>();
	breakwater = await startGateway({
		names: ['a', 'b'],
		inspect: (kind) =>
			kind === 'provider'
				? {
						next: (seen) => {
							const event = 'event' in seen ? (seen.event as unknown as ProviderEvent) : undefined;
							if (event?.type === 'permit.requested') asked.set(event.id, event.tokens ?? 0);
						},
					}
				: undefined,
	});
	const body = JSON.stringify({
		messages: [{ role: 'user', content: 'Seven ferries leave the harbour. '.repeat(100) }],
	});
	const usage = { prompt_tokens: 1400, completion_tokens: 2, total_tokens: 1402 };
	for (let count = 0; count < 12; count += 1) {
		breakwater.upstream('a').next(answers('Hi', { usage }));
		await (await breakwater.post(body)).text();
	}
	const told = [...asked.values()];
	const [first = 0] = told;
	expect(first).toBeLessThan(800);
	expect(told.at(-1)).toBeGreaterThan(1300);
	expect(told.at(-1)).toBeLessThan(1500);

	await (await breakwater.post({ model: 'b/model-b', messages: JSON.parse(body).messages })).text();
	// What one model counts says nothing of another.
	expect(Math.abs(([...asked.values()].at(-1) ?? 0) - first)).toBeLessThan(20);
	const scraped = await scrape(breakwater.origin);
	const labels = '{gen_ai_provider_name="a",gen_ai_request_model="model-a"}';
	expect(scraped.get(`breakwater_estimated_tokens_total${labels}`)).toBe(told.reduce((sum, tokens) => sum + tokens, 0));
});
