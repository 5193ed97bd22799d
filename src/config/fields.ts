import { z } from 'zod';
import { durationHelp, durationWithoutUnit, type Reading, readDuration } from '../values/durations.ts';
import { inWords, suggestion } from '../values/nearest.ts';
import { readSize, sizeHelp } from '../values/sizes.ts';

/*
 * The kinds of value that options have. The error of each is the rest of a sentence that begins with the option's place,
 * and never repeats the value, which may be secret.
 */

/** A duration in text, read into ms. */
export function duration(options: { zero?: boolean } = {}) {
	return z
		.string({
			error: ({ input }) => (typeof input === 'number' ? durationWithoutUnit : `is not a duration; ${durationHelp}`),
		})
		.meta({ pattern: '^(\\d+(\\.\\d+)?(ms|s|m|h|d))+$|\\$\\{', examples: ['500ms', '90s', '15m', '1h30m'] })
		.transform((text, context) => valueOrIssue(readDuration(text, options), context));
}

/** A size in text, read into bytes. */
export function size() {
	return z
		.string({ error: `is not a size with its unit; ${sizeHelp}` })
		.meta({ pattern: '^\\d+(\\.\\d+)?[KMG]B$|\\$\\{', examples: ['512KB', '20MB', '1GB'] })
		.transform((text, context) => valueOrIssue(readSize(text), context));
}

function valueOrIssue(reading: Reading, context: z.core.$RefinementCtx<string>): number {
	if ('value' in reading) return reading.value;
	context.addIssue({ code: 'custom', message: reading.mistake });
	return z.NEVER;
}

/** A whole number in a range. */
export function count(min: number, max: number) {
	const error = `is not a whole number from ${min} to ${max}; write one`;
	return z.int({ error }).min(min, { error }).max(max, { error });
}

/** A number in a range, such as a factor or a share. */
export function amount(min: number, max: number) {
	const error = `is not a number from ${min} to ${max}; write one`;
	return z.number({ error }).min(min, { error }).max(max, { error });
}

export function flag() {
	return z.boolean({ error: 'is neither true nor false; write `true` or `false`' });
}

/** A text that is not empty. */
export function text() {
	return z
		.string({ error: 'is not text; put it in quotes' })
		.min(1, { error: 'is empty; give it a text, or remove it' });
}

/** A text that a test accepts; `error` says what a right one looks like. */
export function textThat(accepts: (value: string) => boolean, error: string) {
	return z.string({ error: 'is not text; put it in quotes' }).refine(accepts, { error });
}

/** One of some words. */
export function oneOf<const T extends readonly [string, ...string[]]>(words: T) {
	return z.enum(words, {
		error: ({ input }) => `is not a value that fits; ${suggestion(typeof input === 'string' ? input : '', words)}`,
	});
}

/** A regular expression, which the list that it stands in compiles: see `error-rules-schema.ts`. */
export function pattern() {
	return z
		.string({ error: 'is not text; write a regular expression in quotes' })
		.min(1, { error: 'is empty; give it a regular expression, or remove it' })
		.meta({ format: 'regex' });
}

function unknownKey(key: string, known: readonly string[]): string {
	if (key.includes(':')) return 'has no space after its colon; write `key: value`';
	return `is not an option; ${suggestion(key, known)}`;
}

/**
 * One value, or a list of them; read as a list.
 * @param help what to write, to close a sentence with
 */
export function oneOrMany<T extends z.ZodType>(item: T, help: string) {
	const error = `does not fit; ${help}`;
	const many = list(item, 100, help);
	return z
		.union([item, many], { error })
		.transform((value) => (Array.isArray(value) ? value : [value]) as z.output<T>[]);
}

/**
 * A list with at least one value.
 * @param help what to write, to close a sentence with
 */
export function list<T extends z.ZodType>(item: T, most: number, help: string) {
	return z
		.array(item, { error: `is not a list; ${help}` })
		.min(1, { error: `is empty; ${help}` })
		.max(most, { error: `has more than ${most} entries; remove some` });
}

/** A map from names that the user chooses. */
export function table<K extends z.core.$ZodRecordKey, V extends z.ZodType>(key: K, value: V) {
	return z.record(key, value, { error: 'is not a map of names; indent them under it, each with a colon' });
}

/** At least one entry: with none there is nothing to start. */
export function filled<T extends z.ZodType<Readonly<Record<string, unknown>>>>(map: T, error: string) {
	return map.refine((entries) => Object.keys(entries).length > 0, { error });
}

/** An option that may be left out, and what it is when no layer gives it. */
export interface Option<T extends z.ZodType> {
	schema: z.ZodExactOptional<T>;
	/** Its default as the machines get it: durations in ms. */
	preset: z.output<T>;
	/** Its default as it is written in the YAML. */
	written: z.input<T>;
	/** What it is, without its default. */
	sentence: string;
}

/** Declares an option: its type, its default as it would be written in the YAML, and its sentence. */
export function option<T extends z.ZodType>(type: T, preset: z.input<T>, sentence: string): Option<T> {
	return {
		schema: type.exactOptional().meta({ description: withDefault(sentence, preset), default: preset }),
		preset: type.parse(preset, { jitless: true }),
		written: preset,
		sentence,
	};
}

/** Declares an option outside of layers, which has its default as soon as the file is read. */
export function defaulted<T extends z.ZodType>(type: T, value: z.input<T>, sentence: string) {
	return type.prefault(value as z.core.util.NoUndefined<z.input<T>>).describe(withDefault(sentence, value));
}

function withDefault(sentence: string, value: unknown): string {
	return `${sentence} Default: ${typeof value === 'object' ? 'a table' : `\`${value}\``}.`;
}

/**
 * A map with known options. An unknown one is an error that names the nearest.
 * @param misplaced options that people may look for here, each with the sentence that says where they belong
 */
export function section<S extends z.core.$ZodLooseShape>(shape: S, misplaced: Readonly<Record<string, string>> = {}) {
	const known = Object.keys(shape);
	return z.strictObject(shape, {
		error: (issue) => {
			if (issue.code !== 'unrecognized_keys') return `is not a map of options; indent under it ${inWords(known)}`;
			// One line for each unknown key, in the order of `issue.keys`; `explain` takes them apart.
			return issue.keys
				.map((key) => (Object.hasOwn(misplaced, key) && misplaced[key]) || unknownKey(key, known))
				.join('\n');
		},
	});
}
