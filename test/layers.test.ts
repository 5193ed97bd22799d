import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
/** Parts of `src/` that know nothing of each other; only the composition root joins them. */
const layers = ['config', 'http', 'upstream', 'simulator'];

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

/** The layers that a file of one layer imports, though it must not know them. */
function foreignLayersOf(source: Source): string[] {
	const own = `src/${source.path.split('/')[1]}/`;
	return importsOf(source).filter(
		(name) => !name.startsWith(own) && layers.some((layer) => name.startsWith(`src/${layer}/`)),
	);
}

describe('machines/', () => {
	const sources = sourcesIn('machines');

	it('is found', () => {
		expect(sources.map(({ path }) => path)).toEqual(
			expect.arrayContaining(['machines/provider.ts', 'machines/request.ts']),
		);
	});

	it.each(sources)('$path imports only xstate and its own files, and knows no clock and no chance', (source) => {
		expect(impuritiesOf(source)).toEqual([]);
	});
});

describe.each(layers)('src/%s', (layer) => {
	const sources = sourcesIn(`src/${layer}`);

	it('is found', () => {
		expect(sources).not.toEqual([]);
	});

	it('imports none of the other layers', () => {
		expect(sources.flatMap((source) => foreignLayersOf(source).map((name) => `${source.path} → ${name}`))).toEqual([]);
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
		["import { x } from '../src/call.ts';", 'src/call.ts'],
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

	it('finds another layer, and leaves the own one and the shared files alone', () => {
		const text =
			"import '../config/load.ts';\nimport './chat.ts';\nimport '../call.ts';\nimport '../../machines/events.ts';";
		expect(foreignLayersOf(file('src/http/x.ts', text))).toEqual(['src/config/load.ts']);
	});
});
