import { describe, expect, test } from 'vitest';
import { bearer, serveFor } from '../../helpers/serve-per-test.ts';
import { clients, describeHosts, lan, openHosts } from './describe-hosts.ts';

const adminKey = 'planted-admin-key-01';

describeHosts(['0.0.0.0'], ['::1']);

describe.concurrent('beyond loopback', () => {
	test.for(openHosts)('nothing listens on %s while callers need no key', async (host, context) => {
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
