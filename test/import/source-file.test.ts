import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readJsonSource, readYamlSource, type SourceFile, withoutComments } from '../../src/import/source-file.ts';

let folder: string;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'breakwater-'));
});

afterEach(() => {
	rmSync(folder, { recursive: true });
});

function file(text: string | Uint8Array): string {
	const path = join(folder, 'f.json');
	writeFileSync(path, text);
	return path;
}

function read(text: string): SourceFile {
	const source = readJsonSource(file(text));
	if ('severity' in source) throw new Error(`${source.line}:${source.column}: ${source.message}`);
	return source;
}

describe('JSON as people write it', () => {
	test('comments of every kind and trailing commas', () => {
		const text = '// head\n[ /* a\nb */ 1, // it\'s "two\n"a//b", "c/*d*/e", 2,\n# three\n]\n// tail';
		expect(read(text).value).toEqual([1, 'a//b', 'c/*d*/e', 2]);
	});

	test('tabs, a byte order mark, CRLF, escapes and other scripts', () => {
		expect(read('\uFEFF[\r\n\t{\t"名": "\\u4e3b\\/\\ud83d\\ude00\\"//" }\r\n]').value).toEqual([{ 名: '主/😀"//' }]);
	});

	test('comments become spaces, so that positions stay', () => {
		const text = '[/* x */ {\n\t"a": 1 // y\n}]';
		expect(withoutComments(text)).toHaveLength(text.length);
		expect(read(text).notice('error', [0, 'a'], '')).toMatchObject({ line: 2, column: 2 });
		expect(read(text).notice('error', [0, 'missing'], '')).toMatchObject({ line: 1, column: 10 });
	});

	test.each([
		['[{"a": "SECRET"', 1, 'cut off'],
		['[\n{"a": SECRET}]', 2, 'quotes'],
		['[{"a" "SECRET"}]', 1, ''],
		['[{"a": 1}\n{"b": "SECRET"}]', 2, ''],
		['{"a": 1, "a": "SECRET"}', 1, 'twice'],
		['a: SECRET', 1, ''],
		['[1] SECRET', 1, ''],
		['', 1, 'empty'],
		['// nothing', 1, 'empty'],
		['[1, /* SECRET', 1, ''],
	])('%j is a mistake at its line, not repeated and not mended', (text, line, word) => {
		const source = readJsonSource(file(text));
		expect(source).toMatchObject({ severity: 'error', line, message: expect.stringContaining(word) });
		expect(JSON.stringify(source)).not.toContain('SECRET');
	});

	test('what cannot be read is said', () => {
		expect(readJsonSource(join(folder, 'none'))).toMatchObject({ message: expect.stringContaining('does not exist') });
		expect(readJsonSource(folder)).toMatchObject({ message: expect.stringContaining('is a directory') });
		expect(readJsonSource(file(Uint8Array.of(0x22, 0xff, 0x22)))).toMatchObject({
			message: expect.stringContaining('not UTF-8'),
		});
		expect(readJsonSource(file(`"${'x'.repeat(2_000_001)}"`))).toMatchObject({
			message: expect.stringContaining('larger than 1 MB'),
		});
	});
});

describe('YAML', () => {
	test('is read, with // as text; JSON with comments is read too', () => {
		expect(readYamlSource(file('a: b//c # d'))).toMatchObject({ value: { a: 'b//c' } });
		expect(readYamlSource(file('// x\n{"a": [1,],}'))).toMatchObject({ value: { a: [1] } });
	});

	test('aliases that multiply are refused', () => {
		const levels = Array.from(
			{ length: 9 },
			(_, level) => `l${level + 1}: &l${level + 1} [${`*l${level}, `.repeat(9)}1]`,
		);
		expect(readYamlSource(file(['l0: &l0 [1]', ...levels].join('\n')))).toMatchObject({
			message: expect.stringContaining('aliases'),
		});
	});
});
