/**
 * Measures Breakwater against a bare proxy and a peer: `npm run bench -- [options]`. See README.md beside this file.
 * Exits 0 when everything could be measured, missed goals included, and 1 when something could not.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { end, freePort, start, untilReady } from './children.ts';
import { dialectTable } from './dialect-report.ts';
import { measureDialects } from './dialect-rows.ts';
import { type Cores, chooseCores, pinSelf, residentMB } from './machine.ts';
import { doubts, judgeGoals, type Sample, table } from './report.ts';
import { type Bench, measureDirect, measureRound } from './round.ts';
import { scratchDirectory } from './scratch.ts';
import { breakwaterOf, portkeyProgram, type System, systems } from './systems.ts';

const usage = `Usage: npm run bench -- [options]
  --systems LIST   which to measure, of ${systems.map(({ name }) => name).join(',')} (all)
  --before DIR     measure the Breakwater of this checkout too, as "before"; npm ci must have been run in it
  --rounds N       how often each is measured; medians are reported (3)
  --seconds N      length of one throughput measurement, 1 to 60 (8)
  --dialects       measure what each dialect costs Breakwater, and no other system
  --json FILE      write the raw numbers to FILE`;

interface Options {
	chosen: System[];
	rounds: number;
	seconds: number;
	jsonFile: string | undefined;
	dialects: boolean;
}

/** @throws Error with the sentence for the user when an option is not understood. */
function readOptions(): Options {
	const { values } = parseArgs({
		options: {
			systems: { type: 'string' },
			before: { type: 'string' },
			rounds: { type: 'string', default: '3' },
			seconds: { type: 'string', default: '8' },
			json: { type: 'string' },
			dialects: { type: 'boolean', default: false },
		},
	});
	if (values.dialects && (values.systems ?? values.before) !== undefined)
		throw new Error('--dialects measures this Breakwater alone: leave --systems and --before out.');
	const names = values.systems?.split(',') ?? systems.map(({ name }) => name);
	const before = values.before === undefined ? [] : [breakwaterOf(resolve(values.before), 'before')];
	const chosen = [...systems.filter(({ name }) => names.includes(name)), ...before];
	const unknown = names.find((name) => systems.every((system) => system.name !== name));
	if (unknown !== undefined) throw new Error(`There is no system "${unknown}" to measure.`);
	return {
		chosen,
		rounds: wholeNumber('--rounds', values.rounds, 100),
		seconds: wholeNumber('--seconds', values.seconds, 60),
		jsonFile: values.json,
		dialects: values.dialects,
	};
}

function wholeNumber(option: string, text: string, most: number): number {
	const value = Number(text);
	if (Number.isInteger(value) && value >= 1 && value <= most) return value;
	throw new Error(`${option} wants a whole number from 1 to ${most}, not "${text}".`);
}

/** The problem, when the peer is not there and cannot be installed. Its install scripts are not run: it needs none. */
function installPeer(): string | undefined {
	if (existsSync(portkeyProgram)) return undefined;
	console.log('Installing the peer into bench/node_modules (once)…');
	// From its own folder: with --prefix, npm does not find its settings.
	const { status } = spawnSync('npm', ['ci', '--ignore-scripts'], { cwd: import.meta.dirname, stdio: 'inherit' });
	if (status === 0) return undefined;
	return 'portkey: it could not be installed; `(cd bench && npm ci --ignore-scripts)` says why.';
}

function describeMachine(cores: Cores | undefined): string {
	const machine = `Node ${process.version}, ${cpus()[0]?.model ?? 'unknown CPU'}, ${cpus().length} cores`;
	const busy = `load average ${loadavg()[0]?.toFixed(2)}`;
	if (cores === undefined)
		return `${machine}, ${busy}; NOTHING PINNED: no taskset or only one core, so compare with care`;
	return `${machine}, ${busy}; gateway on core ${cores.gateway}, load on ${cores.load}, upstream on ${cores.upstream}`;
}

