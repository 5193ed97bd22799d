/**
 * What `breakwater check` costs: 6 providers of different policies, 8 profiles, and chains of 5 targets, then of longer
 * ones for the growth. `node bench/check.ts`, or `node bench/check.ts --targets 5,10,20,40`.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import type { Report } from '../src/verify/report/report.ts';
import { chooseCores } from './machine.ts';
import { scratchDirectory } from './scratch.ts';

const PROVIDERS = 6;
const PROFILES = 8;

const cli = join(import.meta.dirname, '..', 'src', 'cli.ts');

/** No two policies are equal, so that nothing is explored for several. */
function configOf(candidates: number): object {
	const providers = Array.from({ length: PROVIDERS }, (_, index) => [
		`provider${index}`,
		{
			baseUrl: `https://api${index}.example/v1`,
			policy: { breaker: { failureThreshold: 2 + index, cooldown: `${30 + index}s`, probes: 1 + (index % 2) } },
		},
	]);
	const profiles = Array.from({ length: PROFILES }, (_, index) => [
		index === 0 ? 'default' : `profile${index}`,
		{
			chain: Array.from(
				{ length: candidates },
				(_, candidate) => `provider${(candidate + index) % PROVIDERS}/model-${candidate}`,
			),
			policy: { timeouts: { request: '24h' }, onError: { SERVER_ERROR: { retries: index % 3 } } },
		},
	]);
	return { providers: Object.fromEntries(providers), profiles: Object.fromEntries(profiles) };
}

interface Figures extends Pick<Report, 'verdict' | 'states' | 'transitions' | 'memory'> {
	/** From the start of the process to its end, s. */
	seconds: number;
	/** Of CPU time, which others on the machine do not lengthen much. */
	cpuSeconds: number;
}

/** Lets a Node process tell its CPU time on standard error, in µs. */
const tellCpuTime =
	'--import=data:text/javascript,process.on("exit",()=>process.stderr.write(JSON.stringify(process.cpuUsage())))';

function measure(file: string, candidates: number, core: number | undefined): Figures {
	writeFileSync(file, stringify(configOf(candidates)));
	const command = [process.execPath, tellCpuTime, cli, 'check', file, '--json'];
	const [program = '', ...args] = core === undefined ? command : ['taskset', '-c', String(core), ...command];
	const startedAt = performance.now();
	const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 2 ** 30 });
	const seconds = (performance.now() - startedAt) / 1000;
	if (stdout === '') throw new Error(`chains of ${candidates} targets could not be checked: ${stderr}`);
	const { user, system } = JSON.parse(/\{"user".*\}$/.exec(stderr)?.[0] ?? '{}') as NodeJS.CpuUsage;
	return { ...(JSON.parse(stdout) as Report), seconds, cpuSeconds: (user + system) / 1e6 };
}

function readCandidates(): number[] {
	const { values } = parseArgs({ options: { candidates: { type: 'string', default: '5,10,20,40' } } });
	const candidates = values.candidates.split(',').map(Number);
	if (candidates.every((length) => Number.isSafeInteger(length) && length > 0)) return candidates;
	throw new Error('--targets must be whole numbers of at least 1, such as 5,10.');
}

const candidates = readCandidates();
const file = join(scratchDirectory('check'), 'gateway.yaml');
const core = chooseCores()?.gateway;
console.log(`${PROVIDERS} providers, ${PROFILES} profiles, ${core === undefined ? 'not pinned' : 'on one core'}\n`);
console.log('targets  verdict    states  transitions  seconds  CPU s   MB');
for (const length of candidates) {
	const { verdict, states, transitions, seconds, cpuSeconds, memory } = measure(file, length, core);
	const cells = [
		String(length).padStart(5),
		verdict.padEnd(7),
		String(states).padStart(9),
		String(transitions).padStart(11),
		seconds.toFixed(2).padStart(7),
		cpuSeconds.toFixed(2).padStart(5),
		String(Math.round(memory / 1e6)).padStart(4),
	];
	console.log(cells.join('  '));
}
