import { parseEnv } from 'node:util';
import { FILE_TOO_LARGE, readBounded } from '../values/bounded-file.ts';
import type { Variables } from './interpolate.ts';

/** Where the variables of a folder are kept, beside those of the process. */
export const dotenvFile = '.env';

const MOST_BYTES = 1_000_000;

export interface FoundEnvironment {
	/** Both together; what the process has goes before what the file says. */
	variables: Variables;
	/** The names of those that the file sets. */
	inFile: ReadonlySet<string>;
	/** The names of those that the file alone sets. */
	fromFile: ReadonlySet<string>;
	/** Why the file could not be read, as one sentence; absent when it was, or when there is none. */
	problem?: string;
}

/**
 * The variables of the process and of `.env` in the working directory. A variable that is set to nothing counts as
 * unset, as it does in a configuration.
 */
export function readEnvironment(process: Variables): FoundEnvironment {
	const own = withoutEmpty(process);
	const { text, problem } = readDotenv();
	// A byte order mark, as some editors write it, would become part of the first name.
	const file = withoutEmpty(parseEnv(text.replace(/^\uFEFF/, '')));
	return {
		variables: { ...file, ...own },
		inFile: new Set(Object.keys(file)),
		fromFile: new Set(Object.keys(file).filter((name) => !Object.hasOwn(own, name))),
		...(problem !== undefined && { problem }),
	};
}

function readDotenv(): { text: string; problem?: string } {
	try {
		return { text: readBounded(dotenvFile, MOST_BYTES).toString() };
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		if (code === 'ENOENT') return { text: '' };
		if (code === 'EISDIR') return { text: '', problem: '.env is a directory and was not read.' };
		if (code === FILE_TOO_LARGE) return { text: '', problem: '.env is larger than 1 MB and was not read.' };
		return { text: '', problem: `.env cannot be read (${code}); give the user of this process the right to.` };
	}
}

function withoutEmpty(variables: Variables): Record<string, string> {
	return Object.fromEntries(
		Object.entries(variables).flatMap(([name, value]) => (value ? [[name, value] as const] : [])),
	);
}
