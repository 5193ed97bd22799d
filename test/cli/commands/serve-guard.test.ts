import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openAddress } from '../../../src/values/open-address.ts';
import { Commands } from '../../helpers/command.ts';
import { soon } from '../../helpers/gateway.ts';

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

const sentence = (address: string) => {
	const { reason, advice } = openAddress(address);
	return `${reason}; ${advice}`;
};

const harmful = '{ retry: { backoff: 0s }, breaker: { effects: { QUOTA_EXCEEDED: none } } }';

describe('serve judges its configuration', () => {
	test('and refuses one that would do harm, with every error and warning at its place, and the way around', async () => {
		const command = await commands.run(...configured(harmful));
		expect(command.exit).toBe(1);
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

	test('as it will run: the host of the command line counts, not that of the file; of a sound one it says nothing', async () => {
		const path = join(commands.folder, 'my.yaml');
		const args = configured('{}');
		const open = 'server: { port: 0, host: 0.0.0.0 }';
		writeFileSync(path, readFileSync(path, 'utf8').replace('server: { port: 0 }', open));
		const refused = await commands.run(...args);
		expect(refused.exit).toBe(1);
		expect(refused.stderr).toBe(
			`my.yaml:1:26: error: ${sentence('0.0.0.0')} [open-to-network]\nThis configuration would do harm, so nothing was started; correct it.\n`,
		);
		const kept = commands.start(...args, '--host', '127.0.0.1');
		expect(await kept.address()).toContain('127.0.0.1');
		expect(kept.stderr).not.toContain('my.yaml');
	});

	test('and says of a host of the command line that it comes from there', async () => {
		const command = await commands.run(...configured('{}'), '--host', '::');
		expect(command.exit).toBe(1);
		expect(command.stderr).toContain(`--host ::: error: ${sentence('::')} [open-to-network]\n`);
		expect(command.stderr).not.toContain('--no-check');
	});

	test('and with --no-check still listens on no open address, in the same words', async () => {
		const command = await commands.run(...configured('{}'), '--host', '0.0.0.0', '--no-check');
		expect(command.exit).toBe(1);
		expect(command.stderr).toBe(`${sentence('0.0.0.0')}.\n`);
	});

	test('and refuses what check refuses: retries of an account without credit', async () => {
		const command = await commands.run(...configured('{ onError: { QUOTA_EXCEEDED: { retries: 1 } } }'));
		expect(command.exit).toBe(1);
		expect(command.stderr).toMatch(/^my\.yaml:6:49: error: .*\[hopeless-retries\]$/m);
	});
});