/** @returns whether everything could be measured */
async function measureAll(options: Options, directory: string): Promise<boolean> {
	const problems: string[] = [];
	const problem = (text: string) => {
		problems.push(text.split('\n')[0] ?? text);
		console.log(`  ! ${text}`);
	};
	const cores = chooseCores();
	if (cores !== undefined) pinSelf(cores.load);
	if (residentMB(process.pid) === undefined) problem('memory and CPU use: this system has no /proc to read them from.');
	const machine = describeMachine(cores);
	console.log(machine);

	const upstreamPort = await freePort();
	const upstreamLog = join(directory, 'upstream.log');
	const command = [process.execPath, join(import.meta.dirname, 'upstream.ts'), String(upstreamPort)];
	const upstream = start({ command, logFile: upstreamLog, core: cores?.upstream });
	await untilReady(upstream, upstreamPort, '/', upstreamLog);
	const { rounds, seconds, jsonFile } = options;
	const bench: Bench = { directory, upstream, upstreamPort, cores, seconds };
	const measure = options.dialects ? compareDialects : compareSystems;
	const figures = await measure(bench, options, problem);
	await end(upstream);

	if (jsonFile !== undefined) {
		writeFileSync(jsonFile, `${JSON.stringify({ machine, rounds, seconds, ...figures, problems }, null, 2)}\n`);
	}
	if (problems.length === 0) return true;
	console.log(`\nNot everything could be measured:\n${problems.map((text) => `  ${text}`).join('\n')}`);
	return false;
}

type Compare = (bench: Bench, options: Options, problem: (text: string) => void) => Promise<object>;

const compareDialects: Compare = async (bench, { rounds }, problem) => {
	const samples = await measureDialects(bench, rounds, problem);
	console.log(`\n${dialectTable(samples)}`);
	return { samples: Object.fromEntries(samples) };
};

const compareSystems: Compare = async (bench, { chosen, rounds }, problem) => {
	const peerProblem = chosen.some(({ name }) => name === 'portkey') ? installPeer() : undefined;
	if (peerProblem !== undefined) problem(peerProblem);
	const measurable = chosen.filter(({ name }) => peerProblem === undefined || name !== 'portkey');
	const direct = await measureDirect(bench);
	console.log(
		`straight to the upstream: ${direct.requestsPerSecond.toFixed(0)} requests/s, first token ` +
			`${direct.aloneMs.toFixed(2)} ms (50 streams: ${direct.crowdedMs.toFixed(2)} ms), ` +
			`late tokens ${(direct.lateShare * 100).toFixed(2)} %, lateness p99 ${direct.latenessP99Ms.toFixed(1)} ms`,
	);
	const samples = new Map<string, Sample[]>(measurable.map(({ name }) => [name, []]));
	for (let round = 1; round <= rounds; round++) {
		for (const system of measurable) {
			console.log(`round ${round} of ${rounds}: ${system.name}`);
			const sample = await measureRound(bench, system, direct, (text) =>
				problem(`${system.name}, round ${round}, ${text}`),
			);
			samples.get(system.name)?.push(sample);
		}
	}
	console.log(`\n${table(samples)}\n\nGoals, on one core:\n${judgeGoals(samples)}`);
	for (const doubt of doubts(samples)) console.log(`Note: ${doubt}`);
	return { direct, samples: Object.fromEntries(samples) };
};

async function main(): Promise<number> {
	let options: Options;
	try {
		options = readOptions();
	} catch (error) {
		console.error(`${error instanceof Error ? error.message : error}\n${usage}`);
		return 2;
	}
	const directory = scratchDirectory('bench');
	try {
		return (await measureAll(options, directory)) ? 0 : 1;
	} catch (error) {
		console.error(`The benchmark could not go on: ${error instanceof Error ? error.message : error}`);
		return 1;
	}
}

process.exit(await main());
