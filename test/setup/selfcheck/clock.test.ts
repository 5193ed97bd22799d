import { describe, expect, test } from 'vitest';
import type { Behaviour } from '../../helpers/upstream.ts';
import { about, nowhere, provider, selfcheckPerTest } from './selfcheck-per-test.ts';

const { check, configFile, upstream } = selfcheckPerTest();

describe('the clock', () => {
	const hourOff =
		(behaviour: Behaviour): Behaviour =>
		(exchange) => {
			exchange.response.setHeader('date', new Date(Date.now() + 3_600_000).toUTCString());
			return behaviour(exchange);
		};
	const clockOf = async (...behaviours: Behaviour[]): Promise<string[]> => {
		const urls = await Promise.all(behaviours.map(async (behaviour) => (await upstream(behaviour)).baseUrl));
		const providers = Object.fromEntries(urls.map((baseUrl, index) => [`p${index}`, { baseUrl }]));
		const config = configFile({ providers, profiles: { default: { chain: ['p0/m'] } } });
		return about(await check({ config, url: nowhere }), 'clock');
	};
	const right = provider({});
	const wrong = hourOff(right);

	test('agrees with others', async () => {
		expect(await clockOf(right)).toEqual(['ok clock: This clock agrees with the one server that sent the time.']);
	});

	test('that most disagree with is wrong', async () => {
		expect(await clockOf(wrong, wrong, right)).toEqual([
			expect.stringMatching(/^fail clock: This machine's clock is 60 min behind of 2 servers/),
		]);
	});

	test("that only one disagrees with is right, and that one's is wrong", async () => {
		expect(await clockOf(wrong, right, right)).toEqual([
			expect.stringMatching(/^warn clock: The clock of p0 is 60 min ahead of this machine's/),
		]);
	});

	test('an old answer out of a cache says how old it is', async () => {
		const cached: Behaviour = (exchange) => {
			exchange.response.setHeader('date', new Date(Date.now() - 3_600_000).toUTCString());
			exchange.response.setHeader('age', '3600');
			return right(exchange);
		};
		expect(await clockOf(cached)).toEqual([expect.stringMatching(/^ok clock/)]);
	});

	test('that nobody could be asked about is not called right', async () => {
		const found = about(await check({ url: nowhere }), 'clock');
		expect(found).toEqual([expect.stringMatching(/^warn clock: No other server sent the time/)]);
	});
});
