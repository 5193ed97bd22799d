import { type ChildProcess, spawn } from 'node:child_process';
import { parseObject } from '../values/json.ts';
import { decodedText, type FetchedKey, type KeyFetcher, keyIn, MOST_KEY_BYTES, Unfetched } from './fetched-key.ts';
import { lifeInSeconds, lifeUntil } from './key-life.ts';

/** Each is the leader of a group, with which it can be ended. None may outlive this process. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
	for (const child of running) killGroup(child);
});

/** How long what a command left running may hold its output open after it has ended, ms. */
const LEFT_OPEN_MS = 500;

/**
 * A command that prints a key. It runs in the working directory, with the environment of this process; what it writes to
 * standard error is not read, for it may hold secrets.
 * @param command a text for the shell, or a program and its arguments, for which no shell is started
 * @param timeoutMs after which it is ended, with all that it has started
 */
export function keyCommand(command: string | readonly string[], timeoutMs: number): KeyFetcher {
	return {
		fetch: async (signal) => readPrinted(await outputOf(command, timeoutMs, signal), Date.now()),
	};
}

/**
 * The key that a command printed: one line, or a JSON object with `key` or `token`, and perhaps `expiresAt` or `expiresIn`.
 * @param now ms since the epoch
 * @throws Unfetched
 */
export function readPrinted(bytes: Uint8Array, now: number): FetchedKey {
	const whose = 'the command printed';
	const text = decodedText(bytes, whose);
	if (!text.startsWith('{')) return { key: keyIn(text, whose) };
	const printed = parseObject(text);
	if (printed === undefined) throw new Unfetched(`${whose} something like JSON that is none`);
	const key = printed.key ?? printed.token;
	if (typeof key !== 'string') throw new Unfetched(`${whose} JSON without a text as \`key\` or \`token\``);
	const { expiresIn, expiresAt } = printed;
	const life = expiresAt === undefined ? lifeInSeconds(expiresIn) : lifeUntil(expiresAt, now);
	return { key: keyIn(key.trim(), `${whose} JSON whose key has`), ...life };
}

/** @throws Unfetched unless it ends well, in time, with a bounded output */
function outputOf(command: string | readonly string[], timeoutMs: number, signal: AbortSignal): Promise<Buffer> {
	const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
	const child = started(command);
	const pieces: Buffer[] = [];
	let bytes = 0;
	const kill = () => killGroup(child);
	const giveUp = (why: string) => {
		kill();
		reject(new Unfetched(why));
	};
	const timer = setTimeout(() => giveUp(`the command took more than ${timeoutMs / 1000} s, and was ended`), timeoutMs);
	const onAbort = () => giveUp('Breakwater stops');
	signal.addEventListener('abort', onAbort);
	running.add(child);

	child.stdout?.on('data', (piece: Buffer) => {
		bytes += piece.length;
		if (bytes > MOST_KEY_BYTES) giveUp('the command printed more than 64 kB, which is no key');
		else pieces.push(piece);
	});
	child.on('error', (error: NodeJS.ErrnoException) => {
		reject(new Unfetched(`the command cannot be started (${error.code ?? 'its name is none'})`));
	});
	const end = (code: number | null, by: NodeJS.Signals | null) => {
		if (code === 0) resolve(Buffer.concat(pieces));
		else
			reject(new Unfetched(by === null ? `the command ended with the code ${code}` : `the command was ended by ${by}`));
	};
	child.on('close', end);
	child.on('exit', (...how) => setTimeout(() => end(...how), LEFT_OPEN_MS).unref());
	return promise.finally(() => {
		clearTimeout(timer);
		signal.removeEventListener('abort', onAbort);
		running.delete(child);
		child.stdout?.destroy();
	});
}

function started(command: string | readonly string[]): ChildProcess {
	const options = { detached: true, stdio: ['ignore', 'pipe', 'ignore'] as ['ignore', 'pipe', 'ignore'] };
	try {
		if (typeof command === 'string') return spawn(command, { ...options, shell: true });
		const [program = '', ...args] = command;
		return spawn(program, args, options);
	} catch {
		throw new Unfetched('the command cannot be started: it has a character that no argument may have');
	}
}

function killGroup({ pid }: ChildProcess): void {
	if (pid === undefined) return;
	try {
		process.kill(-pid, 'SIGKILL');
	} catch {
		// It has ended already, with all of its group.
	}
}
