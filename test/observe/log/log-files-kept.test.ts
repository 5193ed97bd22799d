import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keepLogFiles, type LogFiles, openLogFiles } from '../../../src/observe/log/log-files.ts';
import { soon } from '../../helpers/gateway.ts';
import { flushed } from './flushed.ts';

let base: string;
let folder: string;
let files: LogFiles;
let file: string;

beforeEach(async () => {
	base = mkdtempSync(join(tmpdir(), 'breakwater-logs-'));
	folder = join(base, 'logs');
	files = await openLogFiles({ folder, maxSize: 1024 ** 2, keep: 3 });
	({ file } = files as LogFiles & { file: string });
});

afterEach(async () => {
	await new Promise((resolve) => {
		files.once('close', resolve);
		files.destroy();
	});
	rmSync(base, { recursive: true, force: true });
});

describe('log files that are kept', () => {
	it.each([
		['the folder is removed', () => rmSync(folder, { recursive: true })],
		['the file is removed', () => rmSync(file)],
		['the folder is renamed', () => renameSync(folder, join(base, 'old'))],
	])('are made again when %s, which is told once', async (_name, remove) => {
		const told = vi.fn();
		// Often enough for one look to begin while the one before it is still opening the file.
		keepLogFiles(files, told, 1);
		files.write('before\n');
		await flushed(files);
		for (let count = 1; count <= 10; count++) {
			if (count === 1) remove();
			else rmSync(folder, { recursive: true });
			await soon(() => expect(told).toHaveBeenCalledTimes(count));
			files.write(`after ${count}\n`);
			await flushed(files);
			expect(readFileSync(file, 'utf8')).toBe(`after ${count}\n`);
		}
		await new Promise((resolve) => setTimeout(resolve, 30));
		expect(told).toHaveBeenCalledTimes(10);
	});

	it('that cannot be made again say so, and go on as soon as they can', async () => {
		const [told, failed] = [vi.fn(), vi.fn()];
		files.on('error', failed);
		keepLogFiles(files, told, 5);
		rmSync(folder, { recursive: true });
		writeFileSync(folder, 'in the way');
		await soon(() => expect(failed).toHaveBeenCalled());
		expect(told).not.toHaveBeenCalled();
		rmSync(folder);
		await soon(() => expect(told).toHaveBeenCalledTimes(1));
		expect(existsSync(file)).toBe(true);
	});
});
