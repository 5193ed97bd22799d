import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
/**
 * The rooms of the repository, from the ground up. A room may import those below it, and never one beside or above it:
 * what two of them say to each other stands in `contract/`.
 */
const floors: readonly (readonly string[])[] = [
	['machines'],
	['src/values', 'src/tokens'],
	['src/contract'],
	['src/config', 'src/dialects', 'src/answer', 'src/simulator'],
	['src/prices'],
	['src/upstream'],
	['src/credentials'],
	['src/gateway'],
	['src/observe'],
	['src/http'],
	['src/verify'],
	['src/setup', 'src/import'],
	['src/generate', 'src/cli'],
	['src/cli.ts'],
];
interface Source {
	/** Relative to the root, with forward slashes. */
	path: string;
	text: string;
}

function sourcesIn(folder: string): Source[] {
	return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
		.filter((name) => name.endsWith('.ts'))
		.map((name) => {
			const file = join(root, folder, name);
			return { path: slashed(relative(root, file)), text: readFileSync(file, 'utf8') };
		});
}

function slashed(path: string): string {
	return path.replaceAll('\\', '/');
}

/** What a file imports or re-exports: packages as they are named, own files relative to the root. */
function importsOf({ path, text }: Source): string[] {
	const statements = /^\s*(?:import|export)\b(?:[^;'"]*?\bfrom)?\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm;
	return [...text.matchAll(statements)].map(([, named, dynamic]) => {
		const specifier = named ?? dynamic ?? '';
		return specifier.startsWith('.') ? slashed(relative(root, resolve(root, path, '..', specifier))) : specifier;
	});
}

/** What the purity of `machines/` forbids in a file of it. */
function impuritiesOf(source: Source): string[] {
	const foreign = importsOf(source).filter((name) => name !== 'xstate' && !name.startsWith('machines/'));
	const code = source.text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
	const impure =
		/\b(?:Date|performance|crypto|process|globalThis|setTimeout|setInterval|setImmediate|queueMicrotask|fetch|console)\b|\bMath\.random\b/g;
	return [...foreign, ...[...code.matchAll(impure)].map(([word]) => word)];
}

function roomOf(path: string): string {
	return floors.flat().find((room) => path === room || path.startsWith(`${room}/`)) ?? path;
}

function floorOf(room: string): number {
	return floors.findIndex((rooms) => rooms.includes(room));
}

/** What a file imports from rooms that are not below its own. */
function upwardImportsOf(source: Source): string[] {
	const own = roomOf(source.path);
	return importsOf(source).filter((name) => {
		if (!/^(?:src|machines)\//.test(name) || roomOf(name) === own) return false;
		return floorOf(roomOf(name)) >= floorOf(own);
	});
}

/** Files that import each other, directly or through others; empty where there is no circle. */
function circleIn(sources: readonly Source[]): string[] {
	const imports = new Map(sources.map((source) => [source.path, importsOf(source)]));
	const done = new Set<string>();
	function search(path: string, trail: readonly string[]): string[] {
		if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
		if (done.has(path)) return [];
		for (const next of imports.get(path) ?? []) {
			const circle = imports.has(next) ? search(next, [...trail, path]) : [];
			if (circle.length > 0) return circle;
		}
		done.add(path);
		return [];
	}
	for (const path of imports.keys()) {
		const circle = search(path, []);
		if (circle.length > 0) return circle;
	}
	return [];
}

describe('machines/', () => {
	const sources = sourcesIn('machines');

	it('is found', () => {
		expect(sources.map(({ path }) => path)).toEqual(
			expect.arrayContaining(['machines/provider/machine.ts', 'machines/request/machine.ts']),
		);
	});

	it.each(sources)('$path imports only xstate and its own files, and knows no clock and no chance', (source) => {
		expect(impuritiesOf(source)).toEqual([]);
	});
});

describe('the rooms', () => {
	const sources = [...sourcesIn('machines'), ...sourcesIn('src')];

	it('are all in the table, and every file is in one of them', () => {
		const rooms = new Set(sources.map(({ path }) => roomOf(path)));
		expect([...rooms].sort()).toEqual(floors.flat().toSorted());
	});

	it.each(floors.flat())('%s imports only rooms below it', (room) => {
		const own = sources.filter(({ path }) => roomOf(path) === room);
		expect(own).not.toEqual([]);
		expect(own.flatMap((source) => upwardImportsOf(source).map((name) => `${source.path} → ${name}`))).toEqual([]);
	});

	it('has no file that imports itself through others', () => {
		expect(circleIn(sources)).toEqual([]);
	});
});

describe('the reader of imports', () => {
	const file = (path: string, text: string): Source => ({ path, text });

	it('sees every way to import', () => {
		const text = [
			"import './a.ts';",
			"import b from '../src/b.ts';",
			"import {\n\tc,\n\ttype D,\n} from 'node:fs';",
			"import type { E } from './e.ts';",
			"export { f } from './f.ts';",
			"export * from './g.ts';",
			"const h = await import('./h.ts');",
		].join('\n');
		expect(importsOf(file('machines/x.ts', text))).toEqual([
			'machines/a.ts',
			'src/b.ts',
			'node:fs',
			'machines/e.ts',
			'machines/f.ts',
			'machines/g.ts',
			'machines/h.ts',
		]);
	});

	it.each([
		["import { x } from '../src/contract/call.ts';", 'src/contract/call.ts'],
		["import { readFileSync } from 'node:fs';", 'node:fs'],
		["import { z } from 'zod';", 'zod'],
		['const now = Date.now();', 'Date'],
		['const chance = Math.random();', 'Math.random'],
		['setTimeout(() => {}, 1);', 'setTimeout'],
	])('finds %s impure', (text, found) => {
		expect(impuritiesOf(file('machines/x.ts', text))).toEqual([found]);
	});

	it('finds nothing in a comment, nor in an import that is allowed', () => {
		const text = "/** Date.now() is not here. */\nimport { setup } from 'xstate'; // nor Math.random\nimport './y.ts';";
		expect(impuritiesOf(file('machines/x.ts', text))).toEqual([]);
	});

	it('finds a room beside and one above, and leaves those below and the own one alone', () => {
		const text =
			"import '../config/load.ts';\nimport './x.ts';\nimport '../contract/call.ts';\nimport '../http/server.ts';\nimport '../../machines/events.ts';";
		expect(upwardImportsOf(file('src/answer/y.ts', text))).toEqual(['src/config/load.ts', 'src/http/server.ts']);
	});

	it('finds a circle of three files', () => {
		const circle = [
			file('src/values/a.ts', "import './b.ts';"),
			file('src/values/b.ts', "import './c.ts';"),
			file('src/values/c.ts', "import './a.ts';"),
		];
		expect(circleIn(circle)).toEqual(['src/values/a.ts', 'src/values/b.ts', 'src/values/c.ts', 'src/values/a.ts']);
		expect(circleIn(circle.slice(0, 2))).toEqual([]);
	});
});
