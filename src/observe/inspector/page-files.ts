import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, extname, join, sep } from 'node:path';
import { packageRoot } from '../../values/package-paths.ts';

export interface PageFile {
	type: string;
	body: Buffer;
	/** Of its content, as an `etag`. */
	tag: string;
}

const pageFolder = join(packageRoot, 'src', 'observe', 'inspector', 'page');

const types: Readonly<Record<string, string>> = {
	'.html': 'text/html; charset=utf-8',
	'.css': 'text/css; charset=utf-8',
	'.js': 'text/javascript; charset=utf-8',
	'.svg': 'image/svg+xml',
};

/** What the page uses of lit-html. */
const litFiles = ['lit-html.js', 'directive.js', 'directive-helpers.js', 'directives/repeat.js'];

/**
 * The page's files, by their path below `/inspector/`. The list is made once; a name from outside is only looked up in
 * it and never becomes a path.
 */
export function listPageFiles(): ReadonlyMap<string, string> {
	const own = readdirSync(pageFolder).filter((name) => extname(name) in types);
	const lit = litFolder();
	return new Map([
		...own.map((name): [string, string] => [name, join(pageFolder, name)]),
		...litFiles.map((name): [string, string] => [`vendor/${name}`, join(lit, ...name.split('/'))]),
	]);
}

/** @throws when the file is gone */
export async function readPageFile(path: string): Promise<PageFile> {
	const body = await readFile(path);
	const tag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 20)}"`;
	return { type: types[extname(path)] ?? 'application/octet-stream', body, tag };
}

/** The package's folder; what Node itself would import from it is not for browsers. */
function litFolder(): string {
	const entry = dirname(createRequire(import.meta.url).resolve('lit-html'));
	return entry.endsWith(`${sep}node`) ? dirname(entry) : entry;
}
