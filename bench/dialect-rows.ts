import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { ask, end } from './children.ts';
import type { Target } from './client.ts';
import type { DialectName } from './dialects.ts';
import { cpuTimeMs } from './machine.ts';
import { type Bench, checkAnswer, type Gateway, pidOf, startGateway, startLoad } from './round.ts';
import { breakwaterOf, root } from './systems.ts';

/** What is asked in one dialect, of a provider that speaks the same or another. */
export interface DialectRow {
	client: DialectName;
	provider: DialectName;
	/** Whether its streams are measured, too. */
	streams: boolean;
}

/** The first is what the others are compared with. */
export const dialectRows: readonly [DialectRow, ...DialectRow[]] = [
	{ client: 'chat', provider: 'chat', streams: true },
	{ client: 'messages', provider: 'messages', streams: true },
	{ client: 'responses', provider: 'responses', streams: true },
	{ client: 'completions', provider: 'completions', streams: false },
	{ client: 'embeddings', provider: 'embeddings', streams: false },
	{ client: 'messages', provider: 'chat', streams: true },
	{ client: 'responses', provider: 'chat', streams: true },
	{ client: 'chat', provider: 'messages', streams: true },
];

export interface DialectSample {
	requestsPerSecond?: number | undefined;
	cpuPerRequestUs?: number | undefined;
	cpuPerTokenUs?: number | undefined;
}

/** The samples of each row, by its name, one a round. */
export type DialectSamples = ReadonlyMap<string, readonly DialectSample[]>;

/** Streams that are open at once, and their pace. */
const streamCount = 200;
const tokensPerSecond = 50;

/** For as many requests the code is still being compiled anew, and every round is cheaper than the one before. */
const warmRequests = 10_000;

export function rowName({ client, provider }: DialectRow): string {
	return `${client} → ${provider}`;
}

/** What the configuration says of a provider that speaks this dialect and no other. */
function providerWords(dialect: DialectName): readonly string[] {
	return dialect === 'messages' ? ['protocol: anthropic'] : [`endpoints: [${dialect}]`];
}

interface RunningRow extends Gateway {
	row: DialectRow;
}

/**
 * Measures what each dialect costs. Every row has a Breakwater process of its own for the whole run, and the rows take turns in
 * every round, so that a machine that gets slower affects all of them.
 * @param onProblem called with what could not be measured; the rest is
 */
export async function measureDialects(
	bench: Bench,
	rounds: number,
	onProblem: (problem: string) => void,
): Promise<DialectSamples> {
	const samples = new Map<string, DialectSample[]>(dialectRows.map((row) => [rowName(row), []]));
	const attempt = async (what: string, work: () => Promise<void>) => {
		try {
			await work();
		} catch (error) {
			onProblem(`${what}: ${error instanceof Error ? error.message : String(error)}`);
		}
	};
	const running: RunningRow[] = [];
	const load = startLoad(bench, join(bench.directory, 'load.log'));
	try {
		for (const row of dialectRows) {
			await attempt(rowName(row), async () => void running.push(await startRow(bench, row)));
		}
		for (const { row, target } of running) await attempt(rowName(row), () => warmUp(bench, load, target));
		for (let round = 1; round <= rounds; round++) {
			console.log(`round ${round} of ${rounds}`);
			for (const one of running) {
				const name = rowName(one.row);
				await attempt(`${name}, round ${round}`, async () => {
					samples.get(name)?.push(await measureRow(bench, load, one));
				});
			}
		}
	} finally {
		await end(load);
		for (const { gateway } of running) await end(gateway);
	}
	return samples;
}

async function startRow(bench: Bench, row: DialectRow): Promise<RunningRow> {
	const system = breakwaterOf(root, `${row.client}-${row.provider}`, providerWords(row.provider));
	const gateway = await startGateway(bench, system, row.client);
	try {
		await checkAnswer(gateway.target);
	} catch (error) {
		await end(gateway.gateway);
		throw error;
	}
	return { ...gateway, row };
}

async function warmUp(bench: Bench, load: ChildProcess, target: Target): Promise<void> {
	let answered = 0;
	while (answered < warmRequests) answered += (await ask(load, 'throughput', target, bench.seconds)).requests;
}

async function measureRow(bench: Bench, load: ChildProcess, one: RunningRow): Promise<DialectSample> {
	const { target, row, gateway } = one;
	const cpuOf = cpuWatch(gateway);
	const { requests, requestsPerSecond } = await ask(load, 'throughput', target, bench.seconds);
	const cpuPerRequestUs = perPiece(cpuOf(), requests);
	if (!row.streams) return { requestsPerSecond, cpuPerRequestUs };
	const cpuOfStreams = cpuWatch(gateway);
	const seconds = bench.seconds / 2;
	await ask(load, 'openStreams', target, streamCount, tokensPerSecond, seconds);
	const cpuPerTokenUs = perPiece(cpuOfStreams(), streamCount * Math.round(tokensPerSecond * seconds));
	return { requestsPerSecond, cpuPerRequestUs, cpuPerTokenUs };
}

/** @returns a function that gives the CPU time since, ms; undefined without /proc */
function cpuWatch(gateway: ChildProcess): () => number | undefined {
	const pid = pidOf(gateway);
	const fromMs = cpuTimeMs(pid);
	return () => {
		const toMs = cpuTimeMs(pid);
		return fromMs === undefined || toMs === undefined ? undefined : toMs - fromMs;
	};
}

/** @returns µs of each of so many */
function perPiece(cpuMs: number | undefined, pieces: number): number | undefined {
	return cpuMs === undefined ? undefined : (cpuMs * 1000) / pieces;
}
