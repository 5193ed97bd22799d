import { once } from 'node:events';
import { readdirSync, rmSync } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type pino from 'pino';
import { makeFolder } from '../../values/make-folder.ts';

/** Where the log is written to, besides standard error. */
export type LogFiles = ReturnType<typeof pino.destination>;

export interface LogFilesOptions {
	folder: string;
	/** Bytes; a file is a little larger when the next is begun. */
	maxSize: number;
	/** How many files, the one that is written to among them. */
	keep: number;
}

const fileName = 'breakwater';

/** `breakwater.2026-11-20.2.log` */
const fileShape = new RegExp(`^${fileName}\\.(\\d{4}-\\d\\d-\\d\\d)\\.(\\d+)\\.log$`);

/** Who calls whom, how often and when, is nobody's business but the owner's. */
const OWNERS_FOLDER = 0o700;

/** Gathered as for standard error; what a disk does not take is dropped past `maxLength`, before it fills the memory. */
const gathered = { sync: false, minLength: 8192, maxLength: 16 * 1024 ** 2, periodicFlush: 200, mode: 0o600 };

/**
 * Opens today's log file, `breakwater.2026-11-20.1.log`. The next one is begun at midnight, local time, and whenever one
 * has grown to `maxSize`; the oldest go when there are more than `keep`. What it makes, only its owner can read.
 * @throws Error with a sentence for the user when the folder cannot be written to
 */
export async function openLogFiles({ folder, maxSize, keep }: LogFilesOptions): Promise<LogFiles> {
	try {
		makeFolder(folder, OWNERS_FOLDER);
		const { default: roll } = await import('pino-roll');
		const files = await roll({
			file: join(folder, fileName),
			frequency: 'daily',
			dateFormat: 'yyyy-MM-dd',
			size: `${maxSize}b`,
			...gathered,
		});
		await once(files, 'ready');
		removeOldFiles(folder, keep);
		// Not the library's own limit: it counts only files that this process began, and leaves one too many where two are
		// begun in quick succession.
		files.on('ready', () => {
			try {
				removeOldFiles(folder, keep);
			} catch (error) {
				files.emit('error', error);
			}
		});
		return files;
	} catch (error) {
		throw new Error(folderProblem(folder, error as NodeJS.ErrnoException));
	}
}

/** How often it is looked whether the present file is still there, ms. */
const LOOK_INTERVAL_MS = 5000;

/**
 * Makes the file, and its folder, again when somebody has removed or renamed it: the lines would go on into a file that
 * nobody can open any more. An `error` of the files tells when that cannot be done.
 * @param onMade called each time, once the file is open again
 * @param intervalMs how often it looks
 */
export function keepLogFiles(files: LogFiles, onMade: () => void, intervalMs = LOOK_INTERVAL_MS): void {
	let hasEnded = false;
	/** From the moment at which it is found missing until it is open again, or could not be opened. */
	let isMissing = false;
	const found = () => {
		isMissing = false;
	};
	const look = async () => {
		// Opening takes a while, in which it is still missing.
		if (isMissing) return;
		isMissing = true;
		// Absent in its type: the path of the file that is written to now, or is to be opened next.
		const { file } = files as LogFiles & { readonly file: string };
		const isThere = await access(file).then(
			() => true,
			({ code }: NodeJS.ErrnoException) => code !== 'ENOENT' && code !== 'ENOTDIR',
		);
		if (isThere) found();
		if (isThere || hasEnded) return;
		try {
			makeFolder(dirname(file), OWNERS_FOLDER);
			await access(dirname(file), constants.W_OK);
			if (hasEnded) return;
			files.once('ready', onMade);
			files.reopen();
		} catch (error) {
			files.emit('error', error);
		}
	};
	files.on('ready', found);
	files.on('error', () => {
		files.off('ready', onMade);
		found();
	});
	const timer = setInterval(look, intervalMs).unref();
	files.once('close', () => {
		hasEnded = true;
		clearInterval(timer);
	});
}

function removeOldFiles(folder: string, keep: number): void {
	const found = readdirSync(folder).flatMap((name) => {
		const [, date = '', number] = fileShape.exec(name) ?? [];
		return number === undefined ? [] : [{ name, date, number: Number(number) }];
	});
	found.sort((a, b) => a.date.localeCompare(b.date) || a.number - b.number);
	for (const { name } of found.slice(0, -keep)) rmSync(join(folder, name), { force: true });
}

function folderProblem(
	folder: string,
	{ code = 'its name has a character that no file may have' }: NodeJS.ErrnoException,
) {
	const place = `The log folder ${folder} (logs.folder)`;
	if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
		return `${place} may not be written to; give this user the right to, or name another folder.`;
	}
	if (code === 'EEXIST' || code === 'ENOTDIR') return `${place} is not a folder; name another one.`;
	return `${place} cannot be used (${code}); name another folder.`;
}
