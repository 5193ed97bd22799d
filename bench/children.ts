import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command, Commands, Reply } from './load.ts';

/** A gateway that has not answered by then never will, ms. */
const startLimitMs = 20_000;

/** No command of the load process takes this long unless a gateway hangs, ms. */
const commandLimitMs = 90_000;

/** Between SIGTERM and SIGKILL, ms. */
const endLimitMs = 2000;

export interface Start {
	/** The program and its arguments. */
	command: readonly string[];
	/** Where its output goes. */
	logFile: string;
	env?: NodeJS.ProcessEnv;
	/** The core to pin it to; left to the system when undefined. */
	core: number | undefined;
	/** Open a message channel. */
	ipc?: boolean;
}

const running = new Set<ChildProcess>();

/** Starts a process. Its pid is that of the program, not of a wrapper: `taskset` replaces itself. */
export function start({ command, logFile, env, core, ipc = false }: Start): ChildProcess {
	const [program = '', ...args] = core === undefined ? command : ['taskset', '-c', String(core), ...command];
	const log = openSync(logFile, 'a');
	const child = spawn(program, args, {
		stdio: ipc ? ['ignore', log, log, 'ipc'] : ['ignore', log, log],
		env: env ?? process.env,
	});
	closeSync(log);
	running.add(child);
	child.once('exit', () => running.delete(child));
	child.once('error', () => running.delete(child));
	return child;
}

/** Ends a process that `start` started, gently first, and resolves when it is gone. */
export async function end(child: ChildProcess): Promise<void> {
	if (!running.has(child)) return;
	const gone = once(child, 'exit');
	child.kill('SIGTERM');
	const force = setTimeout(() => child.kill('SIGKILL'), endLimitMs);
	await gone;
	clearTimeout(force);
}

/** Kills at once whatever is still running; for an exit that cannot wait. */
export function killAll(): void {
	for (const child of running) child.kill('SIGKILL');
}

/** A port of loopback that nothing listened on a moment ago. */
export async function freePort(): Promise<number> {
	const server = createServer().listen(0, '127.0.0.1');
	await once(server, 'listening');
	const address = server.address();
	server.close();
	await once(server, 'close');
	if (address === null || typeof address === 'string') throw new Error('The system gave no free port.');
	return address.port;
}

/**
 * Asks `GET path` until it is answered with 200.
 * @returns how long that took from the call, ms, in steps of about 2 ms.
 * @throws when the process ends before, or nothing answers for 20 s; with the last lines of its output.
 */
export async function untilReady(child: ChildProcess, port: number, path: string, logFile: string): Promise<number> {
	const startedMs = performance.now();
	let spawnError: Error | undefined;
	child.once('error', (error) => {
		spawnError = error;
	});
	while (performance.now() - startedMs < startLimitMs) {
		if ((await status(port, path)) === 200) return performance.now() - startedMs;
		if (!running.has(child)) throw new Error(`It ended before it was ready. ${spawnError?.message ?? tail(logFile)}`);
		await sleep(2);
	}
	throw new Error(`It did not answer GET ${path} with 200 within ${startLimitMs / 1000} s. ${tail(logFile)}`);
}

function status(port: number, path: string): Promise<number | undefined> {
	return new Promise((resolve) => {
		const request = get({ host: '127.0.0.1', port, path, agent: false, timeout: 1000 }, (response) => {
			response.resume();
			resolve(response.statusCode);
		});
		request.once('timeout', () => request.destroy());
		request.once('error', () => resolve(undefined));
	});
}

function tail(logFile: string): string {
	const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-6);
	return `Its last words:\n    ${lines.join('\n    ')}`;
}

/**
 * Has the load process do one of its commands.
 * @throws what the command threw, or that it took over 90 s (a gateway hangs; the load process is ended, as its late
 * reply would be taken for that of the next command), or that the process ended.
 */
export function ask<Name extends keyof Commands>(
	load: ChildProcess,
	name: Name,
	...args: Parameters<Commands[Name]>
): Promise<Awaited<ReturnType<Commands[Name]>>> {
	return new Promise((resolve, reject) => {
		const onExit = () => {
			clearTimeout(limit);
			reject(new Error(`The load generator ended during ${name}.`));
		};
		const limit = setTimeout(() => {
			reject(new Error(`${name} was not done after ${commandLimitMs / 1000} s.`));
			load.kill('SIGKILL');
		}, commandLimitMs);
		load.once('exit', onExit);
		load.once('message', (reply: Reply) => {
			clearTimeout(limit);
			load.off('exit', onExit);
			if ('error' in reply) {
				reject(new Error(reply.error));
				return;
			}
			resolve(reply.result as Awaited<ReturnType<Commands[Name]>>);
		});
		const command: Command = { name, args };
		load.send(command, (error) => {
			if (error !== null) reject(error);
		});
	});
}
