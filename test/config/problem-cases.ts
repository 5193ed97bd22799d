import { expect } from 'vitest';
import { problemsOf, smallest } from './read.ts';

export const sized = 'write a size such as `512KB`, `20MB` or `1GB`';
export const timed = 'write a duration such as `500ms`, `90s`, `15m` or `1h30m`';

/** A file that is whole but for what is put into its provider, its profile or its end. */
export const provider = (options: string) =>
	`providers:\n  a: { ${options} }\nprofiles: { default: { chain: [a/m] } }\n`;
export const simulated = (step: string) => provider(`protocol: simulated, simulate: { script: [ ${step} ] }`);
export const profiles = (text: string) => `providers: { openai: { baseUrl: http://127.0.0.1:1 } }\nprofiles:\n${text}`;
export const more = (text: string) => `${smallest}${text}\n`;

/** What a file holds, and what is said about it. */
export type Case = [name: string, text: string, ...problems: string[]];

export function expectProblems([, text, ...problems]: Case): void {
	expect(problemsOf(text)).toEqual(problems);
}
