import type { Argument, Command, Option } from 'commander';

/** What a shell may complete, of one command. */
export interface CompletedCommand {
	/** Behind the program's name: `[]`, `['import', 'failproxy']`. */
	path: readonly string[];
	commands: readonly { name: string; description: string }[];
	options: readonly CompletedOption[];
	/** What its arguments are. */
	operand: Value;
}

export interface CompletedOption {
	/** `--config`. */
	long: string;
	/** `-c`. */
	short?: string;
	description: string;
	/** Absent for a flag. */
	value?: Value;
}

/** What may stand for a value: one of some words, a file, a folder, or anything. */
export type Value = { of: 'words'; words: readonly string[] } | { of: 'files' | 'folders' | 'anything' };

/** Every command of a program that its help shows, the program itself first. */
export function commandTree(program: Command): CompletedCommand[] {
	return treeOf(program, []);
}

function treeOf(command: Command, path: readonly string[]): CompletedCommand[] {
	const help = command.createHelp();
	const visible = help.visibleCommands(command);
	const commands = visible.map((child) => ({ name: child.name(), description: help.subcommandDescription(child) }));
	const [argument] = command.registeredArguments;
	const own = {
		path,
		commands,
		options: help.visibleOptions(command).flatMap((option) => optionOf(option, help.optionDescription(option))),
		operand: operandOf(argument, commands),
	};
	const children = visible.flatMap((child) => {
		const childPath = [...path, child.name()];
		if (command.commands.includes(child)) return treeOf(child, childPath);
		// The help command, which commander adds, is about the others.
		const operand = { of: 'words' as const, words: commands.map(({ name }) => name) };
		return [{ path: childPath, commands: [], options: [], operand }];
	});
	return [own, ...children];
}

function optionOf(option: Option, description: string): CompletedOption[] {
	const { long, short, required, argChoices, flags } = option;
	if (long === undefined || long === null) return [];
	return [
		{
			long,
			...(short && { short }),
			description,
			// One that may be left out is a flag: the next word is more likely something else.
			...(required && { value: valueIn(argChoices, flags) }),
		},
	];
}

function operandOf(argument: Argument | undefined, commands: readonly { name: string }[]): Value {
	if (commands.length > 0 && argument === undefined) return { of: 'words', words: commands.map(({ name }) => name) };
	if (argument === undefined) return { of: 'anything' };
	return valueIn(argument.argChoices, `<${argument.name()}>`);
}

/** What a value is, is in its name: `<file>`, `[file]`, `<dir>`. */
function valueIn(choices: readonly string[] | undefined, flags: string): Value {
	if (choices !== undefined) return { of: 'words', words: choices };
	if (/[<[]file[>\]]/.test(flags)) return { of: 'files' };
	if (/[<[](dir|folder)[>\]]/.test(flags)) return { of: 'folders' };
	return { of: 'anything' };
}
