import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { keyFile } from '../../src/credentials/key-file.ts';

const never = new AbortController().signal;
let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'keys-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a file with a key', () => {
	it('is read without the end of its line, and without a byte order mark', async () => {
		writeFileSync(join(folder, 'key'), '\ufeffsk-a\r\n');
		expect(await keyFile(join(folder, 'key'), 60_000).fetch(never)).toEqual({ key: 'sk-a' });
	});

	it('may be empty for a moment, while it is written', async () => {
		const file = join(folder, 'key');
		writeFileSync(file, '');
		const fetching = keyFile(file, 60_000).fetch(never);
		setTimeout(() => writeFileSync(file, 'sk-b\n'), 50);
		expect(await fetching).toEqual({ key: 'sk-b' });
	});
});

describe('a file that is read too slowly', () => {
	// Nothing of this machine hangs on demand: it is given less time than the pause for an empty file.
	it('is trouble, and holds up nobody', async () => {
		const file = join(folder, 'key');
		writeFileSync(file, '');
		await expect(keyFile(file, 20).fetch(never)).rejects.toThrow(`the file ${file} could not be read within 0.02 s`);
	});

	it('is given up when nobody waits for it any more', async () => {
		const file = join(folder, 'key');
		writeFileSync(file, '');
		const stop = new AbortController();
		const reading = keyFile(file, 60_000).fetch(stop.signal);
		stop.abort();
		await expect(reading).rejects.toThrow('aborted');
	});
});

describe('a file without a key says why, and nothing of what it holds', () => {
	test.each<[what: string, bytes: string | Buffer, sentence: string]>([
		['nothing', '\n', 'holds nothing'],
		['two lines', 'sk-a\nsk-b\n', 'holds 2 lines, where a key is one'],
		['a space', 'sk a', 'holds characters that no HTTP header can carry, such as a space'],
		['no text', Buffer.from([0x73, 0xff]), 'holds bytes that are not UTF-8 text'],
		['too much', Buffer.alloc(70_000, 'a'), 'holds more than 64 kB, which is no key'],
	])('%s', async (_what, bytes, sentence) => {
		const file = join(folder, 'key');
		writeFileSync(file, bytes);
		await expect(keyFile(file, 60_000).fetch(never)).rejects.toThrow(new Error(`the file ${file} ${sentence}`));
	});

	it('is not there, is a folder, leads to nowhere or in a circle', async () => {
		const file = (name: string) => join(folder, name);
		mkdirSync(file('folder'));
		symlinkSync(file('gone'), file('link'));
		symlinkSync(file('circle'), file('circle'));
		const sentences = ['gone', 'folder', 'link', 'circle'].map((name) =>
			keyFile(file(name), 60_000)
				.fetch(never)
				.catch(({ message }: Error) => message.replaceAll(`${folder}/`, '')),
		);
		expect(await Promise.all(sentences)).toEqual([
			'the file gone does not exist',
			'folder is not a file',
			'the file link does not exist',
			'the file circle cannot be read (ELOOP)',
		]);
	});
});
