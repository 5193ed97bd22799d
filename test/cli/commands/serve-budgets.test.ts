import { expect, test, vi } from 'vitest';
import { postTo, servePerTest } from '../../helpers/serve-per-test.ts';
import { answers } from '../../helpers/upstream.ts';
import { scrape, valuesOf } from '../../observe/metrics/scrape.ts';

const perTest = servePerTest();

test('a process with a budget says that it begins anew, shows it in the metrics, and keeps to it', async () => {
	const usage = { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 };
	perTest.upstream.always(answers('Hi', { usage }));
	const models = { 'model-a': { price: { input: 100, output: 200 } } };
	const args = perTest.configured({ budget: { usd: 0.1 }, providers: { a: { models } } });
	const command = perTest.commands.start(...args);
	const address = await command.address();
	await vi.waitFor(() => expect(command.stderr).toContain('budgets are counted in memory: all of them begin anew now'));
	expect((await postTo(address)).status).toBe(200);
	const refused = await postTo(address);
	expect([refused.status, Number(refused.headers.get('retry-after')) > 0]).toEqual([402, true]);
	const scraped = await scrape(new URL(address).origin);
	expect(valuesOf(scraped, 'breakwater_budget_used_usd')).toEqual({ '{name="",scope="all"}': 0.12 });
	await vi.waitFor(() =>
		expect(command.stderr).toContain('the budget at budget is spent: requests are refused until it begins anew'),
	);
});
