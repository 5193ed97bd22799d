import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const environment = join(import.meta.dirname, '.venv');

/** The Python in which the clients are installed. */
export const pythonProgram = join(environment, 'bin', 'python');

const requirements = join(import.meta.dirname, 'python', 'requirements.txt');

/** Written last, with what was installed: an environment without it was left unfinished, or is of other versions. */
const mark = join(environment, 'installed.txt');

/**
 * Installs the Python clients into an environment of their own, where they are not yet.
 * @returns why they cannot be; undefined where they are
 */
export function installPythonClients(): string | undefined {
	const wanted = readFileSync(requirements, 'utf8');
	if (existsSync(mark) && readFileSync(mark, 'utf8') === wanted) return undefined;
	rmSync(environment, { recursive: true, force: true });
	const made = spawnSync('python3', ['-m', 'venv', environment], { encoding: 'utf8' });
	if (made.status !== 0) {
		return `python3 makes no virtual environment (Debian: apt install python3-venv). ${made.error?.message ?? made.stdout}`;
	}
	console.log('Installing the Python clients; this takes some minutes the first time.');
	const pip = ['-m', 'pip', 'install', '--quiet', '--requirement', requirements];
	const installed = spawnSync(pythonProgram, pip, { stdio: 'inherit' });
	if (installed.status !== 0) return 'pip could not install them.';
	writeFileSync(mark, wanted);
	return undefined;
}

/** @returns the version of a package that is installed, by its name in the requirements */
export function pythonVersionOf(name: string): string {
	const lines = readFileSync(requirements, 'utf8').split('\n');
	const line = lines.find((one) => one.replace(/\[.*\]/, '').startsWith(`${name}==`));
	if (line === undefined) throw new Error(`${requirements} has no ${name}.`);
	return line.slice(line.indexOf('==') + 2);
}
