import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseConfig } from '../../src/config/load.ts';
import { packageRoot } from '../../src/values/package-paths.ts';

const pages = [
	'README.md',
	...readdirSync(join(packageRoot, 'docs')).flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
];
const blocks = pages.flatMap((page) => {
	const text = readFileSync(join(packageRoot, page), 'utf8');
	return [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block = '']) => ({ page, block }));
});
const rest = {
	providers: { local: { baseUrl: 'http://127.0.0.1:1/v1' } },
	profiles: Object.fromEntries(['default', 'code', 'critical', 'cheap'].map((name) => [name, { chain: ['local/m'] }])),
};
/** Every variable has a text of its own, long enough for a caller's key, that is an address too. */
const names = blocks.flatMap(({ block }) => [...block.matchAll(/\$\{(\w+)/g)].map(([, name = '']) => name));
const env = Object.fromEntries(names.map((name) => [name, `https://hooks.example/${name}`]));

it.each(blocks)('a configuration in $page is one: $block', ({ block: text }) => {
	const whole = JSON.stringify({
		...rest,
		...parse(text),
		...(text.includes('flaky') ? { profiles: { p: { chain: ['flaky/m'] } } } : {}),
	});
	expect(() => parseConfig(whole, { file: 'README.md', env })).not.toThrow();
});

it('the README has at most 250 lines: what is longer belongs into docs/', () => {
	expect(readFileSync(join(packageRoot, 'README.md'), 'utf8').split('\n').length).toBeLessThanOrEqual(251);
});

it('shows the configuration in about ten lines', () => {
	expect(blocks[0]?.block.trim().split('\n').length).toBeLessThanOrEqual(11);
});
