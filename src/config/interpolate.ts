// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the messages show the notation of the YAML.
import { isSecretName } from './secrets.ts';
import { referenceMeant } from './variable-notation.ts';

/** The environment that `${VAR}` looks into; `process.env` has this shape. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * A text with its variables filled in, or what is wrong with it. `whole` says that the text was one `${…}` and nothing
 * else, so that it may stand for a number or a boolean.
 */
export type Interpolation = { text: string; replaced: boolean; whole: boolean } | { mistake: string };

const reference = /\$\$\{|\$\{([^}]*)(\}?)/g;
const variable = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([\s\S]*))?$/;

/**
 * Fills `${VAR}` and `${VAR:-default}` into one parsed YAML scalar; `$${` stands for a literal `${`. A variable that is
 * set to nothing counts as unset, as in a shell's `:-`. What is filled in is not read again.
 * @returns the text, or a mistake that names the variable but never a value
 */
export function interpolate(source: string, env: Variables): Interpolation {
	const mistakes: string[] = [];
	let replaced = false;

	const text = source.replace(reference, (match: string, inside: string | undefined, end: string | undefined) => {
		if (inside === undefined) return '${';
		const [, name, fallback] = variable.exec(inside) ?? [];
		if (end === '' || name === undefined) {
			const meant = referenceMeant(inside) ?? '${VAR}` or `${VAR:-default}';
			mistakes.push(`has a malformed \`\${\`; write \`${meant}\`, or \`$\${\` for a literal \`\${\``);
			return match;
		}
		replaced = true;
		const value = (Object.hasOwn(env, name) && env[name]) || fallback;
		if (value !== undefined) return value;
		mistakes.push(`needs the environment variable ${name}, which is not set; ${remedyFor(name)}`);
		return match;
	});

	const [mistake] = mistakes;
	if (mistake !== undefined) return { mistake };
	return { text, replaced, whole: replaced && /^\$\{[^}]*\}$/.test(source) };
}

/** A default stands in the file for everybody to read, so a secret has none. */
function remedyFor(name: string): string {
	return isSecretName(name) ? 'set it' : `set it, or write \`\${${name}:-default}\``;
}
