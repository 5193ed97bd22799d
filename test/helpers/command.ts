import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ended, runInProcess } from './in-process.ts';

const cli = join(import.meta.dirname, '..', '..', 'src', 'cli.ts');

/** The command line in an empty folder that is its home too: as real processes, or within this one, which is quick. */
export class Commands {
	readonly folder = mkdtempSync(join(tmpdir(), 'breakwater-'));
	readonly #running: Command[] = [];

	start(...args: string[]): Command {
		return this.startWith({}, ...args);
	}

	startWith(env: Record<string, string>, ...args: string[]): Command {
		return this.#watch(spawn(process.execPath, [cli, ...args], { cwd: this.folder, env: this.#environment(env) }));
	}

	/** With no more than so many file descriptors. */
	startLimited(descriptors: number, ...args: string[]): Command {
		const limited = ['-c', `ulimit -n ${descriptors}; exec "$@"`, 'sh', process.execPath, cli, ...args];
		return this.#watch(spawn('/bin/sh', limited, { cwd: this.folder, env: this.#environment({}) }));
	}

	run(...args: string[]): Promise<Ended> {
		return this.runWith({}, ...args);
	}

	runWith(env: Record<string, string>, ...args: string[]): Promise<Ended> {
		return runInProcess(this.folder, this.#environment(env), args);
	}

	/** Ends what still runs, and removes the folder. */
	async end(): Promise<void> {
		for (const command of this.#running) command.kill('SIGKILL');
		await Promise.all(this.#running.map(({ exit }) => exit));
		rmSync(this.folder, { recursive: true });
	}

	#watch(child: ChildProcess): Command {
		const command = new Command(child);
		this.#running.push(command);
		return command;
	}

	#environment(env: Record<string, string>): NodeJS.ProcessEnv {
		return { HOME: this.folder, PATH: process.env.PATH, ...env };
	}
}

export class Command {
	stdout = '';
	stderr = '';
	/** The exit code, once all output has come; null when a signal ended it. */
	readonly exit: Promise<number | null>;
	readonly pid: number | undefined;
	readonly #child: ChildProcess;

	constructor(child: ChildProcess) {
		this.#child = child;
		this.pid = child.pid;
		child.stdout?.setEncoding('utf8').on('data', (text: string) => {
			this.stdout += text;
		});
		child.stderr?.setEncoding('utf8').on('data', (text: string) => {
			this.stderr += text;
		});
		this.exit = once(child, 'close').then(([code]) => code);
	}

	/** Resolves when the standard output contains this; rejects when the process ends without. */
	async prints(pattern: RegExp): Promise<void> {
		const ended = this.exit.then((code) => {
			if (!pattern.test(this.stdout)) throw new Error(`it ended with ${code} instead: ${this.stderr}`);
		});
		while (!pattern.test(this.stdout))
			await Promise.race([ended, this.#child.stdout && once(this.#child.stdout, 'data')]);
	}

	/** `http://127.0.0.1:43210/v1`, once it listens. */
	async address(): Promise<string> {
		const pattern = /listens on (http:\S+)/;
		await this.prints(/curl .*\n/);
		return pattern.exec(this.stdout)?.[1] ?? '';
	}

	kill(signal: NodeJS.Signals): void {
		this.#child.kill(signal);
	}
}
