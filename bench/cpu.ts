import { type Cores, type CoreTime, coreTime, cpuTimeMs } from './machine.ts';
import type { Sample } from './report.ts';

interface Pids {
	gateway: number;
	load: number;
	upstream: number;
}

type CpuMeasure =
	| 'gatewayCoreBusyPercent'
	| 'loadCoreBusyPercent'
	| 'gatewayCpuPercent'
	| 'loadCpuPercent'
	| 'upstreamCpuPercent'
	| 'gatewayCoreStrangersPercent'
	| 'loadCoreStrangersPercent';

/**
 * Starts to watch the CPU use of the three processes and of the cores they are pinned to.
 * @returns a function that gives what was used since, in percent of one core; undefined where Linux is not asked.
 */
export function watchCpu(pids: Pids, cores: Cores | undefined): () => Pick<Sample, CpuMeasure> {
	const watched = {
		gateway: stopwatch(() => cpuTimeMs(pids.gateway)),
		load: stopwatch(() => cpuTimeMs(pids.load)),
		upstream: stopwatch(() => cpuTimeMs(pids.upstream)),
		gatewayCore: stopwatch(() => cores && busyMs(coreTime(cores.gateway))),
		loadCore: stopwatch(() => cores && busyMs(coreTime(cores.load))),
		gatewayCoreTaken: stopwatch(() => cores && takenMs(coreTime(cores.gateway))),
		loadCoreTaken: stopwatch(() => cores && takenMs(coreTime(cores.load))),
	};
	return () => {
		const gatewayCpuPercent = watched.gateway();
		const loadCpuPercent = watched.load();
		const upstreamCpuPercent = watched.upstream();
		const onLoadCore = cores?.upstream === cores?.load ? [loadCpuPercent, upstreamCpuPercent] : [loadCpuPercent];
		return {
			gatewayCoreBusyPercent: watched.gatewayCore(),
			loadCoreBusyPercent: watched.loadCore(),
			gatewayCpuPercent,
			loadCpuPercent,
			upstreamCpuPercent,
			gatewayCoreStrangersPercent: without(watched.gatewayCoreTaken(), [gatewayCpuPercent]),
			loadCoreStrangersPercent: without(watched.loadCoreTaken(), onLoadCore),
		};
	};
}

/** What is left of a share when the known parts are taken out; never below zero, as the counters tick apart. */
function without(percent: number | undefined, parts: readonly (number | undefined)[]): number | undefined {
	if (percent === undefined) return undefined;
	return Math.max(
		0,
		parts.reduce<number>((left, part) => left - (part ?? 0), percent),
	);
}

function busyMs(time: CoreTime | undefined): number | undefined {
	return time && time.processesMs + time.interruptsMs;
}

/** What processes and the hypervisor took; less what belongs to the benchmark it is what strangers took. */
function takenMs(time: CoreTime | undefined): number | undefined {
	return time && time.processesMs + time.stolenMs;
}

/** Reads a growing number of ms now; the returned function gives its growth since, in percent of the time passed. */
function stopwatch(readMs: () => number | undefined): () => number | undefined {
	const startedMs = performance.now();
	const from = readMs();
	return () => {
		const to = readMs();
		if (from === undefined || to === undefined) return undefined;
		return (100 * (to - from)) / (performance.now() - startedMs);
	};
}
