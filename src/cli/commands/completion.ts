import type { Command } from 'commander';
import { bashScript } from '../completion/bash.ts';
import { commandTree } from '../completion/command-tree.ts';
import { fishScript } from '../completion/fish.ts';
import { zshScript } from '../completion/zsh.ts';

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript };

export type Shell = keyof typeof scripts;

/** Prints the completion script of a program for a shell, made from the program itself. */
export function completion(shell: Shell, program: Command): void {
	process.stdout.write(scripts[shell](program.name(), commandTree(program)));
}
