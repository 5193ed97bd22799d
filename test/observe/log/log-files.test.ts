import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../../../src/observe/log/log.ts';
import { type LogFiles, openLogFiles } from '../../../src/observe/log/log-files.ts';
import { soon } from '../../helpers/gateway.ts';
import { flushed } from './flushed.ts';

let folder: string;
let files: LogFiles | undefined;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'breakwater-logs-'));
});

afterEach(() => {
	files?.destroy();
	files = undefined;
	rmSync(folder, { recursive: true, force: true });
});

async function open(options: { folder?: string; maxSize?: number; keep?: number } = {}): Promise<LogFiles> {
	files = await openLogFiles({ folder, maxSize: 1024 ** 2, keep: 3, ...options });
	return files;
}

const names = () => readdirSync(folder).sort();

function today(): string {
	const now = new Date();
	const two = (value: number) => String(value).padStart(2, '0');
	return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}

describe('log files', () => {
	it('are dated, in a folder that is made for them', async () => {
		folder = join(folder, 'deep', 'logs.d');
		const stream = await open();
		stream.write('{"a":1}\n');
		await flushed(stream);
		expect(names()).toEqual([`breakwater.${today()}.1.log`]);
		expect(readFileSync(join(folder, names()[0] ?? ''), 'utf8')).toBe('{"a":1}\n');
	});

	it('are readable by their owner only, and so are the folders made for them', async () => {
		const old = process.umask(0);
		try {
			const base = folder;
			folder = join(base, 'deep', 'logs');
			const stream = await open({ maxSize: 2048 });
			for (let count = 0; count < 3; count++) {
				stream.write(`${'x'.repeat(3000)}\n`);
				await flushed(stream);
			}
			await soon(() => expect(names().length).toBeGreaterThan(1));
			for (const name of names()) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
			for (const made of [folder, join(base, 'deep')]) expect(statSync(made).mode & 0o777).toBe(0o700);
		} finally {
			process.umask(old);
		}
	});

	it('are gone on with after a new start', async () => {
		for (const line of ['first\n', 'second\n']) {
			const stream = await open();
			stream.write(line);
			await flushed(stream);
			stream.destroy();
		}
		expect(readFileSync(join(folder, `breakwater.${today()}.1.log`), 'utf8')).toBe('first\nsecond\n');
	});

	it('are begun anew when they are full, and the oldest go, other files not', async () => {
		writeFileSync(join(folder, 'other.log'), 'mine');
		writeFileSync(join(folder, 'breakwater.notes.log'), 'mine');
		const stream = await open({ maxSize: 2048, keep: 2 });
		for (let count = 0; count < 6; count++) {
			stream.write(`${String(count).repeat(3000)}\n`);
			stream.flush();
			const last = `breakwater.${today()}.${count + 2}.log`;
			await soon(() => expect(names()).toContain(last));
		}
		await soon(() => expect(names().filter((name) => name.includes(today()))).toHaveLength(2));
		expect(names()).toEqual(expect.arrayContaining(['breakwater.notes.log', 'other.log']));
		const last = readFileSync(join(folder, `breakwater.${today()}.6.log`), 'utf8');
		expect(last).toBe(`${'5'.repeat(3000)}\n`);
	});

	it('of former days are removed at the start, the oldest first, by date and number', async () => {
		const old = ['2025-12-31.9', '2026-01-01.2', '2026-01-01.10', '2026-01-02.1'];
		for (const day of old) writeFileSync(join(folder, `breakwater.${day}.log`), 'old');
		writeFileSync(join(folder, 'breakwater.log'), 'mine');
		await open({ keep: 3 });
		expect(names()).toEqual([
			'breakwater.2026-01-01.10.log',
			'breakwater.2026-01-02.1.log',
			expect.stringContaining(`breakwater.${today()}.`),
			'breakwater.log',
		]);
	});

	it.each([
		['a file is', () => writeFileSync(join(folder, 'logs'), ''), /is not a folder; name another one/],
		[
			'a file is above it',
			() => writeFileSync(join(folder, 'logs'), ''),
			/is not a folder; name another one/,
			'logs/below',
		],
		['nothing can be made where it is', () => {}, /cannot be used \(\w+\)|may not be written/, '/proc/x'],
		['the name is none', () => {}, /cannot be used \(its name has a character/, 'a<b'],
	] as [string, () => void, RegExp, string?][])(
		'are refused in one sentence where %s',
		async (_name, prepare, message, name = 'logs') => {
			prepare();
			const problem = await open({ folder: resolve(folder, name) }).catch((error: Error) => error.message);
			expect(problem).toMatch(message);
			expect(problem).toMatch(/^The log folder .* \(logs\.folder\) [^\n]*\.$/);
		},
	);

	it('take every line of the log; a disk that is full is told of once, and ends nothing', async () => {
		const stream = await open();
		const shown: string[] = [];
		const log = createLog('info', stream, { shown: { write: (line: string) => void shown.push(line) } });
		log.info('planted line');
		const full = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
		for (let count = 0; count < 5; count++) stream.emit('error', full);
		await flushed(stream);
		expect(readFileSync(join(folder, `breakwater.${today()}.1.log`), 'utf8')).toContain('planted line');
		expect(shown.filter((line) => line.includes('ENOSPC'))).toHaveLength(1);
		expect(shown.filter((line) => line.includes('planted line'))).toHaveLength(1);
	});
});
