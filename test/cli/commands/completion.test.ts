import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Commands } from '../../helpers/command.ts';

let commands: Commands;

beforeEach(() => {
	commands = new Commands();
	mkdirSync(join(commands.folder, 'folder one'));
	writeFileSync(join(commands.folder, 'file one.yaml'), '');
});

afterEach(async () => {
	await commands.end();
});

const hasShell = (shell: string) => spawnSync(shell, ['-c', 'exit 0']).status === 0;

async function script(shell: string): Promise<string> {
	const { exit, stdout } = await commands.run('completion', shell);
	expect(exit).toBe(0);
	return stdout;
}

/** What a real bash offers for these words, the last of which is being typed. */
function offered(completion: string, words: readonly string[]): string[] {
	const program = `${completion}
		COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _breakwater; printf '%s\\n' "\${COMPREPLY[@]}"`;
	const text = execFileSync('bash', ['--norc', '-c', program, 'bash', ...words], {
		encoding: 'utf8',
		cwd: commands.folder,
	});
	return text.split('\n').filter((line) => line !== '');
}

describe('bash', () => {
	test('completes commands, options, values and files', async () => {
		const completion = await script('bash');
		const of = (...words: string[]) => offered(completion, ['breakwater', ...words]);
		expect(of('self')).toEqual(['selfcheck']);
		expect(of('')).toEqual(expect.arrayContaining(['serve', 'check', 'import', 'completion', 'help']));
		expect(of('import', '')).toEqual(['failproxy', 'litellm', 'openrouter', 'help']);
		expect(of('import', 'failproxy', '--o')).toEqual(['--out']);
		expect(of('completion', '')).toEqual(['bash', 'zsh', 'fish']);
		expect(of('help', 'im')).toEqual(['import']);
		expect(of('serve', '--c')).toEqual(['--config']);
		expect(of('serve', '--inspect', '--h')).toEqual(['--host', '--help']);
		expect(of('check', 'fi')).toEqual(['file one.yaml']);
		expect(of('check', '--config', 'fi')).toEqual(['file one.yaml']);
		expect(of('check', '-c', 'fi')).toEqual(['file one.yaml']);
		expect(of('check', '--config', '=', 'fi')).toEqual(['file one.yaml']);
		expect(of('check', '--config', '=')).toEqual(expect.arrayContaining(['file one.yaml', 'folder one']));
		expect(of('import', 'failproxy', 'f')).toEqual(['folder one']);
		expect(of('serve', '--port', '')).toEqual([]);
		expect(of('nonsense', 'x')).toEqual([]);
	});

	test('a bash that completes has it, and it leaves no other trace', async () => {
		const program = `before=$(compgen -v); ${await script('bash')} complete -p breakwater; compgen -v | grep -c '^path$'`;
		const { stdout } = spawnSync('bash', ['--norc', '-c', program], { encoding: 'utf8' });
		expect(stdout).toBe('complete -F _breakwater breakwater\n0\n');
	});
});

/** Every command and option that help shows stands in each script: they are made from the same program. */
describe.each(['bash', 'zsh', 'fish'])('%s', (shell) => {
	test('has every command of the program, and its options', async () => {
		const [text, help] = [await script(shell), await commands.run('--help')];
		const names = [...help.stdout.matchAll(/^ {2}([a-z]+)( \[options\]| <| {2,})/gm)].map(([, name]) => name ?? '');
		expect(names).toEqual(expect.arrayContaining(['serve', 'selfcheck', 'import', 'demo']));
		for (const name of names) {
			expect(text).toContain(name);
			const own = await commands.run('help', name);
			const flags = [...own.stdout.matchAll(/^ {2}(?:-\w, )?--([\w-]+)/gm)].map(([, flag]) => flag ?? '');
			for (const flag of flags) expect(text).toMatch(new RegExp(`(--|-l )${flag}\\b`));
		}
	});

	test.runIf(hasShell(shell))('is a script that the shell can read', async () => {
		const flag = shell === 'fish' ? '--no-execute' : '-n';
		const file = join(commands.folder, 'completion');
		writeFileSync(file, await script(shell));
		expect(spawnSync(shell, [flag, file], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
	});
});

test('another shell is told which there are', async () => {
	const command = commands.start('completion', 'tcsh');
	expect(await command.exit).toBe(1);
	expect(command.stderr).toContain('Allowed choices are bash, zsh, fish');
});

test('an unknown command suggests the nearest', async () => {
	const command = commands.start('selfchek');
	expect(await command.exit).toBe(1);
	expect(command.stderr).toContain('Did you mean selfcheck?');
});
