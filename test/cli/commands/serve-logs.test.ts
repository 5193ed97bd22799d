import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bearer, postTo, servePerTest } from '../../helpers/serve-per-test.ts';

const clientKey = 'planted-client-key-1';
const clients = { web: { key: clientKey } };
const perTest = servePerTest();

describe('log files', () => {
	test('have what standard error has, to the last line', async () => {
		const command = perTest.commands.start(...perTest.configured({ server: { clients } }, 'logs: {}\n'), '--no-check');
		const address = await command.address();
		await postTo(address, {}, { ...bearer(clientKey), 'x-request-id': 'theirs' });
		await (await postTo(address, { stream: true }, bearer(clientKey))).text();
		command.kill('SIGTERM');
		expect(await command.exit).toBe(0);
		const folder = join(perTest.commands.folder, 'logs');
		const [name = ''] = readdirSync(folder);
		expect(name).toMatch(/^breakwater\.\d{4}-\d\d-\d\d\.1\.log$/);
		const lines = readFileSync(join(folder, name), 'utf8');
		expect(lines).toBe(command.stderr);
		const ofRequests = lines.split('\n').filter((line) => line.includes('"requestId"'));
		const [first, second] = ofRequests.map((line) => JSON.parse(line));
		expect(first).toMatchObject({
			client: 'web',
			clientRequestId: 'theirs',
			requestId: expect.stringMatching(/^req_/),
		});
		expect(second).toMatchObject({ client: 'web', firstTokenMs: expect.any(Number) });
		expect(second).not.toHaveProperty('clientRequestId');
	});

	test('have a line for each request that is refused, by the id that the caller got; of a flood, for a few', async () => {
		const command = perTest.commands.start(...perTest.configured({ server: { clients } }, 'logs: {}\n'), '--no-check');
		const address = await command.address();
		const refused = await postTo(address, {}, bearer('planted-wrong-key-1'));
		await Promise.all(Array.from({ length: 100 }, () => postTo(address, {}, bearer('planted-wrong-key-2'))));
		command.kill('SIGTERM');
		expect(await command.exit).toBe(0);
		const [name = ''] = readdirSync(join(perTest.commands.folder, 'logs'));
		const lines = readFileSync(join(perTest.commands.folder, 'logs', name), 'utf8')
			.trim()
			.split('\n');
		expect(JSON.parse(lines[0] ?? '')).toMatchObject({
			level: 40,
			requestId: refused.headers.get('x-breakwater-request-id'),
			code: 'invalid_api_key',
			status: 401,
			address: '127.0.0.1',
		});
		expect(lines.length).toBeLessThan(30);
		expect(lines.join()).not.toContain('planted');
	});

	test('that have a folder where the file should be keep it from starting', async () => {
		const now = new Date();
		const two = (value: number) => String(value).padStart(2, '0');
		const name = `breakwater.${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}.1.log`;
		mkdirSync(join(perTest.commands.folder, 'logs', name), { recursive: true });
		// A process of its own: the library goes on trying to write to a file that it could not open.
		const command = perTest.commands.start(...perTest.configured({}, 'logs: {}\n'));
		expect(await command.exit).toBe(1);
		expect(command.stderr).toMatch(/^The log folder logs \(logs\.folder\) cannot be used \(EISDIR\)[^\n]*\.\n$/);
	});

	test('that cannot be written keep it from starting', async () => {
		mkdirSync(join(perTest.commands.folder, 'x'));
		writeFileSync(join(perTest.commands.folder, 'x', 'file'), '');
		const command = await perTest.commands.run(...perTest.configured({}, 'logs: { folder: x/file/logs }\n'));
		expect(command.exit).toBe(1);
		expect(command.stderr).toBe('The log folder x/file/logs (logs.folder) is not a folder; name another one.\n');
		expect(command.stdout).toBe('');
	});
});
