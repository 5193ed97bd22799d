import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { text as readText } from 'node:stream/consumers';
import { type Client, type Command, type Program, shownAddress } from './clients.ts';
import { pythonProgram } from './python.ts';
import type { Errand, Outcome } from './trials.ts';

/** No client takes longer for one answer unless something hangs, ms. */
const LIMIT_MS = 60_000;

/** Every client is asked this; the words do not matter to the fake provider. */
const question = 'What is written on the sign at the quay? Read it.';

/** A client that is led to Breakwater. */
export interface Session {
	ask(errand: Errand, model: string): Promise<Outcome>;
	close(): void;
}

export interface Surroundings {
	/** Exists, and is the client's alone: its home and its working directory. */
	readonly directory: string;
	/** Of Breakwater. */
	readonly port: number;
	/** The word that the client's tool reads. */
	readonly sign: string;
}

const folder = import.meta.dirname;

const running = new Set<ChildProcess>();

process.on('exit', () => {
	for (const child of running) child.kill('SIGKILL');
});

export function sessionOf({ lines, runs }: Client, { directory, port, sign }: Surroundings): Session {
	const led = (line: string) => line.replaceAll(shownAddress, `http://127.0.0.1:${port}`);
	if (lines.file !== undefined) {
		const file = join(directory, lines.file.path);
		mkdirSync(dirname(file), { recursive: true });
		writeFileSync(file, led(lines.file.text));
	}
	writeFileSync(join(directory, 'sign.txt'), `The sign says ${sign}.\n`);
	const variables = Object.entries(lines.variables).map(([name, value]) => [name, led(value)]);
	const env = { ...bareEnvironment(directory), SIGN: sign, ...Object.fromEntries(variables) };
	return runs.is === 'program' ? new ProgramSession(runs, directory, env) : new CommandSession(runs, directory, env);
}

/** Nothing of the user who runs this, and no way out of the machine: what is not on loopback would go over a proxy that is none. */
function bareEnvironment(home: string): NodeJS.ProcessEnv {
	const programs = join(folder, 'node_modules', '.bin');
	const nowhere = 'http://127.0.0.1:9';
	return {
		PATH: [programs, dirname(process.execPath), process.env.PATH].join(delimiter),
		HOME: home,
		TMPDIR: home,
		HTTPS_PROXY: nowhere,
		https_proxy: nowhere,
		NO_PROXY: '127.0.0.1',
		no_proxy: '127.0.0.1',
	};
}

function commandOf(file: string): { program: string; arguments: string[] } {
	if (file.endsWith('.py')) return { program: pythonProgram, arguments: ['-B', join(folder, 'python', file)] };
	return { program: process.execPath, arguments: [join(folder, 'programs', file)] };
}

/** One process for all errands: it reads each from a line, and writes how it ended. */
class ProgramSession implements Session {
	readonly #child: ChildProcess;
	readonly #outcomes: AsyncIterator<string>;
	#errors = '';

	constructor({ file, variables }: Program, cwd: string, env: NodeJS.ProcessEnv) {
		const command = commandOf(file);
		const child = spawn(command.program, command.arguments, { cwd, env: { ...env, ...variables } });
		this.#child = child;
		running.add(child);
		child.once('exit', () => running.delete(child));
		child.stdin.on('error', () => {});
		child.stderr.setEncoding('utf8').on('data', (piece: string) => {
			this.#errors = (this.#errors + piece).slice(-4000);
		});
		this.#outcomes = createInterface(child.stdout)[Symbol.asyncIterator]();
	}

	async ask(errand: Errand, model: string): Promise<Outcome> {
		this.#child.stdin?.write(`${JSON.stringify({ errand, model })}\n`);
		const limit = setTimeout(() => this.#child.kill('SIGKILL'), LIMIT_MS);
		const { value, done } = await this.#outcomes.next();
		clearTimeout(limit);
		if (done)
			return { is: 'hung', error: `the program ended, or took longer than ${LIMIT_MS / 1000} s: ${this.#errors}` };
		return JSON.parse(value) as Outcome;
	}

	close(): void {
		this.#child.kill('SIGKILL');
	}
}

class CommandSession implements Session {
	readonly #command: Command;
	readonly #cwd: string;
	readonly #env: NodeJS.ProcessEnv;

	constructor(command: Command, cwd: string, env: NodeJS.ProcessEnv) {
		this.#command = command;
		this.#cwd = cwd;
		this.#env = { ...env, ...command.variables };
	}

	async ask(_errand: Errand, model: string): Promise<Outcome> {
		const { program } = this.#command;
		const child = spawn(program, this.#command.arguments(model, question), {
			cwd: this.#cwd,
			env: this.#env,
			stdio: ['ignore', 'pipe', 'pipe'],
		});
		running.add(child);
		let isLate = false;
		const limit = setTimeout(() => {
			isLate = true;
			child.kill('SIGKILL');
		}, LIMIT_MS);
		const [answer, errors, [code]] = await Promise.all([
			readText(child.stdout),
			readText(child.stderr),
			once(child, 'exit'),
		]);
		clearTimeout(limit);
		running.delete(child);
		const said = `${answer}\n${errors.slice(-1500)}`.trim();
		if (isLate) return { is: 'hung', error: `no end within ${LIMIT_MS / 1000} s: ${said}` };
		return code === 0 ? { is: 'answer', answer } : { is: 'error', error: said };
	}

	close(): void {}
}
