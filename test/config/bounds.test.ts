import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig, parseConfig } from '../../src/config/load.ts';
import { ConfigError } from '../../src/config/problems.ts';
import { routesOf } from '../../src/gateway/routes.ts';
import { withoutComments } from '../../src/import/source-file.ts';
import { readBounded } from '../../src/values/bounded-file.ts';
import { makeFolder } from '../../src/values/make-folder.ts';

/** Without a bound none of these ends, or each takes gigabytes: a test that no longer refuses one is seen by everybody. */

const base = 'providers: { a: { baseUrl: "http://127.0.0.1:1/v1" } }\n';
const steps = (count: number, step: (index: number) => string) =>
	Array.from({ length: count }, (_, i) => step(i)).join('\n');

function messageOf(text: string): string {
	try {
		parseConfig(text, { file: 'my.yaml', env: {} });
	} catch (error) {
		if (error instanceof ConfigError) return error.message;
		throw error;
	}
	throw new Error('it was taken');
}

describe('a configuration that would never be read to its end is refused', () => {
	it.each([
		['merge keys that double', `a0: &a0 {x: 1}\n${steps(40, (i) => `a${i + 1}: &a${i + 1} {<<: [*a${i}, *a${i}]}`)}`],
		[
			'merge keys of merge keys',
			`a0: &a0 {x: 1}\n${steps(2000, (i) => `a${i + 1}: &a${i + 1} {<<: *a${i}, k${i}: 1}`)}`,
		],
		['aliases that double', `a0: &a0 [1, 1]\n${steps(40, (i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`)}`],
		['many aliases', `a: &a 1\nb: [${'*a,'.repeat(24_000)}]`],
	])('%s', (_name, text) => {
		expect(messageOf(text)).toMatch(/too large, with more than 20000 values|merges more than 50 levels deep/);
	});

	it.each([
		['open brackets', '['.repeat(990_000), /^my\.yaml:1:101: the file is nested too deeply; flatten it$/],
		['open braces', '{a: '.repeat(200_000), /nested too deeply/],
		['closed brackets', ']'.repeat(990_000), /more brackets are closed than opened/],
		['keys of keys', '? '.repeat(400_000), /more than 100000 words, signs and line breaks/],
		['directives', '%a\n'.repeat(300_000), /^my\.yaml:\d{5,}:\d+: the file has more than 100000 words/],
	])('%s', (_name, text, words) => {
		expect(messageOf(text)).toMatch(words);
	});

	it('profiles that extend each other in a long line', () => {
		const text = `${base}profiles:\n  p0: { chain: [a/b] }\n${steps(200, (i) => `  p${i + 1}: { extends: p${i} }`)}`;
		expect(messageOf(text)).toMatch(/more than 20 in a line/);
	});
});

describe('error rules that would cost too much for each error', () => {
	const rules = (count: number, pattern: string) => `${base}profiles: { default: { chain: [a/b] } }
errorRules:
${steps(count, (i) => `  - { message: '${i}${pattern}', as: TIMEOUT }`)}`;

	it('are refused where they become too much, and are compiled no further', () => {
		const message = messageOf(rules(60, '[^b]{1,400}'));
		expect(message).toMatch(
			/^my\.yaml:28:16: `errorRules\[24\]\.message` is too much: .* have 2\d{4} steps, at most 20000;/,
		);
		expect(message.split('\n')).toHaveLength(1);
	});

	it('are tried no further where a hundred are too large', () => {
		expect(messageOf(rules(150, '[^b]{1,501}')).split('\n')).toHaveLength(100);
	});
});

it.each([
	['a provider', `? ${'p'.repeat(501)}\n  : { baseUrl: "http://127.0.0.1:2/v1" }`, '{ default: { chain: [a/b] } }'],
	[
		'a model',
		`b: { baseUrl: "http://127.0.0.1:2/v1", models: { ? ${'m'.repeat(501)} : {} } }`,
		'{ default: { chain: [a/b] } }',
	],
	['a profile', '', `{ ? ${'p'.repeat(501)} : { chain: [a/b] } }`],
	['a target', '', `{ default: { chain: [a/${'m'.repeat(499)}] } }`],
])('the name of %s that fills pages is refused', (_whose, provider, profiles) => {
	const text = `providers:\n  a: { baseUrl: "http://127.0.0.1:1/v1" }\n  ${provider}\nprofiles: ${profiles}\n`;
	expect(messageOf(text)).toMatch(/is a name of more than 500 characters; shorten it/);
});

it('routes through a hundred keys with hundreds of models are found without comparing each with each', () => {
	const keys = Array.from({ length: 100 }, (_, i) => `key-${i}`).join(', ');
	const models = Array.from({ length: 400 }, (_, i) => `m${i}: {}`).join(', ');
	const text = `providers: { a: { baseUrl: "http://127.0.0.1:1/v1", apiKey: [${keys}], models: { ${models} } } }
profiles: { default: { chain: [a/m0] } }`;
	const routes = routesOf(parseConfig(text, { file: 'my.yaml', env: {} }));
	expect(routes.get('a/m399')?.candidates[99]?.gate).toBe('a#100/m399');
}, 5000);

it('an honest merge and an alias below it are still taken', () => {
	const text = `${base}profiles:\n  one: &one { chain: &chain [a/b], commit: complete }\n  default: { <<: *one, chain: *chain }\n`;
	const { profiles } = parseConfig(text, { file: 'my.yaml', env: {} });
	expect(profiles.default).toMatchObject({ commit: 'complete', chain: [{ target: 'a/b' }] });
});

it('an alias means the anchor that stands last above it', () => {
	const text = `${base}profiles:\n  one: { chain: &c [a/b] }\n  two: { chain: *c }\n  three: { chain: &c [a/d] }\n  default: { chain: *c }\n`;
	const { profiles } = parseConfig(text, { file: 'my.yaml', env: {} });
	expect(profiles.two?.chain[0]?.target).toBe('a/b');
	expect(profiles.default?.chain[0]?.target).toBe('a/d');
});

it('of thousands of mistakes the first hundred are printed, and how many more there are', () => {
	const chain = Array.from({ length: 3100 }, (_, i) => `p${i}: 1`).join(', ');
	const lines = messageOf(`${base}profiles: { default: { chain: [a/b], ${chain} } }`).split('\n');
	expect(lines).toHaveLength(101);
	expect(lines.at(-1)).toBe('and 3,000 more problems');
});

describe('files', () => {
	let folder: string;

	beforeEach(() => {
		folder = mkdtempSync(join(tmpdir(), 'breakwater-'));
	});

	afterEach(() => {
		rmSync(folder, { recursive: true });
	});

	it('of more than 1 MB are refused, and devices that never end', () => {
		const file = join(folder, 'big.yaml');
		writeFileSync(file, '#'.repeat(1_000_001));
		const devices = ['/dev/zero'].filter(existsSync);
		for (const path of [file, ...devices]) expect(() => loadConfig(path, {})).toThrow('is larger than 1 MB');
	});

	it('that are pipes without a writer are empty', () => {
		const pipe = join(folder, 'pipe');
		execFileSync('mkfifo', [pipe]);
		expect(readBounded(pipe, 10)).toHaveLength(0);
	});

	it('are read whole up to the bound', () => {
		const file = join(folder, 'file');
		writeFileSync(file, 'x'.repeat(200_000));
		expect(readBounded(file, 200_000)).toHaveLength(200_000);
		expect(() => readBounded(file, 199_999)).toThrow('longer than');
	});

	it('are no folders, and none can be made in one, nor in /proc', () => {
		const file = join(folder, 'file');
		writeFileSync(file, '');
		expect(() => makeFolder(file)).toThrow(expect.objectContaining({ code: 'ENOTDIR' }));
		expect(() => makeFolder(join(file, 'a', 'b'))).toThrow(expect.objectContaining({ code: 'ENOTDIR' }));
		if (existsSync('/proc/self')) expect(() => makeFolder('/proc/x/y')).toThrow();
		makeFolder(join(folder, 'a', 'b'));
		expect(existsSync(join(folder, 'a', 'b'))).toBe(true);
	});
});

it.each([
	['backslashes', '"\\'],
	['comments', '/*'],
	['quotes', '\\"'],
])('an imported file of %s is looked through once', (_name, piece) => {
	const text = piece.repeat(200_000);
	expect(withoutComments(text)).toHaveLength(text.length);
});
