/**
 * The soak: a few hundred answers at a time through a real Breakwater, with providers that break in every way, and a
 * judge who knows each right answer. `npm run soak`, or `node bench/soak.ts --streams 300 --seconds 60 --seed 1`.
 */
import { parseArgs } from 'node:util';
import { scratchDirectory } from './scratch.ts';
import { isClean, reportText } from './soak-report.ts';
import { runSoak } from './soak-run.ts';

const usage = 'Usage: npm run soak -- [--streams 300] [--seconds 60] [--seed 1] [--only NUMBER]';

type Options = Omit<Parameters<typeof runSoak>[0], 'directory'>;

function readOptions(): Options {
	const text = { type: 'string' } as const;
	const { values } = parseArgs({ options: { streams: text, seconds: text, seed: text, only: text } });
	const whole = (name: keyof typeof values, least: number, otherwise: number): number => {
		const value = Number(values[name] ?? otherwise);
		if (Number.isSafeInteger(value) && value >= least) return value;
		throw new Error(`--${name} must be a whole number of at least ${least}.`);
	};
	return {
		streams: whole('streams', 1, 300),
		seconds: whole('seconds', 1, 60),
		seed: whole('seed', 0, 1),
		only: values.only === undefined ? undefined : whole('only', 0, 0),
	};
}

async function main(): Promise<number> {
	let options: Options;
	try {
		options = readOptions();
	} catch (error) {
		console.error(`${error instanceof Error ? error.message : error}\n${usage}`);
		return 2;
	}
	const directory = scratchDirectory('soak');
	const { streams, seconds, seed, only } = options;
	const what = only === undefined ? `${streams} at a time for ${seconds} s` : `stream ${only} alone`;
	console.log(`Soak with seed ${seed}: ${what}\n`);
	try {
		const result = await runSoak({ ...options, directory });
		console.log(reportText(result, seed));
		return isClean(result) ? 0 : 1;
	} catch (error) {
		console.error(`The soak could not go on: ${error instanceof Error ? error.message : error}`);
		return 1;
	}
}

process.exit(await main());
