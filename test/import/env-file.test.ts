import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { envFileText } from '../../src/import/env-file.ts';

let folder: string;
let file: string;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'breakwater-'));
	file = join(folder, '.env');
});

afterEach(() => {
	rmSync(folder, { recursive: true });
});

test.each(['sk-abc_D.9', 'a=b+c/d==', 'x#y', '"q"', '$HOME', '`id`', 'back\\slash', '!x&y;z'])(
	'%s is read back by Node and by a shell',
	(key) => {
		writeFileSync(file, envFileText(file, new Map([['KEY', key]])));
		expect(parseEnv(envFileText(file, new Map([['KEY', key]]))).KEY).toBe(key);
		expect(execFileSync('sh', ['-c', `. ${file}; printf %s "$KEY"`], { encoding: 'utf8' })).toBe(key);
	},
);

test('a quote is refused, without the key in the message', () => {
	const set = () => envFileText(file, new Map([['KEY', "SECRET'1"]]));
	expect(set).toThrow('The key for KEY has a quote in it');
	expect(set).not.toThrow('SECRET');
});

test('the other lines of a file that is there stay, and a key that is in it is replaced', () => {
	writeFileSync(file, '# mine\r\nOTHER=1\nexport KEY=old\n KEY = older\nKEY_2=stays\n\n');
	expect(envFileText(file, new Map([['KEY', 'new']]))).toBe('# mine\nOTHER=1\nKEY_2=stays\nKEY=new\n');
});

test('one that cannot be read is reported', () => {
	expect(() => envFileText(folder, new Map())).toThrow('cannot be read (EISDIR)');
});
