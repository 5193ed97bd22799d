import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killAll } from './children.ts';

/**
 * A folder for the files of one run. However this process ends, Ctrl-C included, the folder goes and every process that
 * it started with it.
 */
export function scratchDirectory(name: string): string {
	const directory = mkdtempSync(join(tmpdir(), `breakwater-${name}-`));
	process.on('exit', () => {
		killAll();
		rmSync(directory, { recursive: true, force: true });
	});
	process.on('SIGINT', () => process.exit(130));
	process.on('SIGTERM', () => process.exit(143));
	return directory;
}
