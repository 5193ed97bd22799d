import autocannon, { type Result } from 'autocannon';
import type { Target } from './client.ts';
import { dialects } from './dialects.ts';
import { quantile } from './statistics.ts';

const connections = 64;

export interface Throughput {
	requests: number;
	requestsPerSecond: number;
	p50Ms: number;
	p99Ms: number;
}

/**
 * As many whole (not streamed) answers as 64 keep-alive connections can get, one request at a time on each.
 * @throws when any request failed or was not answered with a 2xx: a figure with failures in it compares with nothing.
 */
export async function throughput(target: Target, seconds: number): Promise<Throughput> {
	const { path, request } = dialects[target.dialect];
	const durationsMs: number[] = [];
	const result = await new Promise<Result>((resolve, reject) => {
		const run = autocannon(
			{
				url: `http://127.0.0.1:${target.port}${path}`,
				method: 'POST',
				headers: target.headers,
				body: request(),
				connections,
				duration: seconds,
			},
			(error, outcome) => (error === null ? resolve(outcome) : reject(error)),
		);
		run.on('response', (_client, _status, _bytes, durationMs) => durationsMs.push(durationMs));
	});
	if (result.errors > 0 || result.non2xx > 0) {
		throw new Error(`${result.errors} requests failed and ${result.non2xx} were not answered with a 2xx.`);
	}
	if (durationsMs.length === 0) throw new Error(`Not one request was answered within ${seconds} s.`);
	return {
		requests: result['2xx'],
		requestsPerSecond: result['2xx'] / result.duration,
		p50Ms: quantile(durationsMs, 0.5),
		p99Ms: quantile(durationsMs, 0.99),
	};
}
