import type { ChildProcess } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, end, freePort, start, untilReady } from './children.ts';
import type { Target } from './client.ts';
import { watchCpu } from './cpu.ts';
import { type DialectName, dialects } from './dialects.ts';
import { type Cores, residentMB } from './machine.ts';
import type { Sample } from './report.ts';
import type { FirstToken, OpenStreams } from './streams.ts';
import type { Site, System } from './systems.ts';

const openStreamCount = 500;
const tokensPerSecond = 50;
const heldStreamCount = 1000;

/** Until memory and sockets have come to rest, ms. */
const settleMs = 500;

/** A system that does not answer a lone request by then is not measured, ms. */
const checkLimitMs = 10_000;

/** What stays the same through a run. */
export interface Bench {
	directory: string;
	upstream: ChildProcess;
	upstreamPort: number;
	cores: Cores | undefined;
	/** How long the throughput is measured; streams last half of it. */
	seconds: number;
}

/** A system that runs. */
export interface Gateway {
	gateway: ChildProcess;
	target: Target;
	/** How long its start took. */
	readyMs: number;
	directory: string;
}

/** A system that runs, and a load generator of its own. */
interface Pair extends Omit<Gateway, 'directory'> {
	load: ChildProcess;
}

const commonHeaders = { 'content-type': 'application/json', authorization: 'Bearer bench' };

/** Starts the load generator on its core, writing to the given log. */
export function startLoad(bench: Bench, logFile: string): ChildProcess {
	const command = [process.execPath, join(import.meta.dirname, 'load.ts')];
	return start({ command, logFile, core: bench.cores?.load, ipc: true });
}

/**
 * Measures one system once: in one fresh process throughput, first token and open streams, in another the memory that
 * open streams cost, which the traces of the former would hide.
 * @param direct what the first token takes without a system in between.
 * @param onProblem called with what could not be measured; the rest is.
 */
export async function measureRound(
	bench: Bench,
	system: System,
	direct: FirstToken,
	onProblem: (problem: string) => void,
): Promise<Sample> {
	const sample: Sample = {};
	const step = async (what: string, work: () => Promise<Sample>) => {
		try {
			Object.assign(sample, await work());
		} catch (error) {
			onProblem(`${what}: ${error instanceof Error ? error.message : String(error)}`);
		}
	};
	await step('start', () =>
		withPair(bench, system, async (pair) => {
			await step('throughput', () => measureThroughput(bench, pair));
			await step('first token', () => measureFirstToken(bench, pair, direct));
			await step('open streams', () => measureOpenStreams(bench, pair));
			return { readyMs: pair.readyMs };
		}),
	);
	if (sample.readyMs === undefined) return sample;
	await step('memory of open streams', () => withPair(bench, system, measureMemory));
	return sample;
}

async function withPair(bench: Bench, system: System, work: (pair: Pair) => Promise<Sample>): Promise<Sample> {
	const { gateway, target, readyMs, directory } = await startGateway(bench, system, 'chat');
	let load: ChildProcess | undefined;
	try {
		await checkAnswer(target);
		load = startLoad(bench, join(directory, 'load.log'));
		return await work({ gateway, load, target, readyMs });
	} finally {
		if (load !== undefined) await end(load);
		await end(gateway);
	}
}

/**
 * Starts a system in a directory of its own.
 * @param dialect in which it is to be asked
 * @throws when it does not get ready
 */
export async function startGateway(bench: Bench, system: System, dialect: DialectName): Promise<Gateway> {
	const directory = mkdtempSync(join(bench.directory, `${system.name}-`));
	const site: Site = { port: await freePort(), upstreamPort: bench.upstreamPort, directory };
	const logFile = join(directory, 'gateway.log');
	const command = system.command(site);
	const gateway = start({ command, logFile, env: system.env, core: bench.cores?.gateway });
	try {
		const readyMs = await untilReady(gateway, site.port, system.readyPath, logFile);
		const target = { port: site.port, headers: { ...commonHeaders, ...system.headers(site) }, dialect };
		return { gateway, target, readyMs, directory };
	} catch (error) {
		await end(gateway);
		throw error;
	}
}

