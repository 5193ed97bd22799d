import type { CompletedCommand, CompletedOption, Value } from './command-tree.ts';

/** A script for fish, for `~/.config/fish/completions`. */
export function fishScript(name: string, commands: readonly CompletedCommand[]): string {
	const at = `__fish_${name}_at`;
	return `# Completion of ${name} for fish.
function ${at} --argument-names wanted
	set -l place ''
	set -l words (commandline -opc)
	for word in $words[2..-1]
		switch "$place/$word"
${commands.flatMap(descents).join('\n')}
		end
	end
	test "$place" = "$wanted"
end
complete -c ${name} -f
${commands.flatMap((command) => linesOf(name, at, command)).join('\n')}
`;
}

function descents({ path, commands }: CompletedCommand): string[] {
	const at = pathText(path);
	return commands.map(({ name }) => `\t\t\tcase '${at}/${name}'\n\t\t\t\tset place '${at}/${name}'`);
}

function linesOf(name: string, at: string, { path, commands, options, operand }: CompletedCommand): string[] {
	const begin = `complete -c ${name} -n "${at} '${pathText(path)}'"`;
	const operands =
		commands.length > 0
			? commands.map((command) => `${begin} -a ${command.name} -d ${quoted(command.description)}`)
			: valueFlags(operand).map((flags) => `${begin} ${flags}`);
	return [...operands, ...options.map((option) => `${begin} ${optionFlags(option)}`)];
}

function optionFlags({ long, short, description, value }: CompletedOption): string {
	return [
		`-l ${long.replace(/^--/, '')}`,
		...(short === undefined ? [] : [`-s ${short.replace(/^-/, '')}`]),
		...(value === undefined ? [] : ['-r', ...valueFlags(value)]),
		`-d ${quoted(description)}`,
	].join(' ');
}

function valueFlags(value: Value): string[] {
	if (value.of === 'words') return [`-a '${value.words.join(' ')}'`];
	if (value.of === 'files') return ['-F'];
	if (value.of === 'folders') return [`-a '(__fish_complete_directories)'`];
	return [];
}

function quoted(text: string): string {
	return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function pathText(path: readonly string[]): string {
	return path.map((name) => `/${name}`).join('');
}
