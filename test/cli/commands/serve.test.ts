import { exec } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { configText, soon } from '../../helpers/gateway.ts';
import { postTo, servePerTest } from '../../helpers/serve-per-test.ts';

const run = promisify(exec);
const perTest = servePerTest();

describe('serve starts', () => {
	test('without any configuration on simulated providers, which it does not judge, with a curl line that works', async () => {
		const command = perTest.commands.start('serve', '--port', '0');
		await command.prints(/curl .*\n/);
		expect(command.stdout).toMatch(/SIMULATED/);
		expect(command.stderr).not.toMatch(/simulated\.yaml:\d/);
		expect(command.stdout).toMatch(/alpha .*503[\s\S]*profile default: alpha\/sim-large → beta\/sim-small/);
		const [line = ''] = /curl .*/.exec(command.stdout) ?? [];
		const { stdout } = await run(line.replace('curl -i', 'curl -s -i --max-time 8'));
		expect(stdout).toMatch(/^HTTP\/1.1 200 OK/);
		expect(stdout).toMatch(/x-breakwater-target: (alpha\/sim-large|beta\/sim-small)/);
		expect(JSON.parse(stdout.slice(stdout.indexOf('{')))).toMatchObject({ object: 'chat.completion' });
	});

	test('with --config, on loopback, and its /health is that of the file', async () => {
		const command = perTest.commands.start(...perTest.configured());
		const address = await command.address();
		expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1$/);
		expect(command.stdout).not.toMatch(/SIMULATED/);
		expect(await (await postTo(address)).json()).toMatchObject({ model: 'model-a' });
		const health = await (await fetch(address.replace('/v1', '/health'))).json();
		expect(health).toMatchObject({ status: 'ok', providers: { a: { state: 'closed' } } });
	});

	test('with config/gateway.yaml of the working directory, where none is named; no query and no secret in the path of a baseUrl is printed', async () => {
		mkdirSync(join(perTest.commands.folder, 'config'));
		// It may hold a key.
		const baseUrl = `${perTest.upstream.baseUrl}/PLANTED-PATH-8f3a9c1e77b2?api-key=PLANTEDQUERY`;
		writeFileSync(join(perTest.commands.folder, 'config', 'gateway.yaml'), configText({}, { mine: baseUrl }));
		const command = perTest.commands.start('serve');
		await command.address();
		expect(command.stdout).toMatch(/profile default: mine\/model-mine/);
		expect(command.stdout).toContain(`${perTest.upstream.baseUrl}/…?…`);
		expect(command.stdout).not.toContain('PLANTED');
	});
});

describe('serve does not start', () => {
	test.each([
		['with simulated providers', []],
		['with a configuration', ['--config', 'my.yaml']],
	])('on a port in use, %s', async (_name, args) => {
		perTest.configured();
		const other = createServer().listen(0, '127.0.0.1');
		await soon(() => expect(other.listening).toBe(true));
		const port = String((other.address() as AddressInfo).port);
		const command = await perTest.commands.run('serve', '--port', port, ...args);
		expect(command.exit).toBe(1);
		expect(command.stderr).toMatch(new RegExp(`^Port ${port} on 127.0.0.1 is in use; .*--port.*\n$`));
		expect(command.stdout).toBe('');
		other.close();
	});

	test('on a broken configuration: every problem with file, line and column', async () => {
		writeFileSync(
			join(perTest.commands.folder, 'broken.yaml'),
			'providers:\n  a: { baseUrl: nonsense }\nprofiles: { x: { chain: [b/m] } }\n',
		);
		const command = await perTest.commands.run('serve', '--config', 'broken.yaml');
		expect(command.exit).toBe(1);
		expect(command.stderr).toMatch(/^broken\.yaml:2:17: .*baseUrl/m);
		expect(command.stderr).toMatch(/^broken\.yaml:3:29: .*b\/m|^broken\.yaml:3:\d+: .*'?b'?/m);
		expect(command.stderr).not.toMatch(/ at .*\.ts:/);
	});

	test.each([
		[
			'a configuration that is not there',
			['serve', '--config', 'absent.yaml'],
			/^absent\.yaml:1:1: the file does not exist/,
		],
		['an unknown option', ['serve', '--prot', '1'], /unknown option '--prot'[\s\S]*Did you mean --port/],
		['an unknown command', ['server'], /unknown command 'server'[\s\S]*Did you mean serve/],
		['a port that is none', ['serve', '--port', '70000'], /A port is a number from 0 to 65535/],
		[
			'a host that is none',
			['serve', '--host', '192.0.2.1', '--port', '0'],
			/192\.0\.2\.1 is not an address of this machine/,
		],
	])('on %s', async (_name, args, message) => {
		const command = await perTest.commands.run(...args);
		expect(command.exit).toBe(1);
		expect(command.stderr).toMatch(message);
		expect(command.stderr).not.toMatch(/ at .*\.ts:/);
	});
});
