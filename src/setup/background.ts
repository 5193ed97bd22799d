import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync, rmSync } from 'node:fs';
import { extname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config/config.ts';
import { UserError } from '../values/user-error.ts';
import type { Speaking } from './own-certificate.ts';
import { askHealth } from './port.ts';
import { writeWhole } from './write-file.ts';

/** In the working directory, beside which everything else is found too. */
export const pidFile = 'breakwater.pid';
export const logFile = 'breakwater.log';

const START_TIMEOUT_MS = 20_000;
const POLL_MS = 100;

/** Runs the same Breakwater again: the arguments for Node, with the flags of its own first line. */
export function selfArguments(...args: string[]): string[] {
	const cli = join(import.meta.dirname, '..', `cli${extname(import.meta.filename)}`);
	return ['--max-semi-space-size=16', '--no-allocation-site-pretenuring', cli, ...args];
}

/** What it needs in its environment, as its own first line has it. */
export const selfEnvironment = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '131072' } as const;

/**
 * Starts the proxy in the background, with its output in `breakwater.log` and its process id in `breakwater.pid`, and
 * waits until it answers. What does not come up is ended again, and so it is when this process has to stop.
 * @param address where it will answer
 * @returns its process id
 * @throws UserError with what it said last when it does not come up
 */
export async function startInBackground(
	{ file, server }: Pick<Config, 'file' | 'server'>,
	address: string,
): Promise<number> {
	const log = openLog();
	const from = fstatSync(log).size;
	const child = spawn(process.execPath, selfArguments('serve', '--config', file), {
		detached: true,
		env: { ...selfEnvironment, ...process.env },
		stdio: ['ignore', log, log],
	});
	closeSync(log);
	const giveUp = () => {
		child.kill('SIGTERM');
		rmSync(pidFile, { force: true });
	};
	const onSignal = () => {
		giveUp();
		process.exit(1);
	};
	process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
	try {
		if (child.pid === undefined) throw new UserError(`${process.execPath} cannot be started.`);
		writeWhole(pidFile, `${child.pid}\n`, { replace: true });
		await answering(child, { address, server }, from);
		child.unref();
		return child.pid;
	} catch (error) {
		giveUp();
		throw error;
	} finally {
		process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
	}
}

function openLog(): number {
	try {
		return openSync(logFile, 'a', 0o600);
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		throw new UserError(`${logFile} cannot be written (${code}); start it in a folder that you may write to.`);
	}
}

async function answering(
	child: ChildProcess,
	{ address, server }: { address: string; server: Speaking },
	logFrom: number,
): Promise<void> {
	const state = { isOver: false };
	child.once('error', () => {
		state.isOver = true;
	});
	child.once('exit', () => {
		state.isOver = true;
	});
	const until = performance.now() + START_TIMEOUT_MS;
	while (performance.now() < until) {
		// Whoever else may answer there, it is not this one.
		if (state.isOver) throw new UserError(`It ended at once: ${lastWords(logFrom)} (${logFile})`);
		if ((await askHealth(address, server)) !== undefined && !state.isOver) return;
		await sleep(POLL_MS);
	}
	throw new UserError(
		`It does not answer at ${address} after ${START_TIMEOUT_MS / 1000} s; see ${logFile} for the reason.`,
	);
}

/** What it wrote since it was started; the proxy never writes a key. */
function lastWords(from: number): string {
	const lines = readFileSync(logFile).subarray(from).toString('utf8').trim().split('\n');
	return lines.slice(-3).join(' ').slice(-600) || 'it said nothing';
}
