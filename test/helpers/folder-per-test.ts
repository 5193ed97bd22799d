import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';

export interface TestFolder {
	readonly path: string;
	/** @returns the path of the file */
	write(name: string, text: string): string;
}

/** Called once in a file: an empty folder for each of its tests, removed after it. */
export function folderPerTest(): TestFolder {
	let path = '';
	beforeEach(() => {
		path = mkdtempSync(join(tmpdir(), 'breakwater-'));
	});
	afterEach(() => {
		rmSync(path, { recursive: true });
	});
	return {
		get path() {
			return path;
		},
		write(name, text) {
			const file = join(path, name);
			writeFileSync(file, text);
			return file;
		},
	};
}
