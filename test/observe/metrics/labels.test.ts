import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { TraceEntry } from '../../../machines/request/progress.ts';
import type { CallRecord } from '../../../src/contract/call-record.ts';
import { knownReasons } from '../../../src/observe/metrics/labels.ts';
import { createMetrics } from '../../../src/observe/metrics/metrics.ts';
import { read, smallest } from '../../config/read.ts';
import { seriesOf } from './scrape.ts';

const source = join(import.meta.dirname, '..', '..', '..');

test.each([
	'src/upstream/classify/transport-error.ts',
	'src/upstream/attempt-timers.ts',
	'src/gateway/exchange.ts',
	'machines/request/progress-updates.ts',
	'machines/failure.ts',
])('every reason that %s gives is known', (file) => {
	const text = readFileSync(join(source, file), 'utf8');
	const given = [...text.matchAll(/category: '[A-Z_]+',\s+reason: (['`])([a-z_]+)/g)].map(
		([, , reason = '']) => reason,
	);
	const [, timeouts = ''] = /type TimeOutReason = ([^;]+);/.exec(text) ?? [];
	const all = [...given, ...[...timeouts.matchAll(/'(\w+)'/g)].map(([, reason = '']) => reason)];
	expect(all).not.toEqual([]);
	// `seam_${problem}` stands for two.
	const known = knownReasons(read(smallest));
	const named = all.flatMap((reason) => (reason === 'seam_' ? ['seam_ambiguous', 'seam_diverged'] : reason));
	expect(named.filter((reason) => !known.has(reason))).toEqual([]);
});

test('the reasons of the shipped rules, and of the configuration, are known', () => {
	const config = read(`${smallest}errorRules: [{ status: 418, as: RATE_LIMIT.teapot }]\n`);
	for (const reason of ['teapot', 'overloaded', 'context_length']) expect(knownReasons(config)).toContain(reason);
	expect(knownReasons(read(smallest)).has('teapot')).toBe(false);
});

test('names that are not in the configuration never make a series, however many come', async () => {
	const metrics = createMetrics(read(smallest), '0.0.0');
	const ended = (name: string) => {
		const step = (reason: string): TraceEntry => ({
			did: 'attempt',
			at: 0,
			target: `${name}/${name}`,
			credential: name,
			probe: false,
			ms: 1,
			way: 'fresh',
			outcome: reason === '' ? 'succeeded' : 'failed',
			...(reason === '' ? {} : { failure: { category: 'SERVER_ERROR', reason } }),
		});
		const trace = [step(name), { ...step(''), target: 'a/m' }];
		const tokens = [{ target: name, input: 1, output: 1 }];
		const record: CallRecord = {
			id: name,
			route: 'default',
			stream: true,
			outcome: 'done',
			client: name,
			ms: 1,
			overheadMs: 1,
			tokens,
			trace,
		};
		metrics.observer.callStarted?.({ ...record, startedAt: 0, follow: () => {}, present: () => ({}) as never });
		metrics.observer.callEnded?.(record);
		metrics.observer.callEnded?.({ ...record, route: name });
		metrics.observer.callRefused?.({ id: name, code: name, status: 400, client: name });
		metrics.observer.callRefused?.({ id: name, code: 'invalid_json', status: 400, client: name, address: name });
		metrics.observer.providerChanged?.(name, 'closed', 'open', {} as never);
	};
	ended('made-up');
	const before = [...seriesOf(await metrics.text()).keys()].filter(isOwn);
	for (let number = 0; number < 10_000; number += 1) ended(`made-up-${number}`);
	const after = [...seriesOf(await metrics.text()).keys()].filter(isOwn);
	expect(after).toEqual(before);
	expect(after.join('\n')).not.toContain('made-up');
});

/** What Node tells of itself differs from moment to moment. */
function isOwn(series: string): boolean {
	return !/^breakwater_(nodejs|process)_/.test(series);
}
