import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/values/package-paths.ts';

export interface DocumentedVariable {
	name: string;
	isRequired: boolean;
	text: string;
}

/** A file of the package, as text. */
export function fileText(file: string): string {
	return readFileSync(join(packageRoot, file), 'utf8');
}

/** The list of variables in the comment that a template begins with: `#   NAME   required  what it is`. */
export function documentedVariables(text: string): DocumentedVariable[] {
	const header = text.slice(0, text.search(/^[^#\s]/m));
	const lines = header.matchAll(/^# {3}([A-Z][A-Z0-9_]*) +(required|optional) {2}(\S.*)$/gm);
	return [...lines].map(([, name = '', need = '', text = '']) => ({ name, isRequired: need === 'required', text }));
}

/** The variables that a text without its comments refers to, each with whether it has a default. */
export function usedVariables(text: string): Map<string, { hasDefault: boolean }> {
	const bare = text.replace(/(^|\s)#.*$/gm, '');
	const found = [...bare.matchAll(/(?<!\$)\$\{([A-Za-z_]\w*)(:-)?/g)];
	return new Map(found.map(([, name = '', mark]) => [name, { hasDefault: mark !== undefined }]));
}

/** An environment with every required variable, and nothing else: different values that look like what they are. */
export function requiredEnvironment(text: string): Record<string, string> {
	const required = documentedVariables(text).filter(({ isRequired }) => isRequired);
	return Object.fromEntries(
		required.map(({ name }) => [
			name,
			name.endsWith('_URL') ? 'https://hooks.example.com/x' : `planted-${name}-00000000`,
		]),
	);
}
