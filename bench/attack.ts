/**
 * The attack: hostile answers, hostile requests, what drains, pages of other sites and broken configurations against a running
 * proxy, while a calm caller goes on. `npm run attack`, or `node bench/attack.ts --seconds 600 --seed 1`.
 */
import { parseArgs } from 'node:util';
import { runAttack } from './attack/run.ts';
import { isClean, tableText } from './attack/tally.ts';
import { scratchDirectory } from './scratch.ts';

const usage = 'Usage: npm run attack -- [--seconds 600] [--seed 1]';

async function main(): Promise<number> {
	const text = { type: 'string' } as const;
	let seconds: number;
	let seed: number;
	try {
		const { values } = parseArgs({ options: { seconds: text, seed: text } });
		[seconds = 0, seed = 0] = [Number(values.seconds ?? 600), Number(values.seed ?? 1)];
		if (!(seconds >= 10) || !Number.isSafeInteger(seed))
			throw new Error('--seconds must be at least 10, and --seed a whole number.');
	} catch (error) {
		console.error(`${error instanceof Error ? error.message : error}\n${usage}`);
		return 2;
	}
	console.log(`Attack with seed ${seed}, for about ${seconds} s\n`);
	const { tallies, benignMB, endedWell } = await runAttack({ seed, seconds, directory: scratchDirectory('attack') });
	console.log(tableText(tallies, benignMB));
	if (!endedWell) console.log('the proxy did not live to the end, or did not end in order');
	return isClean(tallies, benignMB) && endedWell ? 0 : 1;
}

process.exit(await main());
