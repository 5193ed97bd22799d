import type { Config } from '../../src/config/config.ts';
import { parseConfig } from '../../src/config/load.ts';
import { ConfigError } from '../../src/config/problems.ts';

export type Env = Record<string, string | undefined>;

/** The smallest file that works; tests append to it. Its last line is 4. */
export const smallest = `providers:
  a: { baseUrl: http://127.0.0.1:1/v1 }
profiles:
  default: { chain: [a/m] }
`;

export function read(text: string, env: Env = {}): Config {
	return parseConfig(text, { file: 'f.yaml', env });
}

/** Every problem of a text as it is printed: `line:column: message`. */
export function problemsOf(text: string, env: Env = {}): string[] {
	try {
		read(text, env);
		return [];
	} catch (error) {
		if (!(error instanceof ConfigError)) throw error;
		return error.problems.map(({ line, column, message }) => `${line}:${column}: ${message}`);
	}
}
