import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder and those above it. Not Node's own `recursive`: where a folder exists in which nothing can be made, such as /proc,
 * that never ends.
 * @throws the error of the system; its code is `ENOTDIR` where a part of the path is a file
 */
export function makeFolder(folder: string, mode = 0o777): void {
	const missing: string[] = [];
	for (let path = resolve(folder); !existsSync(path); path = dirname(path)) missing.unshift(path);
	if (missing.length === 0 && !statSync(folder).isDirectory()) {
		throw Object.assign(new Error(`${folder} is a file`), { code: 'ENOTDIR' });
	}
	for (const path of missing) makeOne(path, mode);
}

/** Another process may make the same one at this moment. */
function makeOne(path: string, mode: number): void {
	try {
		mkdirSync(path, { mode });
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
	}
}
