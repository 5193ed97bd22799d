import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, it } from 'vitest';
import { packageRoot } from '../../src/values/package-paths.ts';

const pages = ['README.md', 'CHANGELOG.md', 'bench/README.md', ...docs()];

function docs(): string[] {
	return readdirSync(join(packageRoot, 'docs')).flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : []));
}

function textOf(page: string): string {
	return readFileSync(join(packageRoot, page), 'utf8');
}

/** The anchors of a page's headings, as GitHub makes them: small letters, no marks, spaces as hyphens. */
function anchorsOf(page: string): string[] {
	const prose = textOf(page).replace(/^```[\s\S]*?^```/gm, '');
	return [...prose.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
		heading
			.toLowerCase()
			.replace(/[^\w\s-]/g, '')
			.replaceAll(' ', '-'),
	);
}

const links = pages.flatMap((page) =>
	[...textOf(page).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, link = '']) => ({ page, link })),
);

it('there are links to look at', () => expect(links.length).toBeGreaterThan(30));

it.each(links)('$page leads to $link', ({ page, link }) => {
	const [path = '', anchor] = link.split('#');
	const file = path === '' ? page : relative(packageRoot, join(packageRoot, dirname(page), path));
	expect(existsSync(join(packageRoot, file))).toBe(true);
	if (anchor !== undefined) expect(anchorsOf(file)).toContain(anchor);
});

it('every page of docs/ is named by the README', () => {
	const named = links.filter(({ page }) => page === 'README.md').map(({ link }) => link);
	expect(docs().filter((page) => !named.includes(page))).toEqual([]);
});
