import { afterEach, expect, it } from 'vitest';
import type { CheckEnded } from '../../machines/health-check/machine.ts';
import { createLog, logObserver } from '../../src/observe/log/log.ts';
import { soon, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { status } from '../helpers/upstream.ts';
import { scrape, valuesOf } from './metrics/scrape.ts';

let breakwater: TestGateway | undefined;
afterEach(async () => {
	await breakwater?.close();
	breakwater = undefined;
});

const ended = (result: CheckEnded['result'], isNews: boolean): CheckEnded => ({
	type: 'check.ended',
	result,
	isNews,
	nextAt: Date.now(),
	...(result !== 'passed' && { failure: { category: 'NETWORK_ERROR', reason: 'refused' } }),
});

it('the log has a line when the result of checks changes, and none else', () => {
	const lines: { level: number; msg: string; category?: string; reason?: string }[] = [];
	const log = createLog('info', undefined, { shown: { write: (line: string) => void lines.push(JSON.parse(line)) } });
	const observer = logObserver(log);
	const told = [ended('passed', true), ended('passed', false), ended('failed', true), ended('failed', false)];
	for (const check of [...told, ended('unproved', true)]) observer.healthChecked?.('local', check);
	expect(lines.map(({ level, msg }) => [level, msg])).toEqual([
		[30, 'health check of provider local: passed'],
		[40, 'health check of provider local: failed'],
		[30, expect.stringMatching(/^health check of provider local: it answers, .* proves nothing/)],
	]);
	expect(lines[1]).toMatchObject({ provider: 'local', category: 'NETWORK_ERROR', reason: 'refused' });
});

it('checks are counted by provider and result, where there are any', async () => {
	breakwater = await startGateway({ providers: { a: { health: { every: '100ms' } } } });
	const list = { data: [] };
	breakwater.upstream('a').next(status(200, list), status(404, {}), status(500, {}));
	const counts = async () => valuesOf(await scrape(breakwater?.origin ?? ''), 'breakwater_health_checks_total');
	await soon(async () => {
		const found = await counts();
		expect(Object.keys(found)).toHaveLength(3);
		expect(Object.values(found)).toSatisfy((values: number[]) => values.every((value) => value > 0));
	});
	expect(Object.keys(await counts()).every((labels) => labels.includes('a') && !labels.includes('provider="b"'))).toBe(
		true,
	);
});

it('without checks there is no series of them', async () => {
	breakwater = await startGateway({ names: ['a'] });
	expect(valuesOf(await scrape(breakwater.origin), 'breakwater_health_checks_total')).toEqual({});
});
