import type { CompletedCommand, CompletedOption, Value } from './command-tree.ts';

/** A script for bash 3.2 and newer; it needs nothing else. */
export function bashScript(name: string, commands: readonly CompletedCommand[]): string {
	const fn = `_${name}`;
	return `# Completion of ${name} for bash. To use it: eval "$(${name} completion bash)"
${fn}() {
	local cur="\${COMP_WORDS[COMP_CWORD]}" prev="" path="" word index
	COMPREPLY=()
	if [ "$COMP_CWORD" -gt 0 ]; then prev="\${COMP_WORDS[COMP_CWORD-1]}"; fi
	# --option=value is three words to bash.
	if [ "$cur" = "=" ]; then cur=""; elif [ "$prev" = "=" ]; then prev="\${COMP_WORDS[COMP_CWORD-2]}"; fi
	for ((index = 1; index < COMP_CWORD; index++)); do
		word="\${COMP_WORDS[index]}"
		case "$path/$word" in
${commands.flatMap(descents).join('\n')}
		esac
	done
	case "$path $prev" in
${commands.flatMap(({ path, options }) => options.flatMap((option) => valueCase(fn, path, option))).join('\n')}
	esac
	case "$path" in
${commands.map((command) => operandCase(fn, command)).join('\n')}
	esac
}
${fn}_words() {
	local IFS=$' \\t\\n'
	COMPREPLY=($(compgen -W "$1" -- "$2"))
}
${fn}_files() {
	local IFS=$'\\n'
	COMPREPLY=($(compgen "$1" -- "$2"))
	compopt -o filenames 2>/dev/null
	return 0
}
complete -F ${fn} ${name}
`;
}

/** A word that names a subcommand leads down to it; after one, \`/\` is what the words before it were. */
function descents({ path, commands }: CompletedCommand): string[] {
	if (commands.length === 0) return [];
	const at = pathText(path);
	return commands.map(({ name }) => `\t\t\t'${at}/${name}') path='${at}/${name}' ;;`);
}

function valueCase(fn: string, path: readonly string[], { long, short, value }: CompletedOption): string[] {
	if (value === undefined) return [];
	const patterns = [short, long].flatMap((flag) => (flag === undefined ? [] : `'${pathText(path)} ${flag}'`));
	return [`\t\t${patterns.join(' | ')}) ${completed(fn, value)}; return ;;`];
}

function operandCase(fn: string, { path, options, operand }: CompletedCommand): string {
	const flags = options.flatMap(({ long, short }) => [long, ...(short === undefined ? [] : [short])]);
	return `\t\t'${pathText(path)}')
			case "$cur" in
				-*) ${fn}_words '${flags.join(' ')}' "$cur" ;;
				*) ${completed(fn, operand)} ;;
			esac ;;`;
}

function completed(fn: string, value: Value): string {
	if (value.of === 'words') return `${fn}_words '${value.words.join(' ')}' "$cur"`;
	if (value.of === 'files') return `${fn}_files -f "$cur"`;
	if (value.of === 'folders') return `${fn}_files -d "$cur"`;
	return ':';
}

function pathText(path: readonly string[]): string {
	return path.map((name) => `/${name}`).join('');
}
