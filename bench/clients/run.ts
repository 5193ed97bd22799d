/**
 * The clients that people use, as they come from their registries, in front of Breakwater and fake providers.
 * `npm run clients`, or `node bench/clients/run.ts --only Codex`.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { scratchDirectory } from '../scratch.ts';
import { type Client, nodeClients, pythonClients, settingsOf } from './clients.ts';
import { isPageUpToDate, type Table, writePage } from './page.ts';
import { startFakeProviders } from './provider/provider.ts';
import { startProxy } from './proxy.ts';
import { installPythonClients } from './python.ts';
import { faultText, type Result, tableText } from './report.ts';
import { sessionOf } from './sessions.ts';
import { expectedAnswer, faultIn, profileOf, trialsOf } from './trials.ts';

const usage = 'Usage: npm run clients -- [--python] [--only NAME]… [--check]';

/** Each has fake providers and a Breakwater of its own, so that nobody's requests are taken for another's. */
const LANES = 2;

async function main(): Promise<number> {
	const options = readOptions();
	if (options === undefined) return 2;
	const { clients, isAll, table, check } = options;
	const obstacle = table === 'python-clients' ? installPythonClients() : obstacleOfNode();
	if (obstacle !== undefined) {
		console.log(`The clients were not tried: ${obstacle}`);
		return table === 'python-clients' ? 0 : 2;
	}
	const results = await tried(clients, scratchDirectory('clients'));
	console.log(tableText(results));
	const faulty = results.filter(({ fault }) => fault !== undefined);
	for (const result of faulty) console.log(faultText(result));
	if (isAll && !check) writePage(results, table);
	if (faulty.length > 0) return 1;
	if (!isAll || isPageUpToDate(results, table)) return 0;
	console.log('docs/clients.md says something else. Run this without --check, and commit what it writes.');
	return 1;
}

interface Options {
	readonly clients: readonly Client[];
	/** Those are all that there are. */
	readonly isAll: boolean;
	readonly table: Table;
	/** The page is compared, and not written. */
	readonly check: boolean;
}

/** @returns undefined where they are not understood, which is said then */
function readOptions(): Options | undefined {
	const flag = { type: 'boolean', default: false } as const;
	const options = { python: flag, check: flag, only: { type: 'string', multiple: true } } as const;
	try {
		const { python, check, only = [''] } = parseArgs({ options }).values;
		const known = python ? pythonClients : nodeClients;
		const unknown = only.find((name) => !known.some((client) => isCalled(client, name)));
		if (unknown !== undefined) throw new Error(`No client is called ${unknown}.`);
		const clients = known.filter((client) => only.some((name) => isCalled(client, name)));
		const isAll = clients.length === known.length;
		return { clients, isAll, table: python ? 'python-clients' : 'node-clients', check };
	} catch (error) {
		console.error(`${error instanceof Error ? error.message : error}\n${usage}`);
		return undefined;
	}
}

function obstacleOfNode(): string | undefined {
	const isInstalled = existsSync(join(import.meta.dirname, 'node_modules'));
	return isInstalled ? undefined : 'run `(cd bench/clients && npm ci)` first.';
}

function isCalled(client: Client, name: string): boolean {
	return client.name.toLowerCase().startsWith(name.toLowerCase());
}

async function tried(clients: readonly Client[], directory: string): Promise<Result[]> {
	// Those for the terminal take the longest: they begin, so that no lane ends long before the other.
	const waiting = clients.toSorted((a, b) => Number(b.runs.is === 'command') - Number(a.runs.is === 'command'));
	const results: Result[] = [];
	const lane = async (_: unknown, number: number) => {
		for (let client = waiting.shift(); client !== undefined; client = waiting.shift()) {
			const own = join(directory, `${number}-${waiting.length}`);
			mkdirSync(own);
			results.push(...(await triedOne(client, own)));
		}
	};
	await Promise.all(Array.from({ length: LANES }, lane));
	return results.sort((a, b) => clients.indexOf(a.client) - clients.indexOf(b.client));
}

async function triedOne(client: Client, directory: string): Promise<Result[]> {
	const trials = trialsOf(settingsOf(client), client.errands);
	const providers = await startFakeProviders();
	const proxy = await startProxy(directory, providers.port, { trials, speaks: client.speaks });
	const sign = `quay-${randomBytes(4).toString('hex')}`;
	const session = sessionOf(client, { directory, port: proxy.port, sign });
	const results: Result[] = [];
	for (const trial of trials) {
		const startedMs = performance.now();
		const outcome = await session.ask(trial.scenario.errand, profileOf(trial));
		const visits = providers.takeVisits();
		const fault = faultIn(trial, expectedAnswer(trial, client.speaks, sign), outcome, visits);
		results.push({ client, trial, outcome, visits, fault, tookMs: performance.now() - startedMs });
	}
	session.close();
	await proxy.stop();
	providers.close();
	return results;
}

process.exit(await main());
