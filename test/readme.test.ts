import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseConfig } from '../src/config/load.ts';
import { packageRoot } from '../src/paths.ts';

const page = readFileSync(join(packageRoot, 'README.md'), 'utf8');
const blocks = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => text);
const rest = {
	providers: { local: { baseUrl: 'http://127.0.0.1:1/v1' } },
	profiles: { default: { chain: ['local/m'] } },
};
const env = { OPENAI_API_KEY: 'k', GROQ_API_KEY: 'k', KEY_1: 'k', KEY_2: 'k' };

it.each(blocks)('the configuration of the README is one: %s', (text) => {
	const whole = JSON.stringify({
		...rest,
		...parse(text),
		...(text.includes('flaky') ? { profiles: { p: { chain: ['flaky/m'] } } } : {}),
	});
	expect(() => parseConfig(whole, { file: 'README.md', env })).not.toThrow();
});

it('shows the configuration in about ten lines', () => {
	expect(blocks[0]?.trim().split('\n').length).toBeLessThanOrEqual(11);
});
