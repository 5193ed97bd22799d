import {
	closeSync,
	existsSync,
	fsyncSync,
	linkSync,
	openSync,
	realpathSync,
	renameSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { makeFolder } from '../values/make-folder.ts';
import { UserError } from '../values/user-error.ts';

/**
 * Writes a file whole or not at all, and makes its folder: the text is written beside it first, and then given the name
 * in one step.
 * @param options.replace whether a file that is there already is replaced
 * @param options.mode who may read it; default `0o644`, everybody
 * @throws UserError when it is there and is to be kept, or when it cannot be written
 */
export function writeWhole(file: string, text: string, options: { replace: boolean; mode?: number }): void {
	if (file === '') throw new UserError('--out is empty; name a file.');
	const target = options.replace && existsSync(file) ? realpathSync(file) : file;
	try {
		makeFolder(dirname(target));
	} catch (error) {
		throw new UserError(unwritten(file, error));
	}
	const draft = join(dirname(target), `.${basename(target)}.${process.pid}.tmp`);
	try {
		writeSynced(draft, text, options.mode ?? 0o644);
		// A link fails where a name is taken, even by one who was faster, which a rename would replace.
		if (options.replace) renameSync(draft, target);
		else linkSync(draft, target);
	} catch (error) {
		throw new UserError(unwritten(file, error));
	} finally {
		rmSync(draft, { force: true });
	}
}

function partIsFile(file: string): string {
	return `${file} cannot be written, for a part of its path is a file; name another place with --out.`;
}

function writeSynced(file: string, text: string, mode: number): void {
	const descriptor = openSync(file, 'wx', mode);
	try {
		writeFileSync(descriptor, text);
		fsyncSync(descriptor);
	} finally {
		closeSync(descriptor);
	}
}

function unwritten(file: string, error: unknown): string {
	const { code = 'unknown' } = error as NodeJS.ErrnoException;
	if (code === 'EEXIST') return existsText(file);
	if (code === 'ENOENT')
		return `${file} cannot be written, for nothing can be made in its folder; name another place with --out.`;
	if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
		return `${file} cannot be written, for its folder may not be written to; name another place with --out.`;
	if (code === 'EISDIR' || code === 'ENOTEMPTY') return `${file} is a directory; name a file in it with --out.`;
	if (code === 'ENOTDIR') return partIsFile(file);
	if (code === 'ENOSPC') return `${file} cannot be written, for the disk is full; nothing was changed.`;
	return `${file} cannot be written (${code}); check the path and the disk.`;
}

/** What is said where a file is there that nobody said to replace. */
export function existsText(file: string): string {
	return `${file} is there already and was left as it is; --force replaces it, and --out names another place.`;
}
