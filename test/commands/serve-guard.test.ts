import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Commands } from '../helpers/command.ts';
import { soon } from '../helpers/gateway.ts';

let commands: Commands;

beforeEach(() => {
	commands = new Commands();
});

afterEach(() => commands.end());

/** Writes `my.yaml` with two providers that nobody has to answer for; returns the arguments that name it. */
function configured(policy: string): string[] {
	const text = `server: { port: 0 }
providers:
  a: { baseUrl: http://127.0.0.1:9/v1 }
  b: { baseUrl: http://127.0.0.1:10/v1 }
profiles: { default: { chain: [a/m, b/m] }, single: { chain: [a/m] } }
policy: ${policy}
`;
	writeFileSync(join(commands.folder, 'my.yaml'), text);
	return ['serve', '--config', 'my.yaml'];
}

const harmful = '{ retry: { backoff: 0s }, breaker: { effects: { QUOTA_EXCEEDED: none } } }';

describe('serve judges its configuration', () => {
	test('and refuses one that would do harm, with every error and warning at its place, and the way around', async () => {
		const command = commands.start(...configured(harmful));
		expect(await command.exit).toBe(1);
		const lines = command.stderr.split('\n');
		expect(lines[0]).toMatch(/^my\.yaml:6:29: warning: .*; .*\[no-backoff\]$/);
		expect(lines[1]).toMatch(/^my\.yaml:6:73: error: .*ran out of credit.*; .*\[quota-not-cooled\]$/);
		expect(lines[2]).toMatch(/--no-check/);
		expect(lines.slice(3)).toEqual(['']);
		expect(command.stdout).toBe('');
	});

	test('and starts it all the same with --no-check, in silence', async () => {
		const command = commands.start(...configured(harmful), '--no-check');
		await command.address();
		expect(command.stderr).not.toMatch(/my\.yaml|error|warning/);
	});

	test('and prints warnings, but no notes, before it starts', async () => {
		const command = commands.start(...configured('{ retry: { backoff: 0s } }'));
		await command.address();
		await soon(() => expect(command.stderr).toContain('\n'));
		expect(command.stderr.split('\n').filter((line) => line.startsWith('my.yaml'))).toEqual([
			expect.stringMatching(/^my\.yaml:6:29: warning: .*\[no-backoff\]$/),
		]);
	});

	test('and says nothing of one that is sound', async () => {
		const command = commands.start(...configured('{}'));
		await command.address();
		expect(command.stderr).not.toContain('my.yaml');
	});

	test('but not the embedded one', async () => {
		const command = commands.start('serve', '--port', '0');
		await command.address();
		expect(command.stderr).not.toMatch(/simulated\.yaml:\d/);
	});
});
