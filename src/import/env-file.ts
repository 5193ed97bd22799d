import { existsSync, readFileSync } from 'node:fs';
import { UserError } from '../values/user-error.ts';

/**
 * The text of an env file with these variables set: the other lines of the one that is there stay.
 * @throws UserError when the one that is there cannot be read, or it cannot hold a value
 */
export function envFileText(file: string, variables: ReadonlyMap<string, string>): string {
	const kept = keptLines(file, variables);
	const lines = [...variables].map(([name, value]) => `${name}=${quoted(name, value)}`);
	return `${[...kept, ...lines].join('\n')}\n`;
}

function keptLines(file: string, variables: ReadonlyMap<string, string>): string[] {
	if (!existsSync(file)) return [];
	const lines = readLines(file);
	while (lines.at(-1)?.trim() === '') lines.pop();
	return lines.filter((line) => {
		const name = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=/.exec(line)?.[1];
		return name === undefined || !variables.has(name);
	});
}

function readLines(file: string): string[] {
	try {
		return readFileSync(file, 'utf8').split(/\r?\n/);
	} catch (error) {
		const { code = 'unknown' } = error as NodeJS.ErrnoException;
		throw new UserError(`${file} cannot be read (${code}); name another file with --keys.`);
	}
}

/** As Node, a shell and systemd read it alike. */
function quoted(name: string, value: string): string {
	if (/^[\w.:+/=@,-]+$/.test(value)) return value;
	if (!value.includes("'")) return `'${value}'`;
	throw new UserError(`The key for ${name} has a quote in it, which an env file cannot hold; set ${name} yourself.`);
}
