import { join } from 'node:path';
import { run } from '../../src/cli/program.ts';

export interface Ended {
	exit: number;
	stdout: string;
	stderr: string;
}

const cli = join(import.meta.dirname, '..', '..', 'src', 'cli.ts');
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'uncaughtException'] as const;

/** What `process.exit` throws here, so that nothing after it runs. */
class Exited {
	readonly code: number;

	constructor(code: number) {
		this.code = code;
	}
}

let last: Promise<unknown> = Promise.resolve();

/**
 * Runs a command of the command line within this process, to its end: what it says, and with which code it would exit.
 * A test of what belongs to a process (signals, a terminal, output that is closed, a start) needs a real one.
 * @param env the whole environment
 */
export function runInProcess(folder: string, env: NodeJS.ProcessEnv, args: readonly string[]): Promise<Ended> {
	// One after the other: the folder, the environment and the outputs are those of the whole process.
	const ended = last.then(() => runAlone(folder, env, args));
	last = ended.catch(() => {});
	return ended;
}

async function runAlone(folder: string, env: NodeJS.ProcessEnv, args: readonly string[]): Promise<Ended> {
	const kept = { cwd: process.cwd(), env: { ...process.env }, argv: process.argv, exit: process.exit };
	const outputs = [captured(process.stdout), captured(process.stderr)] as const;
	const listeners = signals.map((signal) => process.listeners(signal as 'SIGINT'));
	try {
		process.chdir(folder);
		setEnvironment(env);
		process.argv = [process.execPath, cli, ...args];
		process.exitCode = undefined;
		process.exit = (code) => {
			throw new Exited(Number(code ?? process.exitCode ?? 0));
		};
		const code = await run().then(
			() => Number(process.exitCode ?? 0),
			(error: unknown) => {
				if (error instanceof Exited) return error.code;
				throw error;
			},
		);
		const [stdout, stderr] = outputs.map(({ text }) => text());
		return { exit: code, stdout: stdout ?? '', stderr: stderr ?? '' };
	} finally {
		for (const output of outputs) output.restore();
		signals.forEach((signal, index) => {
			const added = process.listeners(signal as 'SIGINT').filter((listener) => !listeners[index]?.includes(listener));
			for (const listener of added) process.off(signal, listener);
		});
		process.exitCode = undefined;
		process.exit = kept.exit;
		process.argv = kept.argv;
		setEnvironment(kept.env);
		process.chdir(kept.cwd);
	}
}

/** Key by key: an object put in its place would not reach what asks the operating system, such as `homedir()`. */
function setEnvironment(env: NodeJS.ProcessEnv): void {
	for (const name of Object.keys(process.env)) if (env[name] === undefined) delete process.env[name];
	Object.assign(process.env, env);
}

function captured(stream: NodeJS.WriteStream) {
	let text = '';
	const { write } = stream;
	const listeners = stream.listeners('error');
	stream.write = (chunk: Uint8Array | string, ...rest: unknown[]) => {
		text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
		const callback = rest.find((argument) => typeof argument === 'function');
		if (callback !== undefined) queueMicrotask(callback as () => void);
		return true;
	};
	return {
		text: () => text,
		restore: () => {
			stream.write = write;
			for (const listener of stream.listeners('error')) {
				if (!listeners.includes(listener)) stream.off('error', listener as () => void);
			}
		},
	};
}
