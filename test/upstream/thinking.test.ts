import { describe, expect, it } from 'vitest';
import type { AttemptTestOptions } from '../helpers/attempt.ts';
import { attemptPerTest } from '../helpers/attempt-per-test.ts';
import { type Behaviour, chunksOf, delayed } from '../helpers/upstream.ts';

const perTest = attemptPerTest();

/** Comments every 100 ms, then an answer; `pauseMs` before it nothing at all. */
function comments(count: number, pauseMs = 0): Behaviour {
	return async (exchange) => {
		const { response, write, end } = exchange;
		response.setHeader('content-type', 'text/event-stream');
		for (let sent = 0; sent < count; sent++) {
			await write(': processing\n\n');
			await delayed(100, () => {})(exchange);
		}
		await delayed(pauseMs, () => {})(exchange);
		for (const chunk of chunksOf('thought')) await write(`data: ${JSON.stringify(chunk)}\n\n`);
		await end('data: [DONE]\n\n');
	};
}

async function outcomeOf(behaviour: Behaviour, options: AttemptTestOptions) {
	perTest.upstream.next(behaviour);
	const begun = performance.now();
	const { is } = await perTest.start({ stream: true, ...options }).over;
	return { is, ms: performance.now() - begun };
}

const timedOut = 'TIMEOUT.first_token';

describe('a provider that sends nothing but comments', () => {
	it('has firstToken, where the model does not reason', async () => {
		const { is, ms } = await outcomeOf(comments(8), { timeouts: { firstToken: 350 } });
		expect(is).toBe(timedOut);
		expect(ms).toBeLessThan(700);
	});

	it('shows that a model that reasons works', async () => {
		// Longer than from one comment to the next, also where everything is slow, and shorter than all of them.
		const options = { reasons: true, timeouts: { firstToken: 1500 } };
		expect(await outcomeOf(comments(20), options)).toMatchObject({ is: 'completed' });
	});

	it('has thinking at most', async () => {
		const options = { reasons: true, timeouts: { firstToken: 350, thinking: 600 } };
		const { is, ms } = await outcomeOf(comments(30), options);
		expect(is).toBe(timedOut);
		expect(ms).toBeGreaterThan(550);
		expect(ms).toBeLessThan(1_200);
	});

	it('has firstToken, where that is longer than thinking', async () => {
		const options = { reasons: true, timeouts: { firstToken: 5_000, thinking: 200 } };
		expect(await outcomeOf(comments(6), options)).toMatchObject({ is: 'completed' });
	});

	it('and then nothing has firstToken from its last comment on', async () => {
		const options = { reasons: true, timeouts: { firstToken: 350 } };
		const { is, ms } = await outcomeOf(comments(3, 5_000), options);
		expect(is).toBe(timedOut);
		expect(ms).toBeGreaterThan(500);
	});
});

it('a provider that sends nothing at all has firstToken, also for a model that reasons', async () => {
	const options = { reasons: true, timeouts: { firstToken: 300 } };
	expect(await outcomeOf(() => {}, options)).toMatchObject({ is: timedOut });
});
