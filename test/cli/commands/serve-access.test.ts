import { networkInterfaces } from 'node:os';
import { describe, expect, test } from 'vitest';
import { bearer, postTo, serveFor } from '../../helpers/serve-per-test.ts';

const clientKey = 'planted-client-key-1';
const adminKey = 'planted-admin-key-01';
const clients = { web: { key: clientKey } };

/** This machine's address in its network, when it is in one. */
const [lan] = Object.values(networkInterfaces())
	.flatMap((addresses) => addresses ?? [])
	.filter(({ internal, family }) => !internal && family === 'IPv4')
	.map(({ address }) => address);

describe.concurrent('beyond loopback', () => {
	const open = ['0.0.0.0', '::', ...(lan === undefined ? [] : [lan])];

	test.for(open)('nothing listens on %s while callers need no key', async (host, context) => {
		const perTest = await serveFor(context);
		const command = await perTest.commands.run(...perTest.configured(), '--host', host);
		expect(command.exit).toBe(1);
		expect(command.stdout).toBe('');
		expect(command.stderr).toMatch(
			/Whoever reaches \S+ could spend on your providers' keys; .*server\.clients.*--host 127\.0\.0\.1\)/,
		);
	});

	test('nor with the simulated providers', async (context) => {
		const perTest = await serveFor(context);
		const command = await perTest.commands.run('serve', '--port', '0', '--host', '0.0.0.0');
		expect(command.exit).toBe(1);
		expect(command.stderr).toContain('server.clients');
	});

	test.for(open)('%s is served when callers have keys', async (host, context) => {
		const perTest = await serveFor(context);
		const command = perTest.commands.start(...perTest.configured({ server: { clients } }), '--host', host);
		const { port } = new URL(await command.address());
		const address = `http://${host === lan ? host : '127.0.0.1'}:${port}/v1`;
		expect((await postTo(address)).status).toBe(401);
		expect((await postTo(address, {}, bearer(clientKey))).status).toBe(200);
		expect(command.stdout).not.toContain('planted');
		expect(command.stdout).toContain("-H 'authorization: Bearer THE-KEY-OF-web'");
	});

	test.for(['127.9.8.7', '::1', 'localhost'])('%s is this machine, and needs no keys', async (host, context) => {
		const perTest = await serveFor(context);
		const command = perTest.commands.start(...perTest.configured(), '--host', host);
		expect(await command.address()).toMatch(/^http:/);
	});

	test.skipIf(lan === undefined)(
		'the admin API is not there for other addresses, unless the configuration says so',
		async (context) => {
			const perTest = await serveFor(context);
			const ask = async (server: object) => {
				const command = perTest.commands.start(
					...perTest.configured({ server: { clients, adminKey, ...server } }),
					'--host',
					'0.0.0.0',
				);
				const { port } = new URL(await command.address());
				const at = (host: string) => fetch(`http://${host}:${port}/admin/providers`, { headers: bearer(adminKey) });
				return [(await at('127.0.0.1')).status, (await at(lan ?? '')).status];
			};
			expect(await ask({})).toEqual([200, 403]);
			expect(await ask({ adminFrom: 'anywhere' })).toEqual([200, 200]);
		},
	);
});
