import { foreignVariable } from '../config/variable-notation.ts';
import { longestDurationMs } from '../values/durations.ts';
import type { Notice } from './notice.ts';
import type { SourcePath } from './source-file.ts';

/** Says something about a place of the file. */
export type Report = (severity: Notice['severity'], path: SourcePath, message: string) => void;

/** The variable that `os.environ/NAME` names; undefined where a value is no such text. */
export function variableNamed(value: unknown): string | undefined {
	return typeof value === 'string' ? /^os\.environ\/([A-Za-z_]\w*)$/.exec(value.trim())?.[1] : undefined;
}

/** A variable as a draft has it. */
export function variableText(name: string): string {
	return `\${${name}}`;
}

/**
 * A text as a draft has it: a variable is `${VAR}`, and anything else means itself.
 * @returns undefined where it is no text, or one that a configuration would take for a variable of yet another tool
 */
export function textIn(value: unknown): string | undefined {
	const variable = variableNamed(value);
	if (variable !== undefined) return variableText(variable);
	if (typeof value !== 'string' || !isPlain(value)) return undefined;
	return value.trim().replaceAll('${', '$${');
}

/** A text that a configuration takes as it is. */
export function isPlain(text: string): boolean {
	return text.trim() !== '' && foreignVariable(text, [], () => false) === undefined;
}

/** Seconds, also in quotes. @returns ms; undefined where it is no time that a timeout may have */
export function milliseconds(value: unknown): number | undefined {
	const ms = Math.round((numberIn(value) ?? 0) * 1000);
	return ms > 0 && ms <= longestDurationMs ? ms : undefined;
}

/** @returns undefined where it is no whole number in this range */
export function wholeNumber(value: unknown, min: number, max: number): number | undefined {
	const number = numberIn(value);
	return number !== undefined && Number.isInteger(number) && number >= min && number <= max ? number : undefined;
}

/** @returns undefined where it is neither `true` nor `false` */
export function flag(value: unknown): boolean | undefined {
	return typeof value === 'boolean' ? value : undefined;
}

export function numberIn(value: unknown): number | undefined {
	const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
	return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/** A section of the file, of which everything is read once; what nobody read has no equivalent. */
export class Members {
	readonly path: SourcePath;
	readonly #values: ReadonlyMap<string, unknown>;
	readonly #unread: Set<string>;

	constructor(values: Readonly<Record<string, unknown>>, path: SourcePath) {
		this.path = path;
		// What is null is not given.
		this.#values = new Map(Object.entries(values).filter(([, value]) => value !== null && value !== undefined));
		this.#unread = new Set(this.#values.keys());
	}

	read(name: string): unknown {
		this.#unread.delete(name);
		return this.#values.get(name);
	}

	/** Names and values that were not read. */
	unread(): [name: string, value: unknown][] {
		return [...this.#unread].map((name) => [name, this.#values.get(name)]);
	}
}
