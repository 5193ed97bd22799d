import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Commands } from '../../helpers/command.ts';

const config = `providers:
  openai: { baseUrl: https://api.openai.com/v1, apiKey: k }
  local: { baseUrl: http://127.0.0.1:11434/v1, models: { free: { price: { input: 0, output: 0 } } } }
profiles:
  default: { chain: [openai/gpt-5.4, local/qwen2.5] }
`;

let commands: Commands;

beforeEach(() => {
	commands = new Commands();
	writeFileSync(join(commands.folder, 'my.yaml'), config);
});

afterEach(() => commands.end());

test('shows what each target costs, and whose word that is', async () => {
	const command = await commands.run('prices', 'my.yaml');
	expect(command.exit).toBe(0);
	expect(command.stdout.split('\n')).toEqual([
		'openai/gpt-5.4  $2.5 in, $15 out per million tokens, more above 271,999 tokens (catalogue of 2026-09-23)',
		'local/qwen2.5   not known',
		'local/free      $0 in, $0 out per million tokens (configured)',
		'',
	]);
});

test('shows it to programs, with every rate', async () => {
	const command = await commands.run('prices', '--config', 'my.yaml', '--json');
	const gpt = { input: 2.5, output: 15, cachedInput: 0.25 };
	const large = { input: 5, output: 22.5, cachedInput: 0.5 };
	expect(JSON.parse(command.stdout)).toEqual([
		{
			target: 'openai/gpt-5.4',
			from: 'catalogue',
			asOf: '2026-09-23',
			tiers: [
				{ above: 0, rates: gpt },
				{ above: 271_999, rates: large },
			],
		},
		{ target: 'local/qwen2.5', from: 'unknown' },
		{ target: 'local/free', from: 'configured', tiers: [{ above: 0, rates: { input: 0, output: 0 } }] },
	]);
});

test('of a file that is not there says so in one sentence', async () => {
	const command = await commands.run('prices', 'none.yaml');
	expect(command.exit).not.toBe(0);
	expect(command.stderr.trim().split('\n')).toHaveLength(1);
	expect(command.stderr).toContain('none.yaml');
});
