// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the messages show the notation of the YAML.
const name = '[A-Za-z_][A-Za-z0-9_]*';

/** How other tools write "the variable NAME", as a whole value. The first group is the name. */
const wholeNotations: readonly RegExp[] = [
	`\\$(?:env:)?(${name})`,
	`%(${name})%`,
	`\\{+\\s*(?:env\\.|secrets\\.|\\$)?(${name})\\s*\\}+`,
	`(?:process\\.env\\.|os\\.environ/|os\\.environ\\[['"]|os\\.getenv\\(['"]|env[:.])(${name})(?:['"][\\])])?`,
].map((notation) => new RegExp(`^${notation}$`));

/** The same inside of a text, such as `Bearer $TOKEN`: names in capitals only, as other text has dollars, too. */
const innerNotations: readonly RegExp[] = [
	/(?<![\w$])\$(?:env:)?([A-Z_][A-Z0-9_]+)(?!\w)/,
	/(?<![\w%])%([A-Z_][A-Z0-9_]+)%(?!\w)/,
	/\{\{\s*(?:env\.|secrets\.)?\$?([A-Za-z_]\w*)\s*\}\}/,
];

const command = /^\$\(.*\)$|^`.*`$/s;

/** A name without anything around it: no key looks like this. */
const bareName = /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_(?:KEY|TOKEN|SECRET|PASSWORD)$/;

/**
 * Finds a variable in the notation of another tool, such as `$OPENAI_API_KEY`, which would go to a provider as it stands.
 * @param source the text as it stands in the file, in which `${VAR}` is known to be right
 * @param path where it stands
 * @param isVariable whether a name is a variable of the environment
 * @returns the rest of the sentence that refuses it; undefined where there is none, or where free text may hold one
 */
export function foreignVariable(
	source: string,
	path: readonly PropertyKey[],
	isVariable: (name: string) => boolean,
): string | undefined {
	if (isFreeText(path)) return undefined;
	const text = source.trim();
	if (command.test(text) && path[2] === 'apiKey') {
		return 'is a command; write `apiKey: { command: "…" }`, with what stands between the brackets';
	}
	if (command.test(text)) {
		return 'is a command, which is not run here; put what it prints into an environment variable, and write `${VAR}`';
	}
	const notation = [...wholeNotations, ...innerNotations, ...(isOfKey(path) ? [bareName] : [])]
		.map((pattern) => pattern.exec(text))
		.find((match) => match !== null);
	if (notation == null) return undefined;
	const shown = shownName(notation[1] ?? notation[0], isVariable);
	return `has an environment variable in a notation that is not read here; write \`\${${shown}}\``;
}

/** What a malformed `${…` was meant to be, for the close of a sentence; undefined where no name is in it. */
export function referenceMeant(inside: string): string | undefined {
	const [, meant, fallback] =
		/^\{?\s*(?:env[:.]|secrets\.)?([A-Z_][A-Z0-9_]*)\s*(?::?[-=]([\w.:/-]*))?(?![\w])/.exec(inside) ?? [];
	if (meant === undefined) return undefined;
	return fallback === undefined || fallback === '' ? `\${${meant}}` : `\${${meant}:-…}`;
}

/** A real secret may begin with a dollar, and must not be printed: only what looks like a name, or is one, is. */
function shownName(found: string, isVariable: (name: string) => boolean): string {
	return /^[A-Z_][A-Z0-9_]*$/.test(found) || isVariable(found) ? found : 'VAR';
}

/** What goes to a model or to a shell, or is a regular expression, may hold dollars, percent signs and braces of its own. */
function isFreeText(path: readonly PropertyKey[]): boolean {
	const [root, , third, fourth, fifth] = path;
	if (root === 'errorRules') return true;
	if (root === 'profiles') return third === 'chain' && fifth === 'request' && typeof fourth === 'number';
	const isCommand = third === 'apiKey' && (fourth === 'command' || fifth === 'command');
	return root === 'providers' && (isCommand || third === 'request' || third === 'simulate' || fifth === 'request');
}

function isOfKey(path: readonly PropertyKey[]): boolean {
	const last = typeof path.at(-1) === 'number' ? path.at(-2) : path.at(-1);
	return (
		last === 'apiKey' || last === 'adminKey' || last === 'monitoringKey' || last === 'key' || last === 'clientSecret'
	);
}
