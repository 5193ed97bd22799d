import { describe, expect, test } from 'vitest';
import { known, lostProfiles, writtenFor } from './planned.ts';

describe.each([
	[['openai', 'groq'], []],
	[['mistral', 'openrouter'], ['ollama']],
])('what init writes for %j and %j', (providers, local) => {
	const read = writtenFor(providers, local);

	test('answers in every profile, whichever provider dies, and however', () => {
		expect(lostProfiles(read)).toEqual([]);
	});

	test('waits for the first token of a model that thinks, and of no other for so long', () => {
		const waits = Object.values(read.config.profiles).flatMap(({ chain }) =>
			chain.map(({ provider, model, policy }) => [provider, model, policy.timeouts.firstToken]),
		);
		expect(waits).toEqual(
			waits.map(([provider, model]) => {
				const thinks = known.providers[String(provider)]?.models[String(model)]?.reasons ?? true;
				return [provider, model, thinks ? 60_000 : 10_000];
			}),
		);
	});
});
