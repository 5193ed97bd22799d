import type { CompletedCommand, CompletedOption, Value } from './command-tree.ts';

/** A script for zsh, for a file `_breakwater` in a folder of `fpath`, or to be evaluated after `compinit`. */
export function zshScript(name: string, commands: readonly CompletedCommand[]): string {
	const fn = `_${name}`;
	return `#compdef ${name}
# Completion of ${name} for zsh.
${fn}() {
	local place='' word
	local -a entries
	for word in "\${(@)words[2,CURRENT-1]}"; do
		case "$place/$word" in
${commands.flatMap(descents).join('\n')}
		esac
	done
	case "$place \${words[CURRENT-1]}" in
${commands.flatMap(({ path, options }) => options.flatMap((option) => valueCase(path, option))).join('\n')}
	esac
	case "$place" in
${commands.map(operandCase).join('\n')}
	esac
}
if [ "$funcstack[1]" = "${fn}" ]; then ${fn} "$@"; else compdef ${fn} ${name}; fi
`;
}

function descents({ path, commands }: CompletedCommand): string[] {
	const at = pathText(path);
	return commands.map(({ name }) => `\t\t\t'${at}/${name}') place='${at}/${name}' ;;`);
}

function valueCase(path: readonly string[], { long, short, value }: CompletedOption): string[] {
	if (value === undefined) return [];
	const patterns = [short, long].flatMap((flag) => (flag === undefined ? [] : `'${pathText(path)} ${flag}'`));
	return [`\t\t${patterns.join(' | ')}) ${completed(value)}; return ;;`];
}

function operandCase({ path, commands, options, operand }: CompletedCommand): string {
	const described = options.map(({ long, description }) => entry(long, description)).join(' ');
	const own =
		commands.length === 0
			? completed(operand)
			: `entries=(${commands.map((command) => entry(command.name, command.description)).join(' ')}); _describe command entries`;
	return `\t\t'${pathText(path)}')
			if [[ "$PREFIX" == -* ]]; then
				entries=(${described}); _describe option entries
			else
				${own}
			fi ;;`;
}

/** \`name:description\`; a colon in the name would end it. */
function entry(name: string, description: string): string {
	return quoted(`${name.replaceAll(':', '\\:')}:${description}`);
}

function completed(value: Value): string {
	if (value.of === 'words') return `compadd -- ${value.words.join(' ')}`;
	if (value.of === 'files') return '_files';
	if (value.of === 'folders') return '_files -/';
	return ':';
}

function quoted(text: string): string {
	return `'${text.replaceAll("'", "'\\''")}'`;
}

function pathText(path: readonly string[]): string {
	return path.map((name) => `/${name}`).join('');
}
