// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the notation of the YAML.
import {
	chmodSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readEnvironment } from '../../src/config/dotenv.ts';
import { missingForService } from '../../src/setup/service-variables.ts';
import { writeWhole } from '../../src/setup/write-file.ts';

let folder: string;
const before = process.cwd();

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'breakwater-'));
});

afterEach(() => {
	process.chdir(before);
	rmSync(folder, { recursive: true });
});

describe('writeWhole', () => {
	test('makes the folder, and leaves nothing else beside the file', () => {
		const file = join(folder, 'a', 'b', 'x.yaml');
		writeWhole(file, 'text', { replace: false });
		expect(readFileSync(file, 'utf8')).toBe('text');
		expect(statSync(file).mode & 0o777).toBe(0o644);
		expect(readdirSync(join(folder, 'a', 'b'))).toEqual(['x.yaml']);
	});

	test('keeps what is there, unless it is to be replaced', () => {
		const file = join(folder, 'x.yaml');
		writeFileSync(file, 'old');
		expect(() => writeWhole(file, 'new', { replace: false })).toThrow(
			/is there already and was left as it is; --force/,
		);
		expect(readFileSync(file, 'utf8')).toBe('old');
		writeWhole(file, 'new', { replace: true });
		expect(readFileSync(file, 'utf8')).toBe('new');
		expect(readdirSync(folder)).toEqual(['x.yaml']);
	});

	test('replaces what a link leads to, not the link', () => {
		writeFileSync(join(folder, 'real'), 'old');
		symlinkSync(join(folder, 'real'), join(folder, 'link'));
		writeWhole(join(folder, 'link'), 'new', { replace: true });
		expect(readFileSync(join(folder, 'real'), 'utf8')).toBe('new');
	});

	test('says in one sentence why it cannot write, and leaves no draft', () => {
		mkdirSync(join(folder, 'directory'));
		writeFileSync(join(folder, 'file'), '');
		expect(() => writeWhole(join(folder, 'directory'), 'x', { replace: true })).toThrow(/is a directory; name a file/);
		expect(() => writeWhole(join(folder, 'file', 'x'), 'x', { replace: false })).toThrow(
			/a part of its path is a file/,
		);
		expect(readdirSync(folder).sort()).toEqual(['directory', 'file']);
	});

	test.skipIf(!existsSync('/proc/self'))('comes to an end where no folder can be made', () => {
		expect(() => writeWhole('/proc/none/x.yaml', 'x', { replace: false })).toThrow(/name another place with --out/);
	});
});

describe('readEnvironment', () => {
	function dotenv(text: string): void {
		process.chdir(folder);
		writeFileSync('.env', text);
	}

	test('reads a file with odd lines', () => {
		dotenv('\uFEFFFIRST=1\r\nexport SECOND="two words" # comment\n\n# THIRD=3\nnonsense\n=4\nEMPTY=\nFIFTH=a=b\n');
		expect(readEnvironment({}).variables).toEqual({ FIRST: '1', SECOND: 'two words', FIFTH: 'a=b' });
	});

	test('what the process has goes before, unless it is empty', () => {
		dotenv('A=file\nB=file\nC=file\n');
		const { variables, fromFile, inFile } = readEnvironment({ A: 'process', B: '', D: 'process' });
		expect(variables).toEqual({ A: 'process', B: 'file', C: 'file', D: 'process' });
		expect([...fromFile]).toEqual(['B', 'C']);
		expect([...inFile]).toEqual(['A', 'B', 'C']);
	});

	test('needs no file, and tells of one that it cannot read', () => {
		process.chdir(folder);
		expect(readEnvironment({ A: '1' })).toMatchObject({ variables: { A: '1' } });
		expect(readEnvironment({})).not.toHaveProperty('problem');
		mkdirSync('.env');
		expect(readEnvironment({}).problem).toMatch(/directory/);
	});

	test.skipIf(process.getuid?.() === 0)('tells of a file that it may not read', () => {
		dotenv('A=1');
		chmodSync('.env', 0);
		expect(readEnvironment({}).problem).toMatch(/EACCES/);
		expect(existsSync('.env')).toBe(true);
	});
});

test('missingForService names what a configuration needs, not its comments, its defaults or its escapes', () => {
	const file = join(folder, 'x.yaml');
	writeFileSync(file, '# ${COMMENT}\na: ${NEEDED}\nb: [ "${SEEN}", "${OTHER:-default}", "$${LITERAL}", "x${TOO}y" ]\n');
	expect(missingForService(file, new Set(['SEEN']))).toEqual(['NEEDED', 'TOO']);
});
