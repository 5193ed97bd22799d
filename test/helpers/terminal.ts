import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Commands } from './command.ts';

/** Whether this machine has the program that makes a terminal; where every change is tested it must have it. */
export const hasTerminal = process.env.CI !== undefined || spawnSync('script', ['--version']).status === 0;

const cli = join(import.meta.dirname, '..', '..', 'src', 'cli.ts');

export interface Shown {
	code: number | null;
	text: string;
	/** The answers whose questions never came. */
	untyped: readonly [RegExp, string][];
}

/** Runs a command on a terminal that `script` makes; types each answer once the question before it stands there. */
export async function typeOnTerminal(
	{ folder }: Commands,
	env: Record<string, string>,
	args: readonly string[],
	answers: readonly [RegExp, string][],
): Promise<Shown> {
	const child = spawn('script', ['-qec', `'${process.execPath}' '${cli}' ${args.join(' ')}`, '/dev/null'], {
		cwd: folder,
		env: { HOME: folder, PATH: process.env.PATH, TERM: 'xterm', ...env },
	});
	let text = '';
	const untyped = [...answers];
	child.stdout.setEncoding('utf8').on('data', (piece: string) => {
		text += piece;
		const [next] = untyped;
		if (next === undefined || !next[0].test(text)) return;
		untyped.shift();
		child.stdin.write(next[1]);
	});
	const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
	return { code, text, untyped };
}
