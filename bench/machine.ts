/** What Linux tells about processes and cores. Elsewhere these functions return undefined, and nothing is pinned. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The unit of CPU time in /proc: USER_HZ is 100 on every Linux that Node runs on. */
const tickMs = 10;

/** The cores that the parts of the benchmark are pinned to. `upstream` is `load` where there is no third core. */
export interface Cores {
	gateway: number;
	load: number;
	upstream: number;
}

function read(path: string): string | undefined {
	try {
		return readFileSync(path, 'utf8');
	} catch {
		return undefined;
	}
}

/** `0-2,5` → [0, 1, 2, 5] */
function parseList(list: string): number[] {
	return list
		.trim()
		.split(',')
		.flatMap((range) => {
			const [first = 0, last = first] = range.split('-').map(Number);
			return Array.from({ length: last - first + 1 }, (_, index) => first + index);
		});
}

/** The first hardware thread of each physical core: two threads of one core would slow each other down. */
function isFirstSibling(core: number): boolean {
	const siblings = read(`/sys/devices/system/cpu/cpu${core}/topology/thread_siblings_list`);
	return siblings === undefined || parseList(siblings)[0] === core;
}

/** Different cores for the gateway and the load side, or undefined where `taskset` or a second core is missing. */
export function chooseCores(): Cores | undefined {
	const allowed = /^Cpus_allowed_list:(.+)$/m.exec(read('/proc/self/status') ?? '')?.[1];
	if (allowed === undefined) return undefined;
	try {
		execFileSync('taskset', ['-p', String(process.pid)], { stdio: 'ignore' });
	} catch {
		return undefined;
	}
	const threads = parseList(allowed);
	const physical = threads.filter(isFirstSibling);
	const [load, gateway, upstream = load] = physical.length > 1 ? physical : threads;
	if (load === undefined || gateway === undefined || upstream === undefined) return undefined;
	return { gateway, load, upstream };
}

/** Moves this process to a core. */
export function pinSelf(core: number): void {
	execFileSync('taskset', ['-a', '-cp', String(core), String(process.pid)], { stdio: 'ignore' });
}

/** CPU time that a process has used so far, ms. */
export function cpuTimeMs(pid: number): number | undefined {
	// The name in brackets may contain anything; the fields are counted from behind it. utime and stime are 14 and 15.
	const fields = read(`/proc/${pid}/stat`)?.split(') ').at(-1)?.split(' ');
	if (fields === undefined) return undefined;
	return (Number(fields[11]) + Number(fields[12])) * tickMs;
}

/** How a core has spent its time so far, ms. */
export interface CoreTime {
	/** In any process. */
	processesMs: number;
	/** In interrupts, which is where most of loopback networking is booked; it belongs to no process. */
	interruptsMs: number;
	/** Taken away by the hypervisor. */
	stolenMs: number;
}

/** What `/proc/stat` says about a core. */
export function coreTime(core: number): CoreTime | undefined {
	const line = new RegExp(`^cpu${core} (.+)$`, 'm').exec(read('/proc/stat') ?? '')?.[1];
	if (line === undefined) return undefined;
	const fields = line.trim().split(' ');
	const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = fields.map(
		(ticks) => Number(ticks) * tickMs,
	);
	return { processesMs: user + nice + system, interruptsMs: irq + softirq, stolenMs: steal };
}

/** Resident set of a process, MB (10⁶ bytes). */
export function residentMB(pid: number): number | undefined {
	const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1];
	return kibibytes === undefined ? undefined : (Number(kibibytes) * 1024) / 1e6;
}
