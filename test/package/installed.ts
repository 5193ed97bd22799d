import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Command } from '../helpers/command.ts';
import { pathWithNode } from './packed.ts';

export interface Ended {
	code: number | null;
	stdout: string;
	stderr: string;
}

/** The command line of an installed package, in an empty folder that is its home too. */
export class Installed {
	readonly home: string;
	readonly #prefix: string;
	readonly #running: Command[] = [];

	constructor(prefix: string, home: string) {
		this.#prefix = prefix;
		this.home = home;
		mkdirSync(home);
	}

	/** Runs a command to its end. */
	run(...args: string[]): Ended {
		return this.runWith({}, ...args);
	}

	runWith(variables: Record<string, string>, ...args: string[]): Ended {
		const env = { ...this.#environment(), ...variables };
		const { status, stdout, stderr } = spawnSync('breakwater', args, { cwd: this.home, env, encoding: 'utf8' });
		return { code: status, stdout, stderr };
	}

	/** Starts a command that goes on until it is told to stop. */
	start(...args: string[]): Command {
		return this.startProgram('breakwater', ...args);
	}

	startProgram(program: string, ...args: string[]): Command {
		const command = new Command(spawn(program, args, { cwd: this.home, env: this.#environment() }));
		this.#running.push(command);
		return command;
	}

	/** Writes a file below the home. */
	write(path: string, text: string): void {
		const file = join(this.home, path);
		mkdirSync(dirname(file), { recursive: true });
		writeFileSync(file, text);
	}

	/** Ends what still runs. */
	async end(): Promise<void> {
		for (const command of this.#running) command.kill('SIGKILL');
		await Promise.all(this.#running.map(({ exit }) => exit));
	}

	#environment(): NodeJS.ProcessEnv {
		return { HOME: this.home, PATH: `${join(this.#prefix, 'bin')}:${pathWithNode}` };
	}
}
