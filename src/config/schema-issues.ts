import type { z } from 'zod';
import type { ProblemCollector } from './problem-collector.ts';
import { type Path, placeKey, type Tree, valueAt } from './tree.ts';

type Issue = z.core.$ZodIssue;

/** Reports every issue that the schema found in a tree. */
export function reportIssues(issues: readonly Issue[], tree: Tree, collector: ProblemCollector): void {
	for (const issue of issues) {
		if (issue.code === 'unrecognized_keys') collector.noteUnknown(issue.path, issue.keys);
	}
	for (const issue of issues) reportIssue(issue, [], tree, collector);
}

function reportIssue(issue: Issue, parent: Path, tree: Tree, collector: ProblemCollector): void {
	const path = [...parent, ...issue.path];
	if (issue.code === 'unrecognized_keys') {
		const predicates = issue.message.split('\n');
		for (const [index, key] of issue.keys.entries()) {
			collector.add(tree, [...path, key], 'key', predicates[index] ?? 'is not an option; remove it');
		}
		return;
	}
	if (issue.code === 'invalid_key') {
		for (const { message } of issue.issues) collector.add(tree, path, 'key', message);
		return;
	}
	if (!tree.places.has(placeKey(path))) {
		if (collector.isMisspelled(path)) return;
		collector.add(tree, path, 'key', `is missing; ${addition(path)}`);
		return;
	}
	if (valueAt(tree, path) === null) {
		collector.add(tree, path, 'key', 'has no value; give it one, or remove the line');
		return;
	}
	if (issue.code === 'invalid_union') {
		const branch = branchMeant(issue.errors);
		if (branch !== undefined && branch.length > 0) {
			for (const inner of branch) reportIssue(inner, path, tree, collector);
			return;
		}
	}
	collector.add(tree, path, 'value', issue.message);
}

function addition(path: Path): string {
	if (path.at(-1) === 'providers') return 'add `providers:` with at least one provider';
	if (path.at(-1) === 'profiles') return 'add `profiles:` with at least one profile and its chain';
	return `add \`${String(path.at(-1))}: …\``;
}

/** Of a union, the alternative that the value has the shape of; what is wrong with it is what the user wants to know. */
function branchMeant(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
	const inside = branches.find((issues) => issues.every(({ path }) => path.length > 0));
	return (
		inside ?? branches.find((issues) => issues.every(({ code, path }) => code !== 'invalid_type' || path.length > 0))
	);
}

/**
 * A value that is one `${…}` is text, but may stand for a number or a boolean: turns it into one where the schema asked.
 * @returns whether anything in the tree has changed
 */
export function convertInterpolated(issues: readonly Issue[], tree: Tree): boolean {
	const converted = issues
		.flatMap((issue) => wantedOf(issue))
		.map(([path, expected]) => convertOne(path, expected, tree));
	return converted.includes(true);
}

/** Which type is wanted where, of the alternatives of a union inside of what has their shape. */
function wantedOf(issue: Issue): [path: Path, expected: string][] {
	if (issue.code === 'invalid_type') return [[issue.path, issue.expected]];
	if (issue.code !== 'invalid_union') return [];
	const inside = issue.errors.flat().filter(({ path }) => path.length > 0);
	return inside.flatMap(wantedOf).map(([path, expected]) => [[...issue.path, ...path], expected]);
}

function convertOne(path: Path, expected: string, tree: Tree): boolean {
	const text = valueAt(tree, path);
	const parent = valueAt(tree, path.slice(0, -1));
	const key = path.at(-1);
	const whole = tree.places.get(placeKey(path))?.interpolated === 'whole';
	if (!whole || typeof text !== 'string' || typeof parent !== 'object' || parent === null || key === undefined)
		return false;

	const value = expected === 'boolean' ? booleanOf(text) : numberOf(text);
	return value !== undefined && Reflect.set(parent, key, value);
}

function booleanOf(text: string): boolean | undefined {
	if (text === 'true') return true;
	return text === 'false' ? false : undefined;
}

function numberOf(text: string): number | undefined {
	return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}