/** A system that answers quickly with something else is not measured. @throws when the answer is not the upstream's. */
export async function checkAnswer(target: Target): Promise<void> {
	const { path, request, contentMarker, answerWord, endMarker } = dialects[target.dialect];
	const paces = endMarker === '' ? [undefined] : [undefined, { tokens: 3, intervalMs: 5 }];
	for (const pace of paces) {
		const response = await fetch(`http://127.0.0.1:${target.port}${path}`, {
			method: 'POST',
			headers: target.headers,
			body: request(pace),
			signal: AbortSignal.timeout(checkLimitMs),
		});
		const text = await response.text();
		const whole = pace === undefined ? text.includes(answerWord) : text.split(contentMarker).length - 1 >= pace.tokens;
		if (response.status === 200 && whole && (pace === undefined || text.includes(endMarker))) continue;
		const kind = pace === undefined ? 'A whole' : 'A streamed';
		throw new Error(`${kind} answer did not come through: status ${response.status}, ${text.length} characters.`);
	}
}

async function measureThroughput(bench: Bench, { gateway, load, target }: Pair): Promise<Sample> {
	await ask(load, 'throughput', target, Math.max(2, Math.round(bench.seconds / 4)));
	const stop = watchCpu(pids(bench, gateway, load), bench.cores);
	const { requestsPerSecond, p50Ms, p99Ms } = await ask(load, 'throughput', target, bench.seconds);
	const cpu = stop();
	const cpuPerRequestUs =
		cpu.gatewayCpuPercent === undefined ? undefined : (cpu.gatewayCpuPercent * 10_000) / requestsPerSecond;
	return { requestsPerSecond, cpuPerRequestUs, p50Ms, p99Ms, ...cpu, rssAfterRunMB: residentMB(pidOf(gateway)) };
}

async function measureFirstToken(bench: Bench, { load, target }: Pair, direct: FirstToken): Promise<Sample> {
	const { aloneMs, crowdedMs } = await ask(load, 'firstToken', target, bench.seconds / 4);
	return { firstTokenMs: aloneMs - direct.aloneMs, firstTokenCrowdedMs: crowdedMs - direct.crowdedMs };
}

async function measureOpenStreams(bench: Bench, { gateway, load, target }: Pair): Promise<Sample> {
	const stop = watchCpu(pids(bench, gateway, load), bench.cores);
	const streams = await ask(load, 'openStreams', target, openStreamCount, tokensPerSecond, bench.seconds / 2);
	const cpu = stop();
	await sleep(settleMs);
	return {
		latePercent: streams.lateShare * 100,
		latenessP99Ms: streams.latenessP99Ms,
		cpuPerTokenUs:
			cpu.gatewayCpuPercent === undefined
				? undefined
				: (cpu.gatewayCpuPercent * 10_000) / (openStreamCount * tokensPerSecond),
		streamsGatewayCpuPercent: cpu.gatewayCpuPercent,
		streamsGatewayCoreStrangersPercent: cpu.gatewayCoreStrangersPercent,
		streamsLoadCoreStrangersPercent: cpu.loadCoreStrangersPercent,
		rssAfterStreamsMB: residentMB(pidOf(gateway)),
	};
}

/** What mock upstream and load generator do without a system between them. */
export interface Direct extends FirstToken, OpenStreams {
	requestsPerSecond: number;
}

/** Measures the upstream as the systems are measured: the most that any of them can reach. @throws as the parts do. */
export async function measureDirect(bench: Bench): Promise<Direct> {
	const load = startLoad(bench, join(bench.directory, 'direct.log'));
	const target: Target = { port: bench.upstreamPort, headers: commonHeaders, dialect: 'chat' };
	try {
		await ask(load, 'throughput', target, 1);
		const { requestsPerSecond } = await ask(load, 'throughput', target, Math.max(1, Math.round(bench.seconds / 4)));
		const first = await ask(load, 'firstToken', target, bench.seconds / 4);
		const streams = await ask(load, 'openStreams', target, openStreamCount, tokensPerSecond, bench.seconds / 4);
		return { requestsPerSecond, ...streams, ...first };
	} finally {
		await end(load);
	}
}

async function measureMemory({ gateway, load, target }: Pair): Promise<Sample> {
	await ask(load, 'hold', target, heldStreamCount / 20);
	await ask(load, 'release');
	await sleep(settleMs);
	const beforeMB = residentMB(pidOf(gateway));
	await ask(load, 'hold', target, heldStreamCount);
	await sleep(settleMs);
	const openMB = residentMB(pidOf(gateway));
	await ask(load, 'release');
	if (beforeMB === undefined || openMB === undefined) return {};
	return { rssPerStreamKB: ((openMB - beforeMB) * 1000) / heldStreamCount };
}

function pids(bench: Bench, gateway: ChildProcess, load: ChildProcess) {
	return { gateway: pidOf(gateway), load: pidOf(load), upstream: pidOf(bench.upstream) };
}

/** @throws when it did not start */
export function pidOf(child: ChildProcess): number {
	if (child.pid === undefined) throw new Error('A process of the benchmark did not start.');
	return child.pid;
}
