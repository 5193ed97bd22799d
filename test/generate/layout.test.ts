import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageRoot } from '../../src/values/package-paths.ts';

const page = readFileSync(join(packageRoot, 'docs', 'layout.md'), 'utf8');
const [tree = '', importList = ''] = [...page.matchAll(/```text\n([\s\S]*?)```/g)].map(([, block]) => block);

/** The folders of the tree with their depth, from 0: `src/`, and below it `cli/`. */
const folders = [...tree.matchAll(/^( *)([\w-]+)\/ /gm), ...tree.matchAll(/^()(src)\/$/gm)];

function foldersIn(path: string): string[] {
	return readdirSync(join(packageRoot, path), { withFileTypes: true })
		.filter((entry) => entry.isDirectory())
		.map(({ name }) => name)
		.sort();
}

it('names every folder of src/, and no other', () => {
	const lines = tree.slice(tree.indexOf('src/\n'), tree.indexOf('\nconfig/'));
	const named = [...lines.matchAll(/^ {2}([\w-]+)\/ /gm)].map(([, name]) => name);
	expect(named.toSorted()).toEqual(foldersIn('src'));
});

it('names only folders that there are', () => {
	expect(folders.length).toBeGreaterThan(25);
	const known = new Set(['', 'machines', 'src', ...foldersIn('src').map((name) => `src/${name}`)].flatMap(foldersIn));
	expect(folders.map(([, , name]) => name).filter((name = '') => !known.has(name))).toEqual([]);
});

it('names only files that there are', () => {
	const paths = [...page.matchAll(/`((?:src|machines|config|test|docs)\/[\w./-]+)`/g)].map(([, path = '']) => path);
	expect(paths.length).toBeGreaterThan(15);
	expect(paths.filter((path) => !existsSync(join(packageRoot, path)))).toEqual([]);
});

it('has the rooms in the order of the test that holds it', () => {
	const [, floors = ''] =
		/const floors[^=]*= \[\n([\s\S]*?)\n\];/.exec(readFileSync(join(packageRoot, 'test', 'rooms.test.ts'), 'utf8')) ??
		[];
	const held = floors.split('\n').map((line) => [...line.matchAll(/'([^']+)'/g)].map(([, room]) => room).join(', '));
	expect(held.length).toBeGreaterThan(8);
	expect(importList.trim().split('\n')).toEqual(held.toReversed());
});
